"""Searching and retrieving on documents put straight into the registry: filters, visibility, layout, bytes."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from lxml import etree

from simulators.core.rules import Policy
from simulators.core.xml import NAMESPACES
from simulators.dmp import registry_store as store
from simulators.documents.xds import schemes
from simulators.documents.xds.model import Author, Code, DocumentEntry
from tests.support.dmp_messages import INS, OID, OTHER_INS, PROFESSIONAL, STRUCTURE
from tests.support.dmp_room import NOW, Room
from tests.unit.dmp.mending_td3 import APPROVED, GET, POLICY, REPOSITORY, retrieval, search

LOINC, CLASSES = "2.16.840.1.113883.6.1", "1.2.250.1.213.1.1.4.1"
ME = f"{PROFESSIONAL}^FICTIF^CAMILLE^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"
OTHER = "899700000021^SIMULE^ALEX^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"
HERE = f"CENTRE^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^{STRUCTURE}"
NORMAL = Code("N", "2.16.840.1.113883.5.25", "Normal")
MASKED = Code("MASQUE_PS", "1.2.250.1.213.1.1.4.13", "Masqué")


def entry(
    number: int, type_code: str = "11488-4", created: str = "20260101080000", author: str = OTHER
) -> DocumentEntry:
    return DocumentEntry(
        entry_id=f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        unique_id=f"1.2.250.1.999.9.1.2.{number}",
        patient_id=f"{INS}^^^&{OID}&ISO^NH",
        mime_type="text/xml",
        title=f"Document {number}",
        authors=(Author(author, (HERE,)),),
        class_code=Code("10", CLASSES, "Compte rendu"),
        type_code=Code(type_code, LOINC, "type"),
        format_code=Code("urn:ihe:iti:xds-sd:pdf:2008", "1.3.6.1.4.1.19376.1.2.3", "PDF"),
        confidentiality_codes=(NORMAL,),
        creation_time=created,
        service_start=created,
        repository_unique_id=REPOSITORY,
        status=schemes.APPROVED,
        version="1",
        logical_id=f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
    )


def put(room: Room, world: str, item: DocumentEntry, *, matricule: str = INS, data: bytes = b"<x/>") -> None:
    with room.store.write(world) as tx:
        digest = tx.blob(data)
        store.add_document(tx, item, matricule=matricule, submission_set="", sha256=digest, registered=NOW)


@pytest.fixture
def world(room: Room) -> str:
    return room.world(POLICY)


def found(room: Room, world: str, *slots: tuple[str, str], uuid: str = "", **options: object) -> list[str]:
    given = slots if uuid else (("Status", APPROVED), *slots)
    message = search(uuid, given) if uuid else search(slots=given)
    seen = room.send(message, world, operation="TD3.1", **options)  # type: ignore[arg-type]
    assert seen.row.outcome == "accepted", seen.row.verdict
    names = dict(NAMESPACES)
    assert seen.body.get("totalResultCount") == str(len(seen.body.findall("rim:RegistryObjectList/*", names)))
    identifiers = seen.body.findall(
        f".//rim:ExternalIdentifier[@identificationScheme='{schemes.ENTRY_UNIQUE_ID}']", names
    )
    return [identifier.get("value", "").rsplit(".", 1)[1] for identifier in identifiers]


def test_each_filter_narrows(room: Room, world: str) -> None:
    put(room, world, entry(1))
    put(room, world, entry(2, "34112-3", "20260301120000"))
    put(room, world, replace(entry(3, author=ME), event_codes=(Code("A1", "9.9", "a"), Code("B2", "9.9", "b"))))
    put(room, world, replace(entry(4), status=schemes.DEPRECATED))
    put(room, world, entry(5), matricule=OTHER_INS)
    assert found(room, world) == ["1", "2", "3"]
    assert found(room, world, ("TypeCode", f"('34112-3^^{LOINC}')")) == ["2"]
    assert found(room, world, ("TypeCode", f"('34112-3^^{LOINC}','11488-4^^{LOINC}')")) == ["1", "2", "3"]
    assert found(room, world, ("TypeCode", "('34112-3^^9.9.9')")) == []
    assert found(room, world, ("ClassCode", f"('10^^{CLASSES}')")) == ["1", "2", "3"]
    assert found(room, world, ("EventCodeList", "('A1^^9.9')"), ("EventCodeList", "('B2^^9.9')")) == ["3"]
    assert found(room, world, ("EventCodeList", "('A1^^9.9')"), ("EventCodeList", "('C3^^9.9')")) == []
    assert found(room, world, ("AuthorPerson", "('%^FICTIF^%')")) == ["3"]
    assert found(room, world, ("AuthorPerson", "('%^NOBODY^%')")) == []


def test_from_is_inclusive_and_to_is_exclusive(room: Room, world: str) -> None:
    put(room, world, entry(1, created="20260101000000"))
    put(room, world, entry(2, created="20260201000000"))
    assert found(room, world, ("CreationTimeFrom", "2026")) == ["1", "2"]
    assert found(room, world, ("CreationTimeFrom", "20260201")) == ["2"]
    assert found(room, world, ("CreationTimeTo", "20260201")) == ["1"]
    assert found(room, world, ("CreationTimeFrom", "20260101"), ("CreationTimeTo", "20260202")) == ["1", "2"]


def test_a_masked_document_is_left_out_in_silence_but_for_its_author(room: Room, world: str) -> None:
    put(room, world, replace(entry(1), confidentiality_codes=(NORMAL, MASKED)))
    put(room, world, replace(entry(2, author=ME), confidentiality_codes=(NORMAL, MASKED)))
    assert found(room, world) == ["2"]
    refused = room.send(retrieval("1.2.250.1.999.9.1.2.1"), world, operation="TD3.2")
    assert refused.rules == ["DMP-RETRIEVE-UNKNOWN"]
    assert room.send(retrieval("1.2.250.1.999.9.1.2.2"), world, operation="TD3.2").row.outcome == "accepted"


def test_documents_are_got_by_each_identifier(room: Room, world: str) -> None:
    put(room, world, entry(7))
    uuid = "urn:uuid:00000000-0000-4000-8000-000000000007"
    assert found(room, world, ("UniqueId", "('1.2.250.1.999.9.1.2.7')"), uuid=GET) == ["7"]
    assert found(room, world, ("EntryUUID", f"('{uuid.upper()}')"), uuid=GET) == ["7"]
    assert found(room, world, ("LogicalID", f"('{uuid}')"), uuid=GET) == ["7"]
    assert found(room, world, ("UniqueId", "('1.2.250.1.999.9.1.2.8')"), uuid=GET) == []


def test_the_bytes_come_back_exactly(room: Room, world: str) -> None:
    data = b'<?xml version="1.0"?>\r\n<x>\n\x09\xc3\xa9</x>\r\n--uuid:no'
    put(room, world, entry(9), data=data)
    seen = room.send(retrieval("1.2.250.1.999.9.1.2.9"), world, operation="TD3.2")
    assert seen.answer.headers["Content-Type"].startswith("multipart/related")
    assert data in seen.answer.body
    assert hashlib.sha256(data).hexdigest()
    include = seen.body.find(f".//{{{NAMESPACES['xop']}}}Include")
    assert include is not None
    assert "%40" not in include.get("href", "")
    assert include.get("href", "").endswith("urn%3Aihe%3Aiti%3Axds-b%3A2007")


def test_some_found_and_some_not_is_a_partial_success(room: Room, world: str) -> None:
    put(room, world, entry(1))
    message = retrieval("1.2.250.1.999.9.1.2.1")
    twice = message.replace(b"</DocumentRequest>", b"</DocumentRequest>" + _request("1.2.250.1.999.9.1.404"), 1)
    seen = room.send(twice, world, operation="TD3.2")
    status = seen.body.find(f"{{{NAMESPACES['rs']}}}RegistryResponse")
    assert status is not None
    assert status.get("status", "").endswith("PartialSuccess")
    assert len(seen.body.findall(f"{{{NAMESPACES['xds']}}}DocumentResponse")) == 1
    error = status.find(f".//{{{NAMESPACES['rs']}}}RegistryError")
    assert error is not None
    assert error.get("codeContext") == "uniqueId=1.2.250.1.999.9.1.404 | DMP-RETRIEVE-UNKNOWN"
    assert (seen.row.outcome, seen.rules) == ("accepted", ["DMP-RETRIEVE-UNKNOWN"])


def test_the_ihe_flavour_answers_a_registry_response(room: Room) -> None:
    world = room.world(Policy(overrides=POLICY.overrides, settings={"dmp.retrieve-unknown": "ihe"}))
    seen = room.send(retrieval("1.2.250.1.999.9.1.404"), world, operation="TD3.2")
    assert seen.answer.status == 200
    error = seen.body.find(f".//{{{NAMESPACES['rs']}}}RegistryError")
    assert error is not None
    assert error.get("errorCode") == "XDSDocumentUniqueIdError"


def test_too_many_results_are_refused_where_a_world_sets_a_ceiling(room: Room) -> None:
    world = room.world(Policy(overrides=POLICY.overrides, settings={"dmp.max-results": "1"}))
    put(room, world, entry(1))
    put(room, world, entry(2))
    seen = room.send(search(slots=(("Status", APPROVED),)), world, operation="TD3.1")
    assert seen.rules == ["DMP-QUERY-TOO-MANY"]


def test_another_patient_in_the_query_is_refused(room: Room, world: str) -> None:
    slots = (("Status", APPROVED), ("PatientId", f"'{OTHER_INS}^^^&amp;{OID}&amp;ISO^NH'"))
    seen = room.send(search(slots=slots), world, operation="TD3.1")
    assert seen.rules == ["DMP-VIHF-RESOURCE-BODY"]
    node = etree.fromstring(search(slots=slots)).xpath(
        seen.row.verdict["findings"][0]["where"], namespaces=dict(NAMESPACES)
    )
    assert OTHER_INS in node[0].text


def test_a_search_soon_after_feeding_is_a_warning_unless_the_user_acts(room: Room, world: str) -> None:
    with room.store.write(world) as tx:
        store.note_feeding(tx, STRUCTURE, INS, NOW)
    message = search(slots=(("Status", APPROVED),))
    assert "DMP-QUERY-AFTER-FEEDING" in room.send(message, world, operation="TD3.1").rules
    acted = room.send(message, world, operation="TD3.1", headers={"X-Sandbox-User-Act": "1"})
    assert acted.rules == []
    assert acted.row.marks["user_act"] is True


def _request(unique_id: str) -> bytes:
    return (
        f"<DocumentRequest><RepositoryUniqueId>{REPOSITORY}</RepositoryUniqueId>"
        f"<DocumentUniqueId>{unique_id}</DocumentUniqueId></DocumentRequest>"
    ).encode()
