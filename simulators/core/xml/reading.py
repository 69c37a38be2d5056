"""Bytes from outside to a tree, or a refusal that says what and where.

The encoding is settled and the bytes decoded strictly before libxml2 sees them, so that only one reading of the bytes
exists; a DOCTYPE is looked for in the prolog by us, so that no declaration of an entity ever reaches the parser.

Source: XML 1.0 (5th ed.) §2.8.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from simulators.core.xml.encoding import to_utf8
from simulators.core.xml.refusals import RefusedKind, XmlRefused

_PARSER_DEPTH = 256  # what libxml2 accepts without its "huge" option
# How libxml2 says that one of its own limits is passed; its error codes for that changed between 2.12 and 2.14.
_LIMITED = re.compile("XML_PARSE_HUGE|Excessive depth|huge text", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class XmlLimits:
    """What one message may cost: size in bytes, depth in nested elements, number of elements and attributes.

    Depth is capped at 256 and one text at 10,000,000 characters whatever is asked, by libxml2 itself.
    """

    bytes: int = 100 * 1024 * 1024
    depth: int = 200
    elements: int = 200_000
    attributes: int = 500_000


DEFAULT_LIMITS = XmlLimits()


def parse(data: bytes, *, limits: XmlLimits = DEFAULT_LIMITS, charset: str | None = None) -> etree._Element:
    """The root element of ``data``; ``charset`` is that of the media type and wins over the declaration.

    Raises :class:`XmlRefused`: empty, too large, a DOCTYPE, an encoding outside UTF-8, UTF-16, ISO-8859-1,
    windows-1252 and US-ASCII, bytes that are not of the encoding announced (never guessed), not well-formed, or above
    ``limits``. Source: RFC 7303 §3.2 for the order of precedence.
    """
    if len(data) > limits.bytes:
        raise XmlRefused(
            "too-large",
            f"The XML is {len(data)} bytes long; the limit is {limits.bytes}.",
            f"Le XML fait {len(data)} octets ; la limite est de {limits.bytes}.",
        )
    if not data.strip(b" \t\r\n"):
        raise XmlRefused("empty", "The XML is empty.", "Le XML est vide.", 1, 1)
    utf8 = to_utf8(data, charset)
    _refuse_doctype(utf8)
    if not _surely_small(utf8, limits):
        _count_while_parsing(utf8, limits)
    root = _parse(utf8)
    _refuse_depth(root, limits)
    return root


def _parser() -> etree.XMLParser:
    # One per call: lxml serialises the threads that share a parser, and making one costs 2 µs.
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        collect_ids=False,
    )


def _parse(utf8: bytes) -> etree._Element:
    try:
        root = etree.fromstring(utf8, _parser())
    except etree.XMLSyntaxError as error:
        raise _unreadable(error) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise _doctype(utf8, 0)
    return root


def _unreadable(error: etree.XMLSyntaxError) -> XmlRefused:
    line, column = error.position
    said = (error.msg or "not well-formed").strip().splitlines()[0].split(", line ")[0][:200]
    if not _LIMITED.search(error.msg or ""):
        return XmlRefused(
            "malformed", f"The XML is not well-formed: {said}.", f"Le XML est mal formé : {said}.", line, column
        )
    if "depth" in said:
        return _too_deep(_PARSER_DEPTH, line, column)
    return XmlRefused(
        "too-large",
        "A text or an attribute of the XML is longer than 10,000,000 characters.",
        "Un texte ou un attribut du XML dépasse 10 000 000 caractères.",
        line,
        column,
    )


# --- DOCTYPE


def _refuse_doctype(utf8: bytes) -> None:
    """Walk the prolog (spaces, comments, instructions) up to the first element; anything odd is left to the parser."""
    at = 0
    while True:
        while utf8[at : at + 1] in (b" ", b"\t", b"\r", b"\n"):
            at += 1
        if utf8.startswith(b"<?", at):
            end = utf8.find(b"?>", at + 2)
            length = 2
        elif utf8.startswith(b"<!--", at):
            end = utf8.find(b"-->", at + 4)
            length = 3
        else:
            break
        if end < 0:
            return
        at = end + length
    if utf8[at : at + 9].upper() == b"<!DOCTYPE":
        raise _doctype(utf8, at)


def _doctype(utf8: bytes, at: int) -> XmlRefused:
    return XmlRefused(
        "doctype",
        "The XML holds a document type declaration (DOCTYPE); remove it: none is ever needed here.",
        "Le XML contient une déclaration de type de document (DOCTYPE) ; retirez-la : aucune n'est utile ici.",
        utf8.count(b"\n", 0, at) + 1,
        len(utf8[utf8.rfind(b"\n", 0, at) + 1 : at].decode("utf-8")) + 1,
    )


# --- limits


def _surely_small(utf8: bytes, limits: XmlLimits) -> bool:
    """Counting characters bounds the tree from above, at a hundredth of the price of counting nodes."""
    opened = utf8.count(b"<") - utf8.count(b"</")
    return opened <= limits.elements and utf8.count(b"=") <= limits.attributes


class _Counter:
    """A parser target that builds nothing, so that a flood is refused before it costs memory.

    Comments and instructions count as elements and namespace declarations as attributes: they cost as much.
    """

    def __init__(self, limits: XmlLimits) -> None:
        self._limits = limits
        self._elements = 0
        self._attributes = 0

    def start(self, tag: object, attributes: Mapping[str, str], namespaces: Mapping[str | None, str]) -> None:
        self._element()
        self._attributes += len(attributes) + len(namespaces)
        if self._attributes > self._limits.attributes:
            raise _too_many("too-many-attributes", self._limits.attributes, "attributes", "attributs")

    def comment(self, data: object) -> None:
        self._element()

    def pi(self, target: object, data: object = None) -> None:
        self._element()

    def _element(self) -> None:
        self._elements += 1
        if self._elements > self._limits.elements:
            raise _too_many("too-many-elements", self._limits.elements, "elements", "éléments")

    def end(self, tag: object) -> None:
        """Nothing to keep."""

    def data(self, data: object) -> None:
        """Nothing to keep."""

    def close(self) -> None:
        """Nothing to give."""


def _count_while_parsing(utf8: bytes, limits: XmlLimits) -> None:
    parser = etree.XMLParser(
        target=_Counter(limits),  # type: ignore[arg-type]
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        collect_ids=False,
    )
    try:
        etree.fromstring(utf8, parser)
    except etree.XMLSyntaxError as error:
        raise _unreadable(error) from None


def _too_many(kind: RefusedKind, limit: int, en: str, fr: str) -> XmlRefused:
    return XmlRefused(
        kind, f"The XML holds more than {limit} {en}.", f"Le XML contient plus de {limit} {fr}.", None, None
    )


@lru_cache(maxsize=8)
def _deeper_than(depth: int) -> etree.XPath:
    return etree.XPath(f"boolean({'/*' * (depth + 1)})")


def _refuse_depth(root: etree._Element, limits: XmlLimits) -> None:
    if limits.depth < _PARSER_DEPTH and _deeper_than(limits.depth)(root):
        raise _too_deep(limits.depth, None, None)


def _too_deep(depth: int, line: int | None, column: int | None) -> XmlRefused:
    return XmlRefused(
        "too-deep",
        f"The elements of the XML are nested more than {depth} deep.",
        f"Les éléments du XML sont imbriqués sur plus de {depth} niveaux.",
        line,
        column,
    )
