"""HL7 v2 messages out of a file, and their fields: separators and escapes as the message declares them.

Framing (MLLP, batch segments, any line end) is tolerated. Only the segments an identity needs are parsed, so that the
size of the others costs nothing. Sources: facts pfi §6 (MLLP, line ends, charsets) and §5 (PAM France).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from simulators.population.exchange_formats import remarks
from simulators.population.exchange_formats.reading import LONGEST_LINE, MOST_ROWS, FileRefused
from simulators.population.exchange_formats.remarks import Notes

_OF_INTEREST: Final = frozenset({b"MSH", b"EVN", b"PID", b"PD1", b"ZFA"})
_BATCH: Final = frozenset({b"FHS", b"BHS", b"BTS", b"FTS"})
_HEADER = re.compile(r"MSH([^\w\s])([^\w\s]{4,5})\1")
_CHARSETS: Final = {
    "": "utf-8",
    "ASCII": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UNICODE": "utf-8",
    "UTF-8": "utf-8",
    "8859/1": "iso8859-1",
    "8859/15": "iso8859-15",
}
DELETED: Final = '""'
Components = list[list[str]]
"""The components of one repetition, each as its sub-components, escapes taken away."""


@dataclass
class RawMessage:
    """One message of a file: its rank, and the segments of interest as octets."""

    number: int
    segments: list[bytes] = field(default_factory=list)
    oversized: str = ""
    nul: bool = False
    headed: bool = True


def messages(data: bytes) -> Iterator[RawMessage]:
    """Every message of a file. Raises ``FileRefused`` when something stands before the first, or there is none."""
    current: RawMessage | None = None
    count = 0
    for opens, line in _lines(data):
        if line[:3] in _BATCH:
            continue
        if opens or line.startswith(b"MSH"):
            if current is not None:
                yield current
            count += 1
            if count > MOST_ROWS:
                raise FileRefused(remarks.TOO_MANY_ROWS, count, expected=f"<= {MOST_ROWS}")
            current = RawMessage(count, headed=line.startswith(b"MSH"))
        if current is None:
            raise FileRefused(remarks.NO_MSH, 1, "MSH", found=line[:40].decode("latin-1"), expected="MSH|^~\\&|")
        _keep(current, line)
    if current is None:
        raise FileRefused(remarks.EMPTY, 1)
    yield current


def _lines(data: bytes) -> Iterator[tuple[bool, bytes]]:
    """(whether an MLLP frame opens there, segment) of each segment."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    opens = False
    for match in re.finditer(rb"\x0b|[^\r\n\x0b\x1c]+", data):
        if match[0] == b"\x0b":
            opens = True
        elif match[0].strip():
            yield opens, match[0].strip(b" \t")
            opens = False


def _keep(message: RawMessage, line: bytes) -> None:
    if line[:3] in _OF_INTEREST:
        message.nul = message.nul or b"\0" in line
        if len(line) > LONGEST_LINE:
            message.oversized = line[:3].decode()
        elif len(message.segments) < 20:
            message.segments.append(line)


@dataclass(frozen=True)
class Message:
    """One parsed message."""

    parsed: Any
    escape: str
    encoding: str

    def count(self, segment: str) -> int:
        return sum(str(found[0]) == segment for found in self.parsed)

    def repetitions(self, segment: str, number: int) -> list[Components]:
        """The repetitions of a field of the first such segment, none when it is empty."""
        found = next((s for s in self.parsed if str(s[0]) == segment), None)
        if found is None or len(found) <= number:
            return []
        return [self._components(repetition) for repetition in found[number] if str(repetition)]

    def value(self, segment: str, number: int, component: int = 1) -> str:
        """The first sub-component of a component of the first repetition, empty when there is none."""
        repetitions = self.repetitions(segment, number)
        return part(repetitions[0], component) if repetitions else ""

    def _components(self, repetition: Any) -> Components:
        if isinstance(repetition, str):
            return [[self._plain(repetition)]]
        return [
            [self._plain(component)] if isinstance(component, str) else [self._plain(str(sub)) for sub in component]
            for component in repetition
        ]

    def _plain(self, text: str) -> str:
        """Escape sequences as what they stand for; a formatting command as a space."""
        escape = re.escape(self.escape)
        return re.sub(rf"{escape}([^{escape}]{{0,80}}){escape}", self._unescaped, text).strip()

    def _unescaped(self, match: re.Match[str]) -> str:
        code = match[1]
        separators = self.parsed.separators
        known = dict(zip("FRST", separators[1:5], strict=False)) | {"E": self.escape}
        if code in known:
            return str(known[code])
        if re.fullmatch(r"X(?:[0-9A-Fa-f]{2})+", code):
            return bytes.fromhex(code[1:]).decode(self.encoding, "replace")
        return " "


def part(components: Components, component: int, sub: int = 1) -> str:
    """A sub-component, both counted from one; empty when there is none."""
    subs = components[component - 1] if len(components) >= component else []
    return subs[sub - 1] if len(subs) >= sub else ""


def parse(raw: RawMessage, notes: Notes) -> Message | None:
    """The message, or ``None`` with the reason in the notes."""
    if raw.nul:
        notes.at(remarks.NUL, found="\\x00", expected="text / texte")
    elif raw.oversized:
        notes.at(remarks.TOO_LARGE, raw.oversized, expected=f"<= {LONGEST_LINE}")
    elif not raw.headed:
        notes.at(remarks.NO_MSH, "MSH", expected="MSH|^~\\&|")
    else:
        return _parsed(raw, notes)
    return None


def _parsed(raw: RawMessage, notes: Notes) -> Message | None:
    header = _HEADER.match(raw.segments[0].decode("latin-1"))
    if header is None or len({header[1], *header[2]}) != 1 + len(header[2]):
        notes.at(remarks.NO_MSH, "MSH-2", found=raw.segments[0][:12].decode("latin-1"), expected="MSH|^~\\&|")
        return None
    decoded = _decoded(raw, header[1], header[2][0], notes)
    if decoded is None:
        return None
    # Only an import of ADT files needs it.
    import hl7  # type: ignore[import-untyped,unused-ignore]

    text, encoding = decoded
    return Message(hl7.parse(text), header[2][2], encoding)


def _decoded(raw: RawMessage, separator: str, component: str, notes: Notes) -> tuple[str, str] | None:
    """Text and encoding, by MSH-18."""
    fields = raw.segments[0].split(separator.encode("latin-1"))
    said = fields[17].decode("latin-1").split("~")[0].split(component)[0].strip().upper() if len(fields) > 17 else ""
    encoding = _CHARSETS.get(said)
    data = b"\r".join(raw.segments)
    if encoding is None:
        notes.at(remarks.ENCODING, "MSH-18", found=said, expected=", ".join(name for name in _CHARSETS if name))
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        if encoding == "utf-8":
            segment = raw.segments[data.count(b"\r", 0, problem.start)][:3].decode("latin-1")
            found = f"\\x{data[problem.start]:02x} ({segment})"
            notes.at(remarks.ENCODING, "MSH-18", found=found, expected=said or "UNICODE UTF-8")
            return None
        return data.decode(encoding), encoding
    if encoding != "utf-8" and not data.isascii():
        notes.at(remarks.CHARSET, "MSH-18", found=said, expected="UNICODE UTF-8")
    return text, encoding
