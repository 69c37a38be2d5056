"""A SOAP 1.2 request with WS-Addressing and the VIHF in its Security header (dmp-messages §1.1)."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from simulators.clients.dmp.names import DEFAULT
from simulators.core.xml import NAMESPACES

SOAP, WSA, WSSE = NAMESPACES["soap"], NAMESPACES["wsa"], NAMESPACES["wsse"]
ANONYMOUS = "http://www.w3.org/2005/08/addressing/anonymous"


def request_envelope(
    action: str, to: str, message_id: str, body: etree._Element, secure: Callable[[etree._Element], object]
) -> etree._Element:
    """``secure(security_header)`` builds the signed assertion in place, last, so that it stays valid."""
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    header = etree.SubElement(envelope, f"{{{SOAP}}}Header")
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(body)
    _addressing(header, "MessageID", message_id)
    _addressing(header, "To", to)
    reply = _addressing(header, "ReplyTo")
    etree.SubElement(reply, f"{{{WSA}}}Address").text = ANONYMOUS
    _addressing(header, "Action", action)
    secure(etree.SubElement(header, f"{{{WSSE}}}Security", nsmap={"wsse": WSSE}))
    return envelope


def _addressing(header: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(header, f"{{{WSA}}}{name}", nsmap={DEFAULT: WSA})
    element.text = text
    return element
