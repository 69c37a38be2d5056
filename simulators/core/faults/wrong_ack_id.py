"""The acknowledgement names another message in MSA-2. Source: facts pfi §6 (late answers)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from simulators.core.faults.effects import Effect, Tamper
from simulators.core.faults.fault import Fault, Param
from simulators.core.rules import Text

if TYPE_CHECKING:
    from simulators.core.exchange import Call

_MSA: Final = re.compile(rb"(?m)^(MSA\|[A-Z]{2}\|)[^|\r\n]*|(?<=\r)(MSA\|[A-Z]{2}\|)[^|\r\n]*")


def effect(params: Mapping[str, Any], call: Call | None) -> Effect:
    """The sender must not take it for the answer to its own message."""
    other = str(params["id"]).encode("ascii", "replace")
    return Tamper(lambda body: _MSA.sub(lambda match: (match[1] or match[2]) + other, body))


FAULT = Fault(
    name="wrong_ack_id",
    hook="on_answer",
    text=Text(
        "acquittement d'un autre message : MSA-2 n'est pas le MSH-10 reçu (MLLP)",
        "acknowledgement of another message: MSA-2 is not the MSH-10 received (MLLP)",
    ),
    effect=effect,
    params=(
        Param(name="id", type="text", default="SIM-OTHER", text=Text("valeur mise dans MSA-2", "value put in MSA-2")),
    ),
)
