"""The operation succeeds and its answer has an empty body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulators.core.faults.effects import Effect, Tamper
from simulators.core.faults.fault import Fault
from simulators.core.rules import Text

if TYPE_CHECKING:
    from simulators.core.exchange import Call


def emptied(body: bytes) -> bytes:
    """No byte at all, whatever ``body``."""
    return b""


def effect(params: Mapping[str, Any], call: Call | None) -> Effect:
    """Status and headers stay those of the true answer."""
    return Tamper(emptied)


FAULT = Fault(
    name="empty_answer",
    hook="on_answer",
    text=Text(
        "réponse vide : l'opération est exécutée, le statut est le vrai, le corps est vide",
        "empty answer: the operation is performed, the status is the true one, the body is empty",
    ),
    effect=effect,
)
