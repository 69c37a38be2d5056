"""Where something stands in a message: ``PRT[2]-8.10``, ``PID-3[2].4.2``, and the same as ERR-2 wants it.

Numbers count from one; ``[n]`` after the segment is its rank among those of its name, after the field its repetition.
A location may go on after a space (``OBX[1]-5.5 /hl7:ClinicalDocument/hl7:id``): the rest is left alone here.
Source: HL7 v2.5 §2.A.28 (ERL).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

_PLACE = re.compile(
    r"([A-Z][A-Z0-9]{2})(?:\[(\d{1,6})\])?(?:-(\d{1,6})(?:\[(\d{1,6})\])?(?:\.(\d{1,6})(?:\.(\d{1,6}))?)?)?(?= |$)"
)


@dataclass(frozen=True, slots=True)
class Place:
    """``field``, ``component`` and ``sub`` are 0 when the location stops before."""

    segment: str
    occurrence: int = 1
    field: int = 0
    repetition: int = 1
    component: int = 0
    sub: int = 0

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises ``ValueError``."""
        match = _PLACE.match(text)
        if match is None:
            raise ValueError(f"{text!r} is no HL7 location: write it as PRT[2]-8.10")
        segment, occurrence, number, repetition, component, sub = match.groups()
        return cls(
            segment, int(occurrence or 1), int(number or 0), int(repetition or 1), int(component or 0), int(sub or 0)
        )


def erl(where: str) -> str:
    """The location as an ERL (segment^sequence^field^repetition^component^sub-component), empty if it is none."""
    try:
        place = Place.read(where)
    except ValueError:
        return ""
    parts = [place.segment, str(place.occurrence)]
    if place.field:
        parts += [str(place.field), str(place.repetition)]
    for number in (place.component, place.sub):
        if number:
            parts.append(str(number))
    return "^".join(parts)
