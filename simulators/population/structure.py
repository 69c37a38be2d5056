"""A structure as a value, with the plain-JSON form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from simulators.population.idnat import StructIdNat
from simulators.population.json_form import Json, kept_as_received, present, require_valid, said_if_kept
from simulators.population.national import Finess, Siret

StructureKind = Literal["legal-entity", "hospital", "practice", "laboratory", "imaging-centre", "pharmacy", "other"]


@dataclass(frozen=True, slots=True)
class Service:
    """A service (functional unit) of a hospital, under the hospital's own code."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Structure:
    """A structure. ``legal_entity`` is the Struct_IdNat of the legal entity (EJ) a geographic one belongs to.

    Raises ``InvalidIdentifier`` unless ``adopted`` or ``as_received``.
    """

    slug: str
    struct_idnat: StructIdNat
    name: str
    kind: StructureKind
    sector: str
    finess: Finess | None = None
    siret: Siret | None = None
    legal_entity: StructIdNat | None = None
    services: tuple[Service, ...] = ()
    adopted: bool = False
    as_received: bool = False

    def __post_init__(self) -> None:
        identifiers = (self.struct_idnat, self.finess, self.siret, self.legal_entity)
        kept = self.adopted or self.as_received
        require_valid(kept, (identifier.validity for identifier in identifiers if identifier))

    def to_json(self) -> Json:
        """Plain JSON of this structure."""
        return {
            "slug": self.slug,
            "struct_idnat": self.struct_idnat.value,
            "name": self.name,
            "kind": self.kind,
            "sector": self.sector,
            "finess": self.finess.value if self.finess else None,
            "siret": self.siret.value if self.siret else None,
            "legal_entity": self.legal_entity.value if self.legal_entity else None,
            "services": [{"code": service.code, "name": service.name} for service in self.services],
            "adopted": self.adopted,
            **said_if_kept(self.as_received),
        }

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Inverse of ``to_json``. Raises as the constructor, and ``KeyError``."""
        kept = kept_as_received(data)
        struct_idnat = StructIdNat.as_received if kept else StructIdNat
        finess, siret = (Finess.as_received, Siret.as_received) if kept else (Finess, Siret)
        return cls(
            **present(data, ["slug", "name", "kind", "sector", "adopted", "as_received"]),
            struct_idnat=struct_idnat(data["struct_idnat"]),
            finess=finess(data["finess"]) if data.get("finess") else None,
            siret=siret(data["siret"]) if data.get("siret") else None,
            legal_entity=struct_idnat(data["legal_entity"]) if data.get("legal_entity") else None,
            services=tuple(Service(service["code"], service["name"]) for service in data.get("services", ())),
        )
