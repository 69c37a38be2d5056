"""Reading hostile XML, naming a place in it, and writing it back.

Every byte of XML that comes from outside enters by :func:`parse`. Every finding names its place by :func:`where`: an
XPath that :func:`locate`, or any XPath 1.0 engine given :data:`NAMESPACES`, leads back to the very same node.
"""

from __future__ import annotations

from simulators.core.xml.places import NAMESPACES, Attribute, PathRefused, clark, locate, where
from simulators.core.xml.reading import XmlLimits, parse
from simulators.core.xml.refusals import RefusedKind, XmlRefused
from simulators.core.xml.writing import attribute_text, escape, serialize, text

__all__ = [
    "NAMESPACES",
    "Attribute",
    "PathRefused",
    "RefusedKind",
    "XmlLimits",
    "XmlRefused",
    "attribute_text",
    "clark",
    "escape",
    "locate",
    "parse",
    "serialize",
    "text",
    "where",
]
