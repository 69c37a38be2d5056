"""The attributes of the submission set and of each entry: presence, number, form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.rules import Example, Finding, Level
from simulators.core.xml import text
from simulators.dmp.rules.lot_making import (
    ENTRY,
    IPF,
    ITI_41,
    MAPPING,
    REPOSITORY,
    SET,
    classified,
    identified,
    lot_rule,
    slot,
)
from simulators.dmp.rules.making import SOURCED, STANDARD
from simulators.dmp.submission import Submission
from simulators.documents.errors import BadValue
from simulators.documents.xds import places, schemes
from simulators.documents.xds.model import Code, DocumentEntry, SubmissionSet
from simulators.documents.xds.values import Cx, pad_dtm
from simulators.population.codes import code_list
from simulators.population.identifiers import is_valid_oid

Described = DocumentEntry | SubmissionSet

_ENTRY: Final = {
    "uniqueId": "unique_id",
    "patientId": "patient_id",
    "mimeType": "mime_type",
    "objectType": "object_type",
    "title": "title",
    "author": "authors",
    "classCode": "class_code",
    "typeCode": "type_code",
    "confidentialityCode": "confidentiality_codes",
    "formatCode": "format_code",
    "healthcareFacilityTypeCode": "facility_code",
    "practiceSettingCode": "practice_code",
    "creationTime": "creation_time",
    "languageCode": "language",
    "legalAuthenticator": "legal_authenticator",
    "serviceStartTime": "service_start",
    "sourcePatientId": "source_patient_id",
}
_SET: Final = {
    "uniqueId": "unique_id",
    "sourceId": "source_id",
    "patientId": "patient_id",
    "submissionTime": "submission_time",
    "author": "authors",
    "contentTypeCode": "content_type",
}
_SEVERAL: Final = frozenset({"author", "confidentialityCode", "mimeType", "objectType", "title"})
_OPTIONAL: Final = ("serviceStopTime", "hash", "size")
_SET_SLOTS: Final = frozenset(schemes.SET_SLOTS)
_SLOTS: Final = frozenset(schemes.ENTRY_SLOTS) | _SET_SLOTS
_DTM = "yyyyMMddHHmmss (4 to 14 digits)"
_OID = "an OID of at most 64 characters"
_J231: Final = "JDV_J231_TypesIdentifiantsReferenceId_DMP"

MISSING = lot_rule(
    "MISSING",
    "mandatory attributes",
    "un attribut obligatoire est absent ou vide",
    "a mandatory attribute is missing or empty",
    "renseignez l'attribut attendu",
    "fill in the attribute expected",
    source=MAPPING,
    grade=SOURCED,
    example=Example(ENTRY, "", "typeCode"),
)
REPEATED = lot_rule(
    "REPEATED",
    "attributes of a single value",
    "un attribut à valeur unique est donné plusieurs fois",
    "an attribute of a single value is given several times",
    "n'en gardez qu'un",
    "keep one only",
    source=ITI_41,
    grade=STANDARD,
    example=Example(f"{ENTRY}/rim:Classification[4]", "typeCode", "one value"),
)
CODED = lot_rule(
    "CODED",
    "coded Classification",
    "un attribut codé est incomplet",
    "a coded attribute is incomplete",
    "un attribut codé porte nodeRepresentation (code), un Slot codingScheme et un Name (libellé)",
    "a coded attribute bears nodeRepresentation (code), a Slot codingScheme and a Name (label)",
    source=ITI_41,
    grade=STANDARD,
    example=Example(f"{classified(schemes.ENTRY_TYPE)}/rim:Slot/rim:ValueList/rim:Value", "", "codingScheme"),
)
AUTHOR = lot_rule(
    "AUTHOR",
    "author",
    "un auteur n'a ni personne ni structure",
    "an author has neither person nor structure",
    "un auteur porte au moins authorPerson ou authorInstitution",
    "an author bears at least authorPerson or authorInstitution",
    source=MAPPING,
    grade=SOURCED,
    example=Example(classified(schemes.SET_AUTHOR, SET), "", "authorPerson or authorInstitution"),
)
INSTANT = lot_rule(
    "DATE",
    "instants",
    "l'instant n'est pas une date HL7 (DTM)",
    "the instant is no HL7 date (DTM)",
    "écrivez l'instant en UTC, chiffres seuls : 20260105083000",
    "write the instant in UTC, digits alone: 20260105083000",
    source=ITI_41,
    grade=STANDARD,
    example=Example(slot("creationTime"), "2026-01-05T08:30:00Z", _DTM),
)
UNIQUE_ID = lot_rule(
    "UNIQUE-ID",
    "uniqueId and sourceId",
    "l'identifiant n'est pas un OID",
    "the identifier is no OID",
    "un OID seul (ni UUID, ni OID^extension, que le DMP ne gère pas), de 64 caractères au plus",
    "an OID alone (neither a UUID nor OID^extension, which the DMP does not support), of 64 characters at most",
    source=MAPPING,
    grade=SOURCED,
    example=Example(identified(schemes.ENTRY_UNIQUE_ID), "1.2.250.1.999.9.1.2.1^7", _OID),
)
HASH_FORM = lot_rule(
    "HASH-FORM",
    "hash and size",
    "hash ou size n'a pas la forme attendue",
    "hash or size does not have the form expected",
    "hash : SHA-1 en 40 chiffres hexadécimaux ; size : nombre d'octets ; ou n'envoyez ni l'un ni l'autre",
    "hash: SHA-1 in 40 hexadecimal digits; size: number of bytes; or send neither",
    source=IPF,
    grade=STANDARD,
    code=REPOSITORY,
    example=Example(slot("hash"), "sha1:da39a3ee", "40 hexadecimal digits"),
)
SOURCE_PATIENT = lot_rule(
    "SOURCE-PATIENT",
    "sourcePatientId",
    "sourcePatientId n'a pas la forme d'un identifiant CX",
    "sourcePatientId does not have the form of a CX identifier",
    "IPP^^^&<OID de l'établissement>&ISO^PI, ou l'INS en ^NH s'il n'y a pas d'IPP",
    "IPP^^^&<OID of the facility>&ISO^PI, or the INS with ^NH when there is no IPP",
    source=MAPPING,
    grade=SOURCED,
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example(slot("sourcePatientId"), "IPP0001", "<id>^^^&<OID>&ISO^PI"),
)
REFERENCE = lot_rule(
    "REFERENCE-ID",
    "referenceIdList",
    "l'identifiant de référence n'est pas d'un type admis par le DMP",
    "the reference identifier is of no type the DMP admits",
    "<id>^^^&<OID>&ISO^<type>, type du jeu de valeurs JDV_J231 (accession, order, studyInstanceUID)",
    "<id>^^^&<OID>&ISO^<type>, type of value set JDV_J231 (accession, order, studyInstanceUID)",
    source="JDV_J231",
    grade=SOURCED,
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example(
        slot(schemes.REFERENCE_ID_LIST),
        "A1^^^&1.2.250.1.999.9.1.8&ISO^urn:ihe:iti:xds:2013:uniqueId",
        "<id>^^^&<OID>&ISO^<type of JDV_J231>",
    ),
)


def presence(case: Submission) -> Iterator[Finding]:
    """Every mandatory attribute has a value."""
    for item, required in _described(case):
        for name, field in required.items():
            if not getattr(item, field):
                yield MISSING.finding(item.where(name), found="", expected=name)


def number(case: Submission) -> Iterator[Finding]:
    """Attributes of a single value have one."""
    for item, required in _described(case):
        for name in (*required, *(_OPTIONAL if isinstance(item, DocumentEntry) else ())):
            if name not in _SEVERAL and _count(item, name) > 1:
                yield REPEATED.finding(item.where(name, index=1), found=name, expected="one value")


def coded(case: Submission) -> Iterator[Finding]:
    """Coded attributes are whole, authors are someone."""
    for item, _ in _described(case):
        for name, index, code in codes_of(item):
            parts = {"code": code.code, "system": code.system, "display": code.display}
            for part, carrier in (("code", "nodeRepresentation"), ("system", "codingScheme"), ("display", "Name")):
                if not parts[part]:
                    yield CODED.finding(item.where(name, part, index), found="", expected=carrier)
        for index, author in enumerate(item.authors):
            if not author.person and not author.institutions:
                place = item.where("author", index=index)
                yield AUTHOR.finding(place, found="", expected="authorPerson or authorInstitution")


def forms(case: Submission) -> Iterator[Finding]:
    """Instants, OIDs, hash and size, local patient numbers, references."""
    for item, _ in _described(case):
        yield from _instants(item)
        yield from _oids(item)
        if isinstance(item, DocumentEntry):
            yield from _entry_forms(item)


def codes_of(item: Described) -> Iterator[tuple[str, int, Code]]:
    """(attribute, rank, code) of each coded attribute."""
    if isinstance(item, SubmissionSet):
        if item.content_type is not None:
            yield "contentTypeCode", 0, item.content_type
        return
    single = {name: getattr(item, _ENTRY[name]) for name in schemes.ENTRY_CODES if name in _ENTRY}
    single["confidentialityCode"] = None
    yield from ((name, 0, code) for name, code in single.items() if code is not None)
    for name, codes in (("confidentialityCode", item.confidentiality_codes), ("eventCodeList", item.event_codes)):
        yield from ((name, index, code) for index, code in enumerate(codes))


def _described(case: Submission) -> list[tuple[Described, dict[str, str]]]:
    entries: list[tuple[Described, dict[str, str]]] = [(deposit.entry, _ENTRY) for deposit in case.deposits]
    return [(case.set, _SET), *entries]


def _count(item: Described, name: str) -> int:
    """Values for a slot, elements for anything else."""
    if item.source is None or name not in _SLOTS:
        return item.count(name)
    found = [value for holder in places.find(item.source, name) for value in places.values(holder)]
    return sum(1 for value in found if text(value).strip())


def _instants(item: Described) -> Iterator[Finding]:
    if isinstance(item, SubmissionSet):
        told = {"submissionTime": item.submission_time}
    else:
        told = {"creationTime": item.creation_time, "serviceStartTime": item.service_start}
        told["serviceStopTime"] = item.service_stop
    for name, value in told.items():
        if value and not is_dtm(value):
            yield INSTANT.finding(item.where(name), found=value, expected=_DTM)


def is_dtm(value: str) -> bool:
    """Whether a text is a DTM naming a real instant."""
    try:
        pad_dtm(value)
    except BadValue:
        return False
    return True


def _oids(item: Described) -> Iterator[Finding]:
    told = [("uniqueId", item.unique_id)]
    told += [("sourceId", item.source_id)] if isinstance(item, SubmissionSet) else []
    for name, value in told:
        if value and not is_valid_oid(value):
            yield UNIQUE_ID.finding(item.where(name), found=value, expected=_OID)


def _entry_forms(entry: DocumentEntry) -> Iterator[Finding]:
    if entry.hash and (len(entry.hash) != 40 or not set(entry.hash.lower()) <= set("0123456789abcdef")):
        yield HASH_FORM.finding(entry.where("hash"), found=entry.hash, expected="40 hexadecimal digits")
    if entry.size and not (entry.size.isascii() and entry.size.isdecimal()):
        yield HASH_FORM.finding(entry.where("size"), found=entry.size, expected="a number of bytes")
    if entry.source_patient_id and not _is_cx(Cx(entry.source_patient_id), ("PI", "NH")):
        place = entry.where("sourcePatientId")
        yield SOURCE_PATIENT.finding(place, found=entry.source_patient_id, expected="<id>^^^&<OID>&ISO^PI")
    kinds = tuple(row.code for row in code_list(_J231))
    for index, reference in enumerate(entry.reference_ids):
        if not _is_cx(Cx(reference), kinds):
            place = entry.where("referenceIdList", index=index)
            yield REFERENCE.finding(place, found=reference, expected="<id>^^^&<OID>&ISO^<type of JDV_J231>")


def _is_cx(value: Cx, kinds: tuple[str, ...]) -> bool:
    whole = bool(value.identifier) and bool(is_valid_oid(value.authority)) and value.authority_type == "ISO"
    return whole and value.id_type in kinds


CHECKS: Final = (presence, number, coded, forms)
RULES: Final = (*(MISSING, REPEATED, CODED, AUTHOR, INSTANT, UNIQUE_ID, HASH_FORM, SOURCE_PATIENT, REFERENCE),)
