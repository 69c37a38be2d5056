"""Signature wrapping: one genuine signed envelope, sixteen forgeries.

In each, the genuine assertion and its signature are somewhere in the message, and so is a forged assertion naming
another professional, for a reader that verifies one element and consumes another. Plain lxml: this must not lean on
what it tests.

Source: "On Breaking SAML: Be Whoever You Want to Be" (Somorovsky et al., 2012), attacks 1 to 8, applied to WS-Security.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

from lxml import etree

SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
DS = "http://www.w3.org/2000/09/xmldsig#"
FORGED_NAME = "899700000021"


def wrappings(envelope: bytes) -> list[tuple[str, bytes]]:
    """(``"<place>/same-id"`` or ``"<place>/other-id"``, envelope) for each of the eight places.

    ``envelope``: SOAP with one signed saml2:Assertion in wsse:Security. Places: before, after, child, around, object,
    advice, header, body. The forged assertion names ``FORGED_NAME``.
    """
    return [
        (f"{place}/{kind}", _wrap(envelope, put, same=kind == "same-id"))
        for place, put in _PLACES.items()
        for kind in ("same-id", "other-id")
    ]


def _wrap(envelope: bytes, put: Callable[[etree._Element, etree._Element], None], *, same: bool) -> bytes:
    root = etree.fromstring(envelope)
    (genuine,) = root.iter(f"{{{SAML}}}Assertion")
    forged = copy.deepcopy(genuine)
    forged.tail = None
    for name in forged.iter(f"{{{SAML}}}NameID"):
        name.text = FORGED_NAME
    if not same:
        forged.set("ID", "_forged")
    put(genuine, forged)
    return etree.tostring(root)


def _signature(assertion: etree._Element) -> etree._Element:
    (signature,) = assertion.iterchildren(f"{{{DS}}}Signature")
    return signature


def _without_signature(assertion: etree._Element) -> etree._Element:
    assertion.remove(_signature(assertion))
    return assertion


def _before(genuine: etree._Element, forged: etree._Element) -> None:
    """The forged one comes first and carries a copy of the signature, which still points at the genuine one."""
    genuine.addprevious(forged)


def _after(genuine: etree._Element, forged: etree._Element) -> None:
    genuine.addnext(_without_signature(forged))


def _child(genuine: etree._Element, forged: etree._Element) -> None:
    genuine.append(_without_signature(forged))


def _around(genuine: etree._Element, forged: etree._Element) -> None:
    """The forged one holds the genuine one, and the genuine one keeps its signature."""
    genuine.addprevious(forged)
    _without_signature(forged).append(genuine)


def _object(genuine: etree._Element, forged: etree._Element) -> None:
    """Inside the signature itself, which the enveloped-signature transform leaves out of the digest."""
    etree.SubElement(_signature(genuine), f"{{{DS}}}Object").append(_without_signature(forged))


def _advice(genuine: etree._Element, forged: etree._Element) -> None:
    etree.SubElement(genuine, f"{{{SAML}}}Advice").append(_without_signature(forged))


def _header(genuine: etree._Element, forged: etree._Element) -> None:
    (header,) = genuine.getroottree().iter(f"{{{SOAP}}}Header")
    etree.SubElement(header, "{urn:another}Header").append(_without_signature(forged))


def _body(genuine: etree._Element, forged: etree._Element) -> None:
    (body,) = genuine.getroottree().iter(f"{{{SOAP}}}Body")
    body[0].append(_without_signature(forged))


_PLACES: dict[str, Callable[[etree._Element, etree._Element], None]] = {
    "before": _before,
    "after": _after,
    "child": _child,
    "around": _around,
    "object": _object,
    "advice": _advice,
    "header": _header,
    "body": _body,
}
