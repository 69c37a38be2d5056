"""A professional and the activities that tie one to structures, with the plain-JSON form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from simulators.population.idnat import PsIdNat, StructIdNat
from simulators.population.json_form import Json, kept_as_received, present, ps_idnats, require_valid, said_if_kept
from simulators.population.national import Rpps


@dataclass(frozen=True, slots=True)
class Coded:
    """A code and the OID of its system."""

    code: str
    system: str

    def to_json(self) -> Json:
        return {"code": self.code, "system": self.system}

    @classmethod
    def from_json(cls, data: Json) -> Self:
        return cls(data["code"], data["system"])


@dataclass(frozen=True, slots=True)
class Activity:
    """One practice situation.

    Profession of TRE_G15 or TRE_A00, speciality of TRE_R01 or section of TRE_G05 if any, sector SAxx of TRE_R02.
    """

    profession: Coded
    specialty: Coded | None
    structure: StructIdNat
    sector: str

    def to_json(self) -> Json:
        return {
            "profession": self.profession.to_json(),
            "specialty": self.specialty.to_json() if self.specialty else None,
            "structure": self.structure.value,
            "sector": self.sector,
        }

    @classmethod
    def from_json(cls, data: Json, *, adopted: bool = False) -> Self:
        specialty = Coded.from_json(data["specialty"]) if data.get("specialty") else None
        structure = (StructIdNat.as_received if adopted else StructIdNat)(data["structure"])
        return cls(Coded.from_json(data["profession"]), specialty, structure, data["sector"])


@dataclass(frozen=True, slots=True)
class Professional:
    """A professional, or a person of the non-professional staff (whose PS_IdNat holds no RPPS).

    ``activities``: the first one is the usual one. Raises ``InvalidIdentifier`` unless ``adopted`` or
    ``as_received``.
    """

    slug: str
    ps_idnat: PsIdNat
    family: str
    given: str
    civility: str
    activities: tuple[Activity, ...]
    adopted: bool = False
    as_received: bool = False

    def __post_init__(self) -> None:
        kept = self.adopted or self.as_received
        require_valid(kept, [self.ps_idnat.validity])
        require_valid(kept, (activity.structure.validity for activity in self.activities))

    @property
    def rpps(self) -> Rpps | None:
        """The RPPS inside the PS_IdNat, None for those who have none."""
        return self.ps_idnat.rpps

    def to_json(self) -> Json:
        """Plain JSON of this professional."""
        return {
            "slug": self.slug,
            "ps_idnat": self.ps_idnat.value,
            "family": self.family,
            "given": self.given,
            "civility": self.civility,
            "activities": [activity.to_json() for activity in self.activities],
            "adopted": self.adopted,
            **said_if_kept(self.as_received),
        }

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Inverse of ``to_json``. Raises as the constructor, and ``KeyError``."""
        kept = kept_as_received(data)
        return cls(
            **present(data, ["slug", "family", "given", "civility", "adopted", "as_received"]),
            ps_idnat=ps_idnats([data["ps_idnat"]], kept)[0],
            activities=tuple(Activity.from_json(activity, adopted=kept) for activity in data["activities"]),
        )
