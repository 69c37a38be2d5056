"""The peer that takes one message a connection. Source: facts pfi §6 (engine quirks)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulators.core.faults.effects import Disconnect, Effect
from simulators.core.faults.fault import Fault
from simulators.core.rules import Text

if TYPE_CHECKING:
    from simulators.core.exchange import Call


def effect(params: Mapping[str, Any], call: Call | None) -> Effect:
    """The sender's own time-out and its retry are what is tried."""
    return Disconnect("answered")


FAULT = Fault(
    name="ack_then_close",
    hook="on_answer",
    text=Text(
        "acquitté, puis la connexion est fermée : le message suivant doit en ouvrir une autre (MLLP)",
        "acknowledged, then the connection is closed: the next message must open another (MLLP)",
    ),
    effect=effect,
)
