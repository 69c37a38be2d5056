"""From the octets of a frame to a :class:`Message`. Lenient on line ends and on a wrong MSH-18, never on ambiguity.

Everything that costs is bounded before the ``hl7`` library sees the text. Sources: HL7 v2.5 §2.5 to 2.7;
facts pfi §6 (line ends, charsets).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from simulators.core.errors import Refused
from simulators.core.hl7 import rules
from simulators.core.hl7.message import Delimiters, Message, Segment
from simulators.core.hl7.tables import CHARSETS
from simulators.core.rules import Finding, Level, Verdict

MOST_SEGMENTS = 5_000
MOST_DELIMITERS = 200_000
_HEADER = re.compile(rb"MSH([!-/:-@\[-`{-~])((?:(?!\1)[!-/:-@\[-`{-~]){3,5})\1")
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_ENDS = re.compile(rb"\r\n|\r|\n")


class Unreadable(Refused):
    """The octets are no HL7 message; the verdict holds the one reason."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(Verdict((replace(finding, level=Level.REFUSE),)))


def read_message(octets: bytes) -> Message:
    """Raises :class:`Unreadable`."""
    octets = octets.removeprefix(b"\xef\xbb\xbf")
    header = _HEADER.match(octets)
    if header is None:
        raise Unreadable(_header_finding(octets))
    forbidden = _FORBIDDEN.search(octets)
    if forbidden is not None:
        raise Unreadable(rules.CONTROL.finding(_segment_at(octets, forbidden.start()), found=f"0x{forbidden[0].hex()}"))
    delimiters = _delimiters(header)
    text, codec, remarks = _decoded(octets, delimiters)
    lines = _lines(text)
    _bounded(text, lines, delimiters)
    return Message(octets, codec, tuple(_segments(lines, codec, delimiters)), (*remarks, *_line_ends(octets)))


def _header_finding(octets: bytes) -> Finding:
    shown = octets[:24].decode("latin-1")
    rule = rules.DELIMITERS if octets.startswith(b"MSH") else rules.HEADER
    return rule.finding("MSH-2" if rule is rules.DELIMITERS else "MSH", found=shown, expected="MSH|^~\\&|")


def _delimiters(header: re.Match[bytes]) -> Delimiters:
    own, coding = header[1].decode(), header[2].decode()
    used = own + coding
    if len(set(used)) != len(used):
        raise Unreadable(rules.DELIMITERS.finding("MSH-2", found=coding, expected="^~\\&"))
    return Delimiters(own, coding[0], coding[1], coding[2], coding[3] if len(coding) > 3 else "&")


def _decoded(octets: bytes, delimiters: Delimiters) -> tuple[str, str, list[Finding]]:
    end = _ENDS.search(octets)
    fields = octets[: end.start() if end else len(octets)].split(delimiters.field.encode())
    written = fields[17].decode("latin-1") if len(fields) > 17 else ""
    said = written.split(delimiters.repetition)[0].split(delimiters.component)[0].strip()
    codec = CHARSETS.get(said.upper(), "")
    if said and not codec:
        raise Unreadable(rules.CHARSET.finding("MSH-18", found=said, expected="UNICODE UTF-8, 8859/15 or 8859/1"))
    return _by_codec(octets, said, codec)


def _by_codec(octets: bytes, said: str, codec: str) -> tuple[str, str, list[Finding]]:
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as problem:
        if codec in {"", "utf-8", "ascii"}:
            where = _segment_at(octets, problem.start)
            found = f"0x{octets[problem.start]:02X}"
            raise Unreadable(rules.BYTES.finding(where, found=found, expected=said or "UNICODE UTF-8")) from None
        return octets.decode(codec), codec, []
    if octets.isascii() or codec in {"", "utf-8"}:
        return text, codec or "utf-8", []
    lie = rules.CHARSET_LIE.finding("MSH-18", found=said, expected="UNICODE UTF-8")
    return text, "utf-8", [lie]


def _segment_at(octets: bytes, offset: int) -> str:
    """The segment that holds the octet of this offset."""
    names = [line[:3].decode("latin-1") for line in _ENDS.split(octets[:offset])]
    name = names[-1] if len(names[-1]) == 3 else octets[offset - len(names[-1]) :][:3].decode("latin-1")
    if not _NAME.fullmatch(name):
        return "MSH"
    rank = sum(before == name for before in names[:-1]) + 1
    return f"{name}[{rank}]" if rank > 1 else name


def _lines(text: str) -> list[str]:
    ends = text.replace("\r\n", "\r").replace("\n", "\r")
    return [line for line in ends.split("\r") if line and not line.isspace()]


def _bounded(text: str, lines: list[str], delimiters: Delimiters) -> None:
    if len(lines) > MOST_SEGMENTS:
        raise Unreadable(rules.TOO_MANY.finding("MSH", found=f"{len(lines)} segments", expected=f"<= {MOST_SEGMENTS}"))
    marks = (delimiters.field, delimiters.component, delimiters.repetition, delimiters.sub)
    count = sum(text.count(mark) for mark in marks)
    if count > MOST_DELIMITERS:
        raise Unreadable(rules.TOO_MANY.finding("MSH", found=f"{count} delimiters", expected=f"<= {MOST_DELIMITERS}"))


def _segments(lines: list[str], codec: str, delimiters: Delimiters) -> Iterator[Segment]:
    # Loaded with the first message: the start of the sandbox needs none.
    import hl7

    names = [line[:3] for line in lines]
    for position, line in enumerate(lines):
        if not _NAME.fullmatch(names[position]) or line[3:4] not in {delimiters.field, ""}:
            before = names[position - 1]
            rank = names[:position].count(before)
            where = f"{before}[{rank}]" if names.count(before) > 1 else before
            raise Unreadable(rules.SEGMENT.finding(where, found=line[:40], expected="a segment of three letters"))
    repeated = Counter(names)
    parsed = hl7.parse("\r".join(lines))
    ranks: Counter[str] = Counter()
    for position, name in enumerate(names):
        ranks[name] += 1
        yield Segment(name, ranks[name], position, parsed[position], codec, delimiters, repeated[name] > 1)


def _line_ends(octets: bytes) -> list[Finding]:
    if b"\n" not in octets.rstrip(b"\r\n"):
        return []
    return [rules.LINE_ENDS.finding("MSH", found="CR LF" if b"\r\n" in octets else "LF", expected="CR")]
