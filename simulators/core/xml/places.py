"""Naming a node of a tree by an XPath, and finding the node an XPath names.

Only location paths of a small grammar are evaluated (steps, positions, comparisons with a literal): whatever a scenario
file or a control request holds, evaluation costs about one walk of the tree, calls no function of ours, and reads
nothing else.

Source: XPath 1.0 §2; prefixes: facts dmp-messages §0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import cast

from lxml import etree

from simulators.core.errors import SandboxError

NAMESPACES: Mapping[str, str] = MappingProxyType(
    {
        "soap": "http://www.w3.org/2003/05/soap-envelope",
        "soap11": "http://schemas.xmlsoap.org/soap/envelope/",
        "wsa": "http://www.w3.org/2005/08/addressing",
        "wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
        "saml2": "urn:oasis:names:tc:SAML:2.0:assertion",
        "ds": "http://www.w3.org/2000/09/xmldsig#",
        "xad": "http://uri.etsi.org/01903/v1.1.1#",
        "xsi": "http://www.w3.org/2001/XMLSchema-instance",
        "hl7": "urn:hl7-org:v3",
        "gdp": "asip:ci-sis:gdp:2010",
        "hab": "urn:si-dmp-habilitations",
        "pat": "urn:si-dmp-patients",
        "xds": "urn:ihe:iti:xds-b:2007",
        "lcm": "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0",
        "rs": "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0",
        "rim": "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0",
        "query": "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0",
        "xop": "http://www.w3.org/2004/08/xop/include",
    }
)
_XML = "http://www.w3.org/XML/1998/namespace"
_PREFIXES = {uri: prefix for prefix, uri in NAMESPACES.items()} | {_XML: "xml"}
_BOUND = {**NAMESPACES, "xml": _XML}

# Attributes by which a reader tells siblings apart, tried in this order.
TELLING = ("Name", "name", "identificationScheme", "classificationScheme")

# A longer value would make the path longer than what it points at.
_LONGEST_TELLING = 120

_LITERAL = r"""(?:"[^"]*"|'[^']*'|concat\((?:"[^"]*"|'[^']*')(?:, ?(?:"[^"]*"|'[^']*'))+\))"""
_NAME = r"""[^\s/\[\]()'"@=|*:,.<>!$+\-\d][^\s/\[\]()'"@=|*:,<>!$+]*"""
_QNAME = rf"(?:{_NAME}:)?{_NAME}"
_PREDICATE = (
    rf"\[(?:[0-9]{{1,9}}|last\(\)|@?{_QNAME}={_LITERAL}"
    rf"|local-name\(\)={_LITERAL} and namespace-uri\(\)={_LITERAL})\]"
)
_STEP = rf"/(?:@(?:{_QNAME}|\*)|{_QNAME}|\*|comment\(\)|processing-instruction\(\))(?:{_PREDICATE})*"
_PATH = re.compile(rf"/?(?:{_STEP})(?:/?{_STEP})*")
_LONGEST_PATH = 16_384


class PathRefused(SandboxError, ValueError):
    """An XPath outside the grammar of :func:`locate`, with an unknown prefix, or that names several nodes."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """The attribute ``name`` (Clark notation) of ``element``, readable and editable in place."""

    element: etree._Element
    name: str

    @property
    def value(self) -> str:
        """The value; ``KeyError`` once deleted."""
        return str(self.element.attrib[self.name])

    def set(self, value: str) -> None:
        """Give the attribute another value."""
        self.element.set(self.name, value)

    def delete(self) -> None:
        """Take the attribute off its element."""
        del self.element.attrib[self.name]


def clark(name: str) -> str:
    """``prefix:local`` with a prefix of :data:`NAMESPACES` (or ``xml``) as ``{uri}local``; other names unchanged."""
    prefix, colon, local = name.partition(":")
    if not colon or name.startswith("{"):
        return name
    if prefix not in _BOUND:
        raise PathRefused(f"unknown prefix {prefix!r}")
    return f"{{{_BOUND[prefix]}}}{local}"


def where(element: etree._Element, attribute: str | None = None) -> str:
    """The XPath of ``element``, or of its ``attribute`` (plain, Clark or prefixed name) whether present or not.

    Absolute from the root of its document. A step has a predicate only where siblings bear the same name: a telling
    attribute when its value is unique among them, else the position. Comments and instructions have a path too.
    """
    steps = [_step(element), *(_step(ancestor) for ancestor in element.iterancestors())]
    path = "/" + "/".join(reversed(steps))
    return path if attribute is None else f"{path}/@{_name_test(clark(attribute))}"


def locate(root: etree._Element, path: str) -> etree._Element | Attribute | None:
    """The node that ``path`` names in the document of ``root``, or None. Raises :class:`PathRefused`.

    Grammar: absolute steps (``name``, ``prefix:name``, ``*``, ``@name``, ``comment()``,
    ``processing-instruction()``), one ``//`` at most, predicates ``[n]``, ``[last()]``,
    ``[name='text']``, ``[@name='text']`` and ``[local-name()='x' and namespace-uri()='u']``.
    """
    try:
        found = cast("list[etree._Element | str]", _compiled(path)(root))
    except etree.XPathError as error:
        raise PathRefused(f"cannot evaluate {path[:200]!r}: {error}") from None
    if len(found) > 1:
        raise PathRefused(f"{path[:200]!r} names {len(found)} nodes, not one")
    if not found:
        return None
    return _proxy(found[0])


def _proxy(found: object) -> etree._Element | Attribute:
    if isinstance(found, etree._Element):
        return found
    owner, name = found.getparent(), found.attrname  # type: ignore[attr-defined]
    return Attribute(owner, str(name))


@lru_cache(maxsize=512)
def _compiled(path: str) -> etree.XPath:
    if len(path) > _LONGEST_PATH:
        raise PathRefused(f"an XPath of {len(path)} characters is too long (limit {_LONGEST_PATH})")
    if _PATH.fullmatch(path) is None or _descents(path) > 1:
        raise PathRefused(f"not a path this sandbox evaluates: {path[:200]!r}")
    try:
        return etree.XPath(path, namespaces=dict(NAMESPACES), regexp=False)
    except etree.XPathError as error:
        raise PathRefused(f"cannot read {path[:200]!r}: {error}") from None


def _descents(path: str) -> int:
    return re.sub(r""""[^"]*"|'[^']*'""", "", path).count("//")


def _step(node: etree._Element) -> str:
    if not isinstance(node.tag, str):
        test = "comment()" if node.tag is etree.Comment else "processing-instruction()"
        return test + _position(node, _alike(node))
    siblings = _alike(node)
    return _name_test(node.tag) + (_predicate(node, siblings) if len(siblings) > 1 else "")


def _alike(node: etree._Element) -> list[etree._Element]:
    """``node`` and its siblings of the same name, in document order."""
    parent = node.getparent()
    if parent is not None:
        return list(parent.iterchildren(node.tag))
    before = list(node.itersiblings(node.tag, preceding=True))
    return [*reversed(before), node, *node.itersiblings(node.tag)]


def _predicate(node: etree._Element, siblings: list[etree._Element]) -> str:
    for name in TELLING:
        value = node.get(name)
        if (
            value is not None
            and len(value) <= _LONGEST_TELLING
            and sum(sibling.get(name) == value for sibling in siblings) == 1
        ):
            return f"[@{name}={_literal(value)}]"
    return _position(node, siblings)


def _position(node: etree._Element, siblings: list[etree._Element]) -> str:
    return "" if len(siblings) == 1 else f"[{siblings.index(node) + 1}]"


@lru_cache(maxsize=512)
def _name_test(name: str) -> str:
    qname = etree.QName(name)
    if qname.namespace is None:
        return qname.localname
    prefix = _PREFIXES.get(qname.namespace)
    if prefix is not None:
        return f"{prefix}:{qname.localname}"
    return f"*[local-name()={_literal(qname.localname)} and namespace-uri()={_literal(qname.namespace)}]"


def _literal(value: str) -> str:
    """XPath 1.0 has no escape inside a literal, hence ``concat`` for a text with both quotes."""
    if "'" not in value:
        return f"'{value}'"
    if '"' not in value:
        return f'"{value}"'
    return "concat(" + ", ".join(f'"{piece}"' if "'" in piece else f"'{piece}'" for piece in _pieces(value)) + ")"


def _pieces(value: str) -> list[str]:
    return re.findall(r"'+|[^']+", value)
