"""The answer comes late; the operation itself is performed at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulators.core.faults.effects import Delay, Effect
from simulators.core.faults.fault import Fault, Param
from simulators.core.rules import Text

if TYPE_CHECKING:
    from simulators.core.exchange import Call


def effect(params: Mapping[str, Any], call: Call | None) -> Effect:
    """A delay that the listener waits out without holding a worker."""
    return Delay(float(params["seconds"]))


FAULT = Fault(
    name="latency",
    hook="on_answer",
    text=Text(
        "réponse en retard : l'opération est exécutée et validée tout de suite, la réponse attend",
        "late answer: the operation is performed and committed at once, the answer waits",
    ),
    effect=effect,
    params=(
        Param(
            name="seconds",
            type="number",
            default=5,
            unit="s",
            most=3600,
            text=Text("retard ajouté à la réponse", "delay added to the answer"),
        ),
    ),
)
