"""Wakes sessions in IDLE when their folder changed, whoever changed it.

One thread per world in which somebody idles, and none otherwise: 500 idle connections cost one waiting thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from simulators.core.store.api import Store
from simulators.mssante.folders import any_channel, channel

_ROUND_SECONDS = 30.0
"""Hints may be lost (a PostgreSQL listener that reconnects): everybody is woken once a round to re-read."""

Wake = Callable[[], None]


class Alarm:
    """``listen`` and ``forget`` from any thread; a wake is a hint."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._sleepers: dict[str, dict[int, tuple[str, Wake]]] = {}
        self._stopped = False

    def listen(self, world: str, folder: int, who: int, wake: Wake) -> None:
        """``wake`` is called when the folder's channel rings, until :meth:`forget`."""
        with self._lock:
            begin = world not in self._sleepers and not self._stopped
            self._sleepers.setdefault(world, {})[who] = (channel(world, folder), wake)
        if begin:
            seen = self._store.bell.count(any_channel(world))
            threading.Thread(target=self._watch, args=(world, seen), name=f"idle-{world}", daemon=True).start()

    def forget(self, world: str, who: int) -> None:
        """Nothing happens when ``who`` does not listen."""
        with self._lock:
            self._sleepers.get(world, {}).pop(who, None)

    def stop(self) -> None:
        """Threads end with their present wait."""
        with self._lock:
            self._stopped = True
            worlds, self._sleepers = list(self._sleepers), {}
        for world in worlds:
            self._store.bell.ring(any_channel(world))

    def _watch(self, world: str, seen: int) -> None:
        counts: dict[str, int] = {}
        while True:
            now = self._store.wait(any_channel(world), seen, _ROUND_SECONDS)
            with self._lock:
                sleepers = list(self._sleepers.get(world, {}).values())
                if not sleepers or self._stopped:
                    self._sleepers.pop(world, None)
                    return
            everybody, seen = now == seen, now
            # Counted before anybody is woken: what rings meanwhile must be found different in the next round.
            fresh = {name: self._store.bell.count(name) for name, _ in sleepers}
            for name, wake in sleepers:
                if everybody or counts.get(name) != fresh[name]:
                    wake()
            counts = fresh
