"""The operation succeeds and its answer cannot be parsed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulators.core.faults.effects import Effect, Tamper
from simulators.core.faults.fault import Fault, Param
from simulators.core.rules import Text

if TYPE_CHECKING:
    from simulators.core.exchange import Call


def broken_markup(body: bytes) -> bytes:
    """``body`` with its end tags broken: not well-formed, also inside a multipart answer.

    The lone ``<`` at the end breaks a document that has no end tag, and an encoding of two bytes a character.
    """
    return body.replace(b"</", b"<<") + b"<"


def broken_bytes(body: bytes) -> bytes:
    """``body`` with three bytes in its middle that are neither UTF-8 nor XML characters."""
    middle = len(body) // 2
    return body[:middle] + b"\xff\x00\xfe" + body[middle:]


_HOW = {"xml": broken_markup, "bytes": broken_bytes}


def effect(params: Mapping[str, Any], call: Call | None) -> Effect:
    """Status and headers stay those of the true answer."""
    return Tamper(_HOW[params["how"]])


FAULT = Fault(
    name="corrupt_answer",
    hook="on_answer",
    text=Text(
        "réponse corrompue : l'opération est exécutée, le corps ne peut pas être lu",
        "corrupt answer: the operation is performed, the body cannot be parsed",
    ),
    effect=effect,
    params=(
        Param(
            name="how",
            type="choice",
            default="xml",
            choices=tuple(_HOW),
            text=Text("balisage mal formé, ou octets parasites", "markup not well-formed, or stray bytes"),
        ),
    ),
)
