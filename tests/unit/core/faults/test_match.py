from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core.exchange import Call
from simulators.core.faults.match import Match

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def call(
    operation: str = "dmp.TD2.1", who: Mapping[str, str] | None = None, keys: tuple[str, ...] = (), now: datetime = NOW
) -> Call:
    return cast(Call, SimpleNamespace(operation=operation, who=who or {}, keys=set(keys), business_now=now))


def holds(data: Mapping[str, Any], subject: Call) -> bool:
    return Match.from_json(data).holds(subject)


@pytest.mark.parametrize("on", ["dmp.TD2.1", "DMP.td2.1", "dmp.*", "*", "*.TD2.*", "dmp.TD2.1*"])
def test_on_holds(on: str) -> None:
    assert holds({"on": on}, call())


@pytest.mark.parametrize("on", ["dmp.TD2.10", "dmp.TD2x1", "dmp", "psc.*", "mp.*", "dmp.TD2"])
def test_on_does_not_hold(on: str) -> None:
    assert not holds({"on": on}, call())


def test_structure_and_professional_are_those_of_the_call() -> None:
    subject = call(who={"structure": "10B0123456", "professional": "899700000001"})
    assert holds({"on": "*", "structure": "10B0123456"}, subject)
    assert holds({"on": "*", "structure": "*0B0123456", "professional": "8997*"}, subject)
    assert not holds({"on": "*", "structure": "0B0123456"}, subject)
    assert not holds({"on": "*", "structure": "*", "professional": "0"}, subject)
    assert not holds({"on": "*", "structure": "10B0123456"}, call())


@pytest.mark.parametrize("key", ["patient:185010099900171", "patient:185010099900171^^^&1.2.250.1.213.1.4.10&ISO^NH"])
def test_patient_is_one_of_the_calls_keys_with_or_without_its_authority(key: str) -> None:
    subject = call(keys=("document:185010099900", key))
    assert holds({"on": "*", "patient": "185010099900171"}, subject)
    assert not holds({"on": "*", "patient": "185010099900"}, subject)


def test_patient_may_also_be_named_by_who() -> None:
    assert holds({"on": "*", "patient": "P"}, call(who={"patient": "P"}))


def test_between_has_its_start_and_not_its_end_in_business_time() -> None:
    data = {"on": "*", "between": "2026-03-01T09:00:00+00:00,2026-03-01T10:00:00+00:00"}
    found = [holds(data, call(now=NOW + timedelta(minutes=m))) for m in (-1, 0, 59, 60)]
    assert found == [False, True, True, False]


def test_an_instant_without_zone_is_in_paris() -> None:
    match = Match.from_json({"on": "*", "between": ["2026-03-01T10:00", "2026-03-02"]})
    assert match.between == (NOW, datetime(2026, 3, 1, 23, 0, tzinfo=UTC))


def test_nth_is_not_looked_at_by_holds() -> None:
    assert holds({"on": "*", "nth": 7}, call())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "on: the operation to act on"),
        ({"on": "dmp TD2"}, "on: the operation to act on"),
        ({"on": "*", "nth": 0}, "nth: a whole number from 1"),
        ({"on": "*", "nth": True}, "nth: a whole number from 1"),
        ({"on": "*", "nth": "2.5"}, "nth: a whole number from 1"),
        ({"on": "*", "structure": " "}, "structure: an identifier"),
        ({"on": "*", "patient": 12}, "patient: an identifier"),
        ({"on": "*", "professional": "9" * 500}, "professional: an identifier"),
        ({"on": "*", "between": "2026-03-01"}, "between: two ISO 8601 instants"),
        ({"on": "*", "between": ["yesterday", "2026-03-01"]}, "between: two ISO 8601 instants"),
        ({"on": "*", "between": {"from": 1}}, "between: two ISO 8601 instants"),
        ({"on": "*", "between": "2026-03-02,2026-03-01"}, "is not before the end"),
        ({"on": "*", "probability": 0.5}, "no condition 'probability'; it has: on, structure"),
    ],
)
def test_refused_in_plain_words(data: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match="(?s)" + words.replace("(", r"\(")):
        Match.from_json(data)


def test_a_command_line_gives_text_and_absent_values() -> None:
    match = Match.from_json({"on": "dmp.*", "nth": "3", "structure": None, "between": None})
    assert match == Match("dmp.*", nth=3)


IDS = st.none() | st.text("abc0*", min_size=1, max_size=5)
INSTANTS = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))


@given(st.text("abc.*-_", min_size=1), IDS, IDS, IDS, st.none() | st.integers(1, 999), st.tuples(INSTANTS, INSTANTS))
def test_json_and_back(
    on: str, structure: str, patient: str, professional: str, nth: int, times: tuple[datetime, datetime]
) -> None:
    start, end = sorted(times)
    match = Match(on[:100], structure, patient, professional, nth, (start, end) if start < end else None)
    assert Match.from_json(json.loads(json.dumps(match.as_json()))) == match


@given(st.text("aAbB.+([\\^$|?{\n", max_size=6), st.text("aAbB.+([\\^$|?{\n", max_size=6))
def test_without_a_star_a_pattern_is_itself(pattern: str, text: str) -> None:
    found = Match("*", structure=pattern).holds(call(who={"structure": text}))
    assert found == (pattern.lower() == text.lower())
