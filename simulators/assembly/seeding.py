"""What a new world is born with: the reference population, its own structures, each simulator's part.

Worlds other than ``main`` get structures of their own, because a declared structure is a routing key;
patients and professionals may repeat (natural data).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from simulators.core.routing import claim
from simulators.core.store.api import Tx
from simulators.core.world import MAIN, Seeder, World
from simulators.population import registry
from simulators.population.generator import FictitiousIdentifiers
from simulators.population.idnat import StructIdNat
from simulators.population.model import Population, Professional, Structure
from simulators.population.reference import reference_population


def seeders(parts: Iterable[Seeder | None]) -> tuple[Seeder, ...]:
    """The population first, then each simulator's seeder."""
    return (seed_population, *(part for part in parts if part is not None))


def seed_population(tx: Tx, world: World) -> None:
    """Fills a world with the reference population."""
    population = reference_population()
    if world.name != MAIN:
        population = with_own_structures(population, world.seed)
        for structure in population.structures:
            if structure.finess is not None:
                claim(tx, "structure", structure.struct_idnat.value)
    registry.populate(tx, population)


def with_own_structures(population: Population, seed: int) -> Population:
    """The same people working in structures that only this world has."""
    fresh = FictitiousIdentifiers(seed)
    new: dict[str, StructIdNat] = {}
    structures: list[Structure] = []
    for structure in population.structures:
        if structure.finess is None:
            structures.append(structure)
            continue
        finess = fresh.finess()
        new[structure.struct_idnat.value] = StructIdNat.of_finess(finess)
        structures.append(replace(structure, struct_idnat=new[structure.struct_idnat.value], finess=finess))
    moved = tuple(
        replace(s, legal_entity=new.get(s.legal_entity.value, s.legal_entity)) if s.legal_entity else s
        for s in structures
    )
    return Population(population.patients, tuple(_moved(p, new) for p in population.professionals), moved)


def _moved(person: Professional, new: dict[str, StructIdNat]) -> Professional:
    activities = tuple(replace(a, structure=new.get(a.structure.value, a.structure)) for a in person.activities)
    return replace(person, activities=activities)
