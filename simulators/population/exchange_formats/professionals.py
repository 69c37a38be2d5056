"""The family of professionals: one CSV row for each activity, the first row of a professional being the usual one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from simulators.core.rules import Text
from simulators.population import registry
from simulators.population.exchange_formats import cells, remarks
from simulators.population.exchange_formats.family import Column, Family, Row, at
from simulators.population.exchange_formats.remarks import Notes
from simulators.population.exchange_formats.schemas import member_schema
from simulators.population.exchange_formats.standing import ADOPTED, AS_RECEIVED, REFERENCE
from simulators.population.exchange_formats.structures import with_prefix
from simulators.population.idnat import PS_IDNAT_OID, is_valid_ps_idnat, is_valid_struct_idnat
from simulators.population.json_form import Json, kept_as_received
from simulators.population.professional import Professional
from simulators.population.validity import Validity

PROFESSIONS_OID: Final = "1.2.250.1.71.1.2.7"
SPECIALTIES_OID: Final = "1.2.250.1.71.4.2.5"

_COLUMNS: Final = (
    REFERENCE,
    Column(
        "identifiant_ps",
        "ps_idnat",
        cells.IDENTIFIER,
        Text(
            "RPPS (11 chiffres), ou identifiant national avec son préfixe (8 + RPPS)",
            "RPPS (11 digits), or national identifier with its prefix (8 + RPPS)",
        ),
        "99700009998",
        required=True,
        aliases=("rpps", "ps_idnat", "identifiant", "identifiant_national"),
    ),
    Column("nom", "family", cells.TEXT, Text("Nom d'exercice", "Family name"), "SIMULE", required=True),
    Column("prenom", "given", cells.TEXT, Text("Prénom d'exercice", "Given name"), "ALIX"),
    Column("civilite", "civility", cells.TEXT, Text("M, MME…", "M, MME…"), "MME"),
    Column(
        "profession",
        "activity/profession/code",
        cells.IDENTIFIER,
        Text("Code de la profession (TRE_G15)", "Code of the profession (TRE_G15)"),
        "10",
        aliases=("code_profession",),
    ),
    Column(
        "oid_profession",
        "activity/profession/system",
        cells.IDENTIFIER,
        Text(f"OID de la nomenclature ; vide : {PROFESSIONS_OID}", f"OID of the system; empty: {PROFESSIONS_OID}"),
    ),
    Column(
        "specialite",
        "activity/specialty/code",
        cells.IDENTIFIER,
        Text("Code de la spécialité (TRE_R01), ou vide", "Code of the speciality (TRE_R01), or empty"),
        "SM26",
        aliases=("savoir_faire", "code_savoir_faire"),
    ),
    Column(
        "oid_specialite",
        "activity/specialty/system",
        cells.IDENTIFIER,
        Text(f"OID de la nomenclature ; vide : {SPECIALTIES_OID}", f"OID of the system; empty: {SPECIALTIES_OID}"),
    ),
    Column(
        "structure",
        "activity/structure",
        cells.IDENTIFIER,
        Text("Structure où il exerce : 1 + FINESS, 3 + SIRET…", "Where he works: 1 + FINESS, 3 + SIRET…"),
        "10B0999777",
        aliases=("identifiant_structure",),
    ),
    Column(
        "secteur",
        "activity/sector",
        cells.IDENTIFIER,
        Text("Secteur d'activité, SAxx de TRE_R02", "Sector, SAxx of TRE_R02"),
        "SA01",
        aliases=("secteur_activite", "secteur d'activité"),
    ),
    ADOPTED,
    AS_RECEIVED,
)
_ACTIVITY: Final = {"profession/code": "profession", "structure": "structure", "sector": "secteur"}


def settle(given: Json, notes: Notes) -> None:
    """The cells of one activity as a list of one, or of none when its cells are empty."""
    kept = kept_as_received(given)
    if not kept and re.fullmatch(r"[0-9]{11}", given.get("ps_idnat") or ""):
        given["ps_idnat"] = f"8{given['ps_idnat']}"
    if "activity" not in given:
        return
    activity = given.pop("activity")
    given["activities"] = [_activity(activity, kept, notes)] if activity else []


def _activity(cells_of: Json, kept: bool, notes: Notes) -> Json:
    for place, column in _ACTIVITY.items():
        if not at(cells_of, place):
            notes.at(remarks.REQUIRED, column, expected="profession, structure, secteur")
    profession, specialty = cells_of.get("profession") or {}, cells_of.get("specialty")
    structure = cells_of.get("structure") or ""
    return {
        "profession": {"system": PROFESSIONS_OID, **profession},
        "specialty": {"system": SPECIALTIES_OID, **specialty} if specialty else None,
        "structure": structure if kept else with_prefix(structure),
        "sector": cells_of.get("sector") or "",
    }


def new(given: Json) -> Json:
    return {"slug": key(given), "given": "", "civility": "", "activities": []}


def key(member: Json) -> str:
    return str(member.get("ps_idnat") or "")


def merge(first: Json, further: Json, notes: Notes) -> Json:
    """Two rows of one professional: one more activity; what is said of the person must agree."""
    for name in first.keys() | further.keys():
        if name != "activities" and first.get(name) != further.get(name):
            notes.add(remarks.DISAGREES, name, found=further.get(name), expected=first.get(name))
    return {**first, "activities": [*first.get("activities", ()), *further.get("activities", ())]}


def rows(family: Family, member: Json) -> list[Row]:
    """One CSV row an activity, one at least."""
    made: list[Row] = []
    for activity in member["activities"] or [None]:
        told = {**member, "activity": activity or {}}
        made.append({column.name: column.kind.write(at(told, column.field)) for column in family.columns})
    return made


def identifiers(member: Json) -> Iterator[tuple[str, Validity]]:
    yield "ps_idnat", is_valid_ps_idnat(member["ps_idnat"])
    for activity in member["activities"]:
        yield "activity/structure", is_valid_struct_idnat(activity["structure"])


def _dump(member: Any) -> Json:
    json: Json = member.to_json()
    return json


PROFESSIONALS: Final = Family(
    name="professionals",
    title=Text("Professionnels", "Professionals"),
    columns=_COLUMNS,
    schema=lambda: member_schema("professional"),
    load=Professional.from_json,
    dump=_dump,
    key=key,
    find=registry.professional,
    keep=registry.save_professional,
    every=registry.professionals,
    new=new,
    settle=settle,
    rows=rows,
    merge=merge,
    spread=("activities", "activity"),
    reference="slug",
    identifiers=identifiers,
    wire_text=lambda member: f"{member['ps_idnat']}^^^^^^^^&{PS_IDNAT_OID}&ISO^D^^^IDNPS",
)
