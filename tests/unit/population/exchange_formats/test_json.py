"""JSON files: the population's schema, member by member."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.core.store import Store
from simulators.population.exchange_formats.members import OWN_FAMILIES
from simulators.population.exchange_formats.read import Given, read_file
from simulators.population.exchange_formats.reading import MOST_ROWS
from simulators.population.reference import reference_population
from tests.support.stores import borrowed, given_back
from tests.unit.population.exchange_formats.importing import Bench, outcomes, said

PEOPLE = reference_population()
ADULT, WOMAN = (PEOPLE.patient(name).to_json() for name in ("adult", "adult-woman"))


@pytest.fixture
def bench(memory_store: Store) -> Bench:
    return Bench(memory_store)


def test_a_whole_population(bench: Bench) -> None:
    report = bench.take("all.json", PEOPLE.dumps())
    assert set(outcomes(report)) == {"imported"}
    assert len(report.rows) == len(PEOPLE.patients) + len(PEOPLE.professionals) + len(PEOPLE.structures)
    assert sorted(bench.everyone()["patients"], key=lambda p: p.slug) == sorted(PEOPLE.patients, key=lambda p: p.slug)
    assert set(outcomes(bench.take("all.json", PEOPLE.dumps()))) == {"unchanged"}


@pytest.mark.parametrize(
    ("change", "column", "code"),
    [
        ({"sex": "X"}, "/patients/1/sex", "VALUE"),
        ({"birth_date": "1985-02-30"}, "/patients/1/birth_date", "VALUE"),
        ({"birth_name": 3}, "/patients/1/birth_name", "VALUE"),
        ({"ins": {"matricule": "185010099900172", "oid": "1.2.250.1.213.1.4.10"}}, "/patients/1/ins", "INS-KEY"),
        ({"ins": "185010099900171"}, "/patients/1/ins", "VALUE"),
        ({"slug": "adult"}, "/patients/1/slug", "NAME-TAKEN"),
        ({"ins": ADULT["ins"]}, "/patients/1", "TWICE"),
        ({"ins": {"matricule": "1\0", "oid": "1.2"}}, "/patients/1/ins/matricule", "VALUE"),
        ({"birthname": "X"}, "/patients/1", "VALUE"),
    ],
)
def test_a_wrong_member_is_pointed_at(bench: Bench, change: dict[str, Any], column: str, code: str) -> None:
    report = bench.take("p.json", json.dumps({"patients": [ADULT, WOMAN | change]}))
    assert said(report) == [(2, column, code)]
    assert bench.empty()


@pytest.mark.parametrize(
    ("text", "row", "column", "code"),
    [
        ("", 1, "", "JSON"),
        ('{"patients": [\n{"slug": }]}', 2, "", "JSON"),
        ("[]", 1, "", "JSON"),
        ("{}", 1, "", "EMPTY"),
        ('{"patients": {}}', 1, "/patients", "JSON"),
        ('{"martians": []}', 1, "/martians", "FAMILY"),
        ('{"patients": [3]}', 1, "/patients/0", "VALUE"),
        ('{"patients": [{"slug": "\\ud800"}]}', 1, "", "JSON"),
        ('{"patients": [{"slug": "a\0"}]}', 1, "", "NUL"),
        ("[" * 200_000, 1, "", "JSON"),
        ('{"patients": [' + "9" * 5_000 + "]}", 1, "", "JSON"),
        ('{"patients": [' + ",".join(["{}"] * (MOST_ROWS + 1)) + "]}", MOST_ROWS + 1, "", "TOO-MANY-ROWS"),
    ],
)
def test_a_file_that_cannot_be_read(bench: Bench, text: str, row: int, column: str, code: str) -> None:
    report = bench.take("p.json", text)
    assert said(report)[0][0] == row
    assert (column, code) in [(c, k) for _, c, k in said(report)]
    assert bench.empty()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(ADULT)), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(st.lists(json_values, min_size=1, max_size=3), st.sampled_from(["patients", "professionals", "structures"]))
def test_any_values_are_taken_or_refused(members: list[Any], family: str) -> None:
    assert read_file(Given("p.json", json.dumps({family: members}).encode()), OWN_FAMILIES).rows


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(list(ADULT)), json_values, max_size=4))
def test_any_change_of_a_member_is_taken_or_refused(change: dict[str, Any]) -> None:
    store = borrowed()
    report = Bench(store).take("p.json", json.dumps({"patients": [ADULT | change]}))
    assert outcomes(report)[0] in {"imported", "refused"}
    given_back(store)
