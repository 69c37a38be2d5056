"""Worlds are born with people and with structures of their own, whatever their seeds."""

from __future__ import annotations

import pytest

from simulators.assembly.seeding import seeders
from simulators.core.routing import look_up
from simulators.core.store import Store
from simulators.core.world import Worlds
from simulators.population import registry
from simulators.population.reference import reference_population
from tests.unit.assembly.conftest import NOW


@pytest.fixture
def worlds(either_store: Store) -> Worlds:
    return Worlds(either_store, lambda: NOW, seeders([]))


def structures(worlds: Worlds, world: str) -> dict[str, str]:
    with worlds.store.read(world) as tx:
        return {s.slug: s.struct_idnat.value for s in registry.structures(tx)}


def test_main_holds_the_reference_population_and_claims_nothing(worlds: Worlds) -> None:
    worlds.create("main")
    reference = {s.slug: s.struct_idnat.value for s in reference_population().structures}
    assert structures(worlds, "main") == reference
    assert not [value for value in reference.values() if look_up(worlds.store, "structure", value)]


def test_two_worlds_of_one_seed_have_structures_of_their_own(worlds: Worlds) -> None:
    for name in ("a", "b", "c"):
        worlds.create(name, seed=7)
    owners = {
        value: look_up(worlds.store, "structure", value)
        for name in ("a", "b", "c")
        for slug, value in structures(worlds, name).items()
        if value.startswith("1")
    }
    finess = [s for s in reference_population().structures if s.finess is not None]
    assert len(owners) == 3 * len(finess)
    assert sorted(str(owner) for owner in owners.values()) == sorted(["a", "b", "c"] * len(finess))


def test_a_seed_gives_the_same_structures_again(worlds: Worlds) -> None:
    worlds.create("a", seed=7)
    before = structures(worlds, "a")
    worlds.delete("a")
    worlds.create("a", seed=7)
    assert structures(worlds, "a") == before


def test_people_work_in_the_structures_of_their_world(worlds: Worlds) -> None:
    worlds.create("a")
    own = set(structures(worlds, "a").values())
    with worlds.store.read("a") as tx:
        places = {a.structure.value for person in registry.professionals(tx) for a in person.activities}
        entities = {s.legal_entity.value for s in registry.structures(tx) if s.legal_entity}
    assert places <= own
    assert entities <= own
