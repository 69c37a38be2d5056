"""The product's own data: adopted, adopted with a warning, or refused, as the world says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core import rules
from simulators.core.errors import Refused
from simulators.core.exchange import Arrival, Call, Runtime
from simulators.core.faults.book import TriggerBook
from simulators.core.rules import Catalogue, Grade, Level, Policy, Rule
from simulators.core.store import Store
from simulators.core.world import Worlds
from simulators.population import registry
from simulators.population.adoption import (
    Traits,
    better_known,
    birth_of,
    known_patient,
    known_professional,
    known_structure,
)
from simulators.population.ins import INS_TEST_OID, Ins

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TEXT = rules.Text("inconnu", "unknown")
UNKNOWN = Rule("TOY-UNKNOWN", Level.WARN, "id", "test", Grade.SOURCED, TEXT, TEXT)
MATRICULE = "285060099900138"
INS = Ins.as_received(MATRICULE, INS_TEST_OID)


@contextmanager
def calling(store: Store, unknown: str = "adopt") -> Iterator[Call]:
    """A call in a world without anybody."""
    worlds = Worlds(store, lambda: NOW)
    world = worlds.ensure("w", policy=Policy(unknown={"*": unknown}))
    faults = TriggerBook(store, Catalogue[Any](), {})
    runtime = Runtime(store, worlds, lambda: NOW, Catalogue[Any](), faults)
    arrival = Arrival("toy", "toy", "127.0.0.1:1", "POST", "/", {}, b"")
    with store.write("w") as tx:
        yield Call(runtime, arrival, world, NOW, "toy.Put", _tx=tx)


def test_who_is_unknown_is_registered_as_received_and_noted(memory_store: Store) -> None:
    with calling(memory_store) as call:
        place = known_structure(call, "1990000009", "/s", UNKNOWN, name="CENTRE", sector="SA01")
        person = known_professional(call, "899700000999", "/p", UNKNOWN, family="FICTIF", given="ALIX")
        patient = known_patient(call, INS, "/i", UNKNOWN)
        assert (place.name, place.adopted, place.kind) == ("CENTRE", True, "other")
        assert (person.family, person.given, person.adopted) == ("FICTIF", "ALIX", True)
        assert (patient.dmp_state, patient.sex, patient.birth_date) == ("active", "F", date(1985, 6, 1))
        assert not call.verdict.findings
        assert call.marks["adopted"] == [
            "structures:1990000009",
            "professionals:899700000999",
            f"patients:{MATRICULE}",
        ]
    with memory_store.read("w") as tx:
        assert registry.patient(tx, MATRICULE) == patient
        assert registry.structure(tx, "1990000009") == place


def test_the_second_time_nobody_is_adopted(memory_store: Store) -> None:
    for count in (1, 0):
        with calling(memory_store) as call:
            known_patient(call, INS, "/i", UNKNOWN)
            assert len(call.marks.get("adopted", [])) == count


def test_warn_serves_and_says_so(memory_store: Store) -> None:
    with calling(memory_store, "warn") as call:
        assert known_patient(call, INS, "/i", UNKNOWN).adopted
        (finding,) = call.verdict.findings
    assert (finding.rule, finding.level, finding.where, finding.found) == (UNKNOWN, Level.WARN, "/i", MATRICULE)
    with calling(memory_store, "warn") as call:
        known_patient(call, INS, "/i", UNKNOWN)
        assert not call.verdict.findings


def test_refuse_refuses_and_registers_nobody(memory_store: Store) -> None:
    with pytest.raises(Refused), calling(memory_store, "refuse") as call:
        known_patient(call, INS, "/i", UNKNOWN)
    with memory_store.read("w") as tx:
        assert registry.patient(tx, MATRICULE) is None


def test_what_a_document_tells_of_an_adopted_patient_is_kept(memory_store: Store) -> None:
    with calling(memory_store) as call:
        made_up = known_patient(call, INS, "/i", UNKNOWN)
        better_known(call.tx, made_up, Traits("FICTIF", ("ALIX", "NOA"), "USAGE", "M", date(1985, 6, 20)))
        found = registry.patient(call.tx, MATRICULE)
        assert found is not None
        assert (found.birth_name, found.given_names, found.used_name) == ("FICTIF", ("ALIX", "NOA"), "USAGE")
        assert (found.sex, found.birth_date, found.adopted) == ("M", date(1985, 6, 20), True)
        better_known(call.tx, found, Traits("AUTRE", ("X",)))
        assert registry.patient(call.tx, MATRICULE) == found


@pytest.mark.parametrize(
    ("matricule", "year", "born"),
    [
        ("185010099900171", 2026, date(1985, 1, 1)),
        ("226030099900100", 2026, date(2026, 3, 1)),
        ("226030099900100", 2025, date(1926, 3, 1)),
        ("127120099900100", 2026, date(1927, 12, 1)),
        ("127120099900100", 2027, date(2027, 12, 1)),
        ("185320099900171", 2026, date(1985, 1, 1)),
        ("1²²³", 2026, date(2000, 1, 1)),
        ("", 2026, date(2000, 1, 1)),
        ("199", 50, date(1, 1, 1)),
    ],
)
def test_birth_is_read_in_the_latest_century_not_to_come(matricule: str, year: int, born: date) -> None:
    assert birth_of(matricule, year) == born


@given(st.text(max_size=20), st.integers(1, 9999))
def test_any_text_has_a_birth(matricule: str, year: int) -> None:
    assert isinstance(birth_of(matricule, year), date)


HOSTILE = ["", "x", "^&|~", "é" * 50, "1" * 400, "99\u2028", "/../../x"]


@pytest.mark.parametrize("identifier", HOSTILE)
def test_any_identifier_is_adopted_as_received(memory_store: Store, identifier: str) -> None:
    with calling(memory_store) as call:
        assert known_structure(call, identifier, "/s", UNKNOWN).struct_idnat.value == identifier
        assert known_professional(call, identifier, "/p", UNKNOWN).ps_idnat.value == identifier
        ins = Ins.as_received(identifier, INS_TEST_OID)
        assert known_patient(call, ins, "/i", UNKNOWN).ins.matricule == identifier
    with memory_store.read("w") as tx:
        assert len(registry.export(tx).patients) == 1
