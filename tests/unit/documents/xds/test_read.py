from __future__ import annotations

import pytest

from simulators.core.xml import Attribute, locate, parse, text
from simulators.documents.errors import UnreadableMetadata
from simulators.documents.xds import schemes
from simulators.documents.xds.read import read_lot
from simulators.documents.xds.schemes import RIM

PERSON = "899700000013^FICTIF^CAMILLE^^^^^^&amp;1.2.250.1.71.4.2.1&amp;ISO^D^^^IDNPS"


def _slot(name: str, *values: str) -> str:
    inside = "".join(f"<r:Value>{value}</r:Value>" for value in values)
    return f'<r:Slot name="{name}"><r:ValueList>{inside}</r:ValueList></r:Slot>'


def _coded(scheme: str, code: str, system: str, display: str) -> str:
    name = f'<r:Name><r:LocalizedString value="{display}"/></r:Name>'
    return (
        f'<r:Classification id="c" classifiedObject="D" classificationScheme="{scheme}" nodeRepresentation="{code}">'
        f"{_slot('codingScheme', system)}{name}</r:Classification>"
    )


def _lot(inside: str) -> bytes:
    return f'<r:RegistryObjectList xmlns:r="{RIM}">{inside}</r:RegistryObjectList>'.encode()


# Deliberately out of the schema's order, slots last, as one client in the field does.
ENTRY = (
    f'<r:ExtrinsicObject id="D" mimeType="text/xml" objectType="{schemes.DOCUMENT_ENTRY}">'
    f'<r:ExternalIdentifier id="e" identificationScheme="{schemes.ENTRY_UNIQUE_ID}" registryObject="D" value="1.2.3"/>'
    f'<r:Classification id="a" classificationScheme="{schemes.ENTRY_AUTHOR}" classifiedObject="D">'
    f"{_slot('authorPerson', PERSON)}{_slot('authorInstitution', 'A', 'B')}</r:Classification>"
    f"{_coded(schemes.ENTRY_CONFIDENTIALITY, 'INVISIBLE_PATIENT', '1.2.250.1.213.1.1.4.13', 'x')}"
    f"{_coded(schemes.ENTRY_CONFIDENTIALITY, 'N', '2.16.840.1.113883.5.25', 'Normal')}"
    f"{_coded(schemes.ENTRY_TYPE, '11488-4', '2.16.840.1.113883.6.1', 'CR')}"
    '<r:Name><r:LocalizedString value="Titre"/></r:Name>'
    f"{_slot('creationTime', ' 2026<!-- cut -->0105090000 ')}{_slot('submissionTime', '20260105')}"
    f"{_slot('sourcePatientInfo', '', 'PID-8|M', 'PID-7|19850101')}"
    "</r:ExtrinsicObject>"
)


def test_an_entry_is_read_by_name_whatever_the_order() -> None:
    (entry,) = read_lot(parse(_lot(ENTRY))).entries
    assert (entry.entry_id, entry.unique_id, entry.title, entry.mime_type) == ("D", "1.2.3", "Titre", "text/xml")
    assert entry.type_code is not None
    assert (entry.type_code.code, entry.type_code.system) == ("11488-4", "2.16.840.1.113883.6.1")
    assert [code.code for code in entry.confidentiality_codes] == ["INVISIBLE_PATIENT", "N"]
    assert entry.authors[0].institutions == ("A", "B")
    assert entry.creation_time == "20260105090000"
    assert entry.source_patient_info == ("PID-8|M", "PID-7|19850101")
    assert dict(entry.extra_slots) == {"submissionTime": ("20260105",)}


def test_what_is_missing_is_none() -> None:
    (entry,) = read_lot(parse(_lot('<r:ExtrinsicObject id="D"/>'))).entries
    assert entry.unique_id is entry.patient_id is entry.type_code is entry.class_code is entry.creation_time is None
    assert entry.object_type is None
    assert entry.authors == entry.confidentiality_codes == ()


@pytest.mark.parametrize(
    ("attribute", "part", "index", "found"),
    [
        ("creationTime", "", 0, "20260105090000"),
        ("typeCode", "code", 0, "11488-4"),
        ("typeCode", "system", 0, "2.16.840.1.113883.6.1"),
        ("typeCode", "display", 0, "CR"),
        ("confidentialityCode", "code", 1, "N"),
        ("author", "authorInstitution", 0, "A"),
        ("uniqueId", "", 0, "1.2.3"),
        ("title", "", 0, "Titre"),
        ("mimeType", "", 0, "text/xml"),
        ("sourcePatientInfo", "", 1, "PID-7|19850101"),
        ("submissionTime", "", 0, "20260105"),
    ],
)
def test_where_leads_to_the_value(attribute: str, part: str, index: int, found: str) -> None:
    root = parse(_lot(ENTRY))
    (entry,) = read_lot(root).entries
    place = locate(root, entry.where(attribute, part, index))
    assert place is not None
    assert (place.value if isinstance(place, Attribute) else text(place).strip()) == found


@pytest.mark.parametrize("attribute", ["classCode", "languageCode", "patientId", "comments", "version", "logicalId"])
def test_where_of_a_missing_attribute_is_the_object(attribute: str) -> None:
    root = parse(_lot(ENTRY))
    (entry,) = read_lot(root).entries
    assert entry.where(attribute) == entry.where() == "/rim:RegistryObjectList/rim:ExtrinsicObject"
    assert entry.count(attribute) == 0


def test_an_object_may_be_classified_beside_itself() -> None:
    beside = f'<r:Classification id="x" classifiedObject="S" classificationNode="{schemes.SUBMISSION_SET}"/>'
    node = f'<r:Classification id="y" classificationNode="{schemes.FOLDER}"/>'
    folder = f'<r:RegistryPackage id="F">{node}</r:RegistryPackage>'
    lot = read_lot(parse(_lot(f'<r:RegistryPackage id="S"/>{beside}{folder}<r:RegistryPackage id="T"/>')))
    assert [(found.entry_id, found.classified) for found in lot.submission_sets] == [("S", True), ("T", False)]
    assert lot.folders == 1


def test_an_association_keeps_its_slots() -> None:
    inside = (
        f'<r:Association id="a" associationType="{schemes.REPLACES}" sourceObject="D" targetObject="urn:uuid:1">'
        f"{_slot('SubmissionSetStatus', 'Original')}</r:Association>"
    )
    lot = read_lot(parse(_lot(inside)))
    (found,) = lot.associations_of(schemes.REPLACES)
    assert (found.source_object, found.target_object) == ("D", "urn:uuid:1")
    assert found.slot("SubmissionSetStatus") == "Original"
    assert found.where("targetObject").endswith("/@targetObject")


@pytest.mark.parametrize(
    "data",
    [_lot('<r:ExtrinsicObject mimeType="text/xml"/>'), b"<x/>", _lot(_lot("").decode())],
    ids=["id", "none", "two"],
)
def test_what_has_no_structure_is_refused_with_its_place(data: bytes) -> None:
    with pytest.raises(UnreadableMetadata) as caught:
        read_lot(parse(data))
    assert caught.value.where.startswith("/")
