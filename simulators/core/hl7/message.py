"""A message that was read: its segments, their fields, and where each stands. The ``hl7`` library parsed it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from simulators.core.hl7.places import Place
from simulators.core.rules import Finding

_HEX = re.compile(r"X(?:[0-9A-Fa-f]{2}){1,40}")
_BREAK = re.compile(r"\.(?:br|sp\d{0,3})")


@dataclass(frozen=True)
class Delimiters:
    """MSH-1 and MSH-2."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    sub: str = "&"


@dataclass(frozen=True)
class Segment:
    """One segment. ``occurrence`` is its rank among those of its name (from 1), ``position`` in the message (from 0);
    ``parsed`` is the segment of the ``hl7`` library."""

    name: str
    occurrence: int
    position: int
    parsed: Any
    codec: str
    delimiters: Delimiters
    repeated: bool = False

    def get(self, field: int, component: int = 1, sub: int = 1, repetition: int = 1) -> str:
        """One value, escapes taken away; empty when there is none. MSH-1 and MSH-2 are given as written."""
        if self.name == "MSH" and field <= 2:
            return self.raw(field)
        repetitions = self._repetitions(field)
        if len(repetitions) < repetition:
            return ""
        components = _parts(repetitions[repetition - 1])
        if len(components) < component:
            return ""
        subs = _parts(components[component - 1])
        return self._plain(str(subs[sub - 1])) if len(subs) >= sub else ""

    def raw(self, field: int) -> str:
        """A whole field as written."""
        return str(self.parsed[field]) if len(self.parsed) > field else ""

    def filled(self, field: int) -> bool:
        """Whether anything stands there but delimiters."""
        return bool(self.raw(field).strip("".join(vars(self.delimiters).values()) + " "))

    def count(self, field: int) -> int:
        """How many repetitions; 0 for an empty field."""
        return len(self._repetitions(field)) if self.raw(field) else 0

    def width(self) -> int:
        """The number of the last field that is written."""
        return len(self.parsed) - 1

    def where(
        self,
        field: int | None = None,
        component: int | None = None,
        sub: int | None = None,
        repetition: int = 1,
    ) -> str:
        """The location, as :class:`Place` reads it."""
        text = f"{self.name}[{self.occurrence}]" if self.repeated or self.occurrence > 1 else self.name
        if field is not None:
            text += f"-{field}"
            text += f"[{repetition}]" if repetition > 1 else ""
            text += f".{component}" if component is not None else ""
            text += f".{sub}" if component is not None and sub is not None else ""
        return text

    def _repetitions(self, field: int) -> Sequence[Any]:
        return tuple(self.parsed[field]) if len(self.parsed) > field else ()

    def _plain(self, text: str) -> str:
        escape = self.delimiters.escape
        if escape not in text:
            return text
        mark = re.escape(escape)
        return re.sub(rf"{mark}([^{mark}]{{0,82}}){mark}", self._unescaped, text)

    def _unescaped(self, match: re.Match[str]) -> str:
        code, own = match[1], self.delimiters
        known = {"F": own.field, "S": own.component, "T": own.sub, "R": own.repetition, "E": own.escape}
        if code in known:
            return known[code]
        if _HEX.fullmatch(code):
            return bytes.fromhex(code[1:]).decode(self.codec, "replace")
        return "\n" if _BREAK.fullmatch(code) else ""


def _parts(value: Any) -> Sequence[Any]:
    """A container of the library as its parts; a text is its only part."""
    return (value,) if isinstance(value, str) else tuple(value)


@dataclass(frozen=True)
class Message:
    """``raw`` are the octets of the frame, ``codec`` the Python codec by MSH-18; ``remarks`` are what the reading
    found odd and went on with."""

    raw: bytes
    codec: str
    segments: tuple[Segment, ...]
    remarks: tuple[Finding, ...] = field(default=())

    def all(self, name: str) -> tuple[Segment, ...]:
        """The segments of that name, in order."""
        return self._by_name.get(name, ())

    def first(self, name: str) -> Segment | None:
        """The first of that name."""
        found = self.all(name)
        return found[0] if found else None

    @cached_property
    def header(self) -> Segment:
        """MSH."""
        return self.segments[0]

    def value(self, where: str) -> str:
        """The value at a location, empty when it is not there. Raises ``ValueError`` when it is no location."""
        place = Place.read(where)
        found = self.all(place.segment)
        if len(found) < place.occurrence:
            return ""
        segment = found[place.occurrence - 1]
        return segment.get(place.field, place.component or 1, place.sub or 1, place.repetition)

    @property
    def kind(self) -> str:
        """``MDM^T02``."""
        event = self.header.get(9, 2)
        return f"{self.header.get(9)}^{event}" if event else self.header.get(9)

    @property
    def structure(self) -> str:
        return self.header.get(9, 3)

    @property
    def control_id(self) -> str:
        return self.header.get(10).strip()

    @property
    def processing(self) -> str:
        return self.header.get(11)

    @property
    def version(self) -> str:
        return self.header.get(12)

    @property
    def sender(self) -> str:
        """MSH-3."""
        return self.header.get(3).strip()

    @cached_property
    def _by_name(self) -> dict[str, tuple[Segment, ...]]:
        found: dict[str, list[Segment]] = {}
        for segment in self.segments:
            found.setdefault(segment.name, []).append(segment)
        return {name: tuple(segments) for name, segments in found.items()}
