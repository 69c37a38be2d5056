"""The family of structures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from simulators.core.rules import Text
from simulators.population import registry
from simulators.population.exchange_formats import cells
from simulators.population.exchange_formats.family import Column, Family
from simulators.population.exchange_formats.remarks import Notes
from simulators.population.exchange_formats.schemas import member_schema
from simulators.population.exchange_formats.standing import ADOPTED, AS_RECEIVED, REFERENCE
from simulators.population.idnat import StructIdNat, is_valid_struct_idnat
from simulators.population.json_form import Json, kept_as_received
from simulators.population.national import is_valid_finess, is_valid_siret
from simulators.population.structure import Structure
from simulators.population.validity import Validity

_FRENCH_KINDS: Final = {
    "entite-juridique": "legal-entity",
    "hopital": "hospital",
    "cabinet": "practice",
    "laboratoire": "laboratory",
    "imagerie": "imaging-centre",
    "pharmacie": "pharmacy",
    "autre": "other",
}
KIND: Final = cells.choice(_FRENCH_KINDS | {word: word for word in _FRENCH_KINDS.values()})

_COLUMNS: Final = (
    REFERENCE,
    Column(
        "identifiant_structure",
        "struct_idnat",
        cells.IDENTIFIER,
        Text(
            "1 + FINESS, 3 + SIRET… ; un FINESS (9) ou un SIRET (14) seul est complété",
            "1 + FINESS, 3 + SIRET…; a bare FINESS (9) or SIRET (14) is completed",
        ),
        "10B0999777",
        required=True,
        aliases=("struct_idnat", "identifiant", "id_structure"),
    ),
    Column("nom", "name", cells.TEXT, Text("Raison sociale", "Name"), "HOPITAL FICTIF", required=True),
    Column("type", "kind", KIND, Text(", ".join(_FRENCH_KINDS), ", ".join(_FRENCH_KINDS)), "hopital"),
    Column(
        "secteur",
        "sector",
        cells.IDENTIFIER,
        Text("Secteur d'activité, SAxx de TRE_R02", "Sector, SAxx of TRE_R02"),
        "SA01",
        required=True,
        aliases=("secteur_activite", "secteur d'activité"),
    ),
    Column(
        "finess",
        "finess",
        cells.OPTIONAL,
        Text("FINESS ; colonne absente : tiré de l'identifiant", "FINESS; no column: taken from the identifier"),
        "0B0999777",
    ),
    Column(
        "siret",
        "siret",
        cells.OPTIONAL,
        Text("SIRET ; colonne absente : tiré de l'identifiant", "SIRET; no column: taken from the identifier"),
    ),
    Column(
        "entite_juridique",
        "legal_entity",
        cells.OPTIONAL,
        Text("Identifiant de l'entité juridique (EJ)", "Identifier of the legal entity (EJ)"),
        aliases=("ej", "finess_ej"),
    ),
    Column(
        "services",
        "services",
        cells.pairs("code", "name"),
        Text("code:libellé des unités, | entre elles", "code:label of the units, | between"),
        "1001:Cardiologie|1002:Urgences",
    ),
    ADOPTED,
    AS_RECEIVED,
)


def with_prefix(identifier: str) -> str:
    """A bare FINESS or SIRET as a Struct_IdNat; anything else as it is."""
    if re.fullmatch(r"[0-9][0-9AB][0-9]{7}", identifier):
        return f"1{identifier}"
    return f"3{identifier}" if re.fullmatch(r"[0-9]{14}", identifier) else identifier


def settle(given: Json, notes: Notes) -> None:
    if not kept_as_received(given):
        for field in ("struct_idnat", "legal_entity"):
            if given.get(field):
                given[field] = with_prefix(given[field])


def new(given: Json) -> Json:
    identifier = StructIdNat.as_received(key(given))
    finess, siret = identifier.finess, identifier.siret
    return {
        "slug": key(given),
        "kind": "other",
        "finess": finess.value if finess else None,
        "siret": siret.value if siret else None,
    }


def key(member: Json) -> str:
    return str(member.get("struct_idnat") or "")


def identifiers(member: Json) -> Iterator[tuple[str, Validity]]:
    yield "struct_idnat", is_valid_struct_idnat(member["struct_idnat"])
    if member.get("finess"):
        yield "finess", is_valid_finess(member["finess"])
    if member.get("siret"):
        yield "siret", is_valid_siret(member["siret"])
    if member.get("legal_entity"):
        yield "legal_entity", is_valid_struct_idnat(member["legal_entity"])


def _dump(member: Any) -> Json:
    json: Json = member.to_json()
    return json


STRUCTURES: Final = Family(
    name="structures",
    title=Text("Structures", "Structures"),
    columns=_COLUMNS,
    schema=lambda: member_schema("structure"),
    load=Structure.from_json,
    dump=_dump,
    key=key,
    find=registry.structure,
    keep=registry.save_structure,
    every=registry.structures,
    new=new,
    settle=settle,
    reference="slug",
    identifiers=identifiers,
)
