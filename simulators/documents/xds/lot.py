"""Assembling a lot: submission set, entries, signature entry, associations.

Source: facts dmp-messages.md 5.2 (associations of a plain lot), 5.3 (signature entry), 5.4
(replacement).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from simulators.documents.errors import CannotBuild
from simulators.documents.xds import schemes
from simulators.documents.xds.model import Association, Author, Code, DocumentEntry, Lot, SubmissionSet

_ORIGINAL = MappingProxyType({"SubmissionSetStatus": ("Original",)})

SIGNATURE_CONFIDENTIALITY = (
    Code("N", "2.16.840.1.113883.5.25", "Normal"),
    Code("MASQUE_PS", "1.2.250.1.213.1.1.4.13", "Masqué aux professionnels de santé"),
    Code("INVISIBLE_PATIENT", "1.2.250.1.213.1.1.4.13", "Non visible par le patient"),
)


def assemble(
    submission_set: SubmissionSet,
    documents: Sequence[DocumentEntry],
    *,
    signature: DocumentEntry | None = None,
    replaces: Mapping[str, str] | None = None,
) -> Lot:
    """The lot with its associations ``assoc1``, ``assoc2``...: members, signature, replacements.

    ``replaces`` maps the entry id of a new document to the entryUUID of the old one. Raises
    :class:`CannotBuild` for a lot without document or a replacement by an entry outside the lot.
    """
    entries = (*documents, *([signature] if signature else []))
    replacements = dict(replaces or {})
    if not documents:
        raise CannotBuild("a lot needs at least one document")
    if not replacements.keys() <= {entry.entry_id for entry in documents}:
        raise CannotBuild("a replacement by an entry outside the lot")
    wanted = [(schemes.HAS_MEMBER, submission_set.entry_id, entry.entry_id) for entry in entries]
    wanted += [(schemes.SIGNS, signature.entry_id, submission_set.entry_id)] if signature else []
    wanted += [(schemes.REPLACES, new, old) for new, old in replacements.items()]
    associations = tuple(
        Association(f"assoc{number}", type=kind, source_object=source, target_object=target, slots=_ORIGINAL)
        for number, (kind, source, target) in enumerate(wanted, start=1)
    )
    return Lot(submission_sets=(submission_set,), entries=entries, associations=associations)


def signature_entry(
    entry_id: str, unique_id: str, *, submitter: Author, patient_id: str, signed_at: str, facility: Code, practice: Code
) -> DocumentEntry:
    """The document entry of the lot signature. ``signed_at`` is a DTM; ``submitter`` needs a person (XCN).

    Raises :class:`CannotBuild` without a person.
    """
    if submitter.person is None:
        raise CannotBuild("the submitter of a signed lot is a person")
    return DocumentEntry(
        entry_id=entry_id,
        unique_id=unique_id,
        patient_id=patient_id,
        mime_type="text/xml",
        title="Source",
        authors=(submitter,),
        class_code=Code(schemes.SIGNATURE_CLASS, "URN", "Digital Signature"),
        type_code=Code(schemes.SIGNATURE_TYPE, "ASTM", "Full Document"),
        confidentiality_codes=SIGNATURE_CONFIDENTIALITY,
        format_code=Code(schemes.SIGNATURE_FORMAT, "URN", "Default Signature Style"),
        facility_code=facility,
        practice_code=practice,
        event_codes=(Code(schemes.SIGNATURE_PURPOSE, schemes.SIGNATURE_PURPOSE_SYSTEM, "Source"),),
        creation_time=signed_at,
        service_start=signed_at,
        service_stop=signed_at,
        language="art",
        legal_authenticator=submitter.person,
        source_patient_id=patient_id,
    )
