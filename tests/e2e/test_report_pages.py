"""``run --html``: a page a scenario, its steps and the picture of the journeys it made, from the running sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import html

from simulators.cli.playing import Playing
from simulators.clients.control import Control
from simulators.scenario.load import load


@pytest.mark.parametrize(("lang", "mark"), [("fr", "RÉPÉTITION"), ("en", "REHEARSAL")])
def test_the_page_of_a_journey(control: Control, scenarios: Path, tmp_path: Path, lang: str, mark: str) -> None:
    playing = Playing(control, lang, pages=tmp_path / "pages")
    assert playing.play([load(scenarios / "discharge-letter-outage.yaml")]) == 0
    (page,) = (tmp_path / "pages").iterdir()
    assert page.name == "discharge-letter-outage.html"
    read = html.fromstring(page.read_text("utf-8"))
    assert mark in read.text_content()
    assert not read.xpath("//script")
    pictures = ["".join(picture.itertext()) for picture in read.xpath("//*[local-name()='svg']")]
    letter = next(picture for picture in pictures if "MDM^T02" in picture)
    assert all(said in letter for said in ("DPI", "PFI", "DMP", "TD2.1", "ZAM^Z01 Y", "ZAM^Z02 Y"))
    assert len(read.xpath("//table//tr")) == 1 + len(playing.results[0].steps)


def test_without_the_option_nothing_is_written(control: Control, scenarios: Path, tmp_path: Path) -> None:
    assert Playing(control).play([load(scenarios / "first-document.yaml")]) == 0
    assert list(tmp_path.iterdir()) == []
