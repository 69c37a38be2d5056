"""Where and when a command is carried out: the hospital, the two times, numbers of the world's generator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from simulators.core.hl7 import stamp
from simulators.core.rules import Policy
from simulators.core.store.api import Tx
from simulators.core.world import World, identifier
from simulators.identity_repository.errors import CommandRefused
from simulators.identity_repository.settings import STRUCTURE
from simulators.population import registry
from simulators.population.model import Structure
from simulators.population.pam import Identifier, Unit

_DIGITS: Final = 10


@dataclass(frozen=True)
class Scene:
    """One command being carried out in an open transaction."""

    tx: Tx
    wire: datetime
    business: datetime
    policy: Policy
    hospital: Structure

    @classmethod
    def of(cls, tx: Tx, world: World, wall: datetime) -> Self:
        """Raises :class:`CommandRefused`: the world has no such structure."""
        name = STRUCTURE.text(world.policy)
        found = next((s for s in registry.structures(tx) if name in {s.slug, s.struct_idnat.value, _finess(s)}), None)
        if found is None:
            raise CommandRefused(f"the world has no structure {name!r}: set {STRUCTURE.name}")
        return cls(tx, world.wire(wall), world.business(wall), world.policy, found)

    @property
    def now(self) -> str:
        """The instant as a TS: what happens in the hospital is in business time."""
        return stamp(self.business)

    @property
    def facility(self) -> str:
        """MSH-4: the FINESS of the hospital, else its name."""
        return _finess(self.hospital) or self.hospital.name

    def own(self, value: str, kind: str) -> Identifier:
        """An identifier that the hospital gives (IPP, account, visit)."""
        return Identifier(value, kind, self.hospital.name, self.facility, "N")

    def number(self, of: str) -> str:
        """A new number of that series."""
        return f"{identifier(self.tx, f'identity.{of}').int % 10**_DIGITS:0{_DIGITS}d}"

    def unit(self, code: str) -> str:
        """A functional unit: the one named, or the first of the hospital."""
        return code or next((service.code for service in self.hospital.services), "1001")

    def unit_of(self, code: str) -> Unit:
        """The same with its label."""
        label = next((service.name for service in self.hospital.services if service.code == code), f"UF {code}")
        return Unit(code, label, self.hospital.name)


def _finess(structure: Structure) -> str:
    return structure.finess.value if structure.finess is not None else ""
