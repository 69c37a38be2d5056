"""A professional made up on the wallet page: the form read, every field at fault told, then signed in at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from simulators.core.exchange import Call
from simulators.core.rules import Finding, Text
from simulators.population import registry
from simulators.population.adoption import known_structure
from simulators.population.codes import code_list
from simulators.population.exchange_formats.professionals import PROFESSIONS_OID, SPECIALTIES_OID
from simulators.population.exchange_formats.structures import with_prefix
from simulators.population.generator import FictitiousIdentifiers
from simulators.population.idnat import PsIdNat, StructIdNat, is_valid_ps_idnat, is_valid_struct_idnat
from simulators.population.model import Activity, Coded, Professional
from simulators.pro_sante_connect.model import PscRequest
from simulators.pro_sante_connect.people import OTHER_ROLE
from simulators.pro_sante_connect.rules.login import CHOICE
from simulators.pro_sante_connect.signing_in import possible

NEW: Final = "new"
ROWS: Final = (1, 2, 3, 4)
CIVILITIES: Final = ("M", "MME")
SECRETARY: Final = "SECRETARIAT_MEDICAL"
_LONGEST: Final = 80
_NAME: Final = f"{_LONGEST} printable characters"
_SECTIONS_OID: Final = "1.2.250.1.71.4.2.6"
_PHARMACIST: Final = "21"
_SPECIALTY: Final = re.compile(r"[A-Z]{1,4}[0-9]{0,3}")
SAID: Final[dict[str, Text]] = {
    "a professional": Text("Choisissez un professionnel de la liste.", "Choose a professional of the list."),
    "CARD or MOBILE": Text(
        "Choisissez e-CPS ou carte : le reste n'est pas joué.", "Choose e-CPS or card: nothing else is played."
    ),
    "a national identifier": Text(
        "Identifiant : 8 + RPPS (11 chiffres), 0 + ADELI, 5 + SIRET + / + identifiant interne, ou ANS + 14 chiffres.",
        "Identifier: 8 + RPPS (11 digits), 0 + ADELI, 5 + SIRET + / + internal identifier, or ANS + 14 digits.",
    ),
    "an identifier nobody has": Text(
        "Ce professionnel existe déjà dans ce monde : choisissez-le dans la liste.",
        "This professional exists already in this world: choose them in the list.",
    ),
    "a family name": Text("Le nom d'exercice est nécessaire.", "The family name is needed."),
    _NAME: Text(
        f"Un nom a au plus {_LONGEST} caractères, tous imprimables.",
        f"A name has at most {_LONGEST} characters, all printable.",
    ),
    "M or MME": Text("Choisissez la civilité dans la liste.", "Choose the title from the list."),
    "a profession": Text("Choisissez une profession.", "Choose a profession."),
    "a code of TRE_G15": Text("Choisissez la profession dans la liste.", "Choose the profession from the list."),
    "empty without a profession": Text(
        "Une spécialité va avec une profession.", "A speciality goes with a profession."
    ),
    "a code such as SM26": Text(
        "Un code de spécialité, par exemple SM26, ou une section de pharmacien, par exemple A.",
        "The code of a speciality, for example SM26, or a pharmacists' section, for example A.",
    ),
    "a structure": Text(
        "Indiquez au moins une structure, ou laissez la profession vide pour qui n'exerce nulle part.",
        "Give at least one structure, or leave the profession empty for someone who practises nowhere.",
    ),
    "a structure's identifier": Text(
        "FINESS (9 caractères), SIRET (14 chiffres), ou identifiant avec son préfixe.",
        "FINESS (9 characters), SIRET (14 digits), or an identifier with its prefix.",
    ),
    "a code of TRE_R02": Text(
        "Choisissez le secteur où cette structure exerce.", "Choose the sector of this structure."
    ),
}
"""What the page says beside a field, by what was expected there."""


@dataclass
class Form:
    """The fields as typed, and what is wrong with them."""

    request: PscRequest
    problems: list[Finding] = field(default_factory=list)

    def get(self, name: str) -> str:
        return self.request.params.get(name).strip()

    def wrong(self, name: str, expected: str) -> None:
        self.problems.append(CHOICE.finding(self.request.where(name), found=self.get(name), expected=expected))


def created(call: Call, request: PscRequest) -> Professional:
    """The new professional, saved in the world. Raises ``Refused``, with one finding for each field at fault."""
    form = Form(request)
    identifier = _identifier(call, form)
    family, given, civility = _name(form, "family", needed=True), _name(form, "given"), _civility(form)
    profession, specialty = _profession(form), _specialty(form)
    practices = list(_practices(call, form))
    if practices and not form.get("profession"):
        form.wrong("profession", "a profession")
    if form.get("profession") and not practices and not any(form.get(f"structure{row}") for row in ROWS):
        form.wrong("structure1", "a structure")
    call.find(*form.problems)
    activities = []
    for row, structure, sector in practices:
        known_structure(call, structure, form.request.where(f"structure{row}"), CHOICE, sector=sector)
        activities.append(Activity(profession, specialty, StructIdNat.as_received(structure), sector))
    made = _saved(call, identifier, family, given, civility, tuple(activities))
    call.marks["created"] = made.ps_idnat.value
    return made


def lists(call: Call) -> dict[str, Any]:
    """What the form lets choose from: pairs of code and French label."""
    professions = [
        *((row.code, row.display) for row in code_list("TRE_G15_ProfessionSante") if row.extra["status"] == "active"),
        *((row.code, row.display) for row in code_list("JDV_J65_SubjectRole_DMP") if row.code == SECRETARY),
    ]
    sectors = [
        (row.code, row.display) for row in code_list("TRE_R02_SecteurActivite") if row.extra["status"] == "active"
    ]
    structures = [(found.struct_idnat.value, found.name) for found in registry.structures(call.tx)]
    return {
        "rows": ROWS,
        "civilities": CIVILITIES,
        "professions": sorted(professions, key=lambda pair: pair[1]),
        "sectors": sectors,
        "structures": structures,
    }


def _saved(
    call: Call, identifier: str, family: str, given: str, civility: str, activities: tuple[Activity, ...]
) -> Professional:
    """A wrong key is kept as received, as everywhere on the wire; the shape was checked."""
    kept = not is_valid_ps_idnat(identifier) or not all(activity.structure.validity for activity in activities)
    number = PsIdNat.as_received(identifier)
    made = Professional(identifier, number, family, given, civility, activities, as_received=kept)
    registry.save_professional(call.tx, made)
    return made


def _identifier(call: Call, form: Form) -> str:
    """As typed (a bare RPPS gets its prefix), else a fresh fictitious one of the world's own series."""
    typed = form.get("identifier")
    if not typed:
        fresh = FictitiousIdentifiers(call.world.seed)
        while registry.professional(call.tx, (made := fresh.ps_idnat().value)) is not None:
            pass
        return made
    value = f"8{typed}" if re.fullmatch(r"[0-9]{11}", typed) else typed
    if not possible(value):
        form.wrong("identifier", "a national identifier")
    elif registry.professional(call.tx, value) is not None:
        form.wrong("identifier", "an identifier nobody has")
    return value


def _name(form: Form, name: str, *, needed: bool = False) -> str:
    value = form.get(name)
    if needed and not value:
        form.wrong(name, "a family name")
    elif len(value) > _LONGEST or not value.isprintable():
        form.wrong(name, _NAME)
    return value


def _civility(form: Form) -> str:
    value = form.get("civility")
    if value and value not in CIVILITIES:
        form.wrong("civility", "M or MME")
    return value


def _profession(form: Form) -> Coded:
    code = form.get("profession")
    if code and code != SECRETARY and not code_list("TRE_G15_ProfessionSante").contains(code):
        form.wrong("profession", "a code of TRE_G15")
    return Coded(code, OTHER_ROLE if code == SECRETARY else PROFESSIONS_OID)


def _specialty(form: Form) -> Coded | None:
    code = form.get("specialty")
    if not code:
        return None
    if not form.get("profession"):
        form.wrong("specialty", "empty without a profession")
    elif not _SPECIALTY.fullmatch(code):
        form.wrong("specialty", "a code such as SM26")
    section = form.get("profession") == _PHARMACIST and len(code) <= 2
    return Coded(code, _SECTIONS_OID if section else SPECIALTIES_OID)


def _practices(call: Call, form: Form) -> Iterator[tuple[int, str, str]]:
    """Row, structure and sector of each activity that can be read; an empty row says nothing."""
    for row in ROWS:
        typed, sector = form.get(f"structure{row}"), form.get(f"sector{row}")
        structure = with_prefix(typed)
        if not typed and not sector:
            continue
        shape = is_valid_struct_idnat(structure)
        if not typed or not (shape or shape.only_key_wrong):
            form.wrong(f"structure{row}", "a structure's identifier")
            continue
        known = registry.structure(call.tx, structure)
        sector = sector or (known.sector if known is not None else "")
        if not code_list("TRE_R02_SecteurActivite").contains(sector):
            form.wrong(f"sector{row}", "a code of TRE_R02")
            continue
        yield row, structure, sector
