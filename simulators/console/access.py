"""Who may speak to the control API: a token, and a Host and an Origin that are ours.

The token stops other users of the machine, the Host check a rebinding name, the Origin check a page
of another site in the user's browser.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from flask import Request

API = "/_sandbox"
COOKIE = "segur_sandbox_token"


class Access:
    """``names`` are the host names and addresses this sandbox answers to, without port; ``open_paths``
    want no token. ``pages_open``: the pages want none either, which is for a console on loopback only."""

    def __init__(self, token: str, names: Iterable[str], open_paths: Iterable[str], *, pages_open: bool = True) -> None:
        self.token = token
        self._pages_open = pages_open
        self._open = frozenset(open_paths)
        self._names = {name.strip("[]").lower() for name in names}

    def problem(self, request: Request) -> tuple[int, str] | None:
        """``(status, reason)`` when the request must be refused, else ``None``."""
        if not self._ours(request.host):
            return 421, f"Host {request.host!r} is not a name of this sandbox: start it with --public-host NAME"
        origin = request.headers.get("Origin")
        if origin is not None and not self._ours(origin.partition("://")[2]):
            return 403, f"Origin {origin!r} is not this sandbox"
        if request.path in self._open:
            return None
        if not request.path.startswith(f"{API}/"):
            if self._pages_open or self.shown(request):
                return None
            return 401, "this console is on the network: open it once as /?token=TOKEN (the token of endpoints.json)"
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self._is_token(given.strip()):
            return 401, "give the token of endpoints.json as Authorization: Bearer TOKEN"
        return None

    def shown(self, request: Request) -> bool:
        """Whether a page's request brings the token: in the address the first time, then in a cookie."""
        given = request.args.get("token") or request.cookies.get(COOKIE) or ""
        return self._is_token(given)

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.token.encode())

    def _ours(self, host: str) -> bool:
        name = host if host.endswith("]") else host.rsplit(":", 1)[0]
        return name.strip("[]").lower() in self._names
