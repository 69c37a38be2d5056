"""Guard on real identifiers: finds, in a text, INS and RPPS that look like those of real persons.

Pure functions: nothing here alters wire or stored bytes. An INS counts when its key is right and the authority it is
written under is a production one; an RPPS when its key is right, it stands where a PS_IdNat or an XCN stands, and it is
outside the test range. What ``is_fictitious`` accepts is never reported. A text search, so inferred: it can miss.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from simulators.population.idnat import PS_IDNAT_OID
from simulators.population.ins import INS_PRODUCTION_OIDS, Ins, is_valid_ins
from simulators.population.national import Rpps, is_valid_rpps
from simulators.population.samples import is_fictitious

_WINDOW: Final = 300
_MATRICULE = re.compile(r"(?<![0-9A-Za-z.])[123478][0-9]{4}(?:[0-9]{2}|2[AB])[0-9]{8}(?![0-9A-Za-z]|\.[0-9])")
_RPPS = re.compile(r"(?<![0-9A-Za-z.])(8?)([0-9]{11})(?![0-9A-Za-z]|\.[0-9])")
_INS_AUTHORITY = re.compile(r"(?<![0-9.])1\.2\.250\.1\.213\.1\.4\.[0-9]+(?!\.?[0-9])")
_INS_ROOT: Final = "1.2.250.1.213.1.4."
# Digits, and the letters of a Corsican INS, as one sign.
_RUN: Final = b"0" * 11
_DIGITS: Final = bytes(0x30 if chr(octet) in "0123456789AB" else 0x20 for octet in range(256))
_CX_REST = re.compile(r"\^[^\^<>]{0,99}\^[^\^<>]{0,99}\^[^&\^<>]{0,99}&(?:amp;)?([0-9.]{1,99})&")
_PS_AUTHORITY = re.compile(rf"(?<![0-9.]){re.escape(PS_IDNAT_OID)}(?!\.?[0-9])|\^(?:IDNPS|RPPS)\b")
_PS_LABEL = re.compile(r"(?:NameID[^<>]*>|nationalId[^<>]*>|SubjectNameID\"?\s*[:=]\s*\"?|\bCN=)\s*$")


@dataclass(frozen=True, slots=True)
class RealIdentifier:
    """One occurrence; ``text[start:end]`` is ``value``, which is kept out of the repr."""

    kind: Literal["ins", "rpps"]
    value: str = field(repr=False)
    start: int
    end: int

    @property
    def masked(self) -> str:
        """The form for console, journal tail and reports."""
        return mask(self.value)


def mask(value: str) -> str:
    """First four characters, then seven stars whatever the length."""
    return f"{value[:4]}*******"


def may_hold(body: bytes) -> bool:
    """Whether a run is long enough for an RPPS or an INS: a hundred times as quick as :func:`real_identifiers`."""
    return _RUN in body.translate(_DIGITS)


def real_identifiers(text: str) -> list[RealIdentifier]:
    """Each occurrence of a production-looking INS or RPPS, in the order of the text; time linear in its length."""
    return sorted((*_real_ins(text), *_real_rpps(text)), key=lambda found: found.start)


def masked_text(text: str) -> str:
    """A copy of the text with every such identifier masked, for display only."""
    pieces, done = [], 0
    for found in real_identifiers(text):
        pieces += [text[done : found.start], found.masked]
        done = found.end
    return "".join((*pieces, text[done:]))


def _real_ins(text: str) -> Iterator[RealIdentifier]:
    if _INS_ROOT not in text:
        return
    authorities = list(_authorities(text))
    for match in _in_runs(_MATRICULE, text) if authorities else ():
        if not is_valid_ins(match[0]):
            continue
        authority = _authority(text, match, authorities)
        if authority in INS_PRODUCTION_OIDS and not is_fictitious(Ins.as_received(match[0], authority)):
            yield RealIdentifier("ins", match[0], *match.span())


def _real_rpps(text: str) -> Iterator[RealIdentifier]:
    for match in _in_runs(_RPPS, text):
        prefix, number = match.groups()
        if not is_valid_rpps(number) or is_fictitious(Rpps.as_received(number)):
            continue
        if _is_professional(text, *match.span(), labels=bool(prefix)):
            yield RealIdentifier("rpps", match[0], *match.span())


def _in_runs(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """The matches of a pattern of digits (and A, B): only looked for in runs of these that are long enough, since a
    message may be a megabyte of base64."""
    flat = text.encode("latin-1", "replace").translate(_DIGITS)
    start = flat.find(_RUN)
    while start >= 0:
        end = flat.find(b" ", start)
        end = len(flat) if end < 0 else end
        yield from pattern.finditer(text, start, end + 2)
        start = flat.find(_RUN, end)


def _authorities(text: str) -> Iterator[tuple[int, int, str]]:
    """Where an authority of the INS stands, and its OID."""
    at = text.find(_INS_ROOT)
    while at >= 0:
        match = _INS_AUTHORITY.match(text, at)
        if match is not None:
            yield match.start(), match.end(), match[0]
        at = text.find(_INS_ROOT, at + 1)


def _authority(text: str, matricule: re.Match[str], authorities: list[tuple[int, int, str]]) -> str | None:
    """OID a matricule is written under: that of its CX, else the nearest in its tag or object, else around it.

    The tag goes first because in ``<id root="A" extension="x"/><id root="B" .../>`` B stands nearer to x than A does.
    """
    start, end = matricule.span()
    cx = _CX_REST.match(text, end)
    if cx:
        return cx[1]
    following = bisect_left(authorities, (end,))
    neighbours = authorities[max(0, following - 1) : following + 1]
    for low, high in (_enclosure(text, start, end), (start - _WINDOW, end + _WINDOW)):
        near = [(max(first - end, start - last), oid) for first, last, oid in neighbours if low <= first < last <= high]
        if near:
            return min(near)[1]
    return None


def _is_professional(text: str, start: int, end: int, *, labels: bool) -> bool:
    if text[end : end + 1] == "^":
        rest = re.split(r"[|~<\r\n]", text[end : end + _WINDOW], maxsplit=1)[0]
        return _PS_AUTHORITY.search(rest) is not None
    if labels and _PS_LABEL.search(text[max(0, start - _WINDOW) : start]):
        return True
    return _PS_AUTHORITY.search(text, *_enclosure(text, start, end)) is not None


def _enclosure(text: str, start: int, end: int) -> tuple[int, int]:
    """Span of the tag, text node or JSON object around a match, no wider than the window."""
    low, high = max(0, start - _WINDOW), min(len(text), end + _WINDOW)
    opened = max(text.rfind(sign, low, start) for sign in "<>{}")
    closed = [at for at in (text.find(sign, end, high) for sign in "<>{}") if at >= 0]
    return max(low, opened + 1), min([high, *closed])
