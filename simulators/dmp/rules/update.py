"""The checks of TD3.3, in their order; the rules are in :mod:`simulators.dmp.rules.update_rules`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Final

from simulators.core.rules import Check, Finding
from simulators.dmp.registry_store import Stored
from simulators.dmp.rights import Cell, cell
from simulators.dmp.rules import lot_attributes, lot_authors, lot_codes, lot_patients, lot_registry, lot_structure
from simulators.dmp.rules import update_rules as rules
from simulators.dmp.rules.lot_authors import is_author_person, is_author_structure
from simulators.dmp.submission import Submission
from simulators.dmp.update import INVISIBLE, PREVIOUS_VERSION, Change, MetadataChange, StatusChange, Update
from simulators.documents.xds import schemes
from simulators.documents.xds.model import Author, Code, DocumentEntry
from simulators.documents.xds.values import Xcn, Xon

PATIENT_CLASS: Final = "90"
"""classCode of the documents that patients deposit."""
_UUID: Final = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_OWN: Final = 8
_OF_THE_STRUCTURE: Final = 9
# What the registry gives, or what such a request is there to change.
_FREE: Final = frozenset(
    {
        *("entry_id", "source", "confidentiality_codes", "logical_id", "version", "status", "hash", "size"),
        *("repository_unique_id", "patient_id", "extra_slots", "home_community_id", "document_availability", "uri"),
    }
)
_COMPARED: Final = tuple(field.name for field in fields(DocumentEntry) if field.name not in _FREE)
_NAMES: Final = {
    "unique_id": "uniqueId",
    "mime_type": "mimeType",
    "object_type": "objectType",
    "authors": "author",
    "class_code": "classCode",
    "type_code": "typeCode",
    "format_code": "formatCode",
    "facility_code": "healthcareFacilityTypeCode",
    "practice_code": "practiceSettingCode",
    "event_codes": "eventCodeList",
    "creation_time": "creationTime",
    "language": "languageCode",
    "legal_authenticator": "legalAuthenticator",
    "service_start": "serviceStartTime",
    "service_stop": "serviceStopTime",
    "source_patient_id": "sourcePatientId",
    "source_patient_info": "sourcePatientInfo",
    "reference_ids": "referenceIdList",
}


def node(case: Update) -> Iterator[Finding]:
    """The RegistryPackage is a submission set."""
    if not case.submission.set.classified:
        place = case.submission.set.where()
        yield lot_structure.SET_NODE.finding(place, found="", expected=schemes.SUBMISSION_SET)


def something(case: Update) -> Iterator[Finding]:
    """The request asks for a change."""
    if not case.changes:
        expected = "an UpdateAvailabilityStatus Association, or an entry"
        yield rules.EMPTY.finding(_missing_tie(case), found="", expected=expected)


def _missing_tie(case: Update) -> str:
    return f"{case.submission.lot.where()}/rim:Association"


def sources(case: Update) -> Iterator[Finding]:
    """Where the associations start from."""
    expected = case.submission.set.entry_id
    for change in case.statuses:
        if change.association.source_object != expected:
            place, found = change.association.where("sourceObject"), change.association.source_object
            yield rules.SOURCE.finding(place, found=found or "", expected=expected)
    for entry in case.entries:
        if entry.member is None or entry.member.source_object != expected:
            place = entry.member.where("sourceObject") if entry.member else _missing_tie(case)
            found = entry.member.source_object if entry.member else ""
            yield rules.MEMBER.finding(place, found=found or "", expected=f"HasMember from {expected}")


def statuses(case: Update) -> Iterator[Finding]:
    """The pair of statuses: one of those that exist."""
    for change in case.statuses:
        known = rules.TRANSITIONS.get(change.old)
        if known is None:
            place = change.association.where("OriginalStatus")
            yield rules.STATUS.finding(place, found=change.old, expected=rules.CURRENT)
        elif change.new not in known:
            place = change.association.where("NewStatus")
            yield rules.STATUS.finding(place, found=change.new, expected=" or ".join(known))


def targets(case: Update) -> Iterator[Finding]:
    """The documents named: form, existence, patient, once each."""
    seen: set[str] = set()
    for change in case.changes:
        (told, place), held = change.target, change.held
        if not _UUID.fullmatch(told):
            yield rules.TARGET_FORM.finding(place, found=told, expected=rules.UUID)
        elif held is None:
            yield rules.TARGET_UNKNOWN.finding(place, found=told, expected=rules.REGISTERED)
        else:
            yield from _held(case, change, held, place)
            if held.unique_id in seen:
                yield rules.TWICE.finding(change.at, found=held.unique_id, expected="a document changed once")
            seen.add(held.unique_id)


def _held(case: Update, change: Change, held: Stored, place: str) -> Iterator[Finding]:
    patient = case.submission.patient
    if patient is None or held.matricule != patient.ins.matricule:
        expected = patient.ins.matricule if patient else "known to the world"
        yield rules.TARGET_PATIENT.finding(place, found=held.matricule, expected=expected)
    open_to = (schemes.APPROVED,) if isinstance(change, MetadataChange) else tuple(rules.TRANSITIONS)
    if held.status not in open_to:
        yield rules.GONE.finding(place, found=held.status, expected=" or ".join(open_to))
    elif isinstance(change, StatusChange) and change.old != held.status:
        at = change.association.where("OriginalStatus")
        yield rules.ORIGINAL.finding(at, found=change.old, expected=held.status)


def owners(case: Update) -> Iterator[Finding]:
    """Notes 8 and 9 of the matrix, and the documents of the patient."""
    for change in case.changes:
        held, (_, place) = change.held, change.target
        if held is None:
            continue
        if _by_patient(held) and isinstance(change, StatusChange):
            if not case.parties.treating:
                expected = "a document of a professional"
                yield rules.PATIENT_DOCUMENT.finding(place, found=f"classCode {PATIENT_CLASS}", expected=expected)
            continue
        for row in sorted(change.rows):
            yield from _owner(case, held, place, cell(row, case.parties.column))


def _owner(case: Update, held: Stored, place: str, right: Cell) -> Iterator[Finding]:
    vihf = case.submission.vihf
    if right.note == _OWN and not is_author_person(held.entry, vihf.professional):
        people = [Xcn(author.person).identifier for author in held.entry.authors if author.person]
        yield rules.OWNER.finding(place, found=" ".join(people), expected=vihf.professional)
    if right.note == _OF_THE_STRUCTURE and not is_author_structure(held.entry, vihf.structure):
        places = [Xon(text).identifier for author in held.entry.authors for text in author.institutions]
        yield rules.OWNER.finding(place, found=" ".join(places), expected=vihf.structure)


def _by_patient(held: Stored) -> bool:
    return held.entry.class_code is not None and held.entry.class_code.code == PATIENT_CLASS


def versions(case: Update) -> Iterator[Finding]:
    """PreviousVersion is that of the newest version (VersionInfo is not looked at: published templates differ)."""
    for change in case.entries:
        if change.held is None or change.member is None:
            continue
        told, expected = change.member.slot(PREVIOUS_VERSION) or "", change.held.entry.version or "1"
        if told != expected:
            yield rules.VERSION.finding(change.member.where(PREVIOUS_VERSION), found=told, expected=expected)


def visibility(case: Update) -> Iterator[Finding]:
    """What was visible stays so; something changes."""
    for change in case.entries:
        if change.held is None:
            continue
        told = [code.code for code in change.entry.confidentiality_codes]
        for code in (code for code in change.added if code in INVISIBLE):
            place = change.entry.where("confidentialityCode", "code", told.index(code))
            yield rules.INVERSE.finding(place, found=code, expected="MASQUE_PS, or no code more")
        if not change.added and not change.removed:
            place = change.entry.where("confidentialityCode")
            yield rules.EMPTY.finding(place, found=" ".join(told), expected="other confidentiality codes")


def others(case: Update) -> Iterator[Finding]:
    """Values that such a request does not change."""
    for change in case.entries:
        if change.held is None:
            continue
        for name in _COMPARED:
            sent, kept = (_plain(getattr(entry, name)) for entry in (change.entry, change.held.entry))
            if sent != kept:
                place = change.entry.where(_NAMES.get(name, name))
                yield rules.OTHER.finding(place, found=sent, expected=kept)


def _plain(value: object) -> str:
    """What counts of a value: labels and specialties vary between products."""
    if isinstance(value, Code):
        return f"{value.code}^^{value.system}"
    if isinstance(value, Author):
        return " ".join(filter(None, (value.person, *value.institutions)))
    if isinstance(value, tuple):
        return " | ".join(map(_plain, value))
    return str(value or "")


def _of_lot(check: Check[Submission], *, alone: bool = False) -> Callable[[Update], Iterator[Finding]]:
    """A check of a lot over the same request; ``alone``: over its submission set only."""

    def checked(case: Update) -> Iterator[Finding]:
        yield from check(case.set_alone if alone else case.submission)

    return checked


GUARDS: Final = (node, something)
CHECKS: Final = (
    *(_of_lot(check, alone=True) for check in lot_attributes.CHECKS),
    *(_of_lot(check) for check in lot_patients.CHECKS),
    *(_of_lot(check, alone=True) for check in (lot_codes.set_codes, lot_authors.people)),
    *(_of_lot(check) for check in (lot_codes.confidentiality, lot_registry.duplicate_set)),
    *(sources, statuses, targets, owners, versions, visibility, others),
)
RULES: Final = rules.RULES
