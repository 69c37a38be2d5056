"""Whose record it is: the hospital, its professionals, and the instants by which it acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from simulators.core.errors import SandboxError
from simulators.core.rules import Policy
from simulators.core.store.api import Tx
from simulators.core.world import World
from simulators.dpi.settings import STRUCTURE
from simulators.population import registry
from simulators.population.model import Professional, Structure


class NoSuch(SandboxError):
    """There is no such document, patient, professional or structure."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant in the two times, with the policy that holds."""

    wire: datetime
    business: datetime
    policy: Policy

    @classmethod
    def of(cls, world: World, wall: datetime) -> Self:
        return cls(world.wire(wall), world.business(wall), world.policy)


def hospital(tx: Tx, policy: Policy) -> Structure:
    """The structure of the record. Raises :class:`NoSuch`."""
    name = STRUCTURE.text(policy)
    found = next((s for s in registry.structures(tx) if name in {s.slug, s.struct_idnat.value, facility(s)}), None)
    if found is None:
        raise NoSuch(f"the world has no structure {name!r}: set {STRUCTURE.name}")
    return found


def facility(structure: Structure) -> str:
    """What MSH-4 and PRT-8.10 say of it: its FINESS, else its name."""
    return structure.finess.value if structure.finess is not None else structure.name


def author(tx: Tx, structure: Structure, name: str = "") -> Professional:
    """The professional of that reference name, PS_IdNat or RPPS; by default somebody who works in the structure.
    Raises :class:`NoSuch`."""
    people = list(registry.professionals(tx))
    if name:
        found = [p for p in people if name in {p.slug, p.ps_idnat.value, p.rpps.value if p.rpps else ""}]
    else:
        found = [p for p in people if structure.struct_idnat in {one.structure for one in p.activities}]
        found.sort(key=lambda p: p.rpps is None)
    if not found or not found[0].activities:
        raise NoSuch(f"no professional {name!r} with an activity" if name else f"nobody works in {structure.name}")
    return found[0]
