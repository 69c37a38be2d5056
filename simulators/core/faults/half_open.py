"""The connection goes on existing and nobody is behind it. Source: RFC 9293 §3.5.1."""

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
    return Disconnect("deaf")


FAULT = Fault(
    name="half_open",
    hook="after_commit_before_answer",
    text=Text(
        "connexion à demi ouverte : après ce message, plus rien n'est lu ni répondu (MLLP)",
        "half-open connection: after this message nothing is read or answered any more (MLLP)",
    ),
    effect=effect,
)
