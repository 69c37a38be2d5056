"""The parts of a mail as ranges of its octets.

Source: RFC 2046 §5.1 (the line end before a delimiter belongs to the delimiter, an outer delimiter ends inner
parts), §5.1.5 (digest), §5.2.1 (message/rfc822). A delimiter line need only begin with the boundary, as Dovecot
and most readers have it. Work grows with the size times the depth at worst, and both depth and
number of parts are bounded: what lies deeper is one leaf.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from simulators.mssante.mime.content import Content, read_content
from simulators.mssante.mime.fields import Field, end_of_line, fields

DEEPEST: Final = 100
MOST_PARTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Range:
    """Octets ``start`` to ``stop`` of the mail."""

    start: int
    stop: int

    def of(self, data: bytes) -> bytes:
        """The octets themselves."""
        return data[self.start : self.stop]

    @property
    def size(self) -> int:
        return self.stop - self.start


@dataclass(slots=True)
class Part:
    """One part. ``header`` holds the empty line that ends it. ``children``: the parts of a multipart, or the one
    message inside a message/rfc822; ``multipart`` and ``message`` say which, both are false for a leaf."""

    header: Range
    body: Range
    lines: int
    content: Content
    fields: tuple[Field, ...]
    multipart: bool = False
    message: bool = False
    children: list[Part] = field(default_factory=list)

    def walk(self) -> Iterator[Part]:
        """This part and all below."""
        yield self
        for child in self.children:
            yield from child.walk()


def read_structure(data: bytes) -> Part:
    """The whole mail; never fails."""
    return _Reader(data).entity(0, [], message=True)[0]


@dataclass(slots=True)
class _Boundary:
    """A boundary in force. ``at`` is its first occurrence behind the last question, ``len(data)`` for none."""

    needle: bytes
    at: int = -1


@dataclass(frozen=True, slots=True)
class _Delimiter:
    """A delimiter line found: whose it is, where it begins, whether it closes."""

    boundary: _Boundary | None
    start: int
    closing: bool = False


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._parts = 0

    def entity(
        self, start: int, stack: list[_Boundary], *, message: bool = False, digest: bool = False
    ) -> tuple[Part, _Delimiter]:
        """The part that begins at ``start``, and the delimiter that ends it.

        A ``message`` that names neither its MIME version nor a type is plain text, whatever else it says.
        """
        self._parts += 1
        header_stop, ended = self._header(start, stack)
        found = tuple(fields(self._data, start, header_stop))
        typed = not message or any(entry.name in (b"mime-version", b"content-type") for entry in found)
        content = read_content(self._data, found) if typed else Content()
        part = Part(Range(start, header_stop), Range(header_stop, header_stop), 0, content, found)
        end = ended or self._body(part, stack, digest)
        self._close(part, end)
        return part, end

    def _header(self, start: int, stack: list[_Boundary]) -> tuple[int, _Delimiter | None]:
        position = start
        while position < len(self._data):
            end = end_of_line(self._data, position, len(self._data))
            if stack and self._data.startswith(b"--", position):
                met = self._next(position, stack)
                if met.start == position:
                    return position, met
            if self._data[position:end] in (b"\r\n", b"\n"):
                return end, None
            position = end
        return position, None

    def _body(self, part: Part, stack: list[_Boundary], digest: bool) -> _Delimiter:
        content, start = part.content, part.body.start
        room = len(stack) < DEEPEST and self._parts < MOST_PARTS
        boundary = content.param(b"boundary")
        part.multipart = room and content.is_type(b"multipart")
        if part.multipart and boundary is not None:
            return self._multipart(part, [*stack, _Boundary(b"--" + boundary)])
        if (
            room
            and not part.multipart
            and (content.is_type(b"message", b"rfc822") or (digest and content.type is None))
        ):
            part.message = True
            # A boundary that nothing can match keeps the depth of messages inside messages counted.
            inside, end = self.entity(start, [*stack, _Boundary(b"", len(self._data))], message=True)
            part.children.append(inside)
            return end
        return self._next(start, stack)

    def _multipart(self, part: Part, stack: list[_Boundary]) -> _Delimiter:
        own = stack[-1]
        digest = part.content.subtype.lower() == b"digest"
        end = self._next(part.body.start, stack)
        while end.boundary is own and not end.closing and self._parts < MOST_PARTS:
            child, end = self.entity(self._after(end), stack, digest=digest)
            part.children.append(child)
        if end.boundary is own:
            return self._next(self._after(end), stack[:-1])
        return end

    def _after(self, delimiter: _Delimiter) -> int:
        return end_of_line(self._data, delimiter.start, len(self._data))

    def _next(self, position: int, stack: list[_Boundary]) -> _Delimiter:
        """The first delimiter line at or behind ``position``; of several on one line the longest, then the
        innermost."""
        size = len(self._data)
        best, at = None, size
        for boundary in stack:
            if boundary.at < position:
                boundary.at = self._search(boundary.needle, position, at)
            if boundary.at < at or (best and boundary.at == at < size and len(boundary.needle) >= len(best.needle)):
                best, at = boundary, boundary.at
        if best is None:
            return _Delimiter(None, size)
        return _Delimiter(best, at, self._data.startswith(b"--", at + len(best.needle)))

    def _search(self, needle: bytes, position: int, limit: int) -> int:
        """Where a line begins with ``needle``, at ``limit`` at the furthest: what lies behind an outer delimiter is
        never asked of an inner boundary."""
        data = self._data
        stop = min(len(data), limit + len(needle))
        if data.startswith(needle, position) and (position == 0 or data[position - 1] == 0x0A):
            return position
        found = data.find(b"\n" + needle, position, stop)
        return len(data) if found < 0 else found + 1

    def _close(self, part: Part, end: _Delimiter) -> None:
        start, stop = part.header.start, end.start
        if end.boundary is not None and stop > start:
            stop -= 2 if self._data.endswith(b"\r\n", start, stop) else 1
        part.header = Range(start, min(part.header.stop, stop))
        part.body = Range(part.header.stop, stop)
        part.lines = self._data.count(b"\n", part.body.start, part.body.stop)
