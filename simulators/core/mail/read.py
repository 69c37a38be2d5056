"""Bytes → :class:`~simulators.core.mail.model.Part`, at a cost that grows with the mail and never with its lies.

Source: RFC 5322 section 2.2, RFC 2046 sections 5.1 and 5.2. Bare LF ends a line as CRLF does: a saved mail often has
lost its CRs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from simulators.core.mail.model import Defect, Field, MailLimits, Part

_END_OF_HEADER = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
_LINE = re.compile(rb"\r?\n(?![ \t])")
_TAIL = re.compile(rb"(--|\xe2\x80\x94|\x97|=E2=80=94)?[ \t]*(?:\r?\n|\Z)")
DEFAULT_LIMITS = MailLimits()


def read_mail(raw: bytes, limits: MailLimits = DEFAULT_LIMITS) -> Part:
    """Reads one mail. Never raises; see :class:`Defect`."""
    return _Reading(limits).message(raw, "", "", 0)


@dataclass
class _Reading:
    limits: MailLimits
    parts: int = 0

    def message(self, raw: bytes, number: str, place: str, depth: int) -> Part:
        """A mail: the numbers of its parts begin anew below ``number``."""
        return self._part(raw, number, place, depth, whole=True)

    def _part(self, raw: bytes, number: str, place: str, depth: int, *, whole: bool) -> Part:
        self.parts += 1
        fields, body, defects = _header(raw, place, self.limits)
        bare = Part(number, place, fields, body)
        kind = bare.media.kind
        children: tuple[Part, ...] = ()
        if kind.startswith("multipart/") or kind == "message/rfc822":
            if depth >= self.limits.depth:
                defects.append(Defect("too-deep", bare.where(), str(depth)))
            elif kind == "message/rfc822":
                inside = number or "1"
                children = (self.message(bare.content, inside, f"mime[{inside}].message", depth + 1),)
            else:
                children = tuple(self._children(bare, depth, defects))
        if whole and not children and number:
            number = f"{number}.1"
        return Part(number, place, fields, body, children, tuple(defects))

    def _children(self, parent: Part, depth: int, defects: list[Defect]) -> Iterator[Part]:
        boundary = parent.media.params.get("boundary", "")
        if not boundary:
            defects.append(Defect("no-boundary", parent.where("Content-Type"), parent.media.kind))
            return
        pieces = _split(parent, boundary, defects)
        for rank, piece in enumerate(pieces, start=1):
            if self.parts >= self.limits.parts:
                defects.append(Defect("too-many-parts", parent.where(), str(len(pieces))))
                return
            number = f"{parent.number}.{rank}".lstrip(".")
            yield self._part(piece, number, f"mime[{number}]", depth + 1, whole=False)


def _header(raw: bytes, place: str, limits: MailLimits) -> tuple[tuple[Field, ...], bytes, list[Defect]]:
    """The fields, the body, and what is wrong between them."""
    where = f"{place}.header".lstrip(".")
    if raw[:2] == b"\r\n" or raw[:1] == b"\n":
        return (), raw[2 if raw[:1] == b"\r" else 1 :], []
    end = _END_OF_HEADER.search(raw, 0, limits.header)
    if end is None and len(raw) > limits.header:
        return (), raw, [Defect("header-too-large", where, f"more than {limits.header} bytes")]
    head, body = (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")
    defects: list[Defect] = []
    fields: list[Field] = []
    at = 0
    for line in _lines(head):
        found = _FIELD.fullmatch(line)
        if found is None and not (at == 0 and line.startswith(b"From ")):
            return _cut(head, at, raw, fields, defects, where)
        if found is not None:
            fields.append(Field(found[1].decode("ascii"), found[2].strip(b" \t\r\n")))
        if len(fields) > limits.fields:
            return tuple(fields), body, [*defects, Defect("header-too-large", where, f"over {limits.fields} fields")]
        at += len(line) + 2 if head[at + len(line) : at + len(line) + 1] == b"\r" else len(line) + 1
    octets = (f for f in fields if not f.raw.isascii())
    defects += (Defect("header-octets", f"{where}.{f.name}", f.text[:80]) for f in octets)
    return tuple(fields), body, defects


def _cut(
    head: bytes, at: int, raw: bytes, fields: list[Field], defects: list[Defect], where: str
) -> tuple[tuple[Field, ...], bytes, list[Defect]]:
    """A line that is no field: the body began without its blank line, as in the published example of an MDN."""
    line = head[at:].split(b"\n", 1)[0].strip().decode("utf-8", "replace")[:80]
    kind = "no-blank-line" if fields else "header-line"
    return tuple(fields), raw[at:], [*defects, Defect(kind, where, line)]


def _lines(head: bytes) -> Iterator[bytes]:
    at = 0
    for end in _LINE.finditer(head):
        yield head[at : end.start()]
        at = end.end()
    if at < len(head):
        yield head[at:]


def _split(parent: Part, boundary: str, defects: list[Defect]) -> list[bytes]:
    """The pieces between the delimiters; a closing one may be missing or end in an em dash."""
    body = parent.body
    pieces: list[bytes] = []
    start = None
    for before, after, closing in _delimiters(body, b"--" + boundary.encode("utf-8", "replace")):
        if start is not None:
            pieces.append(body[start : max(before, start)])
        if closing:
            if closing != b"--":
                defects.append(Defect("closing-delimiter", parent.where(), closing.decode("utf-8", "replace")))
            return pieces
        start = after
    if start is None:
        defects.append(Defect("no-delimiter", parent.where(), boundary[:80]))
        return pieces
    defects.append(Defect("unclosed", parent.where(), boundary[:80]))
    return [*pieces, body[start:]]


def _delimiters(body: bytes, marker: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Each delimiter line: where what precedes it ends, where what follows begins, and what closes it.

    The line end before it is its own (RFC 2046 section 5.1.1). Looked for as plain bytes: most of a mail is base64.
    """
    at = body.find(marker)
    while at >= 0:
        tail = _TAIL.match(body, at + len(marker)) if at == 0 or body[at - 1 : at] == b"\n" else None
        if tail is not None:
            before = at - (2 if body[at - 2 : at] == b"\r\n" else 1)
            yield before, tail.end(), tail[1] or b""
        at = body.find(marker, at + len(marker))
