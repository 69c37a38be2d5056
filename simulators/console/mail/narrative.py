"""A CDA document as a page of ours: its header as a table, its narrative by a closed list of elements.

Nothing of the document is copied as markup: no style sheet of its own is run, no attribute but the spans of a table is
kept, every text goes through the serializer. The page is meant for a frame without rights all the same.

Source: HL7 CDA R2 section 4.3.5 (narrative block).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from lxml import etree

from simulators.clients.mail.terms import ins_of, label_of, traits_of
from simulators.console.mail.plain import one_line, plain
from simulators.core.xml import text as text_of
from simulators.documents.cda.model import HL7, CdaDocument, Participant
from simulators.documents.errors import UnreadableCda
from simulators.population.masking import Mask

STYLE: Final = """
body { margin: 0; padding: .8rem 1rem; font: 15px/1.5 system-ui, sans-serif; color: #1c2430; background: #fff; }
h1 { font-size: 1.2rem; margin: 0 0 .6rem; } h2 { font-size: 1.05rem; margin: 1.2rem 0 .3rem; }
table { border-collapse: collapse; margin: .4rem 0; } caption { text-align: left; font-weight: 600; }
th, td { text-align: left; vertical-align: baseline; padding: .2rem .6rem; border: 1px solid #d9dee6; }
th { color: #5b6675; } .note { color: #5b6675; } pre { white-space: pre-wrap; overflow-wrap: anywhere; }
"""
_TAGS: Final[Mapping[str, str]] = {
    **{name: name for name in ("br", "caption", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr")},
    "paragraph": "p",
    "item": "li",
    "content": "span",
    "linkHtml": "u",
    "footnote": "small",
}
_STYLES: Final = {"bold": "b", "italics": "i", "underline": "u", "emphasis": "em"}
_DROPPED: Final = {"script", "style", "object", "embed", "iframe", "link", "meta", "base", "form"}
_LARGEST_SPAN: Final = 100


def cda_page(cda: CdaDocument, mask: Mask, labels: Mapping[str, str], nonce: str) -> str:
    """The whole page in HTML. ``labels`` are texts of the console."""
    html = etree.Element("html")
    head, body = etree.SubElement(html, "head"), etree.SubElement(html, "body")
    _add(head, "title", one_line(label_of(cda)))
    _add(head, "style", STYLE).set("nonce", nonce)
    _add(body, "h1", mask(one_line(label_of(cda))))
    table = etree.SubElement(body, "table")
    for label, value in _header(cda, labels):
        row = etree.SubElement(table, "tr")
        _add(row, "th", label)
        _add(row, "td", mask(one_line(value)))
    _body(body, cda, mask, labels)
    return "<!doctype html>\n" + etree.tostring(html, method="html", encoding="unicode")


def _header(cda: CdaDocument, labels: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    traits, ins, event = traits_of(cda), ins_of(cda), cda.main_event
    author = next(iter(cda.authors), None)
    found = {
        "mail_patient": f"{traits.family} {traits.given}",
        "mail_born": traits.french_date or traits.birth_date,
        "mail_ins": f"{ins.extension} ({ins.root})" if ins else "",
        "mail_sex": traits.sex,
        "mail_author": _person(author) if author else "",
        "mail_doctype": f"{cda.code.display} ({cda.code.code})" if cda.code else "",
        "mail_created": cda.effective_time.value if cda.effective_time else "",
        "mail_act": event.low.value if event and event.low else "",
        "mail_doc_id": cda.unique_id,
        "mail_version": cda.version.text if cda.version else "",
        "mail_replaces": ", ".join(f"{parent.root} {parent.extension}" for parent in cda.replaces),
    }
    return ((labels[name], value) for name, value in found.items() if value.strip())


def _person(author: Participant) -> str:
    place = author.organization.name.text if author.organization and author.organization.name else ""
    software = author.device.text if author.device else ""
    return ", ".join(filter(None, (f"{author.given} {author.family}".strip() or software, place)))


def _body(parent: etree._Element, cda: CdaDocument, mask: Mask, labels: Mapping[str, str]) -> None:
    source = cda.body.source
    if source is None:
        _add(parent, "p", labels["mail_cda_empty"]).set("class", "note")
    elif cda.body.kind == "structured":
        for section in source.iter(f"{{{HL7}}}section"):
            _section(parent, section, mask)
    elif cda.body.media_type.startswith("text/") or not cda.body.media_type:
        _add(parent, "pre", mask(plain(_words(cda))))
    else:
        _add(parent, "p", f"{labels['mail_cda_embeds']} {one_line(cda.body.media_type, 60)}").set("class", "note")


def _words(cda: CdaDocument) -> str:
    try:
        return cda.body.content().decode("utf-8", "replace")
    except UnreadableCda as refused:
        return refused.reason


def _section(parent: etree._Element, section: etree._Element, mask: Mask) -> None:
    title, told = section.find(f"{{{HL7}}}title"), section.find(f"{{{HL7}}}text")
    if title is not None and text_of(title).strip():
        _add(parent, "h2", mask(one_line(text_of(title))))
    if told is not None:
        _copy(told, etree.SubElement(parent, "div"), mask)


def _copy(source: etree._Element, target: etree._Element, mask: Mask) -> None:
    """The texts of ``source`` and its children that are on the list; of others the texts alone."""
    _say(target, mask(plain(source.text or "")))
    for child in source:
        name = etree.QName(child).localname if isinstance(child.tag, str) else ""
        if name == "renderMultiMedia":
            _say(target, "[image]")
        elif name and name.lower() not in _DROPPED:
            _copy(child, etree.SubElement(target, _tag(name, child), _spans(child)), mask)
        _say(target, mask(plain(child.tail or "")))


def _tag(name: str, element: etree._Element) -> str:
    if name == "list":
        return "ol" if element.get("listType") == "ordered" else "ul"
    style = (element.get("styleCode") or "").lower() if name == "content" else ""
    return next((tag for word, tag in _STYLES.items() if word in style), _TAGS.get(name, "span"))


def _spans(element: etree._Element) -> dict[str, str]:
    found = {name: element.get(name, "") for name in ("colspan", "rowspan")}
    return {n: v for n, v in found.items() if v.isascii() and v.isdecimal() and len(v) < 4 and int(v) <= _LARGEST_SPAN}


def _say(target: etree._Element, text: str) -> None:
    """After what the element holds already."""
    if not text:
        return
    if len(target):
        target[-1].tail = (target[-1].tail or "") + text
    else:
        target.text = (target.text or "") + text


def _add(parent: etree._Element, tag: str, text: str) -> etree._Element:
    made = etree.SubElement(parent, tag)
    made.text = text
    return made
