"""The message is handled and never acknowledged; the connection stays open. Source: facts pfi §6 (timeouts)."""

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
    return Disconnect("silent")


FAULT = Fault(
    name="no_ack",
    hook="after_commit_before_answer",
    text=Text(
        "jamais d'acquittement : le message est traité, la connexion reste ouverte (MLLP)",
        "no acknowledgement ever: the message is handled, the connection stays open (MLLP)",
    ),
    effect=effect,
)
