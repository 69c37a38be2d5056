"""The shipped journeys over the real wire, twice each: the second finds the world of the first reset."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from simulators.cli.codes import PASS
from simulators.cli.playing import Playing
from simulators.clients.control import Control
from simulators.core.shipped import shipped
from simulators.scenario.load import load

SHIPPED = shipped("scenarios")
JOURNEYS = sorted(path.name for path in SHIPPED.glob("*.yaml") if load(path).data["segur_scenario"] == 2)


@pytest.mark.parametrize("name", JOURNEYS)
def test_the_journey_passes_twice(
    control: Control, name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    playing = Playing(control, "en")
    assert playing.play([load(SHIPPED / name), load(SHIPPED / name)]) == PASS, capsys.readouterr().out
    told = capsys.readouterr().out
    assert "SIM-BUG" not in told
    assert "skipped" not in told
    playing.write_junit(tmp_path / "report.xml")
    suites = etree.parse(str(tmp_path / "report.xml")).getroot()
    assert [suite.get("failures") for suite in suites] == ["0", "0"]


def test_every_journey_of_the_documentation_is_there() -> None:
    wanted = {"discharge-letter", "discharge-letter-outage", "replacement", "deletion", "org-to-app", "opposition"}
    wanted |= {"closed-patient-channel", "lost-answer", "slow-dmp", "third-parties"}
    assert {Path(name).stem for name in JOURNEYS} >= wanted
