"""TD2.1 messages for tests: one discharge letter and its signature, with the fictitious values of the facts.

Documents stand in the message as base64, so that a test edits one tree; :func:`mtom` packs the same message with MIME
parts. Everything but the certificate is fixed: the same call gives the same bytes.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from simulators.core.pki import IssuedCertificate
from simulators.core.soap.multipart_writer import Attachment, write_multipart
from simulators.core.xml import NAMESPACES, parse, serialize
from simulators.dmp.rules.lot_documents import sha1
from simulators.documents.cda.build import CdaPlan, build_cda
from simulators.documents.cda.kinds import DocumentKind
from simulators.documents.cda.model import Ii
from simulators.documents.metadata import entry_from_cda
from simulators.documents.signature import SignedDocument, build_signature
from simulators.documents.xds.lot import assemble, signature_entry
from simulators.documents.xds.model import Author, Code, DocumentEntry, SubmissionSet
from simulators.documents.xds.write import submit_objects_request
from simulators.population.identifiers import PS_IDNAT_OID, STRUCT_IDNAT_OID
from simulators.population.model import Patient
from simulators.population.reference import reference_population
from tests.support.dmp_messages import INDIRECT, VihfPlan, envelope

SET_ID, DOCUMENT_ID, SEAL_ID = (f"1.2.250.1.999.9.1.{arc}.1" for arc in (1, 2, 3))
SOURCE_ID = "1.2.250.1.999.9.1"
CREATED = datetime(2026, 1, 5, 9, 30, tzinfo=timezone(timedelta(hours=1)))
AUTHOR = Author(
    f"899700000013^FICTIF^CAMILLE^^^^^^&{PS_IDNAT_OID}&ISO^D^^^IDNPS",
    (f"CENTRE FICTIF^^^^^&{STRUCT_IDNAT_OID}&ISO^IDNST^^^10B0999009",),
    (),
    ("G15_10/SM26^Médecin - Qualifié en Médecine Générale (SM)^1.2.250.1.213.1.1.4.5",),
)
FACILITY = Code("SA01", "1.2.250.1.71.4.2.4", "Etablissement public de santé")
PRACTICE = Code("ETABLISSEMENT", "1.2.250.1.213.1.1.4.9", "Etablissement de santé")
CONTENT_TYPE = Code("03", "1.2.250.1.213.2.2", "Hospitalisation complète")
XDS, XOP = NAMESPACES["xds"], NAMESPACES["xop"]
DOCUMENT = f"{{{XDS}}}Document"


@dataclass(frozen=True)
class LotPlan:
    """What a lot is made of; ``documents`` are bytes with the entry that describes them."""

    documents: tuple[tuple[DocumentEntry, bytes], ...]
    patient_cx: str
    set_id: str = SET_ID
    seal_id: str = SEAL_ID
    author: Author = AUTHOR
    replaces: str | None = None
    sealed: bool = True
    seal_hashed: bool = False
    xml: bool = True


def letter(
    unique_id: str = DOCUMENT_ID, *, patient: Patient | None = None, replaces: str = "", text: str = ""
) -> bytes:
    """A level 1 discharge letter of the hospital's general practitioner."""
    people = reference_population()
    return build_cda(
        CdaPlan(
            kind=DocumentKind.DISCHARGE_LETTER,
            patient=patient or people.patient("adult"),
            author=people.professional("general-practitioner"),
            structure=people.structure("hospital"),
            document_id=unique_id,
            created=CREATED,
            service_start=CREATED,
            content=f"%PDF-1.4 {text or unique_id}".encode(),
            local_id=Ii("1.2.250.1.999.9.1.9", "IPP0001"),
            replaces=replaces,
        )
    )


def described(data: bytes, number: int = 1, **values: object) -> tuple[DocumentEntry, bytes]:
    """A document with its entry ``Document01``..., some of whose values are changed."""
    entry = entry_from_cda(data, entry_id=f"Document{number:02d}")
    return replace(entry, **values), data  # type: ignore[arg-type]


@cache
def plain() -> LotPlan:
    """One letter of the adult of the reference population."""
    patient = reference_population().patient("adult")
    return LotPlan((described(letter()),), patient.ins.cx())


def body(plan: LotPlan, cachet: IssuedCertificate) -> etree._Element:
    """The ProvideAndRegisterDocumentSetRequest, documents inline."""
    entries = [entry for entry, _ in plan.documents]
    submission = SubmissionSet(
        "SubmissionSet01",
        unique_id=plan.set_id,
        source_id=SOURCE_ID,
        patient_id=plan.patient_cx,
        title="Lot fictif",
        authors=(plan.author,),
        content_type=CONTENT_TYPE,
        submission_time="20260105083000",
    )
    signature = signature_entry(
        "Signature01",
        plan.seal_id,
        submitter=plan.author,
        patient_id=plan.patient_cx,
        signed_at="20260105083000",
        facility=FACILITY,
        practice=PRACTICE,
    )
    if plan.seal_hashed:
        data = seal(plan, cachet)
        signature = replace(signature, hash=sha1(data), size=str(len(data)))
    replaces = {entries[0].entry_id: plan.replaces} if plan.replaces else None
    lot = assemble(submission, entries, signature=signature if plan.sealed else None, replaces=replaces)
    request = etree.Element(f"{{{XDS}}}ProvideAndRegisterDocumentSetRequest", nsmap={"xds": XDS})
    request.append(submit_objects_request(lot))
    for entry, data in plan.documents:
        etree.SubElement(request, DOCUMENT, {"id": entry.entry_id}).text = b64encode(data).decode()
    if plan.sealed:
        held = etree.SubElement(request, DOCUMENT, {"id": "Signature01"})
        held.text = b64encode(seal(plan, cachet)).decode()
    return request


def seal(plan: LotPlan, cachet: IssuedCertificate, documents: Sequence[bytes] | None = None) -> bytes:
    """The signature of the lot, over ``documents`` when they are not the plan's own bytes."""
    held = documents or [data for _, data in plan.documents]
    signed = [
        SignedDocument(entry.unique_id or "", data, plan.xml)
        for (entry, _), data in zip(plan.documents, held, strict=True)
    ]
    return build_signature(
        signature_id="sig-0001",
        submission_set_id=plan.set_id,
        documents=signed,
        certificates=[cachet.der()],
        sign=lambda data: cachet.key.sign(data, padding.PKCS1v15(), hashes.SHA1()),
        signed_at=CREATED,
    )


def td21(cachet: IssuedCertificate, plan: LotPlan | None = None, vihf: VihfPlan = INDIRECT) -> bytes:
    """A whole TD2.1 request, its assertion unsigned."""
    return envelope("TD2.1", serialize(body(plan or plain(), cachet)).decode(), vihf)


def within(root: etree._Element, number: int, breaker: Callable[[etree._Element], None]) -> etree._Element:
    """Edits document ``number`` (from 1) of a message in place, as a tree; gives the root of the document."""
    held = list(root.iter(DOCUMENT))[number - 1]
    document = parse(b64decode(held.text or ""))
    breaker(document)
    held.text = b64encode(bytes_of(document)).decode()
    return document


def bytes_of(document: etree._Element) -> bytes:
    """A document as the builders write it, what stands before its root included."""
    head = b"".join(etree.tostring(node) for node in reversed(list(document.itersiblings(preceding=True))))
    return b'<?xml version="1.0" encoding="UTF-8"?>' + head + serialize(document)


def reseal(root: etree._Element, plan: LotPlan, cachet: IssuedCertificate) -> None:
    """Signs the lot of a message again, over its documents as they stand."""
    *documents, last = root.iter(DOCUMENT)
    last.text = b64encode(seal(plan, cachet, [b64decode(held.text or "") for held in documents])).decode()


def mtom(message: bytes, *, transform: Callable[[int, bytes], bytes] = lambda _, data: data) -> tuple[str, bytes]:
    """``(Content-Type, body)``: the documents of a (signed) message moved into MIME parts."""
    root = etree.fromstring(message)
    attachments = []
    for number, held in enumerate(root.iter(DOCUMENT), start=1):
        content_id = f"doc{number}@exemple.test"
        attachments.append(Attachment(content_id, transform(number, b64decode(held.text or "")), "text/xml"))
        held.text = None
        etree.SubElement(held, f"{{{XOP}}}Include", {"href": f"cid:{content_id}"})
    return write_multipart(etree.tostring(root), attachments, boundary="frontiere")
