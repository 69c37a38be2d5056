from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest

from simulators.documents.errors import CannotBuild
from simulators.documents.pdf import Block, Facts, Heading, Paragraph, pdf_a1b

CREATED = datetime(2026, 1, 5, 9, 30, 0, 123, tzinfo=UTC)
BLOCKS: list[Block] = [
    Heading("Patient"),
    Facts((("Nom", "FICTIF"), ("Naissance", "1985-01-01"))),
    Paragraph("Été à l’hôpital — « œuvre » €\nΩ\t漢"),
]


def _make(**changes: object) -> bytes:
    arguments: dict[str, object] = {"title": "CR <opératoire> & co", "blocks": BLOCKS, "created": CREATED}
    return pdf_a1b(**(arguments | changes))  # type: ignore[arg-type]


def test_the_file_declares_what_pdf_a_1b_asks() -> None:
    data = _make(author="DR FICTIF")
    assert data.startswith(b"%PDF-1.4\n")
    assert b"<pdfaid:part>1</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>" in data
    assert b"/GTS_PDFA1" in data
    assert b"<xmp:CreateDate>2026-01-05T09:30:00+00:00</xmp:CreateDate>" in data
    assert "CR &lt;opératoire&gt; &amp; co".encode() in data
    assert b"/FontFile2" in data
    assert b"/ID [" in data
    assert not re.search(rb"/(?:Encrypt|JavaScript|Launch|EmbeddedFiles)\b", data)


def test_the_bytes_depend_on_the_arguments_only() -> None:
    assert _make() == _make()
    assert _make(created=CREATED.astimezone(timezone(timedelta(hours=2)))) == _make()
    assert _make() != _make(created=CREATED + timedelta(seconds=1))
    assert _make() != _make(title="Autre")


def test_a_long_text_takes_several_pages() -> None:
    data = _make(blocks=[Paragraph("ligne\n" * 200)])
    assert len(re.findall(rb"/Type /Page\b(?!s)", data)) > 2


@pytest.mark.parametrize("changes", [{"title": " "}, {"blocks": []}, {"created": CREATED.replace(tzinfo=None)}])
def test_what_makes_no_document_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(CannotBuild):
        _make(**changes)


def test_the_library_is_not_imported_before_the_first_document() -> None:
    names = "pdf metadata cda.build xds.write xds.json_form xds.lot xdm.read xdm.write signature"
    code = f"import sys\nfor n in {names.split()!r}: __import__('simulators.documents.' + n)\n" + (
        "bad = {'fpdf', 'fontTools', 'faker', 'spyne'} & set(sys.modules)\nassert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
