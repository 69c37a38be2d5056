"""Who may speak to the control API: a token, and a Host and an Origin that are ours.

The token stops other users of the machine, the Host check a rebinding name, the Origin check a page
of another site in the user's browser.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from flask import Request

API = "/_sandbox"


class Access:
    """``names`` are the host names and addresses this sandbox answers to, without port; ``open_paths``
    want no token."""

    def __init__(self, token: str, names: Iterable[str], open_paths: Iterable[str]) -> None:
        self.token = token
        self._open = frozenset(open_paths)
        self._names = {name.strip("[]").lower() for name in names}

    def problem(self, request: Request) -> tuple[int, str] | None:
        """``(status, reason)`` when the request must be refused, else ``None``."""
        if not self._ours(request.host):
            return 421, f"Host {request.host!r} is not a name of this sandbox: start it with --public-host NAME"
        origin = request.headers.get("Origin")
        if origin is not None and not self._ours(origin.partition("://")[2]):
            return 403, f"Origin {origin!r} is not this sandbox"
        if request.path in self._open or not request.path.startswith(f"{API}/"):
            return None
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self.token.encode()):
            return 401, "give the token of endpoints.json as Authorization: Bearer TOKEN"
        return None

    def _ours(self, host: str) -> bool:
        name = host if host.endswith("]") else host.rsplit(":", 1)[0]
        return name.strip("[]").lower() in self._names
