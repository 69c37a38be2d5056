"""A professional made up on the wallet page: the form read, every field at fault told, then signed in at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from simulators.core.exchange import Call
from simulators.core.rules import Finding
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
from simulators.pro_sante_connect.rules.authorization import CHOICE

NEW: Final = "new"
ROWS: Final = (1, 2, 3, 4)
CIVILITIES: Final = ("M", "MME")
SECRETARY: Final = "SECRETARIAT_MEDICAL"
_LONGEST: Final = 80
_SECTIONS_OID: Final = "1.2.250.1.71.4.2.6"
_PHARMACIST: Final = "21"
_EDIT: Final = re.compile(r"ANS[0-9]{14}")
_SPECIALTY: Final = re.compile(r"[A-Z]{1,4}[0-9]{0,3}")


@dataclass
class Form:
    """The fields as typed, and what is wrong with them."""

    request: PscRequest
    problems: list[Finding] = field(default_factory=list)

    def get(self, name: str) -> str:
        return self.request.params.get(name).strip()

    def wrong(self, name: str, expected: str, fr: str, en: str) -> None:
        where = self.request.where(name)
        self.problems.append(CHOICE.finding(where, found=self.get(name), expected=expected, fr=fr, en=en))


def created(call: Call, request: PscRequest) -> Professional:
    """The new professional, saved in the world. Raises ``Refused``, with one finding for each field at fault."""
    form = Form(request)
    identifier = _identifier(call, form)
    family, given, civility = _name(form, "family", needed=True), _name(form, "given"), _civility(form)
    profession, specialty = _profession(form), _specialty(form)
    practices = list(_practices(call, form))
    if practices and not form.get("profession"):
        form.wrong("profession", "a profession", "Choisissez une profession.", "Choose a profession.")
    if form.get("profession") and not practices and not any(form.get(f"structure{row}") for row in ROWS):
        fr = "Indiquez au moins une structure, ou laissez la profession vide pour qui n'exerce nulle part."
        en = "Give at least one structure, or leave the profession empty for someone who practises nowhere."
        form.wrong("structure1", "a structure", fr, en)
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
    shape = is_valid_ps_idnat(value)
    if not (shape or shape.only_key_wrong or _EDIT.fullmatch(value)):
        fr = "Attendu : 8 + RPPS (11 chiffres), 0 + ADELI, 5 + SIRET + / + identifiant interne, ou ANS + 14 chiffres."
        en = "Expected: 8 + RPPS (11 digits), 0 + ADELI, 5 + SIRET + / + internal identifier, or ANS + 14 digits."
        form.wrong("identifier", "a national identifier", fr, en)
    elif registry.professional(call.tx, value) is not None:
        fr = "Ce professionnel existe déjà dans ce monde : choisissez-le dans la liste."
        en = "This professional exists already in this world: choose them in the list."
        form.wrong("identifier", "an identifier nobody has yet", fr, en)
    return value


def _name(form: Form, name: str, *, needed: bool = False) -> str:
    value = form.get(name)
    if needed and not value:
        form.wrong(name, "a name", "Ce champ est nécessaire.", "This field is needed.")
    elif len(value) > _LONGEST or not value.isprintable():
        fr, en = f"Au plus {_LONGEST} caractères imprimables.", f"At most {_LONGEST} printable characters."
        form.wrong(name, f"at most {_LONGEST} printable characters", fr, en)
    return value


def _civility(form: Form) -> str:
    value = form.get("civility")
    if value and value not in CIVILITIES:
        form.wrong("civility", ", ".join(CIVILITIES), "Choisissez dans la liste.", "Choose from the list.")
    return value


def _profession(form: Form) -> Coded:
    code = form.get("profession")
    if code and code != SECRETARY and not code_list("TRE_G15_ProfessionSante").contains(code):
        form.wrong("profession", "a code of TRE_G15", "Choisissez dans la liste.", "Choose from the list.")
    return Coded(code, OTHER_ROLE if code == SECRETARY else PROFESSIONS_OID)


def _specialty(form: Form) -> Coded | None:
    code = form.get("specialty")
    if not code:
        return None
    if not form.get("profession"):
        fr, en = "Une spécialité va avec une profession.", "A speciality goes with a profession."
        form.wrong("specialty", "empty without a profession", fr, en)
    elif not _SPECIALTY.fullmatch(code):
        fr = "Un code de spécialité, par exemple SM26, ou une section de pharmacien, par exemple A."
        en = "The code of a speciality, for example SM26, or a pharmacists' section, for example A."
        form.wrong("specialty", "a code such as SM26", fr, en)
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
            fr = "Attendu : FINESS (9 caractères), SIRET (14 chiffres), ou un identifiant avec son préfixe."
            en = "Expected: FINESS (9 characters), SIRET (14 digits), or an identifier with its prefix."
            form.wrong(f"structure{row}", "a structure's identifier", fr, en)
            continue
        known = registry.structure(call.tx, structure)
        sector = sector or (known.sector if known is not None else "")
        if not code_list("TRE_R02_SecteurActivite").contains(sector):
            fr = "Choisissez le secteur d'activité de cette structure."
            en = "Choose the sector of this structure."
            form.wrong(f"sector{row}", "a code of TRE_R02", fr, en)
            continue
        yield row, structure, sector
