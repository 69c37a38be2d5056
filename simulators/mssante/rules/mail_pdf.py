"""The PDF that goes with each CDA: there, archivable, named, and the same as the one inside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from simulators.clients.mail.terms import pdf_name_of
from simulators.core.mail import Part
from simulators.core.rules import Check, Example, Finding, Rule
from simulators.documents.cda.model import CdaDocument
from simulators.documents.errors import UnreadableCda
from simulators.mssante.rules.mail_making import PDF, SOURCED, UNREAD, eco, mail_rule
from simulators.mssante.verdict.reading import PDF as PDF_TYPE
from simulators.mssante.verdict.reading import Letter

_NAME = re.compile(r"\d{8}_[^_].*_[^_]+_[^_]+\.pdf", re.IGNORECASE)
_NAME_FORM: Final = "<date of the act>_<type>_<NAME>_<given name>[_<number>].pdf"
_PART_1 = re.compile(rb"""pdfaid:part(?:\s*=\s*["']|>\s*)1\b""")

MISSING = mail_rule(
    "PDF",
    "PDF files",
    "il manque un PDF pour chaque CDA de l'archive",
    "a PDF for each CDA of the archive is missing",
    "joignez au courriel un PDF/A-1 par CDA, à côté de l'archive",
    "attach one PDF/A-1 for each CDA to the mail, beside the archive",
    source=eco("2.1.5"),
    grade=SOURCED,
    needs=("MIME", *UNREAD),
    example=Example("mime", "0", "1"),
)
SAME = mail_rule(
    "PDF-SAME",
    "PDF of a level 1 CDA",
    "aucun PDF joint n'est identique à celui que le CDA de niveau 1 contient",
    "no PDF attached is identical to the one that the level 1 CDA holds",
    "joignez les octets mêmes du nonXMLBody",
    "attach the very bytes of the nonXMLBody",
    source=eco("2.1.5"),
    grade=SOURCED,
    needs=("PDF", *UNREAD),
    example=Example(PDF, "another PDF", "the bytes of nonXMLBody"),
)
ARCHIVABLE = mail_rule(
    "PDF-A",
    "PDF files",
    "le PDF ne se déclare pas PDF/A-1",
    "the PDF does not declare itself PDF/A-1",
    "paquet XMP non compressé avec pdfaid:part 1 ; vérifiez le fichier avec veraPDF",
    "uncompressed XMP packet with pdfaid:part 1; check the file with veraPDF",
    source=f"{eco('2.1.5')}; ISO 19005-1 section 6.7.11",
    grade=SOURCED,
    needs=("TRANSFER-ENCODING", "PDF-SAME"),
    example=Example(PDF, "no PDF/A-1 marker", "pdfaid:part 1"),
)
NAME = mail_rule(
    "PDF-NAME",
    "file name of the PDF",
    "le nom du PDF n'a pas la forme attendue",
    "the name of the PDF has not the expected form",
    "<date de l'acte>_<type document>_<NOM>_<prénom>_<numéro de dossier>.pdf, le numéro est facultatif",
    "<date of the act>_<type of document>_<NAME>_<given name>_<file number>.pdf, the number is optional",
    source=eco("2.1.6"),
    grade=SOURCED,
    example=Example(f"{PDF}.header.Content-Disposition", "document.pdf", _NAME_FORM),
)


def files(letter: Letter) -> Iterator[Finding]:
    wanted, pdfs = len(letter.cdas), letter.pdfs
    if wanted == 0:
        return
    if len(pdfs) < wanted:
        yield MISSING.finding(letter.mail.where(), found=len(pdfs), expected=wanted)
    contents = {part.content for part in pdfs}
    for rank, cda in enumerate(letter.cdas):
        embedded = _embedded(cda)
        if embedded is not None and embedded not in contents and pdfs:
            where = pdfs[min(rank, len(pdfs) - 1)].where()
            yield SAME.finding(where, found="another PDF", expected="the bytes of nonXMLBody")
    for part in pdfs:
        if not part.content.startswith(b"%PDF-1.") or not _PART_1.search(part.content):
            yield ARCHIVABLE.finding(part.where(), found="no PDF/A-1 marker", expected="pdfaid:part 1")
        if not _named(part, letter.cdas):
            where = part.where("Content-Disposition")
            yield NAME.finding(where, found=part.filename, expected=_NAME_FORM)


def _embedded(cda: CdaDocument) -> bytes | None:
    if cda.body.kind != "nonXML" or cda.body.media_type != PDF_TYPE:
        return None
    try:
        return cda.body.content()
    except UnreadableCda:
        return None


def _named(part: Part, cdas: tuple[CdaDocument, ...]) -> bool:
    """By its form: what the type is called is the sender's choice."""
    return _NAME.fullmatch(part.filename) is not None or part.filename in map(pdf_name_of, cdas)


CHECKS: Final[tuple[Check[Letter], ...]] = (files,)
RULES: Final[tuple[Rule, ...]] = (MISSING, SAME, ARCHIVABLE, NAME)
