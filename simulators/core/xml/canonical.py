"""Exclusive canonical form of a subtree, optionally without one of its children (the enveloped-signature transform).

libxml2 does the work, except when there is a PrefixList: lxml drops from that list every word not yet in the dictionary
of names of the document, so that ``#default`` is honoured or not according to what the thread read earlier (measured on
lxml 6.1). Such a list is rare (one national kit sends it), and we canonicalise it ourselves.

Source: Exclusive XML Canonicalization 1.0 §3; XML Signature §6.6.4.
"""

from __future__ import annotations

import copy
from collections.abc import Collection

from lxml import etree

from simulators.core.xml.writing import canonical_attribute, canonical_text

_XML = "http://www.w3.org/XML/1998/namespace"
_DEFAULT = "#default"


def canonical(
    element: etree._Element, *, without: etree._Element | None = None, prefixes: Collection[str] = ()
) -> bytes:
    """Exclusive C14N 1.0 of ``element`` in its document, comments left out; ``prefixes`` is the PrefixList.

    ``without``: a child of ``element`` that is left out with all it holds; the text after it stays.
    """
    if prefixes:
        return _Canonicaliser(without, prefixes).render(element)
    whole = element if without is None else _copy_without(element, without)
    try:
        form: bytes = etree.tostring(whole, method="c14n", exclusive=True, with_comments=False, with_tail=False)
    except etree.C14NError:
        # A relative namespace somewhere in the document: allowed by XML, refused by libxml2 wherever it stands.
        return _Canonicaliser(without, ()).render(element)
    return form


def _copy_without(element: etree._Element, child: etree._Element) -> etree._Element:
    # The whole document is copied: a subtree moved or copied alone loses or renames prefixes of its ancestors.
    path: list[int] = []
    for node in (child, *child.iterancestors()):
        parent = node.getparent()
        if parent is not None:
            path.append(parent.index(node))
    node = copy.deepcopy(element.getroottree()).getroot()
    for index in reversed(path[1:]):
        node = node[index]
    _drop(node, node[path[0]])
    return node


def _drop(parent: etree._Element, child: etree._Element) -> None:
    tail, before = child.tail, child.getprevious()
    child.tail = None
    parent.remove(child)
    if not tail:
        return
    if before is None:
        parent.text = (parent.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail


class _Canonicaliser:
    """The same canonical form by our own hand, with the namespaces of a PrefixList."""

    def __init__(self, without: etree._Element | None, prefixes: Collection[str]) -> None:
        self._without = without
        self._inclusive = {"" if prefix == _DEFAULT else prefix for prefix in prefixes}
        self._out: list[str] = []

    def render(self, apex: etree._Element) -> bytes:
        self._element(apex, {})
        return "".join(self._out).encode("utf-8")

    def _element(self, node: etree._Element, rendered: dict[str, str]) -> None:
        scope = {prefix or "": uri or "" for prefix, uri in node.nsmap.items()}
        attributes = self._attributes(node, scope)
        visible = {node.prefix or ""} | {name.partition(":")[0] for _, name, _ in attributes if ":" in name}
        declared = self._declared(visible, scope, rendered)
        name = f"{node.prefix}:{etree.QName(node).localname}" if node.prefix else etree.QName(node).localname
        self._out.append(f"<{name}")
        for prefix, uri in sorted(declared.items()):
            self._out.append(f' xmlns{":" if prefix else ""}{prefix}="{canonical_attribute(uri)}"')
        for _, attribute, value in sorted(attributes):
            self._out.append(f' {attribute}="{canonical_attribute(value)}"')
        self._out.append(">")
        self._content(node, rendered | declared)
        self._out.append(f"</{name}>")

    def _declared(self, visible: set[str], scope: dict[str, str], rendered: dict[str, str]) -> dict[str, str]:
        wanted = (visible | self._inclusive) - {"xml"}
        in_scope = {prefix: scope.get(prefix, "") for prefix in wanted if prefix in scope or not prefix}
        return {prefix: uri for prefix, uri in in_scope.items() if rendered.get(prefix, "") != uri}

    def _attributes(self, node: etree._Element, scope: dict[str, str]) -> list[tuple[tuple[str, str], str, str]]:
        """(what it sorts by, name as written, value) of each attribute."""
        written = []
        for position, (clark, value) in enumerate(node.attrib.items(), start=1):
            qname = etree.QName(clark)
            prefix = self._prefix(node, position, qname.namespace, scope) if qname.namespace else ""
            written.append(((qname.namespace or "", qname.localname), prefix + qname.localname, str(value)))
        return written

    def _prefix(self, node: etree._Element, position: int, uri: str, scope: dict[str, str]) -> str:
        if uri == _XML:
            return "xml:"
        candidates = [prefix for prefix, bound in scope.items() if bound == uri and prefix]
        if len(candidates) == 1:
            return f"{candidates[0]}:"
        # Several prefixes for one namespace: lxml hides which one the attribute was written with, XPath does not.
        return str(node.xpath(f"name(@*[{position}])")).partition(":")[0] + ":"

    def _content(self, node: etree._Element, rendered: dict[str, str]) -> None:
        self._out.append(canonical_text(node.text or ""))
        for child in node:
            if child is not self._without:
                self._child(child, rendered)
            self._out.append(canonical_text(child.tail or ""))

    def _child(self, child: etree._Element, rendered: dict[str, str]) -> None:
        if isinstance(child.tag, str):
            self._element(child, rendered)
        elif child.tag is etree.ProcessingInstruction:
            content = f" {child.text}" if child.text else ""
            self._out.append(f"<?{child.target}{content}?>")
