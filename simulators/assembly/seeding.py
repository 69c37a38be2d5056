"""What a new world is born with: the reference population, its own structures, each simulator's part.

Worlds other than ``main`` get structures of their own, because a declared structure is a routing key;
patients and professionals may repeat (natural data).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from simulators.core.errors import RoutingConflict
from simulators.core.routing import claim
from simulators.core.service import Service
from simulators.core.store.api import Tx
from simulators.core.world import MAIN, Seeder, World
from simulators.population import registry
from simulators.population.generator import FictitiousIdentifiers
from simulators.population.idnat import StructIdNat
from simulators.population.model import Population, Professional, Structure
from simulators.population.national import Finess
from simulators.population.reference import reference_population


def seeders(services: Iterable[Service]) -> tuple[Seeder, ...]:
    """The population first, then each simulator's seeder, then the clients that one has at another."""
    services = tuple(services)
    return (seed_population, *(s.seed for s in services if s.seed is not None), _introducing(services))


def _introducing(services: Iterable[Service]) -> Seeder:
    """Tells the providers of this sandbox of the clients that its other simulators use."""
    providers = {service.name: service.register for service in services if service.register is not None}
    relying = [service.relies_on for service in services if service.relies_on is not None]

    def introduce(tx: Tx, world: World) -> None:
        for client in (client for clients in relying for client in clients(tx)):
            register = providers.get(client["provider"])
            if register is not None:
                register(tx, client)

    return introduce


def seed_population(tx: Tx, world: World) -> None:
    """Fills a world with the reference population."""
    population = reference_population()
    if world.name != MAIN:
        population = with_own_structures(population, world.seed, lambda finess: _claimed(tx, finess))
    registry.populate(tx, population)


def with_own_structures(population: Population, seed: int, take: Callable[[StructIdNat], bool]) -> Population:
    """The same people working in structures that only this world has.

    ``take(struct_idnat)`` says whether the identifier is free: two worlds may have one seed, or neighbouring ones.
    """
    fresh = FictitiousIdentifiers(seed)
    new: dict[str, StructIdNat] = {}
    structures: list[Structure] = []
    for structure in population.structures:
        if structure.finess is None:
            structures.append(structure)
            continue
        finess = _free(fresh, take)
        new[structure.struct_idnat.value] = StructIdNat.of_finess(finess)
        structures.append(replace(structure, struct_idnat=new[structure.struct_idnat.value], finess=finess))
    moved = tuple(
        replace(s, legal_entity=new.get(s.legal_entity.value, s.legal_entity)) if s.legal_entity else s
        for s in structures
    )
    return Population(population.patients, tuple(_moved(p, new) for p in population.professionals), moved)


def _free(fresh: FictitiousIdentifiers, take: Callable[[StructIdNat], bool]) -> Finess:
    while True:
        finess = fresh.finess()
        if take(StructIdNat.of_finess(finess)):
            return finess


def _claimed(tx: Tx, structure: StructIdNat) -> bool:
    try:
        claim(tx, "structure", structure.value)
    except RoutingConflict:
        return False
    return True


def _moved(person: Professional, new: dict[str, StructIdNat]) -> Professional:
    activities = tuple(replace(a, structure=new.get(a.structure.value, a.structure)) for a in person.activities)
    return replace(person, activities=activities)
