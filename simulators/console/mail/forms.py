"""Forms of the webmail: nobody but our own pages may send them.

The Host and Origin checks of the console stand before; besides, each form carries a word that only a page of this
sandbox and this world can know, so that a browser which tells no Origin is no way in.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final

from flask import abort, request

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

FIELD: Final = "csrf"


def word(sandbox: Sandbox, world: str) -> str:
    """What the forms of a world carry."""
    return hmac.new(sandbox.token.encode(), f"webmail:{world}".encode(), hashlib.sha256).hexdigest()


def check(sandbox: Sandbox, world: str) -> None:
    """Ends the request (403) unless the form came from a page of ours."""
    given = request.form.get(FIELD, "")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), word(sandbox, world).encode()):
        abort(403, "this form is not one of this page: open the page again")
