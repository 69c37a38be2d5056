"""Where idle sockets wait: one thread, one selector, one deadline each. It moves nothing and decides nothing.

A guest is handed back (``ready`` or ``expired``) in this thread and must only pass itself on to a worker.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

_log = logging.getLogger(__name__)
# Windows' select() takes 512 sockets per call: listening socket and wake-up pair included.
_SELECT_CAPACITY = 500


class Guest(Protocol):
    """Something that waits for its socket or for a moment."""

    def fileno(self) -> int: ...
    def ready(self) -> None:
        """The awaited event happened."""

    def expired(self) -> None:
        """The deadline passed first."""

    def close(self) -> None:
        """The room closes: nobody will wait for it any more."""


class WaitingRoom:
    """The selector thread. All methods may be called from any thread."""

    def __init__(self, name: str) -> None:
        self._selector = selectors.DefaultSelector()
        self._inbox: deque[Callable[[], None]] = deque()
        self._waiting: dict[Guest, float] = {}
        self._alarms: list[tuple[float, int, Guest]] = []
        self._alarm_of: dict[Guest, float] = {}
        self._order = itertools.count()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._open = True
        self._ended = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._selector.register(self._wake_out, selectors.EVENT_READ, self._drain_wake)

    @property
    def capacity(self) -> int | None:
        """How many sockets this platform's selector can hold, None for no limit of its own."""
        return _SELECT_CAPACITY if isinstance(self._selector, selectors.SelectSelector) else None

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wait(self, guest: Guest, event: int, deadline: float) -> None:
        """Keep ``guest`` until ``event`` (selector mask, 0 for none) on its socket or until ``deadline``.

        A guest that comes once the room is closed is closed too.
        """
        if not self.call(lambda: self._admit(guest, event, deadline)):
            guest.close()

    def watch(self, sock: socket.socket, on_readable: Callable[[], None]) -> None:
        """Call ``on_readable`` in this thread whenever ``sock`` is readable, until ``forget``."""
        self.call(lambda: self._selector.register(sock, selectors.EVENT_READ, on_readable) and None)

    def forget(self, sock: socket.socket) -> None:
        """Undo ``watch`` (no effect if it is not watched)."""
        self.call(lambda: self._unregister(sock))

    def at(self, when: float, action: Callable[[], None]) -> None:
        """Run ``action`` in this thread once the monotonic clock reaches ``when``."""
        self.wait(_Alarm(action), 0, when)

    def call(self, action: Callable[[], None]) -> bool:
        """Run ``action`` in this thread soon; False once the room is closed."""
        with self._lock:
            if self._ended:
                return False
            self._inbox.append(action)
            # With an older action still in the box, the thread has been woken already and will look again.
            if len(self._inbox) == 1 and threading.current_thread() is not self._thread:
                with contextlib.suppress(OSError):
                    self._wake_in.send(b"\0")
        return True

    def guests(self) -> list[Guest]:
        """Those who wait now (only from this thread, that is inside ``call``)."""
        return list(self._waiting)

    def take_back(self, guest: Guest) -> bool:
        """Remove ``guest`` without a word (only inside ``call``); False if it was not waiting."""
        if self._waiting.pop(guest, None) is None:
            return False
        self._unregister(guest)
        return True

    def stop(self) -> None:
        """End the thread; whoever still waits is closed."""
        if self._thread.is_alive():
            self.call(self._close)
            self._thread.join()
        elif not self._ended:
            self._end()

    def _close(self) -> None:
        self._open = False

    def _run(self) -> None:
        try:
            while self._open:
                for key, _ in self._selector.select(self._patience()):
                    self._guard(key.data)
                self._read_inbox()
                self._ring_alarms()
        finally:
            self._end()

    def _end(self) -> None:
        with self._lock:
            self._ended = True
        self._read_inbox()
        for guest in self.guests():
            self._guard(guest.close)
        self._selector.close()
        self._wake_in.close()
        self._wake_out.close()

    def _guard(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception:
            _log.exception("the waiting room goes on after an error")

    def _patience(self) -> float | None:
        if self._inbox:
            return 0
        return max(0.0, self._alarms[0][0] - time.monotonic()) if self._alarms else None

    def _read_inbox(self) -> None:
        for _ in range(len(self._inbox)):
            self._guard(self._inbox.popleft())

    def _drain_wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while len(self._wake_out.recv(4_096)) == 4_096:
                pass

    def _admit(self, guest: Guest, event: int, deadline: float) -> None:
        if not self._open:
            guest.close()
            return
        self._waiting[guest] = deadline
        # At most one useful alarm per guest: a later deadline is looked up again when the earlier alarm rings.
        if deadline < self._alarm_of.get(guest, float("inf")):
            self._alarm_of[guest] = deadline
            heapq.heappush(self._alarms, (deadline, next(self._order), guest))
        if not event:
            return
        try:
            self._selector.register(guest, event, lambda: self._hand_back(guest))
        except (ValueError, OSError, KeyError):
            # The socket died or the selector is full: its owner finds out by using it.
            self._hand_back(guest)

    def _hand_back(self, guest: Guest) -> None:
        if self.take_back(guest):
            guest.ready()

    def _ring_alarms(self) -> None:
        now = time.monotonic()
        while self._alarms and self._alarms[0][0] <= now:
            when, _, guest = heapq.heappop(self._alarms)
            if self._alarm_of.get(guest) == when:
                del self._alarm_of[guest]
            deadline = self._waiting.get(guest)
            if deadline is None:
                continue
            if deadline > now:
                self._set_alarm_again(guest, deadline)
            elif self.take_back(guest):
                self._guard(guest.expired)

    def _set_alarm_again(self, guest: Guest, deadline: float) -> None:
        if guest not in self._alarm_of:
            self._alarm_of[guest] = deadline
            heapq.heappush(self._alarms, (deadline, next(self._order), guest))

    def _unregister(self, item: Guest | socket.socket) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(item)


class _Alarm:
    """A guest without a socket."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action

    def fileno(self) -> int:
        return -1

    def ready(self) -> None:
        self._action()

    def expired(self) -> None:
        self._action()

    def close(self) -> None:
        """Nothing to close."""
