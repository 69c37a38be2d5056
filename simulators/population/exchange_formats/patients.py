"""The family of patients: the columns of its CSV file, in the words of a French identity form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from simulators.core.rules import Text
from simulators.population import registry
from simulators.population.exchange_formats import cells
from simulators.population.exchange_formats.family import Column, Family, at
from simulators.population.exchange_formats.remarks import Notes
from simulators.population.exchange_formats.schemas import member_schema
from simulators.population.exchange_formats.standing import ADOPTED, AS_RECEIVED, REFERENCE
from simulators.population.idnat import is_valid_ps_idnat
from simulators.population.ins import INS_TEST_OID, is_valid_ins
from simulators.population.json_form import Json
from simulators.population.patient import Patient
from simulators.population.validity import Validity

SEX: Final = cells.choice({"M": "M", "F": "F", "H": "M", "masculin": "M", "feminin": "F", "homme": "M", "femme": "F"})
DMP_STATE: Final = cells.choice(
    {"actif": "active", "ferme": "closed", "aucun": "none", "inexistant": "none"}
    | {word: word for word in ("active", "closed", "none")}
)
_INS_LIST: Final = cells.pairs("matricule", "oid", INS_TEST_OID)

_COLUMNS: Final = (
    REFERENCE,
    Column(
        "ins",
        "ins/matricule",
        cells.IDENTIFIER,
        Text("Matricule INS, 15 caractères", "INS, 15 characters"),
        "185010099977771",
        required=True,
        aliases=("matricule", "matricule_ins"),
    ),
    Column(
        "oid_ins",
        "ins/oid",
        cells.IDENTIFIER,
        Text("OID de l'autorité de l'INS ; vide : OID de test", "OID of the INS authority; empty: the test OID"),
        INS_TEST_OID,
        aliases=("oid",),
    ),
    Column(
        "nom_naissance",
        "birth_name",
        cells.TEXT,
        Text("Nom de naissance", "Birth name"),
        "SIMULE",
        required=True,
        aliases=("nom_de_naissance", "nom_de_famille", "nom"),
    ),
    Column(
        "prenoms",
        "given_names",
        cells.NAMES,
        Text("Prénoms de l'état civil, dans l'ordre, séparés par une espace ou |", "Given names, blank or | between"),
        "ALIX|CAMILLE",
        required=True,
        aliases=("prenom", "liste_prenoms", "prenoms_de_naissance"),
    ),
    Column(
        "nom_utilise",
        "used_name",
        cells.OPTIONAL,
        Text("Nom utilisé, s'il diffère", "Name used, when it differs"),
        aliases=("nom_usage", "nom_d_usage"),
    ),
    Column("sexe", "sex", SEX, Text("M ou F", "M or F"), "M", required=True),
    Column(
        "date_naissance",
        "birth_date",
        cells.DATE,
        Text("AAAA-MM-JJ ou JJ/MM/AAAA", "YYYY-MM-DD or DD/MM/YYYY"),
        "1985-01-15",
        required=True,
        aliases=("date_de_naissance", "ddn"),
    ),
    Column(
        "lieu_naissance",
        "birth_place",
        cells.TEXT,
        Text("Code INSEE de la commune ou du pays", "INSEE code of the commune or country"),
        "75056",
        aliases=("lieu_de_naissance", "code_insee_naissance"),
    ),
    Column("adresse", "address/lines", cells.LIST, Text("Lignes d'adresse, | entre elles", "Lines, | between")),
    Column("code_postal", "address/postal_code", cells.TEXT, Text("Code postal", "Postal code")),
    Column("ville", "address/city", cells.OPTIONAL, Text("Commune de résidence", "City"), aliases=("commune",)),
    Column("pays", "address/country", cells.TEXT, Text("Pays, vide : France", "Country, empty: France")),
    Column("telephone", "phone", cells.OPTIONAL, Text("Téléphone", "Phone"), aliases=("tel",)),
    Column("courriel", "email", cells.OPTIONAL, Text("Adresse électronique", "E-mail"), aliases=("mail", "e_mail")),
    Column(
        "representants",
        "guardians",
        _INS_LIST,
        Text(
            "INS des représentants légaux, | entre eux, :OID possible", "INS of the guardians, | between, :OID allowed"
        ),
    ),
    Column(
        "etat_dmp",
        "dmp_state",
        DMP_STATE,
        Text(
            "actif, ferme ou aucun ; vide : actif pour un nouveau patient", "actif, ferme or aucun; empty: actif if new"
        ),
        "actif",
        aliases=("dmp",),
    ),
    Column("dmp_ferme_le", "dmp_closed_on", cells.DATE, Text("Date de fermeture du DMP", "Closing date of the DMP")),
    Column(
        "motif_fermeture",
        "dmp_closing_motive",
        cells.OPTIONAL,
        Text("Code du motif de fermeture", "Code of the closing motive"),
    ),
    Column("raison_fermeture", "dmp_closing_reason", cells.OPTIONAL, Text("Texte du motif", "Text of the motive")),
    Column(
        "opposition_bris_de_glace",
        "oppositions/bris_de_glace",
        cells.FLAG,
        Text("oui : s'oppose au bris de glace", "oui: opposes the bris de glace"),
    ),
    Column(
        "opposition_acces_urgence",
        "oppositions/acces_urgence",
        cells.FLAG,
        Text("oui : s'oppose à l'accès de la régulation", "oui: opposes access by the regulation"),
    ),
    Column(
        "opposition_alimentation",
        "oppositions/alimentation",
        cells.FLAG,
        Text("oui : s'oppose à l'alimentation (ZFA-9 IO)", "oui: opposes feeding (ZFA-9 IO)"),
    ),
    Column(
        "opposition_consultation",
        "oppositions/consultation",
        cells.FLAG,
        Text(
            "oui : ne consent pas à la consultation (ZFA-11 INC)", "oui: does not consent to consultation (ZFA-11 INC)"
        ),
    ),
    Column(
        "professionnels_bloques",
        "blocked_professionals",
        cells.LIST,
        Text("Identifiants nationaux (8 + RPPS), | entre eux", "National identifiers (8 + RPPS), | between"),
    ),
    Column(
        "medecins_traitants",
        "treating_physicians",
        cells.LIST,
        Text("Identifiants nationaux (8 + RPPS), | entre eux", "National identifiers (8 + RPPS), | between"),
        aliases=("medecin_traitant",),
    ),
    Column(
        "compte_internet", "internet_account", cells.FLAG, Text("oui : accès Internet ouvert", "oui: has web access")
    ),
    Column("rattache_mes", "attached_to_mes", cells.FLAG, Text("oui : rattaché à Mon espace santé", "oui: has MES")),
    ADOPTED,
    AS_RECEIVED,
)


def settle(given: Json, notes: Notes) -> None:
    """One row's cells made whole: the address as one value, nothing left of a closing."""
    if "address" in given:
        given["address"] = _address(given["address"])
    if given.get("dmp_state") in {"active", "none"}:
        for name in ("dmp_closed_on", "dmp_closing_motive", "dmp_closing_reason"):
            given.setdefault(name, None)


def _address(parts: Json) -> Json | None:
    if not any(parts.values()) and parts.get("city") is None:
        return None
    return {
        "lines": parts.get("lines") or [],
        "postal_code": parts.get("postal_code") or "",
        "city": parts.get("city") or "",
        "country": parts.get("country") or "",
    }


def new(given: Json) -> Json:
    """As one adopted from the wire: an active DMP, unless told otherwise."""
    active = given.get("dmp_state", "active") == "active"
    return {
        "slug": key(given),
        "ins": {"oid": INS_TEST_OID},
        "birth_place": key(given)[5:10],
        "dmp_state": "active",
        "internet_account": active,
        "attached_to_mes": active,
    }


def key(member: Json) -> str:
    return str(at(member, "ins/matricule") or "")


def identifiers(member: Json) -> Iterator[tuple[str, Validity]]:
    yield "ins", is_valid_ins(member["ins"]["matricule"], member["ins"]["oid"])
    for guardian in member.get("guardians", ()):
        yield "guardians", is_valid_ins(guardian["matricule"], guardian["oid"])
    for field in ("blocked_professionals", "treating_physicians"):
        for ps_idnat in member.get(field, ()):
            yield field, is_valid_ps_idnat(ps_idnat)


def _wire_text(member: Json) -> str:
    return "".join(
        f"{ins['matricule']}^^^&{ins['oid']}&ISO^NH|" for ins in (member["ins"], *member.get("guardians", ()))
    )


def _dump(member: Any) -> Json:
    json: Json = member.to_json()
    return json


PATIENTS: Final = Family(
    name="patients",
    title=Text("Patients", "Patients"),
    columns=_COLUMNS,
    schema=lambda: member_schema("patient"),
    load=Patient.from_json,
    dump=_dump,
    key=key,
    find=registry.patient,
    keep=registry.save_patient,
    every=registry.patients,
    new=new,
    settle=settle,
    reference="slug",
    identifiers=identifiers,
    wire_text=_wire_text,
)
