"""TD2.1, feeding (ITI-41): a lot of documents, its SubmissionSet and its signature entry (facts, dmp-messages 5, 6)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

from tests.interop.python import lot, mtom
from tests.interop.python.ebrim import Lot
from tests.interop.python.identity import Identity
from tests.interop.python.metadata import Author, Code, Entry
from tests.interop.python.names import DS, HAS_MEMBER, LCM, SIGNS, XDS
from tests.interop.python.vihf import Credential

VISIBILITY = "1.2.250.1.213.1.1.4.13"
DAY_HOSPITAL = Code("04", "1.2.250.1.213.2.2", "Hospitalisation de jour")


@dataclass(frozen=True)
class Submission:
    """A lot ready to leave: body, parts by Content-ID, and the OIDs it was given."""

    body: etree._Element
    attachments: dict[str, bytes]
    lot_id: str
    signature_id: str


def build(who: Identity, documents: list[tuple[Entry, bytes]], credential: Credential) -> Submission:
    """The lot of ``documents``, signed with ``credential`` (the structure's seal)."""
    now = datetime.now(UTC)
    number = uuid.uuid4().int >> 64  # an OID has 64 characters at most
    lot_id, signature_id = f"{who.root}.1.{number}", f"{who.root}.3.{number}"
    seal = lot.sign(f"seal-{number}", lot_id, {e.unique_id: c for e, c in documents}, credential, now.astimezone())
    body = etree.Element(f"{{{XDS}}}ProvideAndRegisterDocumentSetRequest", nsmap={"xds": XDS})
    writer = Lot(etree.SubElement(body, f"{{{LCM}}}SubmitObjectsRequest", nsmap={"lcm": LCM}))
    first, stamp = documents[0][0], now.strftime("%Y%m%d%H%M%S")
    writer.package(
        "lot", unique_id=lot_id, source_id=who.root, patient_id=first.patient_id, time=stamp,
        title=first.title, content_type=DAY_HOSPITAL, author=_submitter(who),
    )  # fmt: skip
    contents = {f"doc{rank}": content for rank, (_, content) in enumerate(documents, 1)} | {"seal": seal}
    for key, (entry, _) in zip(contents, documents, strict=False):
        writer.document(key, entry)
    writer.document("seal", _seal_entry(who, first, signature_id, stamp))
    for key in contents:
        writer.link(HAS_MEMBER, "lot", key)
    writer.link(SIGNS, "seal", "lot")
    return Submission(body, _attach(body, contents, number), lot_id, signature_id)


def _attach(body: etree._Element, contents: dict[str, bytes], number: int) -> dict[str, bytes]:
    attachments: dict[str, bytes] = {}
    for key, content in contents.items():
        cid = f"{key}.{number:x}@voyageur.invalid"
        mtom.include(etree.SubElement(body, f"{{{XDS}}}Document", {"id": key}), cid)
        attachments[cid] = content
    return attachments


def _submitter(who: Identity) -> Author:
    return Author(who.professional.xcn, who.structure.xon, who.professional.specialty_ce)


def _seal_entry(who: Identity, first: Entry, signature_id: str, stamp: str) -> Entry:
    """The entry of the signature document: fixed codes, the first document's facility and practice."""
    return Entry(
        unique_id=signature_id,
        patient_id=first.patient_id,
        source_patient_id=first.patient_id,
        title="Source",
        creation=stamp,
        start=stamp,
        stop=stamp,
        language="art",
        legal_authenticator=who.professional.xcn,
        authors=(_submitter(who),),
        class_code=Code("urn:oid:1.3.6.1.4.1.19376.1.2.1.1.1", "URN", "Digital Signature"),
        type_code=Code("E1762", "ASTM", "Full Document"),
        format_code=Code(DS, "URN", "Default Signature Style"),
        facility=first.facility,
        practice=first.practice,
        confidentiality=(
            Code("N", "2.16.840.1.113883.5.25", "Normal"),
            Code("MASQUE_PS", VISIBILITY, "Masqué aux professionnels de santé"),
            Code("INVISIBLE_PATIENT", VISIBILITY, "Non visible par le patient"),
        ),
        events=(Code(lot.PURPOSE, "1.2.840.10065.1.12", "Source"),),
    )
