"""The authorities accepted now, made once and kept: building them signs CRLs."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path

from simulators.assembly.trust_kit.vendor import Vendor
from simulators.core.pki import Pki, Trust

LIFE = timedelta(days=7)
REMAKE = timedelta(days=1)


class Trusted:
    """Remade every day of wall time, and when the PKI folder changes: another process may share it.

    ``vendor`` holds the vendor's own test authorities.
    """

    def __init__(self, pki: Pki, folder: Path, vendor: Vendor | None = None) -> None:
        self.vendor = vendor or Vendor()
        self._pki = pki
        self._watched = (folder / "revoked", folder / "hierarchies")
        self._seen: tuple[int, ...] = ()
        self._lock = threading.Lock()
        self._made: tuple[datetime, Trust] | None = None

    def at(self, now: datetime) -> Trust:
        """Our authorities and the vendor's; ``now`` is the wall clock."""
        made, state = self._made, self._state()
        if made is not None and state == self._seen and abs(now - made[0]) < REMAKE:
            return made[1]
        with self._lock:
            self._pki.reload()
            trust = self.vendor.added_to(self._pki.trust(now, LIFE), now, REMAKE)
            self._made, self._seen = (now, trust), state
            return trust

    def forget(self) -> None:
        """The next caller sees the present state: two changes of our own may fall in one tick of the file system."""
        with self._lock:  # a trust being made from the state before must not be kept after
            self._made = None

    def _state(self) -> tuple[int, ...]:
        return tuple(folder.stat().st_mtime_ns if folder.exists() else 0 for folder in self._watched)
