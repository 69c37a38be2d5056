"""What makes the worlds go on by themselves: due rows, the outbox, our own peers' polls.

Worlds run side by side, and so do the kinds of messages of one world: a counterpart that is slow to answer holds back
nothing but the messages of its own kind.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Collection
from typing import Final, Protocol

from simulators.core.errors import StoreClosed
from simulators.core.store.bell import Bell

log = logging.getLogger("simulators")
TICK_S: Final = 1.0
ROUND_TICKS: Final = 5
"""Every so many ticks each world is looked at, announced or not: what is kept elsewhere, what was missed."""
HANDS: Final = 16
"""Threads of one process, at most."""
HANDS_OF_A_WORLD: Final = 4


class Works(Protocol):
    """:class:`~simulators.core.due.Due`, as far as it is needed here."""

    def work_once(self, world: str) -> bool: ...
    def poll(self, world: str) -> int: ...


class Names(Protocol):
    """The registry of worlds."""

    def names(self, *, hidden: bool = False) -> list[str]: ...
    def with_work(self) -> list[str]: ...


class Clockwork:
    """One per process. ``hints`` are the kinds of channels that announce work."""

    def __init__(self, due: Works, worlds: Names, bell: Bell, hints: Collection[str], tick_s: float = TICK_S) -> None:
        self._due, self._worlds, self._bell, self._tick_s = due, worlds, bell, tick_s
        self._hints = tuple(hints)
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._hands: Counter[str] = Counter()
        self._again: set[str] = set()
        self._polling: set[str] = set()
        self._heard: dict[str, int] = {}
        self._thread = threading.Thread(target=self._run, name="clockwork", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, patience_s: float = 5.0) -> None:
        """Nothing new is begun; what is on the wire is left to its own end."""
        self._stopping.set()
        if self._hints:
            self._bell.ring(f"{self._hints[0]}:")
        if self._thread.is_alive():
            self._thread.join(timeout=patience_s)

    def _run(self) -> None:
        seen, swept, looked = 0, 0.0, 0.0
        while not self._stopping.is_set():
            seen = self._bell.wait_for(self._hints, seen, self._tick_s)
            now = time.monotonic()
            try:
                names = self._worlds.names(hidden=True)
                called = {world for world in names if self._rung(world)}
                if now >= swept + self._tick_s:  # an instant comes without a word
                    swept = now
                    called.update(self._worlds.with_work())
                if now >= looked + ROUND_TICKS * self._tick_s:  # and so does what is kept elsewhere
                    looked = now
                    called.update(names)
                for world in sorted(called):
                    self._staff(world)
            except StoreClosed:
                return
            except Exception:  # the clockwork must outlive one bad tick
                log.exception("the clockwork met an error")

    def _rung(self, world: str) -> bool:
        """Whether something was announced in this world since the last look."""
        count = self._bell.rung_in(self._hints, world)
        rung, self._heard[world] = count != self._heard.get(world), count
        return rung

    def _staff(self, world: str) -> None:
        with self._lock:
            if self._hands[world] >= HANDS_OF_A_WORLD or self._hands.total() >= HANDS:
                self._again.add(world)
                return
            self._hands[world] += 1
        threading.Thread(target=self._serve, args=(world,), name=f"clockwork-{world}", daemon=True).start()

    def _serve(self, world: str) -> None:
        try:
            while not self._stopping.is_set() and (self._due.work_once(world) or self._polled(world)):
                pass
        except StoreClosed:
            pass
        except Exception:  # the others go on; the next tick tries again
            log.exception("the clockwork met an error in world %s", world)
        finally:
            self._leave(world)

    def _polled(self, world: str) -> bool:
        with self._lock:
            if world in self._polling:
                return False
            self._polling.add(world)
        try:
            return self._due.poll(world) > 0
        finally:
            self._polling.discard(world)

    def _leave(self, world: str) -> None:
        with self._lock:
            self._hands[world] -= 1
            if not self._hands[world]:
                del self._hands[world]
            waiting, self._again = self._again, set()
        if not self._stopping.is_set():
            for name in waiting:
                self._staff(name)
