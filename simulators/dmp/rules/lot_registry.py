"""The lot against what the world already holds: state of the DMP, uniqueIds taken, documents replaced."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from simulators.core.rules import Example, Finding, Level
from simulators.dmp import vihf as names
from simulators.dmp.registry_store import Stored
from simulators.dmp.rules.lot_authors import AUTHOR_STRUCTURE, is_author_person, is_author_structure
from simulators.dmp.rules.lot_documents import sha1
from simulators.dmp.rules.lot_making import (
    DOCUMENT,
    IPF,
    ITI_41,
    LIST,
    PDSM,
    SET,
    TRACKER,
    UNRESOLVED,
    identified,
    lot_rule,
)
from simulators.dmp.rules.lot_structure import described
from simulators.dmp.rules.making import INFERRED, SOURCED, STANDARD
from simulators.dmp.submission import REPLACEMENTS, Deposit, Submission
from simulators.documents.xds import schemes
from simulators.documents.xds.model import Association
from simulators.documents.xds.values import Xon

_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_REPLACED = f"{LIST}/rim:Association[4]/@targetObject"
_TAKEN = identified(schemes.ENTRY_UNIQUE_ID)
_UNKNOWN = "XDSUnknownPatientId"
_NOBODY = "urn:uuid:00000000-0000-4000-8000-000000000199"

UNKNOWN_PATIENT = lot_rule(
    "PATIENT-UNKNOWN",
    "patient of the lot in the world's population",
    "le patient est inconnu de ce monde",
    "the patient is unknown to this world",
    "importez le patient, ou laissez le monde adopter les inconnus (unknown: adopt)",
    "import the patient, or let the world adopt unknown ones (unknown: adopt)",
    source=IPF,
    grade=SOURCED,
    code=_UNKNOWN,
    kind="state",
    switchable=False,
    example=Example(identified(schemes.SET_PATIENT_ID, SET), "185010099900171", "known to the world"),
)
NO_DMP = lot_rule(
    "DMP-NONE",
    "state of the patient's DMP",
    "le patient n'a pas de DMP",
    "the patient has no DMP",
    "testez l'existence du DMP (TD0.2) avant d'alimenter",
    "test the existence of the DMP (TD0.2) before feeding",
    source=f"{PDSM} (DMP active as prerequisite); code of IHE",
    grade=INFERRED,
    code=_UNKNOWN,
    kind="state",
    example=Example(identified(schemes.SET_PATIENT_ID, SET), "none", "active"),
)
CLOSED = lot_rule(
    "DMP-CLOSED",
    "state of the patient's DMP",
    "le DMP du patient est fermé",
    "the patient's DMP is closed",
    "testez l'existence du DMP (TD0.2) avant d'alimenter : un DMP fermé ne s'alimente pas",
    "test the existence of the DMP (TD0.2) before feeding: a closed DMP is not fed",
    source=f"{PDSM} (DMP active as prerequisite); code inferred",
    grade=INFERRED,
    code=_UNKNOWN,
    kind="state",
    example=Example(identified(schemes.SET_PATIENT_ID, SET), "closed", "active"),
)
TWICE = lot_rule(
    "DUPLICATE-MESSAGE",
    "uniqueIds of the message",
    "le même uniqueId est donné à deux objets du message",
    "the same uniqueId is given to two objects of the message",
    "donnez un OID neuf au lot, à chaque document et à la signature",
    "give a fresh OID to the lot, to each document and to the signature",
    source=IPF,
    grade=SOURCED,
    code="XDSRegistryDuplicateUniqueIdInMessage",
    example=Example(identified(schemes.ENTRY_UNIQUE_ID), "1.2.250.1.999.9.1.1.1", "a uniqueId used once"),
)
DUPLICATE = lot_rule(
    "DUPLICATE",
    "uniqueId of a document",
    "un document de cet uniqueId est déjà dans le DMP",
    "a document with this uniqueId is already in the DMP",
    "ne renvoyez pas un document accepté ; une nouvelle version porte un nouvel uniqueId et une association RPLC",
    "do not send an accepted document again; a new version bears a new uniqueId and an RPLC association",
    source=f"{IPF}; whether the DMP is idempotent is unknown",
    grade=STANDARD,
    code="XDSDuplicateUniqueIdInRegistry",
    kind="state",
    example=Example(_TAKEN, "1.2.250.1.999.9.1.2.1", "a uniqueId never registered"),
)
OTHER_HASH = lot_rule(
    "NON-IDENTICAL",
    "uniqueId of a document with another content",
    "un autre document est déjà enregistré sous cet uniqueId (empreinte différente)",
    "another document is already registered under this uniqueId (different hash)",
    "donnez un uniqueId neuf à tout contenu nouveau",
    "give a fresh uniqueId to any new content",
    source=IPF,
    grade=SOURCED,
    code="XDSNonIdenticalHash",
    kind="state",
    example=Example(_TAKEN, "1.2.250.1.999.9.1.2.1", "a uniqueId never registered"),
)
DUPLICATE_SET = lot_rule(
    "DUPLICATE-SET",
    "uniqueId of the SubmissionSet",
    "un lot de cet uniqueId est déjà dans le DMP",
    "a lot with this uniqueId is already in the DMP",
    "donnez un uniqueId neuf à chaque lot",
    "give a fresh uniqueId to each lot",
    source=ITI_41,
    grade=STANDARD,
    code="XDSDuplicateUniqueIdInRegistry",
    kind="state",
    needs=("DUPLICATE", "NON-IDENTICAL"),
    example=Example(identified(schemes.SET_UNIQUE_ID, SET), "1.2.250.1.999.9.1.1.1", "a uniqueId never registered"),
)
TARGET_FORM = lot_rule(
    "REPLACE-FORM",
    "targetObject of an RPLC association",
    "le document remplacé n'est pas désigné par son entryUUID",
    "the document replaced is not named by its entryUUID",
    "urn:uuid:... obtenu par TD3.1 (GetDocuments sur l'uniqueId) ; ni uniqueId, ni UUID sans urn:uuid:",
    "urn:uuid:... obtained by TD3.1 (GetDocuments on the uniqueId); neither uniqueId, nor UUID without urn:uuid:",
    source=f"{PDSM}, transaction TD2.1; code inferred",
    grade=INFERRED,
    switchable=False,
    example=Example(_REPLACED, "1.2.250.1.999.9.1.2.0", "urn:uuid:..."),
)
TARGET_UNKNOWN = lot_rule(
    "REPLACE-UNKNOWN",
    "targetObject of an RPLC association",
    "aucun document du DMP n'a cet entryUUID",
    "no document of the DMP has this entryUUID",
    "cherchez à nouveau l'entryUUID (TD3.1) : il change à chaque modification des métadonnées",
    "look the entryUUID up again (TD3.1): it changes with each change of the metadata",
    source=IPF,
    grade=SOURCED,
    code=UNRESOLVED,
    kind="state",
    switchable=False,
    example=Example(_REPLACED, _NOBODY, "the entryUUID of a registered document"),
)
TARGET_STATUS = lot_rule(
    "REPLACE-DEPRECATED",
    "status of the document replaced",
    "le document à remplacer n'est plus la version à jour",
    "the document to replace is no longer the current version",
    "remplacez la version Approved la plus récente",
    "replace the newest Approved version",
    source=IPF,
    grade=SOURCED,
    code="XDSRegistryDeprecatedDocumentError",
    kind="state",
    example=Example(_REPLACED, schemes.DEPRECATED, schemes.APPROVED),
)
TARGET_PATIENT = lot_rule(
    "REPLACE-PATIENT",
    "patient of the document replaced",
    "le document à remplacer est celui d'un autre patient",
    "the document to replace is another patient's",
    "vérifiez l'entryUUID : un document ne change pas de patient par remplacement",
    "check the entryUUID: a document does not change patient by replacement",
    source=IPF,
    grade=SOURCED,
    code="XDSPatientIdDoesNotMatch",
    kind="state",
    example=Example(_REPLACED, "290050099900233", "185010099900171"),
)
TARGET_AUTHOR = lot_rule(
    "REPLACE-AUTHOR",
    "author of the document replaced",
    "le document à remplacer a été déposé par un autre auteur",
    "the document to replace has another author",
    "seul un auteur du document peut le remplacer",
    "only an author of the document may replace it",
    source=f"{TRACKER}, EX_2.1-1140",
    grade=SOURCED,
    national=AUTHOR_STRUCTURE.national,
    kind="state",
    needs=("REPLACE-PATIENT",),
    example=Example(_REPLACED, "10B0999025", "10B0999009"),
)
NOT_RELATED = lot_rule(
    "CDA-RELATED",
    "relatedDocument of a replacing CDA",
    "le CDA qui remplace ne désigne pas le document remplacé",
    "the replacing CDA does not name the document replaced",
    "ajoutez relatedDocument typeCode=RPLC avec, dans parentDocument/id, l'uniqueId du document remplacé",
    "add relatedDocument typeCode=RPLC with the uniqueId of the document replaced in parentDocument/id",
    source=f"{PDSM}, transaction TD2.1",
    grade=SOURCED,
    level=Level.WARN,
    strict=Level.REFUSE,
    kind="state",
    needs=("REPLACE-PATIENT",),
    example=Example(
        f"{DOCUMENT}#/hl7:ClinicalDocument/hl7:relatedDocument/hl7:parentDocument/hl7:id",
        "1.2.250.1.999.9.1.2.9",
        "1.2.250.1.999.9.1.2.0",
    ),
)


def dmp(case: Submission) -> Iterator[Finding]:
    """A DMP that does not exist, or is closed, is not fed."""
    patient, place = case.patient, case.set.where("patientId")
    if patient is None:
        expected = "known to the world"
        found = case.set.patient_id or ""
        yield UNKNOWN_PATIENT.finding(place, found=found.partition("^")[0], expected=expected)
    elif patient.dmp_state != "active":
        chosen = CLOSED if patient.dmp_state == "closed" else NO_DMP
        yield chosen.finding(place, found=patient.dmp_state, expected="active")


def duplicates(case: Submission) -> Iterator[Finding]:
    """uniqueIds taken, in the message then in the registry."""
    seen: set[str] = set()
    for item in described(case):
        identifier = item.unique_id or ""
        if identifier and identifier in seen:
            yield TWICE.finding(item.where("uniqueId"), found=identifier, expected="a uniqueId used once")
        seen.add(identifier)
    expected = "a uniqueId never registered"
    for deposit in case.deposits:
        held = case.known.entries.get(deposit.entry.unique_id or "")
        if held is not None:
            chosen = DUPLICATE if _same_content(deposit, held) else OTHER_HASH
            yield chosen.finding(deposit.entry.where("uniqueId"), found=held.unique_id, expected=expected)
    yield from duplicate_set(case)


def duplicate_set(case: Submission) -> Iterator[Finding]:
    """The uniqueId of the submission set, taken by an earlier one."""
    if case.set.unique_id in case.known.sets:
        place, expected = case.set.where("uniqueId"), "a uniqueId never registered"
        yield DUPLICATE_SET.finding(place, found=case.set.unique_id, expected=expected)


def _same_content(deposit: Deposit, held: Stored) -> bool:
    return deposit.sent is not None and sha1(deposit.sent.data) == (held.entry.hash or "").lower()


def replacements(case: Submission) -> Iterator[Finding]:
    """The document that a new one replaces, appends to or transforms."""
    for association in case.relations:
        target, place = association.target_object or "", association.where("targetObject")
        if not _UUID.fullmatch(target):
            yield TARGET_FORM.finding(place, found=target, expected="urn:uuid:...")
            continue
        held = case.known.targets.get(target.lower())
        if held is None:
            yield TARGET_UNKNOWN.finding(place, found=target, expected="the entryUUID of a registered document")
        else:
            yield from _target(case, association, held, place)


def _target(case: Submission, association: Association, held: Stored, place: str) -> Iterator[Finding]:
    if held.status != schemes.APPROVED:
        yield TARGET_STATUS.finding(place, found=held.status, expected=schemes.APPROVED)
    if case.patient is not None and held.matricule != case.patient.ins.matricule:
        yield TARGET_PATIENT.finding(place, found=held.matricule, expected=case.patient.ins.matricule)
    mine = (
        is_author_person(held.entry, case.vihf.professional)
        if case.vihf.mode == names.DIRECT
        else is_author_structure(held.entry, case.vihf.structure)
    )
    if not mine:
        expected = case.vihf.professional if case.vihf.mode == names.DIRECT else case.vihf.structure
        yield TARGET_AUTHOR.finding(place, found=_authors(held), expected=expected)
    new = case.deposit(association.source_object)
    if association.type in REPLACEMENTS and new is not None and new.cda is not None:
        named = {found.root + (f"^{found.extension}" if found.extension else "") for found in new.cda.replaces}
        if held.unique_id not in named:
            place = new.inside(new.cda.where("relatedDocument"))
            yield NOT_RELATED.finding(place, found=" ".join(sorted(named)), expected=held.unique_id)


def _authors(held: Stored) -> str:
    return " ".join(Xon(text).identifier for author in held.entry.authors for text in author.institutions)


CHECKS: Final = (dmp, duplicates, replacements)
RULES: Final = (
    *(UNKNOWN_PATIENT, NO_DMP, CLOSED, TWICE, DUPLICATE, OTHER_HASH, DUPLICATE_SET),
    *(TARGET_FORM, TARGET_UNKNOWN, TARGET_STATUS, TARGET_PATIENT, TARGET_AUTHOR, NOT_RELATED),
)
