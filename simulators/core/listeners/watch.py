"""One running delay of a stream connection, in the asyncio loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Watch:
    """Calls ``too_late`` when what is watched lasts too long."""

    def __init__(self) -> None:
        self.what = ""
        self._timer: asyncio.TimerHandle | None = None

    def start(self, what: str, seconds: float | None, too_late: Callable[[], None]) -> None:
        """Watch ``what`` for ``seconds`` (None: for ever).

        Watching the same thing again does not restart its delay, or one octet a second would last for ever.
        """
        if what == self.what:
            return
        self.stop()
        if seconds is not None:
            self.what = what
            self._timer = asyncio.get_running_loop().call_later(seconds, self._ring, too_late)

    def stop(self, *only: str) -> None:
        """Watch no more (only if what is watched is one of ``only``, when given)."""
        if self._timer and (not only or self.what in only):
            self._timer.cancel()
            self.what, self._timer = "", None

    def _ring(self, too_late: Callable[[], None]) -> None:
        self.what, self._timer = "", None
        too_late()
