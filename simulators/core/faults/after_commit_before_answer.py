"""The operation is stored, then the connection is cut: the product cannot know that it succeeded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulators.core.faults.effects import Disconnect, Effect
from simulators.core.faults.fault import Fault, Param
from simulators.core.rules import Text

if TYPE_CHECKING:
    from simulators.core.exchange import Call


def effect(params: Mapping[str, Any], call: Call | None) -> Effect:
    """The effect is committed; not one byte of the answer leaves."""
    return Disconnect(str(params["mode"]))


FAULT = Fault(
    name="after_commit_before_answer",
    hook="after_commit_before_answer",
    text=Text(
        "connexion coupée après l'enregistrement et avant la réponse : l'opération a réussi sans que l'on le sache",
        "connection cut after the commit and before the answer: the operation succeeded and nobody was told",
    ),
    effect=effect,
    params=(
        Param(
            name="mode",
            type="choice",
            default="reset",
            choices=("reset", "close"),
            text=Text("coupure par RST ou fermeture ordinaire", "cut by RST or by an ordinary close"),
        ),
    ),
)
