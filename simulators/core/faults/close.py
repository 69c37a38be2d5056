"""The connection is closed (FIN) once the request is read, without an answer. Source: RFC 9112 §9.5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulators.core.faults.effects import Disconnect, Effect
from simulators.core.faults.fault import Fault
from simulators.core.rules import Text

if TYPE_CHECKING:
    from simulators.core.exchange import Call


def effect(params: Mapping[str, Any], call: Call | None) -> Effect:
    """Nothing is performed, nothing is stored."""
    return Disconnect("close")


FAULT = Fault(
    name="close",
    hook="on_request",
    text=Text(
        "connexion fermée sans réponse après lecture de la requête, rien n'est exécuté",
        "connection closed without an answer once the request is read, nothing is performed",
    ),
    effect=effect,
)
