"""The SOAP envelope: reading a request, writing an answer.

Facts only: whether MessageID or Action may be absent is a rule of each service. What makes the envelope unprocessable
by any SOAP node is refused here.

Sources: SOAP 1.2 part 1 §2.4, §5; WS-Addressing 1.0 core §3; forms of the field: facts dmp-messages §1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from simulators.core.soap.refusals import SoapRefused
from simulators.core.xml import NAMESPACES, attribute_text, escape, serialize, text, where

SOAP12 = NAMESPACES["soap"]
SOAP11 = NAMESPACES["soap11"]
WSA = NAMESPACES["wsa"]
ANONYMOUS = "http://www.w3.org/2005/08/addressing/anonymous"
CONTENT_TYPE = "application/soap+xml;charset=UTF-8"

_SECURITY = f"{{{NAMESPACES['wsse']}}}Security"
_ADDRESSING = ("MessageID", "To", "Action", "ReplyTo", "FaultTo", "From", "RelatesTo")
_UNDERSTOOD = {_SECURITY, *(f"{{{WSA}}}{name}" for name in _ADDRESSING)}
# RelatesTo may legally come several times.
_ONCE = {_SECURITY, *(f"{{{WSA}}}{name}" for name in _ADDRESSING if name != "RelatesTo")}
_OURS = {
    "",
    "http://www.w3.org/2003/05/soap-envelope/role/next",
    "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver",
    "http://schemas.xmlsoap.org/soap/actor/next",
}


@dataclass(frozen=True, slots=True)
class SoapRequest:
    """One request. ``body`` is the only child of the Body; header texts are stripped, None when the header is absent.

    ``to`` may be empty though present. ``security`` is the wsse:Security element. ``content_type`` is that of HTTP.
    """

    version: Literal["1.1", "1.2"]
    message_id: str | None
    to: str | None
    action: str | None
    reply_to: str | None
    security: etree._Element | None
    body: etree._Element
    root: etree._Element
    content_type: str = ""


def read_envelope(root: etree._Element, content_type: str = "") -> SoapRequest:
    """The request in the envelope ``root``. Raises :class:`SoapRefused`."""
    namespace = _version(root)
    header, body = _header_and_body(root, namespace)
    blocks = [] if header is None else list(header.iterchildren(tag=etree.Element))
    _refuse_not_understood(blocks, namespace)
    known = _known(blocks)
    reply_to = known.get(f"{{{WSA}}}ReplyTo")
    return SoapRequest(
        version="1.2" if namespace == SOAP12 else "1.1",
        message_id=_text(known.get(f"{{{WSA}}}MessageID")),
        to=_text(known.get(f"{{{WSA}}}To")),
        action=_text(known.get(f"{{{WSA}}}Action")),
        reply_to=None if reply_to is None else _text(reply_to.find(f"{{{WSA}}}Address")),
        security=known.get(_SECURITY),
        body=_only_child(body),
        root=root,
        content_type=content_type,
    )


def readable_message_id(root: etree._Element) -> str | None:
    """The MessageID of an envelope that may be refused otherwise, for the RelatesTo of its Fault."""
    for namespace in (SOAP12, SOAP11):
        found = root.find(f"{{{namespace}}}Header/{{{WSA}}}MessageID")
        if found is not None:
            return _text(found) or None
    return None


def answer(
    body: etree._Element | bytes,
    *,
    action: str,
    message_id: str,
    relates_to: str | None,
    to: str = ANONYMOUS,
    bindings: Mapping[str, str] | None = None,
) -> bytes:
    """A SOAP 1.2 answer around ``body`` (also to a SOAP 1.1 request, as the field does). No XML declaration.

    ``message_id`` is a whole URI. ``bindings``: prefixes to bind on the Envelope. Written as text, because lxml renames
    prefixes of elements that it moves, and clients in the field cut strings (facts dmp-messages §1.2).
    """
    headers = [("Action", action), ("MessageID", message_id), ("To", to)]
    if relates_to:
        headers.append(("RelatesTo", relates_to))
    blocks = "".join(f'<{name} xmlns="{WSA}">{escape(value)}</{name}>' for name, value in headers)
    bound = "".join(f' xmlns:{prefix}="{attribute_text(uri)}"' for prefix, uri in (bindings or {}).items())
    content = body if isinstance(body, bytes) else serialize(body)
    head = f'<soap:Envelope xmlns:soap="{SOAP12}"{bound}><soap:Header>{blocks}</soap:Header><soap:Body>'
    return head.encode() + content + b"</soap:Body></soap:Envelope>"


def _version(root: etree._Element) -> str:
    name = etree.QName(root)
    if name.localname == "Envelope" and name.namespace in (SOAP12, SOAP11):
        return str(name.namespace)
    if name.localname == "Envelope":
        raise SoapRefused(
            "VersionMismatch",
            "L'enveloppe n'est ni SOAP 1.2 ni SOAP 1.1.",
            "The envelope is neither SOAP 1.2 nor SOAP 1.1.",
            where(root),
            found=name.namespace or "",
            expected=SOAP12,
        )
    raise _sender(
        "Le message n'est pas une enveloppe SOAP.",
        "The message is not a SOAP envelope.",
        root,
        found=str(root.tag),
        expected=f"{{{SOAP12}}}Envelope",
    )


def _header_and_body(root: etree._Element, namespace: str) -> tuple[etree._Element | None, etree._Element]:
    children = list(root.iterchildren(tag=etree.Element))
    expected = [f"{{{namespace}}}Header", f"{{{namespace}}}Body"]
    found = [child.tag for child in children]
    if found == expected:
        return children[0], children[1]
    if found == expected[1:]:
        return None, children[0]
    wrong = next((child for child, tag in zip(children, expected, strict=False) if child.tag != tag), None)
    raise _sender(
        "L'enveloppe SOAP doit contenir un Header puis un Body, et rien d'autre.",
        "The SOAP envelope must hold one Header then one Body, and nothing else.",
        children[2] if wrong is None and len(children) > 2 else root if wrong is None else wrong,
        found=" ".join(str(tag) for tag in found)[:400],
        expected=" ".join(expected),
    )


def _only_child(body: etree._Element) -> etree._Element:
    children = list(body.iterchildren(tag=etree.Element))
    if len(children) == 1:
        return children[0]
    raise _sender(
        "Le Body SOAP doit contenir exactement un élément.",
        "The SOAP Body must hold exactly one element.",
        children[1] if children else body,
        found=str(len(children)),
        expected="1",
    )


def _refuse_not_understood(blocks: list[etree._Element], namespace: str) -> None:
    # The field also writes mustUnderstand in no namespace, which is not the attribute of SOAP.
    for block in blocks:
        asked = block.get(f"{{{namespace}}}mustUnderstand", "").strip()
        target = block.get(f"{{{namespace}}}{'role' if namespace == SOAP12 else 'actor'}", "").strip()
        if asked in ("1", "true") and target in _OURS and block.tag not in _UNDERSTOOD:
            raise SoapRefused(
                "MustUnderstand",
                "Un en-tête SOAP obligatoire (mustUnderstand) n'est pas connu de ce service.",
                "A mandatory SOAP header (mustUnderstand) is not known to this service.",
                where(block),
                found=str(block.tag),
                expected=" ".join(sorted(_UNDERSTOOD)),
            )


def _known(blocks: list[etree._Element]) -> dict[str, etree._Element]:
    known: dict[str, etree._Element] = {}
    for block in blocks:
        if block.tag in known and block.tag in _ONCE:
            raise _sender(
                "Un en-tête SOAP figure deux fois.", "A SOAP header comes twice.", block, found="2", expected="1"
            )
        known.setdefault(str(block.tag), block)
    return known


def _text(element: etree._Element | None) -> str | None:
    return None if element is None else text(element).strip()


def _sender(fr: str, en: str, element: etree._Element, *, found: str, expected: str) -> SoapRefused:
    return SoapRefused("Sender", fr, en, where(element), found=found, expected=expected)
