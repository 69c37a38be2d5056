from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from simulators.core.xml import parse, serialize
from simulators.documents.errors import CannotBuild, DocumentError
from simulators.documents.xds import schemes
from simulators.documents.xds.json_form import from_json, to_json
from simulators.documents.xds.lot import assemble, signature_entry
from simulators.documents.xds.model import Association, Author, Code, DocumentEntry, Lot, SubmissionSet
from simulators.documents.xds.read import read_lot
from simulators.documents.xds.write import object_refs, response_list, submission_list, submit_objects_request

INS = "185010099900171^^^&1.2.250.1.213.1.4.10&ISO^NH"
AUTHOR = Author(
    "899700000013^FICTIF^CAMILLE^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS",
    ("CENTRE FICTIF^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^10B0999009",),
    ("Médecin traitant",),
    ("G15_10/SM26^Médecin^1.2.250.1.213.1.1.4.5",),
)
FACILITY = Code("SA01", "1.2.250.1.71.4.2.4", "Etablissement public de santé")
PRACTICE = Code("ETABLISSEMENT", "1.2.250.1.213.1.1.4.9", "Etablissement de santé")
SET = SubmissionSet(
    "SubmissionSet01",
    unique_id="1.2.250.1.999.9.1.1.1",
    source_id="1.2.250.1.999.9.1",
    patient_id=INS,
    title="lot <fictif>",
    authors=(AUTHOR,),
    content_type=Code("04", "1.2.250.1.213.2.2", "Hospitalisation de jour"),
    submission_time="20260105093000",
)
ENTRY = DocumentEntry(
    "Document01",
    unique_id="1.2.250.1.999.9.1.2.1",
    patient_id=INS,
    mime_type="text/xml",
    title="Consultation",
    comments="texte & libre",
    authors=(AUTHOR,),
    class_code=Code("10", "1.2.250.1.213.1.1.4.1", "Compte rendu"),
    type_code=Code("11488-4", "2.16.840.1.113883.6.1", "CR"),
    confidentiality_codes=(Code("N", "2.16.840.1.113883.5.25", "Normal"), Code("MASQUE_PS", "1.2.250.1.213.1.1.4.13")),
    format_code=Code("urn:ihe:iti:xds-sd:pdf:2008", "1.3.6.1.4.1.19376.1.2.3", "PDF"),
    facility_code=FACILITY,
    practice_code=PRACTICE,
    event_codes=(Code("IMP", "2.16.840.1.113883.5.4", "Hospitalisation"),),
    creation_time="20260105090000",
    language="fr-FR",
    legal_authenticator=AUTHOR.person,
    service_start="20260105083000",
    service_stop="20260105084500",
    source_patient_id="IPP0001^^^&1.2.250.1.999.9.1.9&ISO^PI",
    source_patient_info=("PID-5|FICTIF^DOMINIQUE^^^^^L", "PID-7|19850101", "PID-8|M"),
    hash="0" * 40,
    size="1234",
    repository_unique_id="1.2.250.1.213.4.1.1.1.2",
    reference_ids=("105^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:accession",),
    extra_slots={"urn:action:extraMetadataSlot": ("C",)},
)
SIGNATURE = signature_entry(
    "Signature01",
    "1.2.250.1.999.9.1.3.1",
    submitter=AUTHOR,
    patient_id=INS,
    signed_at="20260105093000",
    facility=FACILITY,
    practice=PRACTICE,
)
OLD = "urn:uuid:00000000-0000-4000-8000-000000000101"
LOT = assemble(SET, [ENTRY], signature=SIGNATURE, replaces={"Document01": OLD})


def _names(element: etree._Element) -> list[str]:
    return [etree.QName(child).localname for child in element]


def test_a_submission_is_read_back_equal() -> None:
    lot = read_lot(parse(serialize(submit_objects_request(LOT))))
    assert (lot.submission_sets, lot.entries) == (LOT.submission_sets, LOT.entries)
    assert lot.associations == LOT.associations
    assert lot.documents == (ENTRY,)
    assert lot.signatures == (SIGNATURE,)


def test_a_lot_has_its_associations_in_order() -> None:
    triples = [(found.type, found.source_object, found.target_object) for found in LOT.associations]
    assert triples == [
        (schemes.HAS_MEMBER, "SubmissionSet01", "Document01"),
        (schemes.HAS_MEMBER, "SubmissionSet01", "Signature01"),
        (schemes.SIGNS, "Signature01", "SubmissionSet01"),
        (schemes.REPLACES, "Document01", OLD),
    ]
    assert {found.slot("SubmissionSetStatus") for found in LOT.associations} == {"Original"}


def test_a_submitted_object_follows_the_order_of_the_schema() -> None:
    package, document, _ = submission_list(LOT)[:3]
    coded, identified = ["Classification"], ["ExternalIdentifier"]
    assert _names(document) == ["Slot"] * 12 + ["Name", "Description"] + coded * 9 + identified * 2
    assert set(document.attrib) == {"id", "mimeType", "objectType"}
    assert _names(package) == ["Slot", "Name"] + coded * 3 + identified * 3
    identifiers = [found.get("id") for found in submission_list(LOT).iter() if found.get("id")]
    assert len(identifiers) == len(set(identifiers))


def test_a_response_has_the_published_layout() -> None:
    data = serialize(response_list([replace(ENTRY, entry_id="urn:uuid:1", extra_slots={})]))
    assert data.startswith(f'<ns4:RegistryObjectList xmlns:ns4="{schemes.RIM}"><ns4:ExtrinsicObject '.encode())
    assert data.count(b"xmlns") == 1
    (entry,) = parse(data)
    assert [*entry.attrib] == ["id", "isOpaque", "lid", "mimeType", "objectType", "status"]
    assert [found.get("name") for found in entry if found.get("name")] == [
        "creationTime", "hash", "languageCode", "legalAuthenticator", "repositoryUniqueId", "serviceStartTime",
        "serviceStopTime", "size", "sourcePatientId", "sourcePatientInfo", "urn:ihe:iti:xds:2013:referenceIdList",
    ]  # fmt: skip
    assert _names(entry)[11:14] == ["Name", "Description", "VersionInfo"]
    assert [found.get("classificationScheme") for found in entry if found.get("classificationScheme")] == [
        schemes.ENTRY_AUTHOR, schemes.ENTRY_CLASS, schemes.ENTRY_CONFIDENTIALITY, schemes.ENTRY_CONFIDENTIALITY,
        schemes.ENTRY_EVENT, schemes.ENTRY_FORMAT, schemes.ENTRY_FACILITY, schemes.ENTRY_PRACTICE, schemes.ENTRY_TYPE,
    ]  # fmt: skip
    assert [found.get("identificationScheme") for found in entry][-2:] == [
        schemes.ENTRY_PATIENT_ID, schemes.ENTRY_UNIQUE_ID,
    ]  # fmt: skip


def test_the_attributes_a_client_cuts_out_stand_in_the_published_order() -> None:
    entry = response_list([ENTRY])[0]
    for found in entry.iter(f"{{{schemes.RIM}}}Classification"):
        assert [*found.attrib] == ["classificationScheme", "classifiedObject", "id", "nodeRepresentation"]
    for found in entry.iter(f"{{{schemes.RIM}}}ExternalIdentifier"):
        assert [*found.attrib] == ["id", "identificationScheme", "registryObject", "value"]
    for found in entry.iter(f"{{{schemes.RIM}}}LocalizedString"):
        assert [etree.QName(name).localname for name in found.attrib] == ["charset", "value", "lang"]


def test_a_response_writes_the_same_object_always_the_same() -> None:
    assert serialize(response_list([ENTRY])) == serialize(response_list([ENTRY]))
    identifiers = [found.get("id") for found in response_list([ENTRY]).iter() if found.get("id")]
    assert len(identifiers) == len(set(identifiers))


def test_a_response_without_reference_does_not_write_the_slot() -> None:
    data = serialize(response_list([replace(ENTRY, reference_ids=(), extra_slots={})]))
    assert b"referenceIdList" not in data


def test_sets_associations_and_references_are_answered_too() -> None:
    holder = response_list([SET, LOT.associations[0]])
    assert _names(holder) == ["RegistryPackage", "Association"]
    assert holder[0].get("status") == schemes.APPROVED
    assert [found.get("id") for found in object_refs(["urn:uuid:1", "urn:uuid:2"])] == ["urn:uuid:1", "urn:uuid:2"]
    assert serialize(response_list([])).endswith(b"/>")


def test_a_lot_that_means_nothing_is_refused() -> None:
    with pytest.raises(CannotBuild):
        assemble(SET, [])
    with pytest.raises(CannotBuild):
        assemble(SET, [ENTRY], replaces={"Other": "urn:uuid:1"})
    with pytest.raises(CannotBuild):
        signature_entry(
            "S", "1.2", submitter=Author(), patient_id=INS, signed_at="2026", facility=FACILITY, practice=PRACTICE
        )


ODD = (DocumentEntry("x", object_type=None), SubmissionSet("s", classified=False))


@pytest.mark.parametrize("item", [ENTRY, SIGNATURE, SET, LOT.associations[3], *ODD])
def test_the_plain_json_gives_the_object_back(item: Any) -> None:
    assert from_json(type(item), to_json(item)) == item


def test_json_of_another_shape_is_refused() -> None:
    for data in ({"nonsense": 1}, {"type_code": {"code": "x"}, "entry_id": "y"}, {}):
        with pytest.raises(DocumentError):
            from_json(DocumentEntry, data)


def test_an_object_without_source_still_names_its_place() -> None:
    assert ENTRY.where("typeCode") == "DocumentEntry[Document01].typeCode"
    assert Association("a").where() == "Association[a]"
    assert ENTRY.count("typeCode") == 0
    assert Lot().where() == ""
    assert Lot().submission_set is None
