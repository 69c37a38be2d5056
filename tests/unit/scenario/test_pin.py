"""The pinned rule set: what was added, removed or changed, rule by rule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulators.scenario.pin import InvalidPin, differences, pin


def rule(name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "level": "warn",
        "strict": "refuse",
        "code": "c",
        "form": "fault",
        "switchable": True,
        "needs": [],
        "national": None,
        "sentence": {"fr": "phrase", "en": "sentence"},
        "mend": {"fr": "réparez", "en": "mend"},
        **more,
    }


@pytest.fixture
def pinned(tmp_path: Path) -> str:
    path = tmp_path / "rules.lock"
    path.write_text(pin([rule("B"), rule("A")], "0.1.0"), "utf-8")
    return str(path)


def test_the_same_rules_differ_in_nothing_whatever_their_order(pinned: str) -> None:
    assert differences(pinned, [rule("A"), rule("B")]) == []
    assert differences(json.loads(Path(pinned).read_text("utf-8"))["hash"], [rule("B"), rule("A")]) == []


def test_a_better_explanation_is_no_other_rule(pinned: str) -> None:
    better = rule("A", mend={"fr": "autrement", "en": "otherwise"}, sentence={"fr": "phrase", "en": "better"})
    assert differences(pinned, [better, rule("B")]) == []


def test_each_difference_is_one_line(pinned: str) -> None:
    now = [rule("A", level="refuse", national="Texte"), rule("C")]
    assert differences(pinned, now) == [
        "rule changed  A  level 'warn' -> 'refuse', text 'phrase' -> 'Texte'",
        "rule removed  B",
        "rule added    C  level warn",
    ]


def test_a_bare_hash_tells_that_they_differ(pinned: str) -> None:
    (line,) = differences("0" * 64, [rule("A")])
    assert "pinned 000" in line


def test_the_file_has_one_rule_a_line(pinned: str) -> None:
    lines = Path(pinned).read_text("utf-8").splitlines()
    assert [line.split(":")[0].strip() for line in lines[1:3]] == ['"A"', '"B"']


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"segur_rules": 2, "rules": {}}', '{"segur_rules": 1, "rules": {"A": 1}}', "[" * 20000]
)
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text(text, "utf-8")
    with pytest.raises(InvalidPin):
        differences(str(tmp_path / "x"), [])
    with pytest.raises(InvalidPin, match="64 hexadecimal"):
        differences(str(tmp_path / "none"), [])
