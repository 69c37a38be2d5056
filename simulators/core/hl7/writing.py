"""Messages we write: segments by field number, escaped, then octets in the set that MSH-18 names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from simulators.core.hl7.tables import CHARSETS

_PARIS = ZoneInfo("Europe/Paris")
_ESCAPES = str.maketrans(
    {"|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "\\": "\\E\\", "&": "\\T\\", "\r": None, "\n": "\\.br\\"}
)


@dataclass(frozen=True, slots=True)
class Raw:
    """Written as it stands: base64, a code that must show its delimiters, ``""``."""

    text: str


@dataclass(frozen=True, slots=True)
class Reps:
    """The repetitions of a field."""

    fields: Sequence[Field]


Part = str | Raw | Sequence[str | Raw]
Field = str | Raw | Reps | Sequence[Part] | Mapping[int, Part]


def escaped(text: str) -> str:
    """Delimiters as escape sequences, control characters left out (HL7 v2.5 §2.7)."""
    return "".join(sign for sign in text.translate(_ESCAPES) if sign >= " ")


def seg(name: str, fields: Mapping[int, Field]) -> str:
    """One segment from its fields by number. A field is a text, a list (or a mapping by number) of components, a
    component a text or a list of sub-components. Trailing empty fields are not written."""
    last = max(fields, default=0)
    return "|".join([name, *(_field(fields.get(number, "")) for number in range(1, last + 1))])


def compose(*segments: str, charset: str = "UNICODE UTF-8") -> bytes:
    """The message, a CR after each segment. A sign the set lacks becomes ``?``. Raises ``KeyError``: unknown set."""
    return "".join(f"{segment}\r" for segment in segments).encode(CHARSETS[charset.upper()], "replace")


def stamp(at: datetime) -> str:
    """``YYYYMMDDHHMMSS``, the local time of hospitals (Europe/Paris)."""
    return at.astimezone(_PARIS).strftime("%Y%m%d%H%M%S")


@dataclass(frozen=True, slots=True)
class Head:
    """MSH of a message we send. ``kind`` is MSH-9 whole; ``profile`` MSH-21, empty for none."""

    sending_app: str
    sending_facility: str
    receiving_app: str
    receiving_facility: str
    at: datetime
    kind: str
    control_id: str
    processing: str = "T"
    version: str = "2.6"
    profile: str = ""
    charset: str = "UNICODE UTF-8"
    language: str = ""

    def segment(self) -> str:
        """MSH-17 is FRA (facts pfi §1.4)."""
        fields: dict[int, Field] = {
            3: self.sending_app,
            4: self.sending_facility,
            5: self.receiving_app,
            6: self.receiving_facility,
            7: stamp(self.at),
            9: Raw(self.kind),
            10: self.control_id,
            11: self.processing,
            12: Raw(self.version),
            17: "FRA",
            18: self.charset,
        }
        if self.language:
            fields[19] = self.language
        if self.profile:
            fields[21] = Raw(self.profile)
        last = max(fields)
        return "|".join(["MSH", "^~\\&", *(_field(fields.get(number, "")) for number in range(3, last + 1))])


def _field(value: Field) -> str:
    if isinstance(value, Reps):
        return "~".join(_field(each) for each in value.fields)
    if isinstance(value, Mapping):
        last = max(value, default=0)
        return "^".join(_part(value.get(number, "")) for number in range(1, last + 1))
    if isinstance(value, str | Raw):
        return _part(value)
    return "^".join(_part(part) for part in value)


def _part(value: Part) -> str:
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, str):
        return escaped(value)
    return "&".join(_part(sub) for sub in value)
