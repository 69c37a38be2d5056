"""What the ``Content-*`` fields of one part say.

Source: RFC 2045 §5, RFC 2183, RFC 2231, RFC 3282, RFC 2557. Where a field is broken, what Dovecot makes of it is
made of it here (tests/interop/test_imap_dovecot.py): products were tried against servers like it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from simulators.mssante.mime.fields import Field
from simulators.mssante.mime.scanner import Scanner

Params = tuple[tuple[bytes, bytes], ...]
_UNSAFE = re.compile(rb"[^\x20-\x7e]|%")


@dataclass(slots=True)
class Content:
    """The fields of one part; absent ones are None. Words are as written, compare them in lower case."""

    type: bytes | None = None
    subtype: bytes = b""
    params: Params = ()
    id: bytes | None = None
    description: bytes | None = None
    encoding: bytes | None = None
    md5: bytes | None = None
    disposition: bytes | None = None
    disposition_params: Params = ()
    language: tuple[bytes, ...] = ()
    location: bytes | None = None

    def is_type(self, wanted: bytes, subtype: bytes | None = None) -> bool:
        """Whether the declared type is this one, in any case."""
        same = self.type is not None and self.type.lower() == wanted
        return same and (subtype is None or self.subtype.lower() == subtype)

    def param(self, name: bytes) -> bytes | None:
        """A parameter of the type."""
        return next((value for key, value in self.params if key.lower() == name), None)


def read_content(data: bytes, found: Iterable[Field]) -> Content:
    """Of repeated fields the first counts."""
    content = Content()
    seen: set[bytes] = set()
    for entry in found:
        reader = _READERS.get(entry.name)
        if reader is not None and entry.name not in seen:
            seen.add(entry.name)
            reader(content, entry.body(data))
    return content


def _type(content: Content, body: bytes) -> None:
    scanner = Scanner(body)
    scanner.skip()
    content.type = scanner.take_token()
    if not content.type or scanner.broken or not scanner.take(b"/"):
        return
    content.subtype = scanner.take_token()
    if content.subtype and not scanner.broken and (scanner.over or scanner.sees(b";")):
        content.params = params(scanner)
    else:
        content.type = content.subtype = b""


def _encoding(content: Content, body: bytes) -> None:
    scanner = Scanner(body)
    scanner.skip()
    token = scanner.take_token()
    if token and scanner.over and not scanner.broken:
        content.encoding = token


def _disposition(content: Content, body: bytes) -> None:
    scanner = Scanner(body)
    scanner.skip()
    content.disposition = scanner.take_token()
    content.disposition_params = params(scanner)


def _language(content: Content, body: bytes) -> None:
    scanner = Scanner(body)
    scanner.skip()
    found = [scanner.take_token()]
    while scanner.take(b","):
        found.append(scanner.take_token())
    content.language = tuple(word for word in found if word)


def _id(content: Content, body: bytes) -> None:
    content.id = body


def _description(content: Content, body: bytes) -> None:
    content.description = body


def _md5(content: Content, body: bytes) -> None:
    content.md5 = body


def _location(content: Content, body: bytes) -> None:
    content.location = body


_READERS = {
    b"content-type": _type,
    b"content-transfer-encoding": _encoding,
    b"content-disposition": _disposition,
    b"content-language": _language,
    b"content-id": _id,
    b"content-description": _description,
    b"content-md5": _md5,
    b"content-location": _location,
}


# --- parameters


@dataclass(frozen=True, slots=True)
class _Piece:
    """``key*index*=value`` of RFC 2231."""

    key: bytes
    index: int
    extended: bool
    value: bytes


def params(scanner: Scanner) -> Params:
    """Parameters up to the end; a broken one is passed over. RFC 2231 pieces are joined, behind the ordinary ones."""
    plain: list[tuple[bytes, bytes]] = []
    pieces: list[_Piece] = []
    while not scanner.over:
        found = _param(scanner)
        if found is None:
            scanner.at += 1
            continue
        piece = _piece(*found)
        pieces.append(piece) if piece else plain.append(found)
    return (*plain, *_joined(pieces))


def _param(scanner: Scanner) -> tuple[bytes, bytes] | None:
    if not scanner.take(b";"):
        return None
    key = scanner.take_token()
    if not scanner.sees(b"="):
        return None
    scanner.take(b"=")
    value = _value(scanner)
    return None if scanner.broken else (key, value)


def _value(scanner: Scanner) -> bytes:
    if scanner.sees(b'"'):
        return scanner.take_quoted()
    if not scanner.sees(b"="):
        return scanner.take_token()
    start = scanner.at  # name==?utf-8?b?...?=, an encoded word where none may be
    while not scanner.over and not scanner.sees(b"; \t\r\n"):
        scanner.at += 1
    return scanner.data[start : scanner.at]


def _piece(key: bytes, value: bytes) -> _Piece | None:
    name, star, rest = key.partition(b"*")
    if not star:
        return None
    digits = rest.removesuffix(b"*")
    if not digits:
        return _Piece(name, 0, True, value)
    if not digits.isdigit() or len(digits) > 6:
        return None
    return _Piece(name, int(digits), rest.endswith(b"*"), value)


def _joined(pieces: list[_Piece]) -> list[tuple[bytes, bytes]]:
    groups: dict[bytes, list[_Piece]] = {}
    for piece in sorted(pieces, key=lambda piece: (piece.key.lower(), piece.index)):
        groups.setdefault(piece.key.lower(), []).append(piece)
    out: list[tuple[bytes, bytes]] = []
    for group in groups.values():
        if [piece.index for piece in group] == list(range(len(group))):
            out.append(_whole(group))
        else:
            out += [(b"%b*%d%b" % (p.key, p.index, b"*" * p.extended), p.value) for p in group]
    return out


def _whole(group: list[_Piece]) -> tuple[bytes, bytes]:
    key = group[0].key
    if not any(piece.extended for piece in group):
        return key, b"".join(piece.value for piece in group)
    head = b"" if group[0].extended else b"''"
    texts = [piece.value if piece.extended else _escaped(piece.value) for piece in group]
    return key + b"*", head + b"".join(texts)


def _escaped(value: bytes) -> bytes:
    return _UNSAFE.sub(lambda found: b"%%%02X" % found[0][0], value)
