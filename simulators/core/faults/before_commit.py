"""The operation breaks off just before it is stored: all is rolled back and an error is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulators.core.faults.effects import Effect, Fail
from simulators.core.faults.fault import Fault
from simulators.core.rules import Text

if TYPE_CHECKING:
    from simulators.core.exchange import Call


def effect(params: Mapping[str, Any], call: Call | None) -> Effect:
    """The protocol's own error, under the rule ``SIM-FAULT``."""
    return Fail("broken off before the commit; nothing was stored")


FAULT = Fault(
    name="before_commit",
    hook="before_commit",
    text=Text(
        "erreur juste avant l'enregistrement : tout est annulé, une erreur du protocole est répondue",
        "error just before the commit: everything is rolled back, an error of the protocol is answered",
    ),
    effect=effect,
)
