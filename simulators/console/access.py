"""Who may speak to the control API: a token, and a Host and an Origin that are ours.

The token stops other users of the machine, the Host check a rebinding name, the Origin check a page
of another site in the user's browser.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from flask import Request

OPEN_PATHS = {"/_sandbox/health", "/_sandbox/openapi.json"}


class Access:
    """``names`` are the host names and addresses this sandbox answers to, without port."""

    def __init__(self, token: str, names: Iterable[str]) -> None:
        self.token = token
        self._names = {name.strip("[]").lower() for name in names}

    def problem(self, request: Request) -> tuple[int, str] | None:
        """``(status, reason)`` when the request must be refused, else ``None``."""
        if not self._ours(request.host):
            return 421, f"Host {request.host!r} is not a name of this sandbox"
        origin = request.headers.get("Origin")
        if origin is not None and not self._ours(origin.partition("://")[2]):
            return 403, f"Origin {origin!r} is not this sandbox"
        if request.path in OPEN_PATHS or not request.path.startswith("/_sandbox/"):
            return None
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if not hmac.compare_digest(given.encode(), self.token.encode()):
            return 401, "give the token of endpoints.json as Authorization: Bearer TOKEN"
        return None

    def _ours(self, host: str) -> bool:
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        return name.strip("[]").lower() in self._names
