"""Finding the delimiter lines of a multipart body.

A delimiter starts a line (after LF, whatever precedes it) and is alone on it but for spaces: a line that merely begins
with the boundary is content. Source: RFC 2046 §5.1.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulators.core.soap.refusals import MtomRefused


@dataclass(frozen=True, slots=True)
class Segment:
    """From the first header to the delimiter: ``start``, ``end`` (after the separator), length of the separator."""

    start: int
    end: int
    separator: int


def segments(body: bytes, boundary: bytes, limit: int) -> Iterator[Segment]:
    """Each part between two delimiter lines, preamble and epilogue left out. Raises :class:`MtomRefused`."""
    start: int | None = None
    count = 0
    for at, after, closing in _delimiters(body, b"--" + boundary):
        if start is not None:
            count += 1
            if count > limit:
                raise _too_many(limit)
            separator = 0 if at == start else 2 if body[at - 2 : at] == b"\r\n" else 1
            yield Segment(start, at, separator)
        if closing:
            if start is None:
                break
            return
        start = after
    name = boundary.decode("latin-1")
    raise MtomRefused(
        "unclosed",
        "body",
        "no part, or no closing delimiter: the message is cut short or the boundary is not the announced one",
        "aucune partie, ou pas de délimiteur final : message tronqué ou boundary différent de celui annoncé",
        found="" if start is None else body[-60:].decode("latin-1"),
        expected=f"--{name}--",
    )


def _delimiters(body: bytes, marker: bytes) -> Iterator[tuple[int, int, bool]]:
    """(position, position after its line, whether it closes) of each delimiter line."""
    at = body.find(marker)
    while at >= 0:
        after = at + len(marker)
        closing = body.startswith(b"--", after)
        end = _line_end(body, after + 2 if closing else after)
        if end is not None and (at == 0 or body[at - 1] == 10):
            yield at, end, closing
            after = end
        at = body.find(marker, after)


def _line_end(body: bytes, at: int) -> int | None:
    """After the line end at ``at``, spaces skipped; None when something else stands there."""
    while body[at : at + 1] in (b" ", b"\t"):
        at += 1
    if at == len(body):
        return at
    if body[at] == 10:
        return at + 1
    return at + 2 if body.startswith(b"\r\n", at) else None


def _too_many(limit: int) -> MtomRefused:
    return MtomRefused(
        "too-many-parts",
        "body",
        f"the message has more than {limit} parts",
        f"le message a plus de {limit} parties",
        expected=f"<= {limit}",
    )
