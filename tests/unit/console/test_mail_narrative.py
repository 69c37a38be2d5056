"""A CDA drawn by us: what is meant is kept, what could act is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from simulators.console.mail.narrative import cda_page
from simulators.console.texts import TEXTS
from simulators.core.xml import escape
from simulators.documents.cda.read import read_cda
from simulators.population.masking import mask_of
from tests.support.mails import cda

ALLOWED = {
    *("html", "head", "title", "style", "body", "h1", "h2", "div", "p", "br", "span", "b", "i", "u", "em", "small"),
    *("sub", "sup", "ol", "ul", "li", "pre", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
}


def drawn(document: bytes) -> str:
    return cda_page(read_cda(document), mask_of(document), TEXTS["en"], "nonce")


def structured(text: str, title: str = "Section") -> bytes:
    start = cda().index(b"<component>")
    section = f"<section><title>{title}</title><text>{text}</text></section>"
    body = (
        f"<component><structuredBody><component>{section}</component></structuredBody></component></ClinicalDocument>"
    )
    return cda()[:start] + body.encode()


def test_the_header_as_a_table() -> None:
    page: Any = html.fromstring(drawn(cda()))
    rows = {row.findtext("th"): row.findtext("td") for row in page.iter("tr")}
    assert rows["Patient"] == "SIMULE ALIX" and rows["INS"].startswith("185010099900171")
    assert page.findtext(".//h1") == "Lettre de liaison à la sortie"
    assert "application/pdf" in page.findtext(".//p[@class='note']")


def test_a_level_1_text_is_shown() -> None:
    assert "texte" in html.fromstring(drawn(cda(level=2))).findtext(".//pre")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<paragraph>a</paragraph>b", "<p>a</p>b"),
        ('<content styleCode="Bold xRed">a</content>', "<b>a</b>"),
        ("<list><item>a</item></list>", "<ul><li>a</li></ul>"),
        ('<table><tr><td colspan="2">a</td></tr></table>', '<table><tr><td colspan="2">a</td></tr></table>'),
        ('<td rowspan="99999">a</td>', "<td>a</td>"),
        ('<td rowspan="²">a</td>', "<td>a</td>"),
        ('<linkHtml href="javascript:x">a</linkHtml>', "<u>a</u>"),
        ("a<br/>b", "a<br>b"),
        ("&lt;script&gt;x", "&lt;script&gt;x"),
        ("<script>x</script>b", "b"),
        ('<renderMultiMedia referencedObject="i"/>', "[image]"),
        ("<unknown><paragraph>a</paragraph></unknown>", "<span><p>a</p></span>"),
        ("<!-- x --><?php x ?>a", "a"),
    ],
)
def test_the_closed_list(written: str, shown: str) -> None:
    assert f"<div>{shown}</div>" in drawn(structured(written))


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=60),
    st.sampled_from(["script", "p", "td"]),
)
def test_no_text_becomes_an_element(text: str, name: str) -> None:
    clean = escape(text.replace("\ufffe", "").replace("\uffff", "")).replace('"', "&quot;")
    page: Any = html.fromstring(drawn(structured(f'<{name} style="{clean}">{clean}</{name}>', clean)))
    assert {element.tag for element in page.iter()} <= ALLOWED
    assert {key for element in page.iter() for key in element.attrib} <= {"nonce", "class", "colspan", "rowspan"}


def test_deep_narrative() -> None:
    depth = 150
    assert "fond" in drawn(structured("<content>" * depth + "fond" + "</content>" * depth))


def test_real_looking_identifiers_are_masked() -> None:
    real = cda().replace(b"1.2.250.1.213.1.4.10", b"1.2.250.1.213.1.4.8")
    assert "185010099900171" in drawn(cda())
    assert "185010099900171" not in drawn(real) and "1850*******" in drawn(real)
