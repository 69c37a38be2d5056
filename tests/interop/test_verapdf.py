"""The PDF of our documents, judged by veraPDF, the reference validator of PDF/A (ISO 19005-1, level B).

Maven fetches it (``verapdf/pom.xml``); it runs on any Java from 11 on.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulators.core.xml import NAMESPACES, parse
from simulators.documents.papers import KINDS, paper
from simulators.documents.pdf import Block, Facts, Heading, Paragraph, pdf_a1b
from simulators.population.reference import reference_population

POM = Path(__file__).resolve().parent / "verapdf" / "pom.xml"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
PATIENCE_S = 300


def tool(name: str) -> str:
    """The path of a program; without it the test is skipped, or fails where everything is required."""
    found = shutil.which(name)
    if found is None:
        missing(f"no {name} on this machine")
    return str(found)


def missing(why: str) -> None:
    if os.environ.get("SEGUR_REQUIRE") == "1":
        pytest.fail(f"{why} (SEGUR_REQUIRE=1)")
    pytest.skip(why)


@pytest.fixture(scope="module")
def verapdf(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command that judges files."""
    jars = tmp_path_factory.mktemp("verapdf")
    java, maven = tool("java"), tool("mvn")
    command = [maven, "-q", "-B", "-f", str(POM), COPY, f"-DoutputDirectory={jars}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    if done.returncode != 0:
        missing(f"Maven cannot fetch veraPDF: {(done.stdout + done.stderr)[-1500:]}")
    name = "org.verapdf.apps.GreenfieldCliWrapper"
    return [java, "-cp", f"{jars}{os.sep}*", name, "--flavour", "1b", "--format", "text"]


def judged(verapdf: list[str], folder: Path, **files: bytes) -> tuple[int, dict[str, str]]:
    """The exit code, and PASS or FAIL by file."""
    paths = []
    for name, data in files.items():
        paths.append(folder / f"{name}.pdf")
        paths[-1].write_bytes(data)
    command = [*verapdf, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    lines = re.findall(r"^(PASS|FAIL) \S*?(\w+)\.pdf 1b$", done.stdout, re.MULTILINE)
    return done.returncode, {name: verdict for verdict, name in lines}


def ordinary() -> bytes:
    """What the library writes when it is not asked for PDF/A."""
    from fpdf import FPDF

    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica", size=12)
    pdf.cell(text="ordinary")
    return bytes(pdf.output())


def of_kind(kind: str) -> bytes:
    """The PDF inside the CDA that scenarios send."""
    people = reference_population()
    author, place = people.professional("hospital-specialist"), people.structure("hospital")
    document = parse(paper({"kind": kind}, people.patient("adult"), author, place, "1.2.3", NOW))
    text = document.find(".//hl7:nonXMLBody/hl7:text", dict(NAMESPACES))
    assert text is not None
    return base64.b64decode(text.text or "")


def test_our_documents_are_pdf_a_1b(verapdf: list[str], tmp_path: Path) -> None:
    blocks: list[Block] = [
        Heading("Antécédents"),
        Paragraph("Œdème – 37,5 °C\nà l'entrée"),
        Facts((("INS", "fictif"),)),
    ]
    files = {
        "plain": pdf_a1b("Lettre", [Paragraph("p")], created=NOW),
        "accents": pdf_a1b("Compte rendu opératoire <&>", blocks, created=NOW, author="CLAUDE TESTEUR & fils"),
        "unprintable": pdf_a1b("漢字 \U0001f600", [Paragraph("العربية \x07 \u202e")], created=NOW),
        "long": pdf_a1b("Long", [Paragraph("ligne\n" * 400)], created=NOW),
    }
    files |= {kind.replace("-", "_"): of_kind(kind) for kind in KINDS}
    code, verdicts = judged(verapdf, tmp_path, **files)
    assert verdicts == dict.fromkeys(files, "PASS")
    assert code == 0


def test_an_ordinary_pdf_is_none(verapdf: list[str], tmp_path: Path) -> None:
    good = pdf_a1b("Lettre", [Paragraph("p")], created=NOW)
    spoilt = good.replace(b"<pdfaid:part>1<", b"<pdfaid:part>9<")
    code, verdicts = judged(verapdf, tmp_path, ordinary=ordinary(), spoilt=spoilt)
    assert (code, verdicts) == (1, {"ordinary": "FAIL", "spoilt": "FAIL"})
