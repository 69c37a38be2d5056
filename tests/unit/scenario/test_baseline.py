"""Known findings with an expiry date: what is new, what is known, what has expired, what is gone."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.scenario.baseline import Entry, InvalidBaseline, Seen, dumps, findings, judge, load, recorded
from tests.unit.scenario.fakes import finding, row

TODAY = date(2026, 11, 21)
LATER, BEFORE = date(2026, 11, 21), date(2026, 11, 20)


def seen(rule: str = "DMP-X", operation: str = "dmp.TD2.1", where: str = "/a/b[2]/c", number: int = 1) -> Seen:
    return Seen("w", number, operation, finding(rule, "warn", where=where))


def entry(**more: Any) -> Entry:
    return Entry(**{"rule": "DMP-X", "until": LATER, "reason": "known", **more})


def test_a_new_finding_fails_once_for_each_kind() -> None:
    judged = judge([], [seen(), seen(where="/a/b[7]/c", number=2), seen("DMP-Y")], TODAY)
    assert not judged.passed
    assert {kind: len(found) for kind, found in judged.new.items()} == {
        ("DMP-X", "dmp.TD2.1", "/a/b[*]/c"): 2,
        ("DMP-Y", "dmp.TD2.1", "/a/b[*]/c"): 1,
    }


def test_a_known_finding_passes_on_its_last_day_and_fails_on_the_next() -> None:
    assert judge([entry()], [seen()], TODAY).passed
    judged = judge([entry(until=BEFORE)], [seen()], TODAY)
    assert not judged.passed
    assert not judged.new
    assert [str(e) for e in judged.expired] == ["DMP-X on * at *"]


def test_of_two_entries_the_one_that_holds_counts() -> None:
    judged = judge([entry(until=BEFORE), entry()], [seen()], TODAY)
    assert judged.passed
    assert judged.unused == [entry(until=BEFORE)]


def test_an_entry_nothing_meets_is_told_and_fails_nothing() -> None:
    judged = judge([entry(rule="DMP-GONE", until=BEFORE)], [], TODAY)
    assert judged.passed
    assert [e.rule for e in judged.unused] == ["DMP-GONE"]


@pytest.mark.parametrize(
    ("operation", "where", "covered"),
    [
        ("*", "*", True),
        ("dmp.*", "/a/b[*]/c", True),
        ("dmp.TD2.1", "/a/b[2]/c", True),
        ("dmp.TD2", "*", False),
        ("*", "/a/b", False),
        ("*", "/a/b[3]/c", False),
        ("dmp?TD2.1", "*", False),
    ],
)
def test_patterns_know_the_star_and_nothing_else(operation: str, where: str, covered: bool) -> None:
    assert entry(operation=operation, where=where).covers(seen()) is covered


def test_what_a_test_asked_for_is_no_finding() -> None:
    refused = {**row(3, "dmp.TD0.2", "refused", "DMP-X"), "world": "w"}
    refused["verdict"]["findings"].append(finding("DMP-W", "warn"))
    assert [one.rule for one in findings(refused)] == ["DMP-X", "DMP-W"]
    assert [one.rule for one in findings(refused, refusal_expected=True)] == ["DMP-W"]
    refused["verdict"]["forced"] = True
    assert list(findings(refused)) == []


def test_recording_keeps_what_is_there_and_adds_one_entry_a_kind() -> None:
    kept = entry(reason="mine", until=BEFORE)
    made = recorded([kept], [seen(), seen("DMP-Y"), seen("DMP-Y", where="/a/b[3]/c")], LATER, "new")
    assert made == [kept, Entry("DMP-Y", LATER, "new", "dmp.TD2.1", "/a/b[*]/c")]
    assert judge(made[1:], [seen("DMP-Y", where="/a/b[9]/c")], TODAY).passed


def test_a_written_file_is_read_back(tmp_path: Path) -> None:
    entries = [entry(reason='quotes " and: é #'), entry(rule="DMP-Y", operation="dmp.TD*", where="/x[*]")]
    path = tmp_path / "b.yaml"
    path.write_text(dumps(entries), "utf-8")
    assert [(e.rule, e.until, e.reason, e.operation, e.where) for e in load(path)] == [
        (e.rule, e.until, e.reason, e.operation, e.where) for e in entries
    ]
    assert load(path)[1].line == 8
    path.write_text("segur_baseline: 1\nfindings:\n", "utf-8")
    assert load(path) == []


HEAD = "segur_baseline: 1\nfindings:\n"
GOOD = HEAD + "  - {rule: A, reason: r, until: 2027-01-01}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ":1: expected segur_baseline: 1"),
        ("segur_baseline: 2\n", "expected segur_baseline: 1"),
        ("- a\n", "expected segur_baseline"),
        (HEAD + "  a: b\n", "expected a list"),
        (GOOD + "  - text\n", ":4: expected rule, reason, until"),
        (GOOD + "  - {rule: A, reason: r, until: tomorrow}\n", ":4: until: expected a day"),
        (GOOD + "  - {rule: A, reason: r}\n", ":4: field 'until' is required"),
        (GOOD + "  - {rule: A, until: 2027-01-01}\n", "field 'reason' is required"),
        (GOOD + "  - {rule: 7, reason: r, until: 2027-01-01}\n", "rule: expected a text"),
        (GOOD + "  - {rule: A, reason: r, until: 2027-01-01, why: x}\n", "unknown field 'why'"),
        ("segur_baseline: 1\nfindings: &a [*a]\n", "anchors and aliases"),
        ("[" * 4000, "b.yaml"),
        ("\x00", "b.yaml"),
    ],
)
def test_a_wrong_file_names_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "b.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(InvalidBaseline) as invalid:
        load(path)
    assert said in str(invalid.value)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"\xe9")
    for name in ("none", "latin"):
        with pytest.raises(InvalidBaseline, match="cannot be read"):
            load(tmp_path / name)


@given(st.lists(st.text(max_size=30), min_size=3, max_size=3))
def test_any_text_survives_writing(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    rule, operation, reason = (f"x{text}" for text in texts)
    storable = [t.encode("utf-8", "replace").decode() for t in (rule, operation, reason)]
    path = tmp_path_factory.mktemp("any") / "b.yaml"
    path.write_text(dumps([Entry(storable[0], LATER, storable[2], storable[1])]), "utf-8")
    (read,) = load(path)
    assert [read.rule, read.operation, read.reason] == storable
