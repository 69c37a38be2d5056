"""``doctor`` over HTTP: the sandbox's side of it, and what the user's side needs to look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulators.assembly.doctor import inside
from simulators.console.api.route import Route, Values

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox


def examine(sandbox: Sandbox, values: Values) -> Any:
    """``checks`` as lights, ``facts`` for the checks of the other side."""
    products = [str(product) for product in values.items("products")]
    checks = inside.examine(sandbox, values.text("world", "main"), products)
    return {"checks": [check.as_json() for check in checks], "facts": inside.facts(sandbox)}


BODY = {"world": {"type": "string"}, "products": {"type": "array", "items": {"type": "string"}}}

ROUTES = (Route("POST", "/doctor", "Is everything in place? The sandbox's side, and the product's", examine, BODY),)
