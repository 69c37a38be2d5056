"""The words of a mail, decoded and folded, for SEARCH.

Source: RFC 3501 §6.4.4; RFC 2047, RFC 2045 §6 (transfer encodings). Whatever cannot be decoded is searched
as it stands.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import quopri
from collections.abc import Iterator
from datetime import date
from email.utils import parsedate_to_datetime

from simulators.mssante.mime.structure import Part
from simulators.mssante.mime.words import decoded, text_of


def folded(text: str) -> str:
    """Without regard to case."""
    return text.casefold()


def header_texts(data: bytes, part: Part, name: bytes) -> Iterator[str]:
    """The bodies of the fields ``name`` (lower case), as written and as decoded."""
    for field in part.fields:
        if field.name == name:
            yield from _both(field.body(data))


def body_text(data: bytes, root: Part) -> str:
    """The texts of the body, and the headers of messages and parts inside it."""
    return folded("\n".join(_texts(data, root, root)))


def whole_text(data: bytes, root: Part) -> str:
    """As :func:`body_text`, with the header."""
    return folded("\n".join([*_header(data, root), *_texts(data, root, root)]))


def sent_on(data: bytes, part: Part) -> date | None:
    """The day of the Date field, in the zone it names; None when it is none."""
    body = next((field.body(data) for field in part.fields if field.name == b"date"), b"")
    try:
        return parsedate_to_datetime(body.decode("ascii", "replace")).date()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _texts(data: bytes, root: Part, part: Part) -> Iterator[str]:
    if part is not root:
        yield from _header(data, part)
    for child in part.children:
        yield from _texts(data, root, child)
    if not part.children and (part.content.type is None or part.content.is_type(b"text")):
        yield _leaf(data, part)


def _header(data: bytes, part: Part) -> Iterator[str]:
    for field in part.fields:
        for text in _both(field.body(data)):
            yield f"{field.name.decode('latin-1')}: {text}"


def _both(body: bytes) -> Iterator[str]:
    plain = body.decode("utf-8", "replace")
    yield folded(plain)
    if "=?" in plain:
        yield folded(decoded(plain))


def _leaf(data: bytes, part: Part) -> str:
    octets, encoding = part.body.of(data), (part.content.encoding or b"").lower()
    if encoding == b"quoted-printable":
        octets = quopri.decodestring(octets)
    elif encoding == b"base64":
        with contextlib.suppress(binascii.Error, ValueError):
            octets = base64.b64decode(octets)
    return text_of(octets, (part.content.param(b"charset") or b"").decode("ascii", "replace"))
