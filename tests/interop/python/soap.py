"""SOAP 1.2 over mutual TLS with plain requests: envelope out, body or explained refusal in.

Shape: facts, dmp-messages 1 (envelope) and 11 (Fault).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import requests
from lxml import etree

from tests.interop.python import mtom
from tests.interop.python.names import RS, SOAP12, SUCCESS, WSA, WSA_ANONYMOUS, WSSE, default, local, parse

CONTENT_TYPE = "application/soap+xml; charset=UTF-8"
TIMEOUT = 60


class Refused(Exception):
    """The DMP refused at the protocol level; the subclasses say in which form."""


class SoapFault(Refused):
    """A SOAP 1.2 Fault: ``code`` and ``subcode`` as (namespace, local name), ``reason`` in French, ``detail`` XML."""

    def __init__(self, fault: etree._Element, http_status: int) -> None:
        self.http_status = http_status
        self.code = _qname(fault.find(f"{{{SOAP12}}}Code/{{{SOAP12}}}Value"))
        self.subcode = _qname(fault.find(f"{{{SOAP12}}}Code/{{{SOAP12}}}Subcode/{{{SOAP12}}}Value"))
        self.reason = fault.findtext(f"{{{SOAP12}}}Reason/{{{SOAP12}}}Text", "").strip()
        detail = fault.find(f"{{{SOAP12}}}Detail")
        self.detail = "" if detail is None else etree.tostring(detail, encoding="unicode", pretty_print=True)
        super().__init__(f"HTTP {http_status} {self.code[1]}/{self.subcode[1]}: {self.reason}\n{self.detail}")

    @property
    def codes(self) -> list[str]:
        """Every code of the refusal, the subcode being the telling one."""
        return [self.subcode[1]]


class RegistryFailure(Refused):
    """An ebXML answer whose status is not Success: ``codes`` and ``contexts`` of its RegistryErrors."""

    def __init__(self, status: str, errors: list[etree._Element]) -> None:
        self.status = local(status)
        self.codes = [error.get("errorCode", "") for error in errors]
        self.contexts = [error.get("codeContext", "") for error in errors]
        self.locations = [error.get("location", "") for error in errors]
        lines = [f"{e.get('errorCode')} at {e.get('location')}: {e.get('codeContext')}" for e in errors]
        super().__init__(f"{self.status}\n" + "\n".join(lines))


class Unreadable(Exception):
    """The answer is not what the protocol promises (no envelope, several children of Body...)."""


@dataclass(frozen=True)
class Answer:
    """What came back: the one child of Body, the whole envelope, and the MIME parts."""

    body: etree._Element
    envelope: etree._Element
    parts: mtom.Parts
    http_status: int
    content_type: str

    def header(self, name: str) -> str:
        """Text of the WS-Addressing header ``name``."""
        return self.envelope.findtext(f"{{{SOAP12}}}Header/{{{WSA}}}{name}", "").strip()


def new_session(roots: Path | str, certificate: Path | None, key: Path | None) -> requests.Session:
    """A session that trusts only ``roots`` and presents one client certificate; the environment has no say."""
    session = requests.Session()
    session.trust_env = False
    session.verify = str(roots)
    if certificate is not None and key is not None:
        session.cert = (str(certificate), str(key))
    return session


def envelope(to: str, action: str, assertion: etree._Element | bytes | None, body: etree._Element) -> tuple[str, bytes]:
    """MessageID and bytes of a request. ``assertion`` as bytes is put in as it is (a deliberately wrong one)."""
    message_id = f"urn:uuid:{uuid.uuid4()}"
    root = etree.Element(f"{{{SOAP12}}}Envelope", nsmap={"soap": SOAP12})
    header = etree.SubElement(root, f"{{{SOAP12}}}Header")
    _addressing(header, "MessageID", message_id)
    _addressing(header, "To", to)
    reply_to = etree.SubElement(header, f"{{{WSA}}}ReplyTo", nsmap=default(WSA))
    etree.SubElement(reply_to, f"{{{WSA}}}Address").text = WSA_ANONYMOUS
    _addressing(header, "Action", action).set("mustUnderstand", "true")
    if assertion is not None:
        header.append(security(assertion))
    etree.SubElement(root, f"{{{SOAP12}}}Body").append(body)
    return message_id, etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def security(assertion: etree._Element | bytes) -> etree._Element:
    """The wsse:Security header around the VIHF."""
    holder = etree.Element(f"{{{WSSE}}}Security", nsmap={"wsse": WSSE})
    holder.append(parse(assertion) if isinstance(assertion, bytes) else assertion)
    return holder


def post(session: requests.Session, url: str, data: bytes, content_type: str = CONTENT_TYPE) -> Answer:
    """Send and read. Raises SoapFault on a Fault, Unreadable on anything that is not an envelope."""
    headers: Mapping[str, str] = {"Content-Type": content_type}
    answer = session.post(url, data=data, headers=headers, timeout=TIMEOUT, allow_redirects=False)
    kind = answer.headers.get("Content-Type", "")
    try:
        parts = mtom.split(kind, answer.content)
        root = parse(parts.root)
    except (ValueError, etree.XMLSyntaxError) as error:
        raise Unreadable(f"HTTP {answer.status_code} {kind}: {answer.content[:500]!r} ({error})") from error
    children = root.findall(f"{{{SOAP12}}}Body/*")
    if root.tag != f"{{{SOAP12}}}Envelope" or len(children) != 1:
        raise Unreadable(f"HTTP {answer.status_code}: {root.tag} with {len(children)} children of Body")
    if children[0].tag == f"{{{SOAP12}}}Fault":
        raise SoapFault(children[0], answer.status_code)
    return Answer(children[0], root, parts, answer.status_code, kind)


def require_success(response: etree._Element) -> None:
    """Raise RegistryFailure unless the ebXML ``response`` says Success."""
    status = response.get("status", "")
    if status != SUCCESS:
        raise RegistryFailure(status, list(response.iter(f"{{{RS}}}RegistryError")))


def _addressing(header: etree._Element, name: str, text: str) -> etree._Element:
    element = etree.SubElement(header, f"{{{WSA}}}{name}", nsmap=default(WSA))
    element.text = text
    return element


def _qname(element: etree._Element | None) -> tuple[str, str]:
    if element is None:
        return "", ""
    prefix, _, name = (element.text or "").strip().rpartition(":")
    return element.nsmap.get(prefix or None, "") or "", name
