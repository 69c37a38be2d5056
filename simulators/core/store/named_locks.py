"""Locks by name, for the threads of one process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


class NamedLocks:
    """One lock per name, made at its first use."""

    def __init__(self) -> None:
        self._locks: dict[str, threading.Lock] = {}
        self._making = threading.Lock()

    @contextmanager
    def held(self, *names: str) -> Iterator[None]:
        """Holds the locks of ``names``, always taken in the same order."""
        with ExitStack() as stack:
            for name in sorted(set(names)):
                stack.enter_context(self._named(name))
            yield

    def _named(self, name: str) -> threading.Lock:
        with self._making:
            return self._locks.setdefault(name, threading.Lock())
