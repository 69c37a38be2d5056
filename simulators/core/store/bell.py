"""In-process notification: a count per channel and a condition."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection


class Bell:
    """A notification is a hint: whoever wakes up re-reads the database."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._kinds: defaultdict[str, int] = defaultdict(int)
        self._worlds: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._condition = threading.Condition()

    def count(self, channel: str) -> int:
        with self._condition:
            return self._counts[channel]

    def ring(self, channel: str) -> None:
        with self._condition:
            self._counts[channel] += 1
            kind, _, rest = channel.partition(":")
            self._kinds[kind] += 1
            self._worlds[kind, rest.partition(":")[0]] += 1
            self._condition.notify_all()

    def rung_in(self, kinds: Collection[str], world: str) -> int:
        """How often channels of these kinds rang for a world: they are named ``kind:world`` or ``kind:world:more``."""
        with self._condition:
            return sum(self._worlds[kind, world] for kind in kinds)

    def wait_for(self, kinds: Collection[str], seen: int, timeout: float) -> int:
        """As :meth:`wait`, for every channel of these kinds."""
        with self._condition:
            self._condition.wait_for(lambda: self._rung(kinds) != seen, timeout)
            return self._rung(kinds)

    def _rung(self, kinds: Collection[str]) -> int:
        return sum(self._kinds[kind] for kind in kinds)

    def wait(self, channel: str, seen: int, timeout: float) -> int:
        """The count of ``channel``, as soon as it differs from ``seen`` or after ``timeout`` s."""
        with self._condition:
            self._condition.wait_for(lambda: self._counts[channel] != seen, timeout)
            return self._counts[channel]
