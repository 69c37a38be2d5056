"""What tells one kind of file from another, and what a message names before anybody has judged it."""

from __future__ import annotations

import re

from lxml import etree

from simulators.core.soap import MtomRefused, read_multipart
from simulators.core.xml import XmlRefused, clark, parse, text
from simulators.core.xml.encoding import to_utf8
from simulators.population.ins import Ins

_DELIMITER = re.compile(rb"\s*--([^\s][^\r\n]{0,69})\r?\ncontent-", re.IGNORECASE)
_HL7 = re.compile(rb"(?:\xef\xbb\xbf)?[\x0b\s]*MSH[^\w\s]")
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
_OF_A_MAIL = re.compile(
    rb"^(?:from|to|subject|date|message-id|received|return-path|mime-version)[ \t]*:", re.IGNORECASE | re.MULTILINE
)
_LONGEST_HEAD = 256 * 1024
_DECLARATION = re.compile(rb"\s*<\?xml\s[^>]*\?>\s*")


def looks_hl7(data: bytes) -> bool:
    """Whether the bytes begin with a header of HL7 v2, framed for MLLP or not."""
    return _HL7.match(data) is not None


def looks_multipart(data: bytes) -> bool:
    """Whether the bytes begin with a delimiter line and a part's header: a saved body has no Content-Type."""
    return _DELIMITER.match(data) is not None


def looks_mail(data: bytes) -> bool:
    """Whether the bytes begin with a header of RFC 5322 that names a field every mail has."""
    head = re.split(rb"\r?\n\r?\n", data[:_LONGEST_HEAD], maxsplit=1)[0]
    start = head.partition(b"\n")[2] if head.startswith(b"From ") else head
    return _FIELD.match(start) is not None and _OF_A_MAIL.search(head) is not None


def multipart_type(data: bytes) -> str:
    """The Content-Type that a saved multipart body had, boundary taken from its first line."""
    found = _DELIMITER.match(data)
    boundary = found[1].decode("latin-1").strip() if found else ""
    return f'multipart/related; boundary="{boundary}"; type="application/xop+xml"; start-info="application/soap+xml"'


def root_part(data: bytes, content_type: str) -> etree._Element | None:
    """The envelope of a multipart message, read only to know whom it names."""
    try:
        return parse(read_multipart(content_type, data).root.content)
    except (MtomRefused, XmlRefused):
        return None


def operation_of(root: etree._Element | None) -> str:
    """The local name of the first element of the Body, else the empty string."""
    body = None if root is None else root.find("{*}Body")
    first = None if body is None else next(body.iterchildren("*"), None)
    return "" if first is None else etree.QName(first).localname


def attribute(root: etree._Element, name: str) -> str:
    """The text of a SAML attribute, else the empty string."""
    found = (a for a in root.iter(clark("saml2:Attribute")) if a.get("Name") == name)
    return next((text(a).strip() for a in found), "")


def cx_of(value: str) -> Ins:
    """The INS of ``matricule^^^&OID&ISO^...`` as written, whatever it holds."""
    parts = value.split("^")
    authority = parts[3].split("&") if len(parts) > 3 else []
    return Ins.as_received(parts[0], authority[1] if len(authority) > 1 else "")


def without_declaration(data: bytes) -> bytes:
    """The same XML in UTF-8, ready to stand inside another document."""
    utf8 = to_utf8(data, None)
    found = _DECLARATION.match(utf8)
    return utf8[found.end() :] if found else utf8.strip()
