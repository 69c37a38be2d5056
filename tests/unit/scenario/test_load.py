"""Scenario files: valid ones are read, each defect names its file and line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core.shipped import shipped
from simulators.scenario.load import InvalidScenario, load, parse

GOOD = """segur_scenario: 1
title: {fr: un, en: one}
actors:
  h: {structure: hospital, professional: nurse}
steps:
  - say: {fr: a, en: b}
    as: h
    do: dmp.TD0.2
    patient: adult
"""


def flaws(text: str) -> list[str]:
    with pytest.raises(InvalidScenario) as caught:
        parse(text, "s.yaml")
    return [str(flaw) for flaw in caught.value.flaws]


def test_shipped_scenarios_are_valid() -> None:
    found = sorted(shipped("scenarios").glob("*.yaml"))
    assert found
    for path in found:
        assert load(path).steps


def test_lines_are_known() -> None:
    scenario = parse(GOOD, "s.yaml")
    assert scenario.line("steps", 0) == 6
    assert scenario.line("steps", 0, "do") == 8
    assert scenario.line("steps", 0, "nothing") == 6


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("segur_scenario: 1", "segur_scenario: 2", 1),
        ("do: dmp.TD0.2", "do: dmp.TD9.9", 8),
        ("    patient: adult\n", "", 6),
        ("    patient: adult\n", "    patient: adult\n    wait: 3\n", 6),
        ("title: {fr: un, en: one}", "title: {fr: un}", 2),
        ("    as: h\n", "    as: h\n    as: h\n", 8),
        ("patient: adult", "patient: &a adult", 9),
        ("patient: adult", "patient: *a", 9),
        ("steps:", "steps: [", 5),
    ],
)
def test_a_defect_names_its_line(old: str, new: str, line: int) -> None:
    found = flaws(GOOD.replace(old, new, 1))
    assert any(flaw.startswith("s.yaml:") for flaw in found)
    assert any(int(flaw.split(":")[1]) in {line, line + 1} for flaw in found)


def test_an_alias_bomb_is_refused_before_it_expands() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join('*' + chr(97 + n) for _ in range(9))}]\n" for n in range(9)
    )
    assert "anchors" in flaws(bomb)[0]


def test_tags_never_make_objects() -> None:
    assert flaws(GOOD.replace("patient: adult", "patient: !!python/object/apply:os.system ['true']"))


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text, "s.yaml")
    except InvalidScenario as refused:
        assert refused.flaws
