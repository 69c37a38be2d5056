"""Papers of our own: a CDA level 1 around a PDF/A-1b, all fictitious. The bytes follow from what is given alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

from simulators.documents.cda.build import CdaPlan, build_cda
from simulators.documents.cda.kinds import DocumentKind
from simulators.population.model import Patient, Professional, Structure


class Kind(NamedTuple):
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
STAY: Final = timedelta(days=2)


def paper(
    told: Mapping[str, Any],
    patient: Patient,
    author: Professional,
    structure: Structure,
    document_id: str,
    now: datetime,
) -> bytes:
    """The CDA of ``kind``, with ``title`` and ``text`` if they are told."""
    return build_cda(plan(told, patient, author, structure, document_id, now))


def plan(
    told: Mapping[str, Any],
    patient: Patient,
    author: Professional,
    structure: Structure,
    document_id: str,
    now: datetime,
    **more: Any,
) -> CdaPlan:
    """As :func:`paper`, before it is built; ``more`` are other fields of the plan. The stay ended this morning."""
    kind, usual = KINDS[told["kind"]]
    title = told.get("title") or usual
    day = now.replace(hour=8, minute=0, second=0, microsecond=0)
    return CdaPlan(
        kind=kind,
        patient=patient,
        author=author,
        structure=structure,
        document_id=document_id,
        created=now,
        service_start=day - STAY,
        service_stop=day - timedelta(hours=1),
        content=_pdf(title, told.get("text") or TEXT, day),
        title=title,
        **more,
    )


@lru_cache(maxsize=32)
def _pdf(title: str, text: str, day: datetime) -> bytes:
    from simulators.documents.pdf import Paragraph, pdf_a1b

    return pdf_a1b(title, [Paragraph(text)], created=day)
