"""What an acknowledgement says to the one who sent the message (facts pfi §2.1, §2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulators.core.errors import Refused
from simulators.core.hl7 import Message, Segment, read_message

_CODES: Final = {"AA": "AA", "AE": "AE", "AR": "AR", "CA": "AA", "CE": "AE", "CR": "AR"}
"""MSA-1, in original and in enhanced mode."""
_MOST_ERRORS: Final = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """``ack`` is AA, AE or AR, empty when nothing usable came: then ``problem`` says why. ``sent``: octets of the
    message left, so that it may have been handled."""

    ack: str = ""
    errors: tuple[str, ...] = ()
    problem: str = ""
    sent: bool = True
    raw: bytes = b""

    @property
    def final(self) -> bool:
        """Whether the PFI has said yes or no."""
        return self.ack in {"AA", "AE"}


def outcome_of(answer: bytes, control_id: str) -> Outcome:
    """The octets of an answer to the message ``control_id``; never raises."""
    try:
        message = read_message(answer)
    except Refused as refused:
        return Outcome(problem=f"the answer is no HL7 message: {refused}", raw=answer)
    said, about = message.value("MSA-1").strip(), message.value("MSA-2").strip()
    if said not in _CODES:
        return Outcome(problem=f"MSA-1 is {said!r}: expected AA, AE or AR", raw=answer)
    if about != control_id:
        return Outcome(problem=f"MSA-2 is {about!r}: the answer is about another message", raw=answer)
    return Outcome(_CODES[said], _errors(message), raw=answer)


def _errors(message: Message) -> tuple[str, ...]:
    own = tuple(_words(err) for err in message.all("ERR")[:_MOST_ERRORS])
    text = message.value("MSA-3").strip()
    return own or ((text,) if text else ())


def _words(err: Segment) -> str:
    """One ERR in words: where, the codes of ERR-3 and ERR-5, what the sender is told."""
    place = "^".join(filter(None, (err.get(2, number) for number in range(1, 7))))
    codes = [" ".join(filter(None, (err.get(field), err.get(field, 2)))) for field in (3, 5)]
    told = (f"[{place}]" if place else "", *codes, err.get(8), err.get(7))
    return " · ".join(filter(None, (part.strip() for part in told)))
