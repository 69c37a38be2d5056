"""An HTTP body to a SOAP request and its attachments, multipart or not."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.core.soap.envelope import SoapRequest, read_envelope
from simulators.core.soap.media import MediaType, parse_media_type
from simulators.core.soap.mtom import DEFAULT_LIMITS as MTOM_LIMITS
from simulators.core.soap.mtom import MtomLimits, Multipart, is_multipart, read_multipart
from simulators.core.xml import XmlLimits, parse

_XML_LIMITS = XmlLimits()


@dataclass(frozen=True, slots=True)
class SoapMessage:
    """``multipart`` is None for a plain message."""

    request: SoapRequest
    multipart: Multipart | None


def read_message(
    content_type: str, body: bytes, *, xml_limits: XmlLimits = _XML_LIMITS, mtom_limits: MtomLimits = MTOM_LIMITS
) -> SoapMessage:
    """Raises ``MtomRefused``, ``XmlRefused`` or ``SoapRefused``.

    Whatever is not announced as multipart is read as XML: clients in the field send ``application/octet-stream`` (facts
    dmp-messages §1.1).
    """
    multipart = read_multipart(content_type, body, limits=mtom_limits) if is_multipart(content_type) else None
    envelope = body if multipart is None else multipart.root.content
    media = _media_type(content_type) if multipart is None else multipart.root.media_type
    root = parse(envelope, limits=xml_limits, charset=media.charset)
    return SoapMessage(read_envelope(root, content_type), multipart)


def _media_type(content_type: str) -> MediaType:
    try:
        return parse_media_type(content_type)
    except ValueError:
        return MediaType("")
