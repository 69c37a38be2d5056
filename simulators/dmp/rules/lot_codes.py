"""The codes of a lot against the national value sets. Labels never count (facts dmp §8 #28)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeGuard

from simulators.core.rules import Example, Finding, Level, Rule
from simulators.dmp.document_settings import MASKED_AND_INVISIBLE
from simulators.dmp.rules.lot_making import (
    ENTRY,
    MAPPING,
    PDSM,
    REPOSITORY,
    SET,
    TRACKER,
    author_slot,
    classified,
    lot_rule,
)
from simulators.dmp.rules.lot_structure import entries_first
from simulators.dmp.rules.making import INFERRED, SOURCED
from simulators.dmp.submission import Submission
from simulators.documents.metadata import class_of
from simulators.documents.xds import schemes
from simulators.documents.xds.model import Code, DocumentEntry
from simulators.documents.xds.values import Hl7Value
from simulators.population.codes import code_list

MASKED: Final = "MASQUE_PS"
INVISIBLE: Final = "INVISIBLE_PATIENT"
HIDDEN_FROM_GUARDIANS: Final = "INVISIBLE_REPRESENTANTS_LEGAUX"
MIME_TYPES: Final = ("text/xml", "application/xslt+xml", "application/dicom")
_J66: Final = "JDV_J66_TypeCode_DMP"
_J57: Final = "JDV_J57_ClassCode_DMP"
_J60: Final = "JDV_J60_FormatCode_DMP"
_J61: Final = "JDV_J61_HealthcareFacilityTypeCode_DMP"
_J62: Final = "JDV_J62_PracticeSettingCode_DMP"
_J04: Final = "JDV_J04_XdsPracticeSettingCode_CISIS"
_J58: Final = "JDV_J58_ConfidentialityCode_DMP"
_J59: Final = "JDV_J59_ContentTypeCode_DMP"
_J01: Final = "JDV_J01_XdsAuthorSpecialty_CISIS"
_CONFIDENTIALITY: Final = f"{ENTRY}/rim:Classification"
_LISTS: Final = (_J66, _J57, _J60, _J61, _J62, _J58, _J59, _J01)
_EXPECTED: Final = {name: f"a code of {'_'.join(name.split('_')[:2])}" for name in _LISTS}

TYPE = lot_rule(
    "TYPE",
    "typeCode",
    "le type de document n'est pas dans le jeu de valeurs JDV_J66 du DMP",
    "the document type is not in value set JDV_J66 of the DMP",
    "prenez un code (et son système) de JDV_J66-TypeCode-DMP",
    "take a code (and its system) of JDV_J66-TypeCode-DMP",
    source=f"{MAPPING}; JDV_J66",
    grade=SOURCED,
    code=REPOSITORY,
    example=Example(
        f"{classified(schemes.ENTRY_TYPE)}/@nodeRepresentation", "99999-9^^2.16.840.1.113883.6.1", _EXPECTED[_J66]
    ),
)
CLASS = lot_rule(
    "CLASS",
    "classCode",
    "la classe de document n'est pas dans le jeu de valeurs JDV_J57 du DMP",
    "the document class is not in value set JDV_J57 of the DMP",
    "prenez la classe que ASS_X16 associe au type de document",
    "take the class that ASS_X16 associates with the document type",
    source="JDV_J57",
    grade=SOURCED,
    code=REPOSITORY,
    example=Example(
        f"{classified(schemes.ENTRY_CLASS)}/@nodeRepresentation", "99^^1.2.250.1.213.1.1.4.1", _EXPECTED[_J57]
    ),
)
CLASS_OF_TYPE = lot_rule(
    "CLASS-TYPE",
    "classCode against typeCode",
    "la classe n'est pas celle que ASS_X16 associe au type de document",
    "the class is not the one ASS_X16 associates with the document type",
    "prenez la classe attendue",
    "take the class expected",
    source="ASS_X16; a client in the field and published samples break it",
    grade=INFERRED,
    code=REPOSITORY,
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("CLASS", "TYPE"),
    example=Example(
        f"{classified(schemes.ENTRY_CLASS)}/@nodeRepresentation",
        "11^^1.2.250.1.213.1.1.4.1",
        "10^^1.2.250.1.213.1.1.4.1",
    ),
)
FORMAT = lot_rule(
    "FORMAT",
    "formatCode",
    "le format de document n'est pas dans le jeu de valeurs JDV_J60 du DMP",
    "the document format is not in value set JDV_J60 of the DMP",
    "prenez un code de JDV_J60-FormatCode-DMP",
    "take a code of JDV_J60-FormatCode-DMP",
    source="JDV_J60",
    grade=SOURCED,
    code=REPOSITORY,
    example=Example(
        f"{classified(schemes.ENTRY_FORMAT)}/@nodeRepresentation",
        "urn:exemple:format^^1.3.6.1.4.1.19376.1.2.3",
        _EXPECTED[_J60],
    ),
)
FORMAT_SCHEME = lot_rule(
    "FORMAT-SCHEME",
    "scheme of formatCode",
    "le système du format n'est pas celui que JDV_J60 lui donne",
    "the scheme of the format is not the one JDV_J60 gives it",
    "prenez le système attendu",
    "take the scheme expected",
    source="JDV_J60; published samples disagree among themselves",
    grade=INFERRED,
    code=REPOSITORY,
    level=Level.WARN,
    needs=("FORMAT",),
    example=Example(
        f"{classified(schemes.ENTRY_FORMAT)}/rim:Slot/rim:ValueList/rim:Value",
        "1.2.250.1.213.1.1.4.12",
        "1.3.6.1.4.1.19376.1.2.3",
    ),
)
FACILITY = lot_rule(
    "FACILITY",
    "healthcareFacilityTypeCode",
    "le type de structure n'est pas dans le jeu de valeurs JDV_J61 du DMP",
    "the facility type is not in value set JDV_J61 of the DMP",
    "prenez un code (et son système) de JDV_J61-HealthcareFacilityTypeCode-DMP",
    "take a code (and its system) of JDV_J61-HealthcareFacilityTypeCode-DMP",
    source=f"{MAPPING}; JDV_J61",
    grade=SOURCED,
    code=REPOSITORY,
    example=Example(
        f"{classified(schemes.ENTRY_FACILITY)}/@nodeRepresentation", "SA99^^1.2.250.1.71.4.2.4", _EXPECTED[_J61]
    ),
)
PRACTICE = lot_rule(
    "PRACTICE",
    "practiceSettingCode",
    "le cadre d'exercice n'est pas dans le jeu de valeurs JDV_J62 du DMP",
    "the practice setting is not in value set JDV_J62 of the DMP",
    "prenez un code (et son système) de JDV_J62-PracticeSettingCode-DMP",
    "take a code (and its system) of JDV_J62-PracticeSettingCode-DMP",
    source="JDV_J62",
    grade=SOURCED,
    code=REPOSITORY,
    example=Example(
        f"{classified(schemes.ENTRY_PRACTICE)}/@nodeRepresentation",
        "CABINET^^1.2.250.1.213.1.1.4.9",
        _EXPECTED[_J62],
    ),
)
PRACTICE_NEWER = lot_rule(
    "PRACTICE-CISIS",
    "practiceSettingCode",
    "ce cadre d'exercice est dans la liste du CI-SIS (JDV_J04) mais pas dans celle du DMP (JDV_J62)",
    "this practice setting is in the list of the CI-SIS (JDV_J04) but not in that of the DMP (JDV_J62)",
    "prenez un code de JDV_J62-PracticeSettingCode-DMP, ou vérifiez que sa version courante a ce code",
    "take a code of JDV_J62-PracticeSettingCode-DMP, or check that its current version has this code",
    source="JDV_J62 (2023-09-22), older than JDV_J04 (2024-09-27); a published sample",
    grade=INFERRED,
    code=REPOSITORY,
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example(
        f"{classified(schemes.ENTRY_PRACTICE)}/@nodeRepresentation",
        "ESSMS^^1.2.250.1.213.1.1.4.9",
        _EXPECTED[_J62],
    ),
)
CONFIDENTIALITY = lot_rule(
    "CONFIDENTIALITY",
    "confidentialityCode",
    "le code de confidentialité n'est pas dans le jeu de valeurs JDV_J58 du DMP",
    "the confidentiality code is not in value set JDV_J58 of the DMP",
    "N, R ou V (2.16.840.1.113883.5.25), MASQUE_PS, INVISIBLE_PATIENT ou INVISIBLE_REPRESENTANTS_LEGAUX "
    "(1.2.250.1.213.1.1.4.13)",
    "N, R or V (2.16.840.1.113883.5.25), MASQUE_PS, INVISIBLE_PATIENT or INVISIBLE_REPRESENTANTS_LEGAUX "
    "(1.2.250.1.213.1.1.4.13)",
    source="JDV_J58",
    grade=SOURCED,
    code=REPOSITORY,
    example=Example(
        f"{classified(schemes.ENTRY_CONFIDENTIALITY)}/@nodeRepresentation",
        "INVISIBLE_REP_LEGAUX^^2.16.840.1.113883.5.25",
        _EXPECTED[_J58],
    ),
)
CONFIDENTIALITY_BASE = lot_rule(
    "CONFIDENTIALITY-N",
    "confidentialityCode N",
    "le code de confidentialité N, socle obligatoire, est absent",
    "the confidentiality code N, the mandatory baseline, is missing",
    "ajoutez N (2.16.840.1.113883.5.25) à côté des codes de visibilité",
    "add N (2.16.840.1.113883.5.25) beside the visibility codes",
    source=f"{PDSM}, DocumentEntry",
    grade=SOURCED,
    code=REPOSITORY,
    needs=("CONFIDENTIALITY",),
    example=Example(ENTRY, "MASQUE_PS", "N"),
)
VISIBILITY = lot_rule(
    "VISIBILITY",
    "MASQUE_PS with INVISIBLE_PATIENT",
    "un document ne peut pas être à la fois masqué aux professionnels et invisible au patient",
    "a document cannot be both masked to professionals and invisible to the patient",
    "retirez MASQUE_PS ou INVISIBLE_PATIENT",
    "remove MASQUE_PS or INVISIBLE_PATIENT",
    source=f"{TRACKER}, EX_2.1-1050",
    grade=SOURCED,
    code=REPOSITORY,
    example=Example(f"{_CONFIDENTIALITY}[6]/@nodeRepresentation", INVISIBLE, f"{MASKED} or {INVISIBLE}, not both"),
)
SECRET = lot_rule(
    "SECRET",
    "visibility under a secret connection",
    "en connexion secrète, seul un document invisible aux représentants légaux peut être déposé",
    "under a secret connection, only a document hidden from the legal guardians may be deposited",
    "ajoutez INVISIBLE_REPRESENTANTS_LEGAUX, ou retirez l'attribut de confidentialité du VIHF",
    "add INVISIBLE_REPRESENTANTS_LEGAUX, or remove the confidentiality attribute of the VIHF",
    source=f"{TRACKER}, EX_2.1-1050",
    grade=SOURCED,
    code=REPOSITORY,
    needs=("CONFIDENTIALITY",),
    example=Example(ENTRY, "N", HIDDEN_FROM_GUARDIANS),
)
CONTENT_TYPE = lot_rule(
    "CONTENT-TYPE",
    "contentTypeCode",
    "le type d'activité du lot n'est pas dans le jeu de valeurs JDV_J59 du DMP",
    "the content type of the lot is not in value set JDV_J59 of the DMP",
    "prenez un code (et son système) de JDV_J59-ContentTypeCode-DMP, par exemple 03 du système 1.2.250.1.213.2.2",
    "take a code (and its system) of JDV_J59-ContentTypeCode-DMP, for example 03 of system 1.2.250.1.213.2.2",
    source=f"{MAPPING}; JDV_J59",
    grade=SOURCED,
    code=REPOSITORY,
    example=Example(
        f"{classified(schemes.SET_CONTENT_TYPE, SET)}/@nodeRepresentation",
        "99^^1.2.250.1.213.2.2",
        _EXPECTED[_J59],
    ),
)
SPECIALTY = lot_rule(
    "SPECIALTY",
    "authorSpecialty",
    "la spécialité de l'auteur n'est pas dans le jeu de valeurs JDV_J01",
    "the author's specialty is not in value set JDV_J01",
    "code^libellé^1.2.250.1.213.1.1.4.5, par exemple G15_10/SM26",
    "code^label^1.2.250.1.213.1.1.4.5, for example G15_10/SM26",
    source="JDV_J01 (JDV_J56 of the DMP is not published here)",
    grade=INFERRED,
    code=REPOSITORY,
    level=Level.WARN,
    example=Example(author_slot("authorSpecialty"), "G15_10/SM99^Inconnue^1.2.250.1.213.1.1.4.5", _EXPECTED[_J01]),
)
MIME = lot_rule(
    "MIME",
    "mimeType",
    "ce type de contenu n'est pas de ceux que le DMP reçoit",
    "this content type is none of those the DMP receives",
    "text/xml pour un CDA, application/xslt+xml s'il est autoprésentable, application/dicom pour un KOS",
    "text/xml for a CDA, application/xslt+xml when self-presentable, application/dicom for a KOS",
    source=MAPPING,
    grade=INFERRED,
    code=REPOSITORY,
    example=Example(f"{ENTRY}/@mimeType", "application/pdf", " ".join(MIME_TYPES)),
)


def whole(code: Code | None) -> TypeGuard[Code]:
    """Whether a code and its system are there; when not, another rule says so."""
    return code is not None and bool(code.code and code.system)


def entry_codes(case: Submission) -> Iterator[Finding]:
    """Each coded attribute of each document against its list; the signature entry has codes of its own."""
    for deposit in case.documents:
        entry = deposit.entry
        yield from _listed(entry, "typeCode", entry.type_code, TYPE, _J66)
        yield from _listed(entry, "classCode", entry.class_code, CLASS, _J57)
        yield from _listed(entry, "healthcareFacilityTypeCode", entry.facility_code, FACILITY, _J61)
        yield from _class_of_type(entry)
        yield from _format(entry)
        yield from _practice(entry)
        if entry.mime_type and entry.mime_type not in MIME_TYPES:
            yield MIME.finding(entry.where("mimeType"), found=entry.mime_type, expected=" ".join(MIME_TYPES))


def confidentiality(case: Submission) -> Iterator[Finding]:
    """Codes, baseline, forbidden combination, secret connection."""
    for deposit in case.documents:
        entry = deposit.entry
        for index, code in enumerate(entry.confidentiality_codes):
            yield from _listed(entry, "confidentialityCode", code, CONFIDENTIALITY, _J58, index)
        codes = [code.code for code in entry.confidentiality_codes]
        if all(map(whole, entry.confidentiality_codes)) and codes and "N" not in codes:
            yield CONFIDENTIALITY_BASE.finding(entry.where(), found=" ".join(codes), expected="N")
        if {MASKED, INVISIBLE} <= set(codes) and not MASKED_AND_INVISIBLE.flag(case.policy):
            last = max(codes.index(MASKED), codes.index(INVISIBLE))
            place = entry.where("confidentialityCode", "code", last)
            yield VISIBILITY.finding(place, found=codes[last], expected=f"{MASKED} or {INVISIBLE}, not both")
        if codes and case.vihf.secret and HIDDEN_FROM_GUARDIANS not in codes:
            yield SECRET.finding(entry.where(), found=" ".join(codes), expected=HIDDEN_FROM_GUARDIANS)


def set_codes(case: Submission) -> Iterator[Finding]:
    """The content type of the lot, then the specialties of the authors, each once."""
    found = case.set.content_type
    if whole(found) and not code_list(_J59).contains(found.code, found.system):
        place = case.set.where("contentTypeCode", "code")
        yield CONTENT_TYPE.finding(place, found=_told(found), expected=_EXPECTED[_J59])
    seen: set[str] = set()
    for item in entries_first(case):
        for index, author in enumerate(item.authors):
            for specialty in author.specialties:
                if specialty not in seen and not _known_specialty(Hl7Value(specialty)):
                    place = item.where("author", "authorSpecialty", index)
                    yield SPECIALTY.finding(place, found=specialty, expected=_EXPECTED[_J01])
                seen.add(specialty)


def _listed(
    entry: DocumentEntry, name: str, code: Code | None, rule: Rule, list_name: str, index: int = 0
) -> Iterator[Finding]:
    if whole(code) and not code_list(list_name).contains(code.code, code.system):
        place = entry.where(name, _wrong_part(list_name, code), index)
        yield rule.finding(place, found=_told(code), expected=_EXPECTED[list_name])


def _wrong_part(list_name: str, code: Code) -> str:
    """The scheme when the code is in the list under another one, else the code."""
    return "system" if code_list(list_name).contains(code.code) else "code"


def _class_of_type(entry: DocumentEntry) -> Iterator[Finding]:
    if not whole(entry.type_code) or not whole(entry.class_code):
        return
    expected = class_of(entry.type_code)
    if expected is not None and not expected.same(entry.class_code):
        place = entry.where("classCode", "code")
        yield CLASS_OF_TYPE.finding(place, found=_told(entry.class_code), expected=_told(expected))


def _format(entry: DocumentEntry) -> Iterator[Finding]:
    code = entry.format_code
    if not whole(code):
        return
    rows = code_list(_J60).all(code.code)
    if not rows:
        yield FORMAT.finding(entry.where("formatCode", "code"), found=_told(code), expected=_EXPECTED[_J60])
    elif code.system not in {row.system for row in rows}:
        place = entry.where("formatCode", "system")
        yield FORMAT_SCHEME.finding(place, found=code.system, expected=rows[0].system)


def _practice(entry: DocumentEntry) -> Iterator[Finding]:
    code = entry.practice_code
    if not whole(code) or code_list(_J62).contains(code.code, code.system):
        return
    newer = code_list(_J04).contains(code.code, code.system)
    place = entry.where("practiceSettingCode", "code" if newer else _wrong_part(_J62, code))
    yield (PRACTICE_NEWER if newer else PRACTICE).finding(place, found=_told(code), expected=_EXPECTED[_J62])


def _known_specialty(value: Hl7Value) -> bool:
    return code_list(_J01).contains(value.part(1, 1), value.part(3, 1))


def _told(code: Code) -> str:
    return f"{code.code}^^{code.system}"


CHECKS: Final = (entry_codes, confidentiality, set_codes)
RULES: Final = (
    *(TYPE, CLASS, CLASS_OF_TYPE, FORMAT, FORMAT_SCHEME, FACILITY, PRACTICE, PRACTICE_NEWER),
    *(CONFIDENTIALITY, CONFIDENTIALITY_BASE, VISIBILITY, SECRET, CONTENT_TYPE, SPECIALTY, MIME),
)
