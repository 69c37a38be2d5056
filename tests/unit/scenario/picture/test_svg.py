"""The picture: parseable, nothing overlaps, both languages, long journeys folded, reports with it."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from simulators.core.clock import add_period
from simulators.core.journal import Entry
from simulators.scenario.load import Scenario
from simulators.scenario.picture.folding import LONG, MOST, folded
from simulators.scenario.picture.html_report import report_html
from simulators.scenario.picture.journeys import journey_of
from simulators.scenario.picture.layout import laid_out
from simulators.scenario.picture.model import Known
from simulators.scenario.picture.svg import NAMESPACE, journey_svg, svg
from simulators.scenario.picture.words import ACTORS, ACTS, OUTCOMES, SAID
from simulators.scenario.play import Result
from tests.support.journey_rows import KINDS, START, as_row, discharge, entry, rows

KNOWN = Known(mailboxes=KINDS)
ANY = st.text(st.characters(codec="utf-8"), max_size=80)
ODD = st.builds(
    lambda room, act, status, outcome, box: entry(
        f"{room}.{act}", status=status, outcome=outcome, who={"mailbox": box}, marks={"delivered": {box: "delivered"}}
    ),
    st.sampled_from(["pfi", "dmp", "mssante", "pro_sante_connect", "trust", "x" * 60]),
    ANY,
    ANY,
    st.sampled_from(["accepted", "refused", "failed", "incident"]),
    ANY,
)


def parsed(text: str) -> etree._Element:
    return etree.fromstring(text)


def texts(root: etree._Element) -> list[str]:
    return [str(element.text) for element in root.iter(f"{{{NAMESPACE}}}text")]


@given(st.lists(st.tuples(ODD, st.integers(0, 200), st.integers(0, 90)), min_size=1, max_size=20))
def test_no_text_meets_another_and_the_svg_is_xml(drawn: list[tuple[Entry, int, int]]) -> None:
    made, at = [], START
    for number, (one, seconds, days) in enumerate(drawn, start=1):
        at += timedelta(seconds=seconds)
        made.append(as_row(number, one, at, timedelta(days=days)))
    journey = journey_of(made, KNOWN)
    placed = laid_out(journey, "fr", str)
    boxes = [text.box for text in placed.texts]
    assert not [(a, b) for at, a in enumerate(boxes) for b in boxes[:at] if a.meets(b)]
    assert all(b.x >= 0 and b.x + b.width <= placed.width and b.y >= 0 for b in boxes)
    assert all(b.y + b.height <= placed.height for b in boxes)
    assert parsed(svg(journey, "fr")).tag == f"{{{NAMESPACE}}}svg"


@pytest.mark.parametrize(
    ("lang", "words"),
    [("fr", ("✗ refusé · ACK AE", "Patient", "en panne")), ("en", ("✗ refused · ACK AE", "Patient", "failed"))],
)
def test_it_speaks_both_languages_and_not_by_colours_alone(lang: Any, words: tuple[str, ...]) -> None:
    root = parsed(journey_svg(rows(discharge()), lang, KNOWN))
    shown = "\n".join(texts(root))
    assert all(word in shown for word in words)
    assert root.get("role") == "img"
    ids = [root.find(f"{{{NAMESPACE}}}{tag}").get("id") for tag in ("title", "desc")]  # type: ignore[union-attr]
    assert str(root.get("aria-labelledby")).split() == ids
    assert "MDM^T02" in str(root.findtext(f"{{{NAMESPACE}}}desc"))


def test_it_is_the_same_each_time_and_takes_nothing_from_outside() -> None:
    once = journey_svg(rows(discharge()), "fr", KNOWN)
    assert once == journey_svg(list(reversed(rows(discharge()))), "fr", KNOWN)
    root = parsed(once)
    names = {etree.QName(element).localname for element in root.iter()}
    assert names <= {"svg", "title", "desc", "rect", "line", "g", "text", "path", "polygon"}
    assert not [name for element in root.iter() for name in element.attrib if name in {"style", "href"}]


def test_arrows_lead_to_their_exchanges_and_the_rule_is_told() -> None:
    made = rows(discharge())
    made[0]["verdict"] = {"findings": [{"rule": "HL7-X", "level": "refuse"}]}
    root = parsed(svg(journey_of(made, KNOWN), "en", links="/exchanges/w"))
    links = [element.get("href") for element in root.iter(f"{{{NAMESPACE}}}a")]
    assert links[0] == "/exchanges/w/1?lang=en" and len(links) == 10
    assert "✗ refused · ACK AE · HL7-X" in texts(root)


def test_business_time_that_was_advanced_is_a_band() -> None:
    half_a_year = add_period(START, "P6M") - START
    made = [as_row(1, entry("dmp.TD2.1", "document:1"), START)]
    made += [as_row(2, entry("dmp.TD3.2", "document:1"), START + timedelta(minutes=3), half_a_year)]
    shown = texts(parsed(journey_svg(made, "fr")))
    assert "temps métier +P6M" in shown and "3 min plus tard" in shown


def test_what_repeats_is_folded_in_a_long_journey_only() -> None:
    poll = [entry("mssante.SELECT"), entry("mssante.FETCH")]
    short = journey_of(rows(poll * (LONG // 2))).exchanges
    assert folded(short) == list(short)
    long = folded(journey_of(rows([*poll * 50, entry("mssante.MESSAGE")])).exchanges)
    assert [(one.label, one.repeats) for one in long] == [("SELECT", 50), ("FETCH", 50), ("MESSAGE", 1)]
    unlike = [entry(f"dmp.TD{number}") for number in range(MOST + 7)]
    root = parsed(journey_svg(rows(unlike), "en"))
    assert any("+ 7 more" in text for text in texts(root))


def test_texts_are_in_both_languages() -> None:
    for words in (ACTORS, ACTS, OUTCOMES, SAID):
        assert words["fr"].keys() == words["en"].keys()


@pytest.mark.parametrize(("lang", "words"), [("fr", "RÉPÉTITION"), ("en", "REHEARSAL")])
def test_a_report_is_marked_as_a_rehearsal(lang: Any, words: str) -> None:
    titles, steps = {"fr": "Lettre <x>", "en": "Letter <x>"}, [{"say": {"fr": "un", "en": "one"}}]
    scenario = cast("Scenario", SimpleNamespace(title=titles.__getitem__, steps=steps))
    page = report_html(Result(scenario, ()), rows(discharge()), lang, known=KNOWN)
    assert words in page and "<svg" in page and "&lt;x&gt;" in page and "<script" not in page
