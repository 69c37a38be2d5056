"""Only the first bytes of the answer's body are sent, then the connection closes. Source: RFC 9112 §8."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulators.core.faults.effects import Effect, Truncate
from simulators.core.faults.fault import Fault, Param
from simulators.core.rules import Text

if TYPE_CHECKING:
    from simulators.core.exchange import Call


def effect(params: Mapping[str, Any], call: Call | None) -> Effect:
    """The operation is performed; the headers announce the whole length."""
    return Truncate(int(params["after"]))


FAULT = Fault(
    name="truncate",
    hook="on_answer",
    text=Text(
        "réponse coupée : l'opération est exécutée, seuls les premiers octets du corps partent",
        "answer cut short: the operation is performed, only the first bytes of the body are sent",
    ),
    effect=effect,
    params=(
        Param(
            name="after",
            type="integer",
            default=100,
            unit="bytes",
            text=Text("octets du corps envoyés avant la coupure", "bytes of the body sent before the cut"),
        ),
    ),
)
