"""What an acknowledgement says to the message it answers, for whoever sent it. Source: HL7 v2.5 §2.9; facts pfi §2."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from simulators.core.errors import Refused
from simulators.core.hl7.message import Message, Segment
from simulators.core.hl7.reading import read_message

MOST_ERRORS: Final = 50
_CODES: Final[Mapping[str, str]] = {"AA": "AA", "AE": "AE", "AR": "AR", "CA": "AA", "CE": "AE", "CR": "AR"}


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """``code`` is AA, AE or AR, empty when the octets answer nothing, and then ``problem`` says why; ``errors`` are its
    ERR in words, else MSA-3."""

    code: str = ""
    errors: tuple[str, ...] = ()
    problem: str = ""


def acknowledged(answer: bytes, control_id: str, words: Callable[[Segment], str]) -> Acknowledged:
    """The octets of an answer to the message ``control_id``; ``words`` puts one ERR into words. Never raises."""
    try:
        message = read_message(answer)
    except Refused as refused:
        return Acknowledged(problem=f"the answer is no HL7 message: {refused}")
    said, about = message.value("MSA-1").strip(), message.value("MSA-2").strip()
    if said not in _CODES:
        return Acknowledged(problem=f"MSA-1 is {said!r}: expected AA, AE or AR")
    if about != control_id:
        return Acknowledged(problem=f"MSA-2 is {about!r}: the answer is about another message")
    return Acknowledged(_CODES[said], _errors(message, words))


def _errors(message: Message, words: Callable[[Segment], str]) -> tuple[str, ...]:
    own = tuple(words(err) for err in message.all("ERR")[:MOST_ERRORS])
    text = message.value("MSA-3").strip()
    return own or ((text,) if text else ())
