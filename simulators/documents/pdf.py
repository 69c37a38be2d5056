"""PDF/A-1b documents with an embedded font, an sRGB output intent and XMP metadata.

Source: ISO 19005-1 (PDF/A-1, conformance level B): everything needed to show the page is inside the
file, and the XMP packet says the same as the information dictionary. fpdf2 writes the file; it is
imported at the first call. Bytes depend only on the arguments and on the versions of fpdf2,
fontTools and zlib.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from simulators.core.shipped import shipped
from simulators.documents.errors import CannotBuild

if TYPE_CHECKING:
    from fpdf import FPDF

PRODUCER = "segur-sandbox"
NOTICE = "SIMULATION – document fictif, sans valeur médicale ni légale"
"""Printed at the foot of every page: no document of ours may pass for a real one."""

_FAMILY = "Sandbox"
_FONTS = {"": "DejaVuSans-latin.ttf", "B": "DejaVuSans-Bold-latin.ttf"}
_LINE = 5.5  # millimetres
_SUBSTITUTE = "?"


@dataclass(frozen=True, slots=True)
class Heading:
    """A section title."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; line feeds are kept."""

    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Lines ``label : value``."""

    pairs: tuple[tuple[str, str], ...]


Block = Heading | Paragraph | Facts


def pdf_a1b(title: str, blocks: Sequence[Block], *, created: datetime, author: str = "") -> bytes:
    """A PDF/A-1b of A4 pages: the title, the blocks, and :data:`NOTICE` at each foot.

    ``created`` (with its time zone) is the only instant in the file. Characters outside the shipped
    Latin fonts become ``?``. Raises :class:`CannotBuild` without title, blocks or time zone.
    """
    if not title.strip() or not blocks:
        raise CannotBuild("a PDF needs a title and at least one block")
    if created.tzinfo is None:
        raise CannotBuild("the creation instant of a PDF needs its time zone")
    pdf = _open(_printable(title), _printable(author), created.astimezone(UTC).replace(microsecond=0))
    _write(pdf, title, "B", 15)
    pdf.ln(3)
    for block in blocks:
        _write_block(pdf, block)
    return bytes(pdf.output())


def _open(title: str, author: str, created: datetime) -> FPDF:
    pdf = _document_class()(enforce_compliance="PDF/A-1B")
    pdf.set_creation_date(created)
    pdf.set_title(title)
    pdf.set_producer(PRODUCER)
    if author:
        pdf.set_author(author)
    pdf.set_xmp_metadata(_xmp(title, author, created))
    for style, file in _FONTS.items():
        pdf.add_font(_FAMILY, style, shipped("seed_data", "fonts", file))
    pdf.set_auto_page_break(True, margin=20)
    pdf.set_font(_FAMILY, size=10)
    pdf.add_page()
    return pdf


def _write_block(pdf: FPDF, block: Block) -> None:
    if isinstance(block, Heading):
        pdf.ln(2)
        _write(pdf, block.text, "B", 11.5)
    elif isinstance(block, Paragraph):
        _write(pdf, block.text, "", 10)
        pdf.ln(1.5)
    else:
        for label, value in block.pairs:
            _write(pdf, f"{label} : {value}", "", 10)
        pdf.ln(1.5)


def _write(pdf: FPDF, text: str, style: str, size: float) -> None:
    pdf.set_font(_FAMILY, style, size)
    pdf.multi_cell(0, _LINE * size / 10, _printable(text, keep="\n"), align="L", new_x="LMARGIN", new_y="NEXT")


@cache
def _document_class() -> Any:
    from fpdf import FPDF

    class Document(FPDF):  # type: ignore[misc]
        def footer(self) -> None:
            self.set_y(-15)
            self.set_font(_FAMILY, size=7.5)
            self.cell(0, 5, f"{NOTICE} – {self.page_no()}", align="C")

    return Document


@cache
def _characters() -> frozenset[str]:
    from fontTools.ttLib import TTFont

    fonts = [TTFont(shipped("seed_data", "fonts", file), lazy=True) for file in _FONTS.values()]
    return frozenset.intersection(*(frozenset(map(chr, font.getBestCmap())) for font in fonts))


def _printable(text: str, keep: str = "") -> str:
    """PDF/A forbids the missing-glyph box, so what the fonts cannot show is replaced before."""
    known = _characters()
    return "".join(char if char in known or char in keep else _SUBSTITUTE for char in text)


def _xmp(title: str, author: str, created: datetime) -> str:
    """The packet, our own because the library's holds the wall clock as modification date."""
    instant = created.strftime("%Y-%m-%dT%H:%M:%S+00:00")
    creator = f"<dc:creator><rdf:Seq><rdf:li>{escape(author)}</rdf:li></rdf:Seq></dc:creator>" if author else ""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"'
        ' xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">'
        "<pdfaid:part>1</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>"
        f"<xmp:CreateDate>{instant}</xmp:CreateDate><pdf:Producer>{PRODUCER}</pdf:Producer>"
        f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>'
        f"{creator}</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
