"""A signed lot around CDA documents: entries from the CDA, signature document, associations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from simulators.clients.dmp.names import DEFAULT
from simulators.core.pki.issued import IssuedCertificate
from simulators.core.xml import NAMESPACES
from simulators.documents.cda.kinds import facility_of, practice_of, specialty_of
from simulators.documents.metadata import entry_from_cda
from simulators.documents.signature import SignedDocument, build_signature
from simulators.documents.xds.lot import assemble, signature_entry
from simulators.documents.xds.model import Author, Code, DocumentEntry, SubmissionSet
from simulators.documents.xds.values import Xcn, Xon, write_dtm
from simulators.documents.xds.write import submit_objects_request
from simulators.population.identifiers import PS_IDNAT_OID, STRUCT_IDNAT_OID
from simulators.population.model import Professional, Structure

CONTENT_TYPE = Code("03", "1.2.250.1.213.2.2", "Hospitalisation complète")


@dataclass(frozen=True)
class Submitter:
    """Who feeds: a professional of a structure, with the structure's cachet."""

    professional: Professional
    structure: Structure
    cachet: IssuedCertificate

    def author(self) -> Author:
        """As the XDS author of a submission set."""
        person = self.professional
        institution = Xon.of(self.structure.name, self.structure.struct_idnat.value, STRUCT_IDNAT_OID)
        specialty = specialty_of(person.activities[0])
        return Author(
            Xcn.of(person.ps_idnat.value, person.family, person.given, PS_IDNAT_OID).text,
            (institution.text,),
            (),
            (f"{specialty.code}^{specialty.display}^{specialty.system}",),
        )


@dataclass(frozen=True)
class Feed:
    """A lot ready to send: the body and the MIME parts, and the uniqueIds of its documents."""

    body: etree._Element
    parts: tuple[tuple[str, bytes], ...]
    unique_ids: tuple[str, ...]


def feed(
    submitter: Submitter,
    documents: Sequence[bytes],
    *,
    patient_cx: str,
    source_id: str,
    now: datetime,
    oid: Callable[[], str],
    overrides: Mapping[str, str] | None = None,
    replaces: str | None = None,
    visibility: Sequence[Code] = (),
    content_type: Code = CONTENT_TYPE,
) -> Feed:
    """Builds the request. ``overrides`` sets fields of the first entry (``typeCode``...); ``visibility`` are
    confidentiality codes besides those of the documents."""
    entries = [_entry(number, data, submitter, visibility) for number, data in enumerate(documents, start=1)]
    entries = [replace(entry, patient_id=patient_cx) for entry in entries]
    entries[0] = _overridden(entries[0], overrides or {})
    lot_id, author = oid(), submitter.author()
    signature_id = oid()
    signature = signature_entry(
        "Signature01",
        signature_id,
        submitter=author,
        patient_id=patient_cx,
        signed_at=write_dtm(now),
        facility=facility_of(submitter.structure),
        practice=practice_of(submitter.structure),
    )
    submission = submission_set(submitter, lot_id, patient_cx, source_id, now, content_type)
    lot = assemble(
        submission, entries, signature=signature, replaces={entries[0].entry_id: replaces} if replaces else None
    )
    signed = [SignedDocument(e.unique_id or "", data) for e, data in zip(entries, documents, strict=True)]
    seal = _seal(submitter.cachet, signature_id, lot_id, signed, now)
    parts = [(f"{e.entry_id}@segur-sandbox.test", data) for e, data in zip(entries, documents, strict=True)]
    parts.append(("Signature01@segur-sandbox.test", seal))
    body = _body(submit_objects_request(lot), [cid for cid, _ in parts])
    return Feed(body, tuple(parts), tuple(e.unique_id or "" for e in entries))


def submission_set(
    submitter: Submitter,
    unique_id: str,
    patient_cx: str,
    source_id: str,
    now: datetime,
    content_type: Code = CONTENT_TYPE,
) -> SubmissionSet:
    """What every submission begins with."""
    return SubmissionSet(
        "SubmissionSet01",
        unique_id=unique_id,
        source_id=source_id,
        patient_id=patient_cx,
        title="Lot",
        authors=(submitter.author(),),
        content_type=content_type,
        submission_time=write_dtm(now),
    )


def _entry(number: int, data: bytes, submitter: Submitter, visibility: Sequence[Code]) -> DocumentEntry:
    practice = practice_of(submitter.structure)
    return entry_from_cda(data, entry_id=f"Document{number:02d}", practice=practice, visibility=visibility)


def _overridden(entry: DocumentEntry, overrides: Mapping[str, str]) -> DocumentEntry:
    for name, value in overrides.items():
        if name == "typeCode":
            kept = entry.type_code or Code("", "")
            entry = replace(entry, type_code=Code(value, kept.system, kept.display))
        elif name == "uniqueId":
            entry = replace(entry, unique_id=value)
    return entry


def _seal(
    cachet: IssuedCertificate, signature_id: str, lot_id: str, documents: Sequence[SignedDocument], now: datetime
) -> bytes:
    def sign(data: bytes) -> bytes:
        return cachet.key.sign(data, padding.PKCS1v15(), hashes.SHA256())

    return build_signature(
        signature_id=signature_id,
        submission_set_id=lot_id,
        documents=documents,
        certificates=[cachet.der()],
        sign=sign,
        signed_at=now,
        algorithm="sha256",
    )


def _body(request: etree._Element, content_ids: Sequence[str]) -> etree._Element:
    xds, xop = NAMESPACES["xds"], NAMESPACES["xop"]
    root = etree.Element(
        f"{{{xds}}}ProvideAndRegisterDocumentSetRequest", nsmap={"xds": xds, DEFAULT: NAMESPACES["rim"]}
    )
    root.append(request)
    for content_id in content_ids:
        document = etree.SubElement(root, f"{{{xds}}}Document", {"id": content_id.partition("@")[0]})
        etree.SubElement(document, f"{{{xop}}}Include", {"href": f"cid:{content_id}"}, nsmap={"xop": xop})
    return root
