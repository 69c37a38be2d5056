"""HL7 values inside XDS metadata: XCN (person), XON (organisation), CX (identifier), DTM (instant).

Sources: IHE ITI TF-3 section 4.2.3.1.7 for the types and their limits (components ``^``,
sub-components ``&``, 1-based), HL7 v2.5 chapter 2 for the escapes, facts dmp.md 3.6 and 3.7 for the
French use. HL7 v3 ``TS`` (CDA header) is here too because DTM values are made from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Self

from simulators.documents.errors import BadValue

_ESCAPES = {"\\": "\\E\\", "^": "\\S\\", "&": "\\T\\", "|": "\\F\\", "~": "\\R\\"}
_UNESCAPES = {escaped: plain for plain, escaped in _ESCAPES.items()}
_ESCAPED = re.compile(r"\\[ESTFR]\\")
_DTM = re.compile(r"\d{4}(?:\d\d){0,5}")
_TS = re.compile(r"(?P<digits>\d{4}(?:\d\d){0,5})(?:\.\d{1,6})?(?P<offset>[+-]\d{4})?")
_LOWEST = "00000101000000"


def escape(text: str) -> str:
    """``text`` with the HL7 v2 separators escaped, fit for one (sub-)component."""
    return "".join(_ESCAPES.get(char, char) for char in text)


def unescape(text: str) -> str:
    """The reverse of :func:`escape`; unknown escapes are left as they are."""
    return _ESCAPED.sub(lambda match: _UNESCAPES[match.group()], text)


@dataclass(frozen=True, slots=True)
class Hl7Value:
    """One composite value, kept as written; components are read on demand and never fail."""

    text: str

    def component(self, number: int) -> str:
        """Component ``number`` (1-based), still escaped; ``""`` when absent."""
        parts = self.text.split("^")
        return parts[number - 1] if number <= len(parts) else ""

    def part(self, number: int, sub: int) -> str:
        """Sub-component ``sub`` of component ``number`` (both 1-based), unescaped; ``""`` when absent."""
        parts = self.component(number).split("&")
        return unescape(parts[sub - 1]) if sub <= len(parts) else ""

    def __str__(self) -> str:
        return self.text


class Xcn(Hl7Value):
    """A person: ``899700000013^FICTIF^CAMILLE^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS``."""

    __slots__ = ()

    @classmethod
    def of(
        cls, identifier: str, family: str, given: str, authority: str, name_type: str = "D", id_type: str = "IDNPS"
    ) -> Self:
        """Builds a value; ``authority`` is an OID."""
        names = "^".join(escape(part) for part in (identifier, family, given))
        return cls(f"{names}^^^^^^&{escape(authority)}&ISO^{name_type}^^^{id_type}")

    @property
    def identifier(self) -> str:
        return self.part(1, 1)

    @property
    def family(self) -> str:
        return self.part(2, 1)

    @property
    def given(self) -> str:
        return self.part(3, 1)

    @property
    def authority(self) -> str:
        """OID of the authority that assigned the identifier (component 9)."""
        return self.part(9, 2)

    @property
    def authority_type(self) -> str:
        return self.part(9, 3)

    @property
    def name_type(self) -> str:
        return self.part(10, 1)

    @property
    def id_type(self) -> str:
        return self.part(13, 1)


class Xon(Hl7Value):
    """An organisation: ``CENTRE FICTIF^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^10B0999009``."""

    __slots__ = ()

    @classmethod
    def of(cls, name: str, identifier: str, authority: str, id_type: str = "IDNST") -> Self:
        """Builds a value; ``authority`` is an OID."""
        return cls(f"{escape(name)}^^^^^&{escape(authority)}&ISO^{id_type}^^^{escape(identifier)}")

    @property
    def name(self) -> str:
        return self.part(1, 1)

    @property
    def authority(self) -> str:
        return self.part(6, 2)

    @property
    def authority_type(self) -> str:
        return self.part(6, 3)

    @property
    def id_type(self) -> str:
        return self.part(7, 1)

    @property
    def identifier(self) -> str:
        return self.part(10, 1)


class Cx(Hl7Value):
    """An identifier: ``185010099900171^^^&1.2.250.1.213.1.4.10&ISO^NH``."""

    __slots__ = ()

    @classmethod
    def of(cls, identifier: str, authority: str, id_type: str) -> Self:
        """Builds a value; ``authority`` is an OID, ``id_type`` ``NH`` (INS) or ``PI`` (local number)."""
        return cls(f"{escape(identifier)}^^^&{escape(authority)}&ISO^{id_type}")

    @property
    def identifier(self) -> str:
        return self.part(1, 1)

    @property
    def authority(self) -> str:
        return self.part(4, 2)

    @property
    def authority_type(self) -> str:
        return self.part(4, 3)

    @property
    def id_type(self) -> str:
        return self.part(5, 1)

    def same_identity(self, other: Cx) -> bool:
        """Components 1, 4 (OID) and 5 agree; a sixth component (a date) is ignored."""
        mine = (self.identifier, self.authority, self.id_type)
        return mine == (other.identifier, other.authority, other.id_type)


def pad_dtm(text: str) -> str:
    """``text`` completed to 14 digits with the lowest instant: ``2026`` → ``20260101000000``.

    Raises :class:`BadValue` unless ``text`` is a DTM of 4, 6, 8, 10, 12 or 14 digits naming a real instant.
    """
    if not _DTM.fullmatch(text):
        raise BadValue(f"not a DTM of 4 to 14 digits: {text!r}")
    padded = text + _LOWEST[len(text) :]
    _instant(padded, text)
    return padded


def read_dtm(text: str) -> datetime:
    """The lowest instant of a DTM, in UTC. Raises :class:`BadValue`."""
    return _instant(pad_dtm(text), text)


def write_dtm(instant: datetime) -> str:
    """``yyyyMMddHHmmss`` in UTC. Raises :class:`BadValue` for an instant without time zone."""
    if instant.tzinfo is None:
        raise BadValue("an instant needs its time zone to become a DTM")
    return instant.astimezone(UTC).strftime("%Y%m%d%H%M%S").zfill(14)


def write_ts(instant: datetime) -> str:
    """HL7 v3 TS with its offset: ``20260105093000+0100``. Raises :class:`BadValue` without time zone."""
    if instant.tzinfo is None:
        raise BadValue("an instant needs its time zone to become a TS")
    return instant.strftime("%Y%m%d%H%M%S%z").zfill(19)


def ts_to_dtm(text: str, *, zone: tzinfo = UTC) -> str:
    """An HL7 v3 TS as a DTM in UTC, with the precision it was given.

    A value no finer than the day is kept as it is, since a day has no instant to convert. ``zone``
    is used when the value has hours but no offset. Raises :class:`BadValue`.
    """
    match = _TS.fullmatch(text)
    if match is None:
        raise BadValue(f"not a TS: {text!r}")
    digits, offset = match["digits"], match["offset"]
    instant = _instant(pad_dtm(digits), text)
    if len(digits) <= 8:
        return digits
    local = instant.replace(tzinfo=_offset(offset, text) if offset else zone)
    try:
        return write_dtm(local)[: len(digits)]
    except OverflowError as error:
        raise BadValue(f"no such instant in UTC: {text!r}") from error


def _offset(text: str, whole: str) -> timezone:
    hours, minutes = int(text[1:3]), int(text[3:5])
    if hours > 14 or minutes > 59:
        raise BadValue(f"no such time offset: {whole!r}")
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(-delta if text[0] == "-" else delta)


def _instant(padded: str, whole: str) -> datetime:
    try:
        return datetime.strptime(padded, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise BadValue(f"no such instant: {whole!r}") from error
