"""Conditions: every test holds for what it should and not for the rest; paths; patterns that no text makes slow."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.scenario.conditions import at, flaws, holds, misses, path_flaws
from simulators.scenario.patterns import LONGEST_PATTERN, LONGEST_TEXT, atoms, matches

ANSWER: dict[str, Any] = {
    "state": "acked",
    "count": 2,
    "final": False,
    "who": {"MSH-3": "DPI", "sender": "X"},
    "receipts": [
        {"kind": "Z01", "accepted": True, "to": {"address": "dmp"}},
        {"kind": "Z02", "accepted": False, "to": {"address": "a@b.test"}, "codes": ["902"]},
    ],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("state", "acked"),
        ("who.sender", "X"),
        ("who.MSH-3", "DPI"),
        ("receipts[0].kind", "Z01"),
        ("receipts.1.kind", "Z02"),
        ("receipts[-1].to.address", "a@b.test"),
        ("receipts[kind=Z02].codes[0]", "902"),
        ("receipts[kind=Z03].codes[0]", None),
        ("receipts[2].kind", None),
        ("receipts[-3].kind", None),
        ("state.nothing", None),
        ("state[kind=Z01]", None),
        ("nothing.at.all", None),
    ],
)
def test_a_path_leads_to_one_value(path: str, found: object) -> None:
    assert at(ANSWER, path) == found


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b", "a[", "a[b]", "a[1", "a b", "a[b=c", "a" * 201, "a()"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        at(ANSWER, path)


@pytest.mark.parametrize(
    ("condition", "found", "held"),
    [
        ("acked", "acked", True),
        (2, "2", True),
        (True, True, True),
        (True, "true", True),
        (True, False, False),
        ("", None, True),
        ("x", ["w", "x"], True),
        ("x", ["w", "xx"], False),
        ({"equals": "x"}, ["x"], False),
        ({"not": "sent"}, "acked", True),
        ({"not": "acked"}, "acked", False),
        ({"not": {"contains": "ck"}}, "acked", False),
        ({"contains": "ck"}, "acked", True),
        ({"contains": ""}, None, False),
        ({"contains": "Z01"}, ["Z01"], True),
        ({"contains": {"kind": "Z02", "accepted": False}}, ANSWER["receipts"], True),
        ({"contains": {"kind": "Z01", "accepted": False}}, ANSWER["receipts"], False),
        ({"matches": "a.*d"}, "acked", True),
        ({"matches": "ck"}, "acked", False),
        ({"matches": ".*"}, None, False),
        ({"less": 3}, 2, True),
        ({"less": "2.5"}, "2.4", True),
        ({"less": 2}, 2, False),
        ({"more": 2}, 3, True),
        ({"more": 2}, "many", False),
        ({"more": 0, "less": 3}, 3, False),
        ({"one_of": ["a", "acked"]}, "acked", True),
        ({"one_of": ["a"]}, "acked", False),
        ({"present": True}, "x", True),
        ({"present": True}, [], False),
        ({"present": True}, False, True),
        ({"present": False}, None, True),
        ({"count": 2}, [1, 2], True),
        ({"count": {"more": 2}}, [1, 2], False),
        ({"count": 0}, None, True),
        ({"all": {"accepted": {"present": True}}}, ANSWER["receipts"], True),
        ({"all": {"accepted": True}}, ANSWER["receipts"], False),
        ({"all": "x"}, [], False),
        ({"any": {"to.address": "dmp"}}, ANSWER["receipts"], True),
        ({"any": {"to.address": "nobody"}}, ANSWER["receipts"], False),
        ({"any": "x"}, "x", False),
        ({"sender": "X"}, ANSWER["who"], True),
        ({"sender": {"not": "X"}}, ANSWER["who"], False),
    ],
)
def test_a_condition_holds_or_not(condition: Any, found: Any, held: bool) -> None:
    assert not list(flaws(condition))
    assert holds(condition, found) is held


def test_a_miss_tells_what_was_found() -> None:
    assert misses({"state": "sent", "count": 2}, ANSWER) == {"state": ("sent", "acked")}


def test_references_are_resolved_in_values_and_in_paths() -> None:
    def resolve(value: Any) -> Any:
        return {"per:a": "a@b.test"}.get(value, value)

    path = "receipts[kind=Z02].to.address"
    assert not misses({path: "per:a"}, ANSWER, resolve)
    assert at({"list": [{"to": "a@b.test", "n": 1}]}, "list[to=per:a].n", resolve) == 1


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({}, "empty"),
        ({"equals": 1, "colour": 2}, "'colour' is no test"),
        ({"matches": "(a+)+b"}, "matches"),
        ({"matches": "a|b"}, "matches"),
        ({"matches": "[z-a]"}, "bad character range"),
        ({"matches": "a{3,2}"}, "larger"),
        ({"matches": "a" * (LONGEST_PATTERN + 1)}, "at most"),
        ({"less": "soon"}, "number"),
        ({"one_of": "x"}, "list"),
        ({"one_of": []}, "list"),
        ({"present": "yes"}, "true or false"),
        ({"all": {"a b": 1}}, "is no path"),
        ({"not": {"matches": "("}}, "matches"),
    ],
)
def test_a_condition_that_cannot_mean_anything_is_refused(condition: Any, said: str) -> None:
    assert any(said in flaw for flaw in flaws(condition))


def test_conditions_are_not_nested_without_end() -> None:
    deep: Any = "x"
    for _ in range(40):
        deep = {"not": deep}
    assert any("nested" in flaw for flaw in flaws(deep))
    assert any("is no path" in flaw for flaw in path_flaws({"a b": 1}))


# -- patterns ---------------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\.", "é", "[0-9a]"])
TIMES = st.sampled_from(["", "*", "+", "?", "{2}", "{1,3}", "{2,}", "{0,2}"])


@given(st.lists(st.tuples(PIECES, TIMES), max_size=6), st.text(alphabet="ab1.é\n", max_size=12))
def test_patterns_mean_what_regular_expressions_mean(parts: list[tuple[str, str]], text: str) -> None:
    pattern = "".join(piece + times for piece, times in parts)
    assert matches(pattern, text) is bool(re.fullmatch(pattern, text, re.DOTALL))


def test_no_text_makes_a_pattern_slow() -> None:
    """Backtracking would take longer than the age of the universe."""
    assert not matches("a?" * 60 + "a" * 60, "a" * 59)
    assert not matches(".*" * 90 + "x", "y" * 2_000)


def test_only_the_beginning_of_a_long_text_counts() -> None:
    assert matches("a+", "a" * LONGEST_TEXT + "b")


@given(st.text(max_size=60))
def test_any_text_is_a_pattern_or_refused(text: str) -> None:
    try:
        atoms(text)
    except ValueError:
        return
    assert matches(text, "some text") in {True, False}
