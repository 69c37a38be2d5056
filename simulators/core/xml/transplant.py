"""Standing a freshly parsed element where another one stood, so that its nodes keep the paths of the message."""

from __future__ import annotations

import sys
from itertools import pairwise

from lxml import etree

from simulators.core.xml.places import TELLING
from simulators.core.xml.reading import XmlLimits, parse
from simulators.core.xml.writing import attribute_text

# The bytes come from a tree already read under limits.
_ALREADY_LIMITED = XmlLimits(bytes=sys.maxsize, depth=256, elements=sys.maxsize, attributes=sys.maxsize)


def transplant(content: bytes, original: etree._Element) -> etree._Element:
    """The element ``content`` parsed inside bare stubs of the ancestors of ``original`` and of their namesakes.

    ``content`` is self-contained XML of an element named like ``original``. Stubs hold no text and only the attributes
    by which ``where()`` tells siblings apart. Written as bytes, because lxml renames prefixes of elements it moves.
    """
    head: list[str] = []
    tail: list[str] = []
    indexes: list[int] = []
    chain = [*reversed(list(original.iterancestors())), original]
    for parent, child in pairwise(chain):
        namesakes = list(parent.iterchildren(child.tag))
        index = namesakes.index(child)
        indexes.append(index)
        head += [_tag(parent, ">"), *(_tag(stub, "/>") for stub in namesakes[:index])]
        tail += [f"</{_name(parent)}>", *(_tag(stub, "/>") for stub in reversed(namesakes[index + 1 :]))]
    whole = "".join(head).encode() + content + "".join(reversed(tail)).encode()
    node = parse(whole, limits=_ALREADY_LIMITED)
    for index in indexes:
        node = node[index]
    return node


def _tag(node: etree._Element, end: str) -> str:
    namespace = etree.QName(node).namespace
    # A prefix of our own: the default namespace would leak into the content.
    bound = "" if namespace is None else f' xmlns:stub="{attribute_text(namespace)}"'
    telling = "".join(
        f' {name}="{attribute_text(str(node.get(name)))}"' for name in TELLING if node.get(name) is not None
    )
    return f"<{_name(node)}{bound}{telling}{end}"


def _name(node: etree._Element) -> str:
    qname = etree.QName(node)
    return qname.localname if qname.namespace is None else f"stub:{qname.localname}"
