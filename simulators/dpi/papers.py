"""The documents of the record: a CDA level 1 around a PDF/A-1b, all fictitious.

The bytes follow from the version and the patient alone, so that what is shown before it leaves is what will leave.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from simulators.core.xml import parse, serialize
from simulators.documents.cda.build import CdaPlan, build_cda
from simulators.documents.cda.kinds import DocumentKind
from simulators.documents.cda.model import HL7, Ii
from simulators.dpi.patients import Person
from simulators.dpi.produced import Version
from simulators.population.identifiers import INS_OIDS
from simulators.population.model import Professional, Structure


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document: its code and its usual title."""

    kind: DocumentKind
    title: str


KINDS: Final[Mapping[str, Kind]] = {
    "discharge-letter": Kind(DocumentKind.DISCHARGE_LETTER, "Lettre de liaison à la sortie"),
    "operative-report": Kind(DocumentKind.OPERATIVE_REPORT, "Compte rendu opératoire"),
    "prescription": Kind(DocumentKind.PRESCRIPTION, "Prescription de produits de santé"),
    "imaging-report": Kind(DocumentKind.IMAGING_REPORT, "Compte rendu d'imagerie médicale"),
    "biology-report": Kind(DocumentKind.LABORATORY_REPORT, "Compte rendu d'examens biologiques"),
}
TEXT: Final = "Document fictif, produit par une simulation."
_STAY: Final = timedelta(days=2)


def paper(version: Version, person: Person, author: Professional, structure: Structure) -> bytes:
    """The CDA of a version, without the INS of a patient whose identity is not qualified."""
    made = version.validated or version.made
    day = made.replace(hour=8, minute=0, second=0, microsecond=0)
    content = build_cda(
        CdaPlan(
            kind=KINDS[version.kind].kind,
            patient=person.as_patient(),
            author=author,
            structure=structure,
            document_id=version.document_id,
            set_id=version.set_id,
            version=version.version,
            replaces=version.replaces,
            created=made,
            service_start=day - _STAY,
            service_stop=day - timedelta(hours=1),
            content=_pdf(version.title, version.text, day),
            title=version.title,
            local_id=Ii(_local_root(structure), person.local),
        )
    )
    return content if person.qualified else _without_ins(content)


def _without_ins(content: bytes) -> bytes:
    root = parse(content)
    for found in root.findall(f"{{{HL7}}}recordTarget/{{{HL7}}}patientRole/{{{HL7}}}id"):
        parent = found.getparent()
        if parent is not None and found.get("root", "") in {*INS_OIDS, ""}:
            parent.remove(found)
    return serialize(root, declaration=True)


def _local_root(structure: Structure) -> str:
    """An OID for the numbers of a hospital, made of its identifier (ITU-T X.667 form)."""
    digest = hashlib.sha256(structure.struct_idnat.value.encode()).digest()
    return f"2.25.{int.from_bytes(digest[:15], 'big')}"


@lru_cache(maxsize=32)
def _pdf(title: str, text: str, day: datetime) -> bytes:
    from simulators.documents.pdf import Paragraph, pdf_a1b

    return pdf_a1b(title, [Paragraph(text or TEXT)], created=day)
