"""A world's own population: written whole at birth, kept apart from other worlds', exported as it stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from simulators.core.store import Store
from simulators.core.world import Worlds
from simulators.population import registry
from simulators.population.reference import reference_population

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PEOPLE = reference_population()


@pytest.fixture
def worlds(either_store: Store) -> Worlds:
    made = Worlds(either_store, lambda: NOW)
    made.create("a")
    made.create("b")
    return made


def test_what_is_written_is_exported(worlds: Worlds) -> None:
    with worlds.store.write("a") as tx:
        registry.populate(tx, PEOPLE)
    with worlds.store.read("a") as tx:
        found = registry.export(tx)
    assert sorted(found.patients, key=lambda p: p.slug) == sorted(PEOPLE.patients, key=lambda p: p.slug)
    assert {p.slug for p in found.professionals} == {p.slug for p in PEOPLE.professionals}
    assert {s.slug for s in found.structures} == {s.slug for s in PEOPLE.structures}


def test_each_member_is_found_by_its_bare_identifier(worlds: Worlds) -> None:
    patient, person, place = PEOPLE.patients[0], PEOPLE.professionals[0], PEOPLE.structures[0]
    with worlds.store.write("a") as tx:
        registry.populate(tx, PEOPLE)
        assert registry.patient(tx, patient.ins.matricule) == patient
        assert registry.professional(tx, person.ps_idnat.value) == person
        assert registry.structure(tx, place.struct_idnat.value) == place
        assert registry.patient(tx, "0") is None
        assert registry.professional(tx, "") is None
        assert registry.structure(tx, "nobody") is None


def test_saving_replaces(worlds: Worlds) -> None:
    patient = PEOPLE.patient("adult")
    person, place = PEOPLE.professional("nurse"), PEOPLE.structure("hospital")
    with worlds.store.write("a") as tx:
        registry.populate(tx, PEOPLE)
        registry.save_patient(tx, replace(patient, phone="0100000000"))
        registry.save_professional(tx, replace(person, given="AUTRE"))
        registry.save_structure(tx, replace(place, name="AUTRE"))
    with worlds.store.read("a") as tx:
        assert len(list(registry.patients(tx))) == len(PEOPLE.patients)
        assert registry.patient(tx, patient.ins.matricule) == replace(patient, phone="0100000000")
        found = registry.professional(tx, person.ps_idnat.value)
        assert found is not None
        assert found.given == "AUTRE"
        renamed = registry.structure(tx, place.struct_idnat.value)
        assert renamed is not None
        assert renamed.name == "AUTRE"


def test_worlds_do_not_see_each_other(worlds: Worlds) -> None:
    with worlds.store.write("a") as tx:
        registry.populate(tx, PEOPLE)
    with worlds.store.read("b") as tx:
        assert not list(registry.patients(tx))
        assert registry.structure(tx, PEOPLE.structures[0].struct_idnat.value) is None


def test_a_world_is_populated_once(worlds: Worlds) -> None:
    with worlds.store.write("a") as tx:
        registry.populate(tx, PEOPLE)
    with pytest.raises(IntegrityError), worlds.store.write("a") as tx:
        registry.populate(tx, PEOPLE)
