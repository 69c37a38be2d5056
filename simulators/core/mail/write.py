"""Values → the bytes of a mail: CRLF everywhere, lines of at most 76 characters where we encode.

Bytes depend only on the arguments: boundaries are the caller's. Source: RFC 5322, RFC 2045, RFC 2046.
"""

from __future__ import annotations

import base64
import quopri
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from simulators.core.mail.words import Mailbox, encoded

_FREE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_VALUE = re.compile(r"(?:[\x20-\x7e\t]|\r\n[ \t])*")
_TOKEN = re.compile(r"[!#$%&'*+.0-9A-Z^_`a-z{|}~-]+")
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Body:
    """A MIME entity: its own headers and either its content, already encoded, or its parts."""

    headers: Headers
    content: bytes = b""
    parts: tuple[Body, ...] = ()
    boundary: str = ""


def write_mail(headers: Iterable[tuple[str, str]], body: Body) -> bytes:
    """The mail. Values are wire-ready (see :func:`~simulators.core.mail.words.encoded`, :func:`address_field`).

    Raises ``ValueError`` for a value that would begin another header, or that is not ASCII.
    """
    return b"".join(_entity((*headers, ("MIME-Version", "1.0"), *body.headers), body))


def address_field(*boxes: Mailbox) -> str:
    """Addresses for From, To...: names encoded or quoted as they need, one address a line."""
    return ",\r\n ".join(_address(box) for box in boxes)


def text_body(text: str, kind: str = "plain", *, charset: str = "utf-8") -> Body:
    """A text part in quoted-printable. Raises ``UnicodeError`` when ``charset`` has not every character."""
    lines = "\r\n".join(text.splitlines()) + "\r\n"
    content = quopri.encodestring(lines.encode(charset).replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    headers = (
        ("Content-Type", f"text/{kind}; charset={charset}"),
        ("Content-Transfer-Encoding", "quoted-printable"),
    )
    return Body(headers, content)


def attachment(data: bytes, media: str, name: str) -> Body:
    """A file in base64, its name on both headers as mail programs expect it."""
    lines = [data[at : at + 57] for at in range(0, len(data), 57)]
    content = b"".join(base64.b64encode(line) + b"\r\n" for line in lines)
    headers = (
        ("Content-Type", f"{media};\r\n {_parameter('name', name)}"),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", f"attachment;\r\n {_parameter('filename', name)}"),
    )
    return Body(headers, content)


def container(kind: str, parts: Sequence[Body], boundary: str, *parameters: tuple[str, str]) -> Body:
    """``multipart/<kind>``."""
    extra = "".join(f";\r\n {_parameter(name, value)}" for name, value in parameters)
    value = f'multipart/{kind}{extra};\r\n boundary="{boundary}"'
    return Body((("Content-Type", value),), parts=tuple(parts), boundary=boundary)


def _entity(headers: Iterable[tuple[str, str]], body: Body) -> Iterator[bytes]:
    for name, value in headers:
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ValueError(f"not a header field: {name}: {value[:80]!r}")
        yield f"{name}: {value}\r\n".encode("ascii")
    yield b"\r\n"
    if not body.parts:
        yield body.content
        return
    for part in body.parts:
        yield f"--{body.boundary}\r\n".encode("ascii")
        yield from _entity(part.headers, part)
        yield b"\r\n"
    yield f"--{body.boundary}--\r\n".encode("ascii")


def _address(box: Mailbox) -> str:
    if not box.name:
        return box.address
    if _FREE.fullmatch(box.name) and "=?" not in box.name:
        return f"{box.name} <{box.address}>"
    if box.name.isascii() and box.name.isprintable() and "=?" not in box.name:
        quoted = box.name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{box.address}>'
    return f"{encoded(box.name)} <{box.address}>"


def _parameter(name: str, value: str) -> str:
    """RFC 2231 for what is not ASCII."""
    if value.isascii() and value.isprintable():
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{name}="{quoted}"'
    octets = "".join(chr(o) if chr(o).isalnum() and o < 128 else f"%{o:02X}" for o in value.encode("utf-8", "replace"))
    return f"{name}*=utf-8''{octets}"
