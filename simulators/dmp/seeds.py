"""What a new world's DMP holds: the reference population, and an authorisation for each treating physician."""

from __future__ import annotations

from simulators.core.store.api import Tx
from simulators.core.world import World, born
from simulators.dmp import authorisations
from simulators.population import registry
from simulators.population.reference import reference_population


def seed(tx: Tx, world: World) -> None:
    """Populates a world that has nobody yet, then authorises treating physicians on active DMPs at its birth.

    A world populated before (an imported population) keeps its people.
    """
    if next(registry.patients(tx), None) is None:
        registry.populate(tx, reference_population())
    for patient in registry.patients(tx):
        if patient.dmp_state != "active":
            continue
        for physician in patient.treating_physicians:
            authorisations.grant(tx, patient, physician.value, "", world.business(born(tx)))
