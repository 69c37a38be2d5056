"""The PDF that goes with a CDA: the one it embeds, else a PDF/A-1b of its header and its narrative (ECO.2.1.5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from simulators.clients.mail.terms import ins_of, label_of, traits_of
from simulators.core.xml import text
from simulators.documents.cda.model import HL7, CdaDocument
from simulators.documents.pdf import Block, Facts, Heading, Paragraph, pdf_a1b

PDF = "application/pdf"


def pdf_of(cda: CdaDocument, created: datetime) -> bytes:
    """The bytes. Raises ``UnreadableCda`` for a level 1 body whose base64 is damaged."""
    if cda.body.kind == "nonXML" and cda.body.media_type == PDF:
        return cda.body.content()
    return pdf_a1b(label_of(cda), [_identity(cda), *_sections(cda)], created=created)


def _identity(cda: CdaDocument) -> Facts:
    traits, ins = traits_of(cda), ins_of(cda)
    pairs = (
        ("Patient", f"{traits.family} {traits.given}".strip()),
        ("Date de naissance", traits.french_date),
        ("INS", ins.extension if ins else ""),
        ("Document", cda.unique_id),
    )
    return Facts(tuple((label, value) for label, value in pairs if value))


def _sections(cda: CdaDocument) -> Iterator[Block]:
    body = cda.body.source
    if body is None:
        return
    if cda.body.kind == "nonXML":
        yield Paragraph(" ".join(text(body).split()))
        return
    for section in body.iter(f"{{{HL7}}}section"):
        title, told = section.find(f"{{{HL7}}}title"), section.find(f"{{{HL7}}}text")
        if title is not None and text(title).strip():
            yield Heading(text(title).strip())
        if told is not None:
            yield Paragraph(" ".join("".join(str(piece) + " " for piece in told.itertext()).split()))
