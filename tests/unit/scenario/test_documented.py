"""The page of the language names everything the language has."""

from __future__ import annotations

from pathlib import Path

from simulators.core.shipped import shipped
from simulators.scenario.acts import KINDS
from simulators.scenario.conditions import TESTS
from simulators.scenario.load import schema
from simulators.scenario.looking import LOOKS
from simulators.scenario.peers import ON_THE_WIRE

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "scenarios.md").read_text("utf-8")


def test_every_step_test_look_and_scenario_is_documented() -> None:
    assert [kind for kind in KINDS if f"`{kind}" not in PAGE] == []
    assert [test for test in TESTS if f"`{test}" not in PAGE] == []
    assert [look for look in LOOKS if f"`{look}" not in PAGE] == []
    assert [verb for verb in ON_THE_WIRE["identity"] if verb not in PAGE] == []
    assert [path.name for path in shipped("scenarios").glob("*.yaml") if f"`{path.name}`" not in PAGE] == []


def test_what_can_be_played_is_what_the_schema_has() -> None:
    step = schema()["$defs"]["step"]
    kinds = {next(iter(one["required"])) for one in step["oneOf"]}
    assert kinds == set(KINDS)
    assert set(schema()["$defs"]["until"]["properties"]) - {"expect", "within"} == set(LOOKS) - {"journal"}
