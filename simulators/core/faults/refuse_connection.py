"""The listener resets every connection as soon as it is accepted, before any TLS. Source: RFC 9293 §3.5.2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulators.core.faults.effects import Disconnect, Effect
from simulators.core.faults.fault import Fault
from simulators.core.rules import Text

if TYPE_CHECKING:
    from simulators.core.exchange import Call


def effect(params: Mapping[str, Any], call: Call | None) -> Effect:
    """A bound port cannot refuse the SYN itself: the peer sees a connection that is reset at once."""
    return Disconnect("reset")


FAULT = Fault(
    name="refuse_connection",
    hook="on_accept",
    text=Text(
        "connexions refusées : chaque connexion est réinitialisée (RST) dès son arrivée, pour tous les mondes",
        "connections refused: each connection is reset (RST) as it arrives, for every world",
    ),
    effect=effect,
)
