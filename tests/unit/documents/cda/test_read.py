from __future__ import annotations

import base64

import pytest

from simulators.core.xml import Attribute, XmlRefused, locate, text
from simulators.documents.cda.read import read_cda
from simulators.documents.errors import UnreadableCda
from tests.unit.documents.samples import Sample

XSL = "http://www.w3.org/1999/XSL/Transform"
LEVEL_1 = {"DOC_NON_STRUCTURE_CDA-R2-N1", "IMG_CR_IMG_2024.01_CDA-R2-Niveau-1", "TLM-CR_2022.01"}


def _document(inside: str = "", prolog: str = "", attributes: str = "") -> bytes:
    return f'{prolog}<ClinicalDocument xmlns="urn:hl7-org:v3"{attributes}>{inside}</ClinicalDocument>'.encode()


def test_every_published_document_gives_its_header(sample: Sample) -> None:
    document = read_cda(sample.cda)
    assert document.unique_id
    assert document.code is not None
    assert document.title is not None
    assert document.effective_time is not None
    assert document.confidentiality is not None
    assert document.confidentiality.code == "N"
    assert document.language is not None
    assert document.language.code == "fr-FR"
    assert document.patient is not None
    assert document.patient.birth_time is not None
    assert document.patient.birth_place is not None
    assert any(found.root in ("1.2.250.1.213.1.4.10", "1.2.250.1.213.1.4.8") for found in document.patient.ids)
    assert document.authors[0].family
    assert document.authors[0].organization is not None
    assert document.custodian is not None
    assert document.legal_authenticator is not None
    assert document.main_event is not None
    assert document.main_event.low is not None
    assert document.facility is not None
    assert document.body.level == (1 if sample.name in LEVEL_1 else 3)


def test_every_place_of_a_published_document_leads_to_its_value(sample: Sample) -> None:
    document = read_cda(sample.cda)
    root = document.source.getroottree().getroot()
    assert document.id is not None
    assert document.title is not None
    found = locate(root, f"{document.id.where}/@root")
    assert isinstance(found, Attribute)
    assert found.value == document.id.root
    title = locate(root, document.title.where)
    assert title is not None
    assert not isinstance(title, Attribute)
    assert text(title).strip() == document.title.text
    assert locate(root, document.where("facility")) is not None


def test_a_level_1_body_gives_its_pdf(sample: Sample) -> None:
    document = read_cda(sample.cda)
    if document.body.level != 1:
        with pytest.raises(UnreadableCda):
            document.body.content()
        return
    assert document.body.media_type == "application/pdf"
    assert document.body.content().startswith(b"%PDF-")


def test_the_style_sheets_of_the_published_documents(sample: Sample) -> None:
    presentation = read_cda(sample.cda).presentation
    if sample.name == "CANCER-PPS_2022.01_Autopresentable":
        assert presentation.embedded
        assert not presentation.external
        assert [link.target for link in presentation.scripts] == ["script"]
    else:
        assert not presentation.embedded
        assert len(presentation.external) == 1
        assert not presentation.scripts
    assert bool(presentation.links) == (sample.name == "IMG_CR_IMG_2024.01")


def test_what_replaces_what(sample: Sample) -> None:
    replaced = {
        "BIO-CR-BIO_2021.01_Microbiologie_V2": "1.2.250.1.213.1.1.1.55.2021.6.1",
        "BIO-CR-BIO_2021.01_Microbiologie_V2_Delete": "1.2.250.1.213.1.1.1.55.2021.6.1",
        "CSE-CS8_2024.01": "1.2.250.1.213.1.1.1.5.1.1",
        "IMG_CR_IMG_2024.01": "90E1C8EC-F951-4B26-A305-A34848818DD6",
        "IMG_CR_IMG_2024.01_CDA-R2-Niveau-1": "90E1C8EC-F951-4B26-A305-A34848818DD6",
    }
    expected = [replaced[sample.name]] if sample.name in replaced else []
    assert [found.root for found in read_cda(sample.cda).replaces] == expected


def test_a_bare_document_has_nothing() -> None:
    document = read_cda(_document())
    assert document.id is document.code is document.patient is document.facility is document.custodian is None
    assert document.unique_id == ""
    assert document.authors == document.service_events == document.replaces == ()
    assert document.main_event is None
    assert (document.body.kind, document.body.level) == ("none", 0)
    for name in ("id", "patientId", "legalAuthenticator", "facility", "body", ""):
        assert document.where(name) == "/hl7:ClinicalDocument"


def test_a_missing_item_is_placed_in_its_deepest_ancestor() -> None:
    document = read_cda(_document("<recordTarget><patientRole/></recordTarget>"))
    assert document.where("patientId") == "/hl7:ClinicalDocument/hl7:recordTarget/hl7:patientRole"
    assert document.where("authorInstitution") == "/hl7:ClinicalDocument"
    with pytest.raises(KeyError):
        document.where("nonsense")


def test_an_identifier_with_an_extension_is_written_the_xds_way() -> None:
    assert read_cda(_document('<id root="1.2.3" extension="A7"/>')).unique_id == "1.2.3^A7"


def test_a_text_body_is_its_text() -> None:
    inside = '<component><nonXMLBody><text mediaType="text/plain">été</text></nonXMLBody></component>'
    document = read_cda(_document(inside))
    assert document.body.content() == "été".encode()


def test_a_damaged_base64_is_refused_where_it_stands() -> None:
    good = base64.b64encode(b"contents").decode()
    inside = '<component><nonXMLBody><text representation="B64">{}</text></nonXMLBody></component>'
    assert read_cda(_document(inside.format(f"{good[:4]}\n {good[4:]}"))).body.content() == b"contents"
    with pytest.raises(UnreadableCda) as caught:
        read_cda(_document(inside.format(good[:-1]))).body.content()
    assert caught.value.where == "/hl7:ClinicalDocument/hl7:component/hl7:nonXMLBody/hl7:text"


@pytest.mark.parametrize(
    ("prolog", "inside", "attributes", "facts"),
    [
        ('<?xml-stylesheet type="text/xsl" href="../x.xsl"?>', "", "", (1, 0, 0)),
        ('<?xml-stylesheet type="text/xsl" href="#x"?>', "", "", (0, 0, 0)),
        ("", '<title onclick="x()">t</title>', "", (0, 1, 0)),
        ("", '<text><linkHtml href=" JavaScript:alert(1)">x</linkHtml></text>', "", (0, 1, 0)),
        ("", "<script/>", "", (0, 1, 0)),
        ("", '<text><linkHtml href="https://example.test/">x</linkHtml></text>', "", (0, 0, 1)),
        (
            "",
            '<text><linkHtml href="//example.test/">x</linkHtml><linkHtml href="#a">y</linkHtml></text>',
            "",
            (0, 0, 1),
        ),
        ("", f'<x:include xmlns:x="{XSL}" href="other.xsl"/>', "", (1, 0, 0)),
    ],
)
def test_presentation(prolog: str, inside: str, attributes: str, facts: tuple[int, int, int]) -> None:
    document = read_cda(_document(inside, prolog, attributes))
    shown = document.presentation
    assert (len(shown.external), len(shown.scripts), len(shown.links)) == facts
    root = document.source.getroottree().getroot()
    for found in (*shown.stylesheets, *shown.scripts, *shown.links):
        assert locate(root, found.where) is not None


@pytest.mark.parametrize(
    "data",
    [
        b"<x/>",
        b'<ClinicalDocument xmlns="urn:other"/>',
        b'<x><ClinicalDocument xmlns="urn:hl7-org:v3"/><ClinicalDocument xmlns="urn:hl7-org:v3"/></x>',
    ],
)
def test_what_is_no_cda_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableCda):
        read_cda(data)


@pytest.mark.parametrize("data", [b"", b"%PDF", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'])
def test_hostile_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(XmlRefused):
        read_cda(data)
