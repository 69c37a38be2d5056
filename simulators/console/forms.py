"""Forms of the webmail and of the worklist: nobody but our own pages may send them.

The Host and Origin checks of the console stand before; besides, each form carries a word that only a page of this
sandbox and this world can know, so that a browser which tells no Origin is no way in.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, abort, request

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

FIELD: Final = "csrf"


def register(app: Flask, sandbox: Sandbox, views: Mapping[str, Callable[..., Response]]) -> None:
    """Adds what forms send to, by path; each looks at its form first. ``view(sandbox, world, **path_values)``."""
    for path, view in views.items():
        app.add_url_rule(path, f"POST {path}", _guarded(sandbox, view), methods=["POST"])


def _guarded(sandbox: Sandbox, view: Callable[..., Response]) -> Callable[..., Response]:
    def answer(world: str, **at: Any) -> Response:
        check(sandbox, world)
        return view(sandbox, world, **at)

    return answer


def word(sandbox: Sandbox, world: str) -> str:
    """What the forms of a world carry."""
    return hmac.new(sandbox.token.encode(), f"webmail:{world}".encode(), hashlib.sha256).hexdigest()


def check(sandbox: Sandbox, world: str) -> None:
    """Ends the request (403) unless the form came from a page of ours."""
    given = request.form.get(FIELD, "")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), word(sandbox, world).encode()):
        abort(403, "this form is not one of this page: open the page again")
