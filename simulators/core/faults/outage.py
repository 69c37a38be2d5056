"""The service is down: a plain 503 instead of the operation. Source: RFC 9110 §15.6.4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulators.core.faults.effects import Effect, Respond
from simulators.core.faults.fault import Fault
from simulators.core.rules import Text

if TYPE_CHECKING:
    from simulators.core.exchange import Call

# Not a SOAP fault nor JSON: in the field it is the machine in front of the service that answers.
BODY = "503 Service Unavailable (fault asked of the sandbox / panne demandée au bac à sable)\n".encode()


def effect(params: Mapping[str, Any], call: Call | None) -> Effect:
    """Nothing is performed, nothing is stored."""
    return Respond(503, BODY, {"Content-Type": "text/plain; charset=utf-8"})


FAULT = Fault(
    name="outage",
    hook="on_request",
    text=Text(
        "service indisponible : HTTP 503 en texte simple, rien n'est exécuté",
        "service unavailable: HTTP 503 in plain text, nothing is performed",
    ),
    effect=effect,
)
