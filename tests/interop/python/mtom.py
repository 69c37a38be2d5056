"""MTOM (XOP in multipart/related), written and read by hand: what is sent must come back byte for byte.

Shape: facts, dmp-messages 5.1 (request) and 8 (answer); RFC 2046 and RFC 2387 for the frame, XOP 1.0 for Include.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from email.message import Message
from urllib.parse import unquote

from lxml import etree

from tests.interop.python.names import XOP

CRLF = b"\r\n"


class MimeError(ValueError):
    """The frame of an answer cannot be read."""


@dataclass(frozen=True)
class Frame:
    """A multipart message: body of the HTTP exchange and the Content-Type that tells how to read it."""

    content_type: str
    body: bytes


@dataclass(frozen=True)
class Parts:
    """A multipart answer: root bytes and the other parts by Content-ID (without angle brackets)."""

    root: bytes
    attachments: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)


def compose(envelope: bytes, attachments: dict[str, bytes], action: str) -> Frame:
    """``envelope`` and its parts as one multipart/related body with CRLF line ends.

    ``attachments`` maps a Content-ID (no brackets) to bytes; the envelope refers to it by ``cid:``.
    """
    boundary, root_id = f"voyageur-{uuid.uuid4().hex}", f"{uuid.uuid4().hex}@voyageur.invalid"
    root_type = f'application/xop+xml; charset=UTF-8; type="application/soap+xml"; action="{action}"'
    pieces = [_part(boundary, root_id, root_type, envelope)]
    pieces += [_part(boundary, cid, "text/xml", content) for cid, content in attachments.items()]
    outer = (
        f'multipart/related; boundary="{boundary}"; type="application/xop+xml"; '
        f'start="<{root_id}>"; start-info="application/soap+xml"; action="{action}"'
    )
    return Frame(outer, b"".join(pieces) + b"--" + boundary.encode() + b"--" + CRLF)


def include(parent: etree._Element, cid: str) -> None:
    """Add ``xop:Include`` for the part ``cid`` to ``parent``."""
    etree.SubElement(parent, f"{{{XOP}}}Include", {"href": f"cid:{cid}"}, nsmap={"xop": XOP})


def split(content_type: str, body: bytes) -> Parts:
    """Read ``body``; a body that is not multipart is its own root. Raises MimeError when the frame is broken."""
    header = _header(content_type)
    if header.get_content_type() != "multipart/related":
        return Parts(body)
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str):
        raise MimeError(f"no boundary in {content_type!r}")
    sections = _sections(body, boundary.encode())
    ids = [cid for cid, _, _ in sections]
    start = header.get_param("start")
    root_id = start.strip("<>") if isinstance(start, str) else ids[0]
    if root_id not in ids:
        raise MimeError(f"start part {root_id!r} is not among {ids}")
    contents = {cid: content for cid, _, content in sections}
    types = {cid: kind for cid, kind, _ in sections}
    return Parts(contents.pop(root_id), contents, types)


def resolve(holder: etree._Element, parts: Parts) -> bytes:
    """Bytes of the document in ``holder`` (a Document element with one xop:Include). Raises MimeError."""
    reference = holder.find(f"{{{XOP}}}Include")
    if reference is None:
        raise MimeError("a Document without xop:Include")
    cid = unquote(reference.get("href", "").removeprefix("cid:"))
    if cid not in parts.attachments:
        raise MimeError(f"{cid!r} is not among {sorted(parts.attachments)}")
    return parts.attachments[cid]


def _part(boundary: str, cid: str, content_type: str, content: bytes) -> bytes:
    head = (
        f"--{boundary}\r\nContent-Type: {content_type}\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: <{cid}>\r\n\r\n"
    )
    return head.encode() + content + CRLF


def _sections(body: bytes, boundary: bytes) -> list[tuple[str, str, bytes]]:
    pieces = (CRLF + body).split(CRLF + b"--" + boundary)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise MimeError("the multipart body has no part or no closing delimiter")
    return [_section(piece) for piece in pieces[1:-1]]


def _section(piece: bytes) -> tuple[str, str, bytes]:
    head, found, content = piece.partition(CRLF + CRLF)
    if not found:
        raise MimeError("a part without blank line after its headers")
    headers = dict(line.split(":", 1) for line in head.decode("latin-1").split("\r\n") if ":" in line)
    fields = {name.strip().lower(): value.strip() for name, value in headers.items()}
    if fields.get("content-transfer-encoding", "binary").lower() not in {"binary", "8bit", "7bit"}:
        raise MimeError(f"transfer encoding {fields['content-transfer-encoding']!r} in an MTOM answer")
    return fields.get("content-id", "").strip("<>"), fields.get("content-type", ""), content


def _header(content_type: str) -> Message:
    message = Message()
    message["Content-Type"] = content_type
    return message
