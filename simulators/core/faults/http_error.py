"""An HTTP status of one's choice instead of the operation. Source: RFC 9110 §15."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulators.core.faults.effects import Effect, Respond
from simulators.core.faults.fault import Fault, Param
from simulators.core.rules import Text

if TYPE_CHECKING:
    from simulators.core.exchange import Call


def effect(params: Mapping[str, Any], call: Call | None) -> Effect:
    """Nothing is performed, nothing is stored."""
    body = str(params["body"]).encode()
    return Respond(int(params["status"]), body, {"Content-Type": "text/plain; charset=utf-8"})


FAULT = Fault(
    name="http_error",
    hook="on_request",
    text=Text(
        "statut HTTP au choix au lieu de l'opération, rien n'est exécuté",
        "HTTP status of your choice instead of the operation, nothing is performed",
    ),
    effect=effect,
    params=(
        Param(
            name="status",
            type="integer",
            default=500,
            least=200,
            most=599,
            text=Text("statut HTTP répondu", "HTTP status answered"),
        ),
        Param(name="body", type="text", default="", text=Text("texte du corps", "text of the body")),
    ),
)
