"""The service asks to come back later: ``Retry-After``. Source: RFC 9110 §10.2.3, RFC 6585 §4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulators.core.faults.effects import Effect, Respond
from simulators.core.faults.fault import Fault, Param
from simulators.core.rules import Text

if TYPE_CHECKING:
    from simulators.core.exchange import Call


def effect(params: Mapping[str, Any], call: Call | None) -> Effect:
    """Nothing is performed, nothing is stored."""
    seconds = int(params["seconds"])
    body = f"come back in {seconds} s / revenez dans {seconds} s\n".encode()
    headers = {"Content-Type": "text/plain; charset=utf-8", "Retry-After": str(seconds)}
    return Respond(int(params["status"]), body, headers)


FAULT = Fault(
    name="slow_down",
    hook="on_request",
    text=Text(
        "demande de ralentir : 429 ou 503 avec Retry-After, rien n'est exécuté",
        "asked to slow down: 429 or 503 with Retry-After, nothing is performed",
    ),
    effect=effect,
    params=(
        Param(
            name="seconds",
            type="integer",
            default=30,
            unit="s",
            most=86_400,
            text=Text("délai annoncé par Retry-After", "delay announced by Retry-After"),
        ),
        Param(
            name="status",
            type="choice",
            default="429",
            choices=("429", "503"),
            text=Text("statut HTTP répondu", "HTTP status answered"),
        ),
    ),
)
