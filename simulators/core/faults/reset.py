"""The connection is reset (TCP RST) once the request is read. Source: RFC 9293 §3.5.2."""

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
    return Disconnect("reset")


FAULT = Fault(
    name="reset",
    hook="on_request",
    text=Text(
        "connexion réinitialisée (RST) après lecture de la requête, rien n'est exécuté",
        "connection reset (RST) once the request is read, nothing is performed",
    ),
    effect=effect,
)
