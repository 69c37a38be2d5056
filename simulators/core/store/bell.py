"""In-process notification: a count per channel and a condition."""

from __future__ import annotations

import threading
from collections import defaultdict


class Bell:
    """A notification is a hint: whoever wakes up re-reads the database."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._condition = threading.Condition()

    def count(self, channel: str) -> int:
        with self._condition:
            return self._counts[channel]

    def ring(self, channel: str) -> None:
        with self._condition:
            self._counts[channel] += 1
            self._condition.notify_all()

    def wait(self, channel: str, seen: int, timeout: float) -> int:
        """The count of ``channel``, as soon as it differs from ``seen`` or after ``timeout`` s."""
        with self._condition:
            self._condition.wait_for(lambda: self._counts[channel] != seen, timeout)
            return self._counts[channel]
