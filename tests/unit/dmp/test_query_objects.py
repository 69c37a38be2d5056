"""The queries over more than documents, on a lot that was really fed and a document really replaced."""

from __future__ import annotations

import pytest

from simulators.dmp import registry_store as store
from simulators.documents.xds import schemes
from tests.support.dmp_lots import DOCUMENT_ID, SEAL_ID, SET_ID, LotPlan, described, letter, plain, td21
from tests.support.dmp_messages import AIR, envelope, td03
from tests.support.dmp_room import Room

NEW_ID, NEW_SET = "1.2.250.1.999.9.1.2.2", "1.2.250.1.999.9.1.1.2"
QUERIES = {
    "FindSubmissionSets": "f26abbcb-ac74-4422-8a30-edb644bbc1a9",
    "GetAssociations": "a7ae438b-4bc2-4642-93e9-be891f7bb155",
    "GetDocumentsAndAssociations": "bab9529a-4a10-40b3-a01f-f68a615d247a",
    "GetSubmissionSets": "51224314-5390-4169-9b91-b1980040715a",
    "GetSubmissionSetAndContents": "e8e3cb2c-e39c-46b9-99e4-c12f57260b83",
    "GetRelatedDocuments": "d90e5407-b356-4d91-a89f-873917b4b0e6",
}


@pytest.fixture(scope="module")
def world(room: Room) -> str:
    """The letter, then its replacement, and a professional who may consult."""
    name = room.world()
    cachet = room.certificates.signer()
    room.send(td21(cachet), name, operation="TD2.1")
    old = known(room, name)[DOCUMENT_ID]
    new = (described(letter(NEW_ID, replaces=DOCUMENT_ID)),)
    plan = LotPlan(new, plain().patient_cx, NEW_SET, "1.2.250.1.999.9.1.3.2", replaces=old)
    assert room.send(td21(cachet, plan), name, operation="TD2.1").row.outcome == "accepted"
    assert room.send(td03(), name, operation="TD0.3").row.outcome == "accepted"
    return name


def known(room: Room, world: str) -> dict[str, str]:
    """entryUUID by uniqueId, of documents and sets."""
    with room.store.read(world) as tx:
        found = {one.unique_id: one.entry_uuid for one in store.documents_where(tx)}
        return found | {item.unique_id or "": item.entry_id for item in store.submission_sets_where(tx)}


def ask(room: Room, world: str, query: str, slots: dict[str, str], kind: str = "LeafClass") -> list[str]:
    """What comes back: uniqueIds of documents and sets, types of associations (their last word)."""
    inside = "".join(
        f'<Slot name="${name}"><ValueList><Value>{value}</Value></ValueList></Slot>' for name, value in slots.items()
    )
    body = (
        '<AdhocQueryRequest xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0">'
        f'<ResponseOption returnComposedObjects="true" returnType="{kind}"/><AdhocQuery '
        f'xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0" id="urn:uuid:{QUERIES[query]}">{inside}</AdhocQuery>'
        "</AdhocQueryRequest>"
    )
    headers = {"X-Sandbox-User-Act": "1"}
    seen = room.send(envelope("TD3.1", body, AIR), world, operation="TD3.1", headers=headers)
    assert (seen.row.outcome, seen.rules) == ("accepted", []), seen.row.verdict
    names = {uuid: unique_id for unique_id, uuid in known(room, world).items()}
    told = []
    for item in seen.body[-1]:
        kind_of = item.get("associationType", "").rsplit(":", 1)[-1]
        told.append(kind_of or names[item.get("id", "")])
    assert seen.body.get("totalResultCount") == str(len(told))
    return told


def test_sets_are_found_by_their_time(room: Room, world: str) -> None:
    status = f"('{schemes.APPROVED}')"
    slots = {"XDSSubmissionSetStatus": status, "XDSSubmissionSetSubmissionTimeFrom": "2026"}
    assert ask(room, world, "FindSubmissionSets", slots) == [SET_ID, NEW_SET]
    assert ask(room, world, "FindSubmissionSets", {**slots, "XDSSubmissionSetSubmissionTimeTo": "2026"}) == []
    author = {**slots, "XDSSubmissionSetAuthorPerson": "'%^FICTIF^%'"}
    assert ask(room, world, "FindSubmissionSets", author) == [SET_ID, NEW_SET]
    assert ask(room, world, "FindSubmissionSets", slots, "ObjectRef") == [SET_ID, NEW_SET]


def test_the_polling_flow_ends_with_the_documents(room: Room, world: str) -> None:
    """PDSm examples: sets since last time, their members, then documents and associations; the seal stays hidden."""
    uuids = known(room, world)
    members = ask(room, world, "GetAssociations", {"uuid": f"('{uuids[SET_ID]}')"})
    assert members == ["HasMember"]
    both = f"('{uuids[DOCUMENT_ID]}','{uuids[NEW_ID]}','{uuids[SEAL_ID]}')"
    told = ask(room, world, "GetDocumentsAndAssociations", {"XDSDocumentEntryEntryUUID": both})
    assert told == [DOCUMENT_ID, NEW_ID, "HasMember", "HasMember", "RPLC"]


def test_sets_of_documents(room: Room, world: str) -> None:
    uuids = known(room, world)
    asked = {"uuid": f"('{uuids[NEW_ID]}')"}
    assert ask(room, world, "GetSubmissionSets", asked) == [NEW_SET, "HasMember"]
    assert ask(room, world, "GetSubmissionSets", {"uuid": f"('{uuids[SEAL_ID]}')"}) == []


def test_a_set_and_its_contents(room: Room, world: str) -> None:
    asked = {"XDSSubmissionSetUniqueId": f"'{SET_ID}'"}
    assert ask(room, world, "GetSubmissionSetAndContents", asked) == [SET_ID, DOCUMENT_ID, "HasMember"]
    other = {**asked, "XDSDocumentEntryFormatCode": "('urn:ihe:lab:xd-lab:2008^^1.3.6.1.4.1.19376.1.2.3')"}
    assert ask(room, world, "GetSubmissionSetAndContents", other) == [SET_ID]


def test_related_documents(room: Room, world: str) -> None:
    asked = {"XDSDocumentEntryUniqueId": f"'{DOCUMENT_ID}'", "AssociationTypes": f"('{schemes.REPLACES}')"}
    assert sorted(ask(room, world, "GetRelatedDocuments", asked)) == sorted([DOCUMENT_ID, NEW_ID, "RPLC"])
    other = {**asked, "AssociationTypes": f"('{schemes.APPENDS}')"}
    assert ask(room, world, "GetRelatedDocuments", other) == []
