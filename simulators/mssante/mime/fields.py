"""Header fields in raw bytes: where each begins and ends, and its body as one line.

Source: RFC 5322 §2.2. Real mails break it: a line without colon, a blank before the colon, bare LF; nothing raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_BLANK = b" \t"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: ``name`` in lower case, octets ``start`` to ``stop`` with its line ends, the body from ``value``."""

    name: bytes
    start: int
    value: int
    stop: int

    def body(self, data: bytes) -> bytes:
        """The body unfolded: line ends gone, the blanks of the folds kept, none around."""
        raw = data[self.value : self.stop]
        return raw.replace(b"\r\n", b"").replace(b"\n", b"").strip(b" \t\r")


def fields(data: bytes, start: int, stop: int) -> Iterator[Field]:
    """The fields of ``data[start:stop]``; the empty line that ends a header is not one."""
    position = start
    while position < stop:
        end = _end_of_field(data, position, stop)
        if data[position:end] not in (b"\r\n", b"\n"):
            yield _field(data, position, end)
        position = end


def end_of_line(data: bytes, position: int, stop: int) -> int:
    """The position after the LF of the line at ``position``, ``stop`` when the last line has none."""
    found = data.find(b"\n", position, stop)
    return stop if found < 0 else found + 1


def chosen(data: bytes, found: Iterable[Field], names: frozenset[bytes], *, without: bool, ended: bool) -> bytes:
    """The fields as they came with these names (``HEADER.FIELDS``), or ``without`` them, then an empty line if the
    header is ``ended`` by one."""
    kept = [data[field.start : field.stop] for field in found if (field.name in names) is not without]
    return b"".join(line if line.endswith(b"\n") else line + b"\r\n" for line in kept) + b"\r\n" * ended


def _end_of_field(data: bytes, position: int, stop: int) -> int:
    end = end_of_line(data, position, stop)
    if data[position:end] in (b"\r\n", b"\n"):
        return end
    while end < stop and data[end] in _BLANK:
        end = end_of_line(data, end, stop)
    return end


def _field(data: bytes, start: int, stop: int) -> Field:
    line_stop = end_of_line(data, start, stop)
    colon = data.find(b":", start, line_stop)
    if colon < 0:
        return Field(b"", start, start, stop)
    return Field(data[start:colon].rstrip(_BLANK).lower(), start, colon + 1, stop)
