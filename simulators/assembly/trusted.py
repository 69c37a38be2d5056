"""The authorities accepted now, made once and kept: building them signs CRLs."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from simulators.core.pki import Pki, Trust

LIFE = timedelta(days=7)
REMAKE = timedelta(days=1)


class Trusted:
    """Remade every day of wall time, and on :meth:`forget` (a revocation, a new root)."""

    def __init__(self, pki: Pki) -> None:
        self._pki = pki
        self._lock = threading.Lock()
        self._made: tuple[datetime, Trust] | None = None

    def at(self, now: datetime) -> Trust:
        """The trust of the installation; ``now`` is the wall clock."""
        made = self._made
        if made is not None and abs(now - made[0]) < REMAKE:
            return made[1]
        with self._lock:
            self._made = (now, self._pki.trust(now, LIFE))
            return self._made[1]

    def forget(self) -> None:
        """The next caller sees the present state of the PKI."""
        self._made = None
