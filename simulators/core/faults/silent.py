"""The listener accepts connections and says nothing: no TLS answer, no banner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulators.core.faults.effects import Effect, Silence
from simulators.core.faults.fault import Fault, Param
from simulators.core.rules import Text

if TYPE_CHECKING:
    from simulators.core.exchange import Call


def effect(params: Mapping[str, Any], call: Call | None) -> Effect:
    """The product's own connection or handshake time-out is what is tried."""
    return Silence(float(params["seconds"]))


FAULT = Fault(
    name="silent",
    hook="on_accept",
    text=Text(
        "port muet : la connexion est acceptée puis plus rien, pour tous les mondes",
        "silent port: the connection is accepted, then nothing, for every world",
    ),
    effect=effect,
    params=(
        Param(
            name="seconds",
            type="number",
            default=60,
            unit="s",
            most=3600,
            text=Text("durée du silence avant la fermeture", "length of the silence before the close"),
        ),
    ),
)
