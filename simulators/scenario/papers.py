"""The documents of scenarios: a CDA level 1 around a PDF/A-1b, all fictitious."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from simulators.documents.cda.build import CdaPlan, build_cda
from simulators.documents.cda.kinds import DocumentKind
from simulators.population.model import Patient, Professional, Structure

KINDS = {
    "discharge-letter": (DocumentKind.DISCHARGE_LETTER, "Lettre de liaison à la sortie"),
    "operative-report": (DocumentKind.OPERATIVE_REPORT, "Compte rendu opératoire"),
    "prescription": (DocumentKind.PRESCRIPTION, "Prescription de produits de santé"),
    "imaging-report": (DocumentKind.IMAGING_REPORT, "Compte rendu d'imagerie médicale"),
    "biology-report": (DocumentKind.LABORATORY_REPORT, "Compte rendu d'examens biologiques"),
}
STAY = timedelta(days=2)


def paper(
    plan: Mapping[str, Any],
    patient: Patient,
    author: Professional,
    structure: Structure,
    document_id: str,
    now: datetime,
) -> bytes:
    """The CDA of a scenario's ``document``."""
    kind, title = KINDS[plan["kind"]]
    label = plan.get("title", title)
    text = plan.get("text", "Document fictif, produit par une simulation.")
    day = now.replace(hour=8, minute=0, second=0, microsecond=0)
    return build_cda(
        CdaPlan(
            kind=kind,
            patient=patient,
            author=author,
            structure=structure,
            document_id=document_id,
            created=now,
            service_start=day - STAY,
            service_stop=day - timedelta(hours=1),
            content=_pdf(label, text, day),
            title=label,
        )
    )


@lru_cache(maxsize=32)
def _pdf(title: str, text: str, day: datetime) -> bytes:
    from simulators.documents.pdf import Paragraph, pdf_a1b

    return pdf_a1b(title, [Paragraph(text)], created=day)
