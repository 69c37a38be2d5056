"""Canonical forms and digests: of a document (raw, C14N) and of an element inside its document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from lxml import etree

from simulators.core.xml import XmlLimits, XmlRefused, parse
from simulators.documents.signature.names import CANONICAL, DIGESTS, digest


class DigestForm(NamedTuple):
    """How a digest was computed.

    ``form``: ``raw``, ``raw+lf`` (with one more line feed, as a client in the field does), or a
    canonicalisation URI. ``algorithm``: ``sha1`` or ``sha256``.
    """

    form: str
    algorithm: str


DEFAULT_LIMITS = XmlLimits()

_XML = "{http://www.w3.org/XML/1998/namespace}"


def document_digests(data: bytes, *, limits: XmlLimits = DEFAULT_LIMITS) -> Mapping[DigestForm, bytes]:
    """Every digest a manifest may hold for a document. Data that are no acceptable XML have raw forms only."""
    forms = {"raw": data, "raw+lf": data + b"\n", **_canonical_document(data, limits)}
    return MappingProxyType(
        {
            DigestForm(form, algorithm): digest(algorithm, content)
            for form, content in forms.items()
            for algorithm in DIGESTS.values()
        }
    )


def canonical(node: etree._Element | etree._ElementTree, *, exclusive: bool, comments: bool) -> bytes:
    """C14N 1.0 of a tree, or of an element with what is in scope where it stands. Raises ``etree.LxmlError``."""
    if not exclusive and not isinstance(node, etree._ElementTree):
        node = _alone(node)
    form: bytes = etree.tostring(node, method="c14n", exclusive=exclusive, with_comments=comments, with_tail=False)
    return form


def _alone(element: etree._Element) -> etree._ElementTree:
    """A document of this element with the namespaces and ``xml:`` attributes it inherits.

    lxml 6.1 on libxml2 2.14 writes stray ``xmlns=""`` in the inclusive form of an element that inherits
    its default namespace (measured); parsed again alone, it comes out right.
    """
    root = etree.fromstring(etree.tostring(element, with_tail=False), etree.XMLParser(resolve_entities=False))
    for ancestor in element.iterancestors():
        for name, value in ancestor.attrib.items():
            if str(name).startswith(_XML) and root.get(name) is None:
                root.set(name, value)
    return root.getroottree()


def element_digests(element: etree._Element, algorithm: str) -> Iterator[tuple[str, bytes]]:
    """(canonicalisation URI, digest) of an element: in context first, then as if it stood alone (exclusive)."""
    for uri, (exclusive, comments) in CANONICAL.items():
        yield uri, digest(algorithm, canonical(element, exclusive=exclusive, comments=comments))


def _canonical_document(data: bytes, limits: XmlLimits) -> dict[str, bytes]:
    try:
        tree = parse(data, limits=limits).getroottree()
        forms = CANONICAL.items()
        return {uri: canonical(tree, exclusive=exclusive, comments=comments) for uri, (exclusive, comments) in forms}
    except (XmlRefused, etree.LxmlError):
        return {}
