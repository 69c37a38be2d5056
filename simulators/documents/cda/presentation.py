"""Style sheets, scripts and outgoing links of a CDA document.

A self-presentable document is an XSL style sheet that holds its ClinicalDocument; the national rule
wants it without script, outgoing link or external style sheet (facts dmp.md 1.10, EX_2.1-1115).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from simulators.core.xml import where
from simulators.documents.cda.model import Link, Presentation, Stylesheet

XSL = "http://www.w3.org/1999/XSL/Transform"

_HANDLER = re.compile(r"on[a-z]+")
_SCRIPT_URL = re.compile(r"\s*(?:javascript|vbscript|data:text/html)", re.IGNORECASE)
_OUTGOING = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_POINTERS = ("href", "src")


def read_presentation(root: etree._Element) -> Presentation:
    """Looks at the whole document, prolog included. ``root`` is its root element."""
    scripts: list[Link] = []
    links: list[Link] = []
    sheets = list(_instructions(root))
    for element in root.iter(etree.Element):
        scripts += _scripts(element)
        if element.tag in (f"{{{XSL}}}import", f"{{{XSL}}}include"):
            sheets.append(_sheet(element.get("href", ""), where(element, "href")))
        else:
            links += _links(element)
    return Presentation(_is_xsl(root), tuple(sheets), tuple(scripts), tuple(links))


def _is_xsl(root: etree._Element) -> bool:
    return root.tag in (f"{{{XSL}}}stylesheet", f"{{{XSL}}}transform")


def _instructions(root: etree._Element) -> Iterator[Stylesheet]:
    before = reversed(list(root.itersiblings(etree.PI, preceding=True)))
    for instruction in (*before, *root.itersiblings(etree.PI)):
        if getattr(instruction, "target", "") == "xml-stylesheet":
            yield _sheet(instruction.get("href") or "", where(instruction))


def _sheet(href: str, place: str) -> Stylesheet:
    return Stylesheet(href, "embedded" if href.startswith("#") else "external", place)


def _scripts(element: etree._Element) -> Iterator[Link]:
    local = etree.QName(element).localname.lower()
    if local == "script" or (local == "element" and element.get("name", "").lower() == "script"):
        yield Link("script", where(element))
    for name, value in element.attrib.items():
        if _HANDLER.fullmatch(str(name)):
            yield Link(str(name), where(element, str(name)))
        elif _SCRIPT_URL.match(str(value)):
            yield Link(str(value)[:100], where(element, str(name)))


def _links(element: etree._Element) -> Iterator[Link]:
    for name in _POINTERS:
        value = element.get(name)
        if value is not None and _OUTGOING.match(value):
            yield Link(value, where(element, name))
