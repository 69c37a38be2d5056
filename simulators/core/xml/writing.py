"""A tree back to bytes, and a value into markup.

Compact, double quotes, no CDATA: a client in the field reads answers by lines and cuts strings (facts dmp-messages
§1.2).
"""

from __future__ import annotations

import re

from lxml import etree

_STRING = etree.XPath("string()", smart_strings=False, regexp=False)
# Everything outside Char of XML 1.0 §2.2: no escape exists for these, so a quoted hostile value must lose them.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def serialize(element: etree._Element, *, declaration: bool = False) -> bytes:
    """UTF-8 bytes of ``element`` alone (no tail, nothing around it), without added white space."""
    body = etree.tostring(element, encoding="utf-8", xml_declaration=False, with_tail=False)
    return b'<?xml version="1.0" encoding="UTF-8"?>' + body if declaration else body


def text(element: etree._Element) -> str:
    """All the text inside ``element``, comments left out.

    ``element.text`` stops at the first comment: that is how a signed identity gets truncated (the SAML comment attack).
    """
    return str(_STRING(element))


def escape(value: str) -> str:
    """``value`` as XML text content; characters XML cannot hold become U+FFFD."""
    value = _NOT_XML.sub("\ufffd", value)
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def attribute_text(value: str) -> str:
    """``value`` as the inside of a double-quoted XML attribute."""
    return escape(value).replace('"', "&quot;").replace("\t", "&#9;").replace("\n", "&#10;")


def canonical_text(value: str) -> str:
    """Text as Canonical XML writes it (Canonical XML 1.0 §2.3)."""
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")


def canonical_attribute(value: str) -> str:
    """The inside of an attribute as Canonical XML writes it (Canonical XML 1.0 §2.3)."""
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return value.replace("\t", "&#x9;").replace("\n", "&#xA;").replace("\r", "&#xD;")
