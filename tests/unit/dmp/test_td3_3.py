"""TD3.3 inside one process: what a change leaves, who may make it, what readers see of it afterwards."""

from __future__ import annotations

import copy
import random
from dataclasses import replace

import pytest
from lxml import etree

from simulators.core.rules import Level, Policy, Rule
from simulators.core.store.api import Tx
from simulators.core.xml import NAMESPACES
from simulators.dmp import registry_store as store
from simulators.dmp.registry_store import Stored
from simulators.dmp.rules import lot_codes, lot_patients, lot_registry, retrieve, rights, update_rules
from simulators.documents.xds import schemes
from tests.support.dmp_lots import AUTHOR, LotPlan, described, letter, plain, td21
from tests.support.dmp_messages import AIR, DIRECT, INDIRECT, VihfPlan, envelope, td03
from tests.support.dmp_room import Room, Seen
from tests.support.dmp_updates import (
    BY_PATIENT,
    OLD,
    OTHER_AUTHOR,
    codes,
    metadata,
    register,
    register_all,
    registered,
    status,
)

NAMES = dict(NAMESPACES)
OTHER_PERSON = "899700000039"
TREATING = "899700000021"
GET = "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4"
UNIQUE = "1.2.250.1.999.9.1.2.0"
ODD = ("", " ", "x" * 5000, "urn:uuid:", "-1", "é\u202e", "('a')", "^^^&1.2.3&ISO", schemes.DELETED, OLD)


@pytest.fixture
def world(room: Room) -> str:
    """With the document to change, and an authorisation of its author."""
    name = room.world()
    with room.store.write(name) as tx:
        register_all(tx)
    assert room.send(td03(), name, operation="TD0.3").row.outcome == "accepted"
    return name


def ask(room: Room, world: str, message: bytes, **options: object) -> Seen:
    return room.send(message, world, operation="TD3.3c", **options)  # type: ignore[arg-type]


def assert_accepted(seen: Seen) -> None:
    assert (seen.row.outcome, seen.rules) == ("accepted", []), seen.row.verdict
    assert seen.body.tag == f"{{{NAMES['rs']}}}RegistryResponse"
    assert seen.body.get("status") == "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
    assert b"urn:ihe:iti:2010:UpdateDocumentSet-Response" in seen.answer.body


def assert_refused(seen: Seen, *rules: Rule) -> None:
    assert seen.row.outcome == "refused"
    refusing = [f["rule"] for f in seen.row.verdict["findings"] if f["level"] == "refuse"]
    assert refusing == [rule.id for rule in rules]


def held(room: Room, world: str, unique_id: str = UNIQUE) -> list[Stored]:
    with room.store.read(world) as tx:
        return store.documents_where(tx, store.documents.c.unique_id == unique_id)


def search(plan: VihfPlan = AIR) -> bytes:
    body = (
        '<AdhocQueryRequest xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"><ResponseOption '
        'returnComposedObjects="true" returnType="LeafClass"/><AdhocQuery '
        f'xmlns="{schemes.RIM}" id="{GET}"><Slot name="$XDSDocumentEntryUniqueId"><ValueList><Value>'
        f"('{UNIQUE}')</Value></ValueList></Slot></AdhocQuery></AdhocQueryRequest>"
    )
    return envelope("TD3.1", body, plan)


def found(room: Room, world: str, plan: VihfPlan = AIR) -> list[etree._Element]:
    seen = room.send(search(plan), world, operation="TD3.1")
    assert seen.row.outcome == "accepted", seen.row.verdict
    return seen.body.findall(".//rim:ExtrinsicObject", NAMES)


def test_a_deletion(room: Room, world: str) -> None:
    seen = ask(room, world, status())
    assert_accepted(seen)
    assert seen.row.operation == "dmp.TD3.3c"
    assert {f"document:{UNIQUE}", "submission:1.2.250.1.999.9.1.1.2", "patient:185010099900171"} <= set(seen.row.keys)
    (one,) = held(room, world)
    assert (one.status, one.entry_uuid, one.entry.version) == (schemes.DELETED, OLD, "1")
    assert found(room, world) == []
    with room.store.read(world) as tx:
        (submission,) = store.submission_sets_where(tx)
        (tie,) = store.associations_touching(tx, [OLD])
    assert (tie.source_object, tie.target_object) == (submission.entry_id, OLD)


def test_a_deleted_document_is_neither_retrieved_nor_changed_nor_replaced(room: Room, world: str) -> None:
    assert_accepted(ask(room, world, status()))
    assert_refused(ask(room, world, status(number=3)), update_rules.GONE)
    body = (
        '<RetrieveDocumentSetRequest xmlns="urn:ihe:iti:xds-b:2007"><DocumentRequest><RepositoryUniqueId>'
        f"1.2.250.1.213.4.1.1.1.2</RepositoryUniqueId><DocumentUniqueId>{UNIQUE}</DocumentUniqueId>"
        "</DocumentRequest></RetrieveDocumentSetRequest>"
    )
    assert_refused(room.send(envelope("TD3.2", body, AIR), world, operation="TD3.2"), retrieve.UNKNOWN)
    new = letter("1.2.250.1.999.9.1.2.20", replaces=UNIQUE)
    plan = LotPlan((described(new),), plain().patient_cx, "1.2.250.1.999.9.1.1.20", replaces=OLD)
    seen = room.send(td21(room.certificates.signer(), plan), world, operation="TD2.1")
    assert_refused(seen, lot_registry.TARGET_STATUS)


def test_archived_and_back_then_deleted(room: Room, world: str) -> None:
    """Archiving wants an author under AIR; a deletion also starts from Archived."""
    archive = status(new=schemes.ARCHIVED, vihf=AIR)
    seen = ask(room, world, archive)
    assert_accepted(seen)
    assert seen.row.operation == "dmp.TD3.3d"
    assert held(room, world)[0].status == schemes.ARCHIVED
    assert_refused(ask(room, world, status(number=3)), update_rules.ORIGINAL)
    back = status(old=schemes.ARCHIVED, new=schemes.APPROVED, vihf=AIR, number=4)
    assert_accepted(ask(room, world, back))
    assert held(room, world)[0].status == schemes.APPROVED
    assert_accepted(ask(room, world, status(new=schemes.ARCHIVED, vihf=AIR, number=5)))
    assert_accepted(ask(room, world, status(old=schemes.ARCHIVED, number=6)))
    assert held(room, world)[0].status == schemes.DELETED


def test_masked_then_unmasked(room: Room, world: str) -> None:
    seen = ask(room, world, metadata())
    assert_accepted(seen)
    assert (seen.row.operation, seen.row.marks["rights"]) == ("dmp.TD3.3a", ["TD3.3a mask"])
    first, second = held(room, world)
    assert (first.status, second.status) == (schemes.DEPRECATED, schemes.APPROVED)
    assert (second.entry.logical_id, second.entry.version) == (first.entry.logical_id, "2")
    assert second.entry_uuid not in {OLD, "Document01"}
    assert [code.code for code in second.entry.confidentiality_codes] == ["N", "MASQUE_PS"]
    back = metadata(registered(version="2"), codes(), previous="2", number=3)
    seen = ask(room, world, back)
    assert_accepted(seen)
    assert seen.row.marks["rights"] == ["TD3.3a unmask"]
    assert [one.entry.version for one in held(room, world)] == ["1", "2", "3"]


def test_a_masked_document_is_gone_for_others_and_stays_for_its_author(room: Room, world: str) -> None:
    other = AIR.but(professional=OTHER_PERSON, id="_00000000-0000-4000-8000-000000000009")
    assert room.send(td03(plan=other), world, operation="TD0.3").row.outcome == "accepted"
    assert_accepted(ask(room, world, metadata()))
    assert found(room, world, other) == []  # the older version, which is not masked, shows no more
    assert len(found(room, world)) == 2
    seen = ask(room, world, metadata(registered(version="2"), codes(), previous="2", number=3, vihf=other))
    assert_refused(seen, update_rules.TARGET_UNKNOWN)


def test_made_visible_and_never_back(room: Room) -> None:
    world = room.world()
    with room.store.write(world) as tx:
        register(tx, registered(confidentiality_codes=codes("INVISIBLE_PATIENT")))
    assert room.send(td03(), world, operation="TD0.3").row.outcome == "accepted"
    assert len(found(room, world)) == 1  # professionals read what the patient does not
    seen = ask(room, world, metadata(wanted=codes()))
    assert_accepted(seen)
    assert seen.row.marks["rights"] == ["TD3.3b"]
    for code in ("INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX"):
        back = metadata(registered(version="2"), codes(code), previous="2", number=3)
        assert_refused(ask(room, world, back), update_rules.INVERSE)


def test_masked_and_invisible_do_not_go_together(room: Room) -> None:
    world = room.world(Policy(overrides={rights.AUTHORISATION.id: Level.OFF}))
    with room.store.write(world) as tx:
        register(tx, registered(confidentiality_codes=codes("INVISIBLE_PATIENT")))
    seen = ask(room, world, metadata(wanted=codes("INVISIBLE_PATIENT", "MASQUE_PS")))
    assert_refused(seen, lot_codes.VISIBILITY)


def test_the_same_codes_change_nothing(room: Room, world: str) -> None:
    assert_refused(ask(room, world, metadata(wanted=codes())), update_rules.EMPTY)
    assert len(held(room, world)) == 1


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (metadata(vihf=INDIRECT), "INDIRECTE_RENFORCEE"),
        (status(new=schemes.ARCHIVED, vihf=INDIRECT), "INDIRECTE_RENFORCEE"),
        (metadata(vihf=AIR.but(purpose="bris_de_glace")), "normal"),
    ],
    ids=["masking by an organisation", "archiving by an organisation", "masking in an emergency"],
)
def test_the_matrix(room: Room, world: str, message: bytes, expected: str) -> None:
    seen = ask(room, world, message)
    assert_refused(seen, rights.MATRIX)
    assert seen.row.verdict["findings"][0]["expected"] == expected


def test_masking_wants_an_authorisation_and_deleting_none(room: Room) -> None:
    world = room.world()
    with room.store.write(world) as tx:
        register_all(tx)
    assert_refused(ask(room, world, metadata()), rights.AUTHORISATION)
    assert_refused(ask(room, world, status(new=schemes.ARCHIVED, vihf=AIR)), rights.AUTHORISATION)
    assert_accepted(ask(room, world, status(vihf=AIR)))


def test_who_deletes(room: Room, world: str) -> None:
    """The structure in indirect mode; the person otherwise, whatever the structure."""
    assert_refused(ask(room, world, status(OTHER_AUTHOR)), update_rules.OWNER)
    assert_refused(ask(room, world, status(vihf=AIR.but(professional=OTHER_PERSON))), update_rules.OWNER)
    assert_accepted(ask(room, world, status(OTHER_AUTHOR, vihf=DIRECT), holder="899700000013"))
    assert_accepted(ask(room, world, status(number=3)))


def test_a_document_of_the_patient_is_for_the_treating_physician(room: Room, world: str) -> None:
    assert_refused(ask(room, world, status(BY_PATIENT)), update_rules.PATIENT_DOCUMENT)
    assert room.send(td03(role="MEDECIN_TRAITANT"), world, operation="TD0.3").row.outcome == "accepted"
    assert_accepted(ask(room, world, status(BY_PATIENT, vihf=AIR)))


def test_several_are_all_or_nothing(room: Room, world: str) -> None:
    assert_refused(ask(room, world, status(OLD, OTHER_AUTHOR)), update_rules.OWNER)
    assert held(room, world)[0].status == schemes.APPROVED
    with room.store.write(world) as tx:
        register(tx, registered("9", entry_id=f"{OLD[:-1]}9", logical_id=f"{OLD[:-1]}9"))
    assert_accepted(ask(room, world, status(OLD, f"{OLD[:-1]}9")))
    assert held(room, world, "1.2.250.1.999.9.1.2.9")[0].status == schemes.DELETED


def test_the_lot_of_an_update_is_judged_as_any(room: Room, world: str) -> None:
    """Its patient is that of the VIHF, its uniqueId is fresh."""
    cx = b'185010099900171^^^&amp;1.2.250.1.213.1.4.10&amp;ISO^NH"'
    wrong = status().replace(b'value="' + cx, b'value="' + cx.replace(b"185010099900171", b"290050099900233"))
    assert_refused(ask(room, world, wrong), lot_patients.PATIENT_VIHF, update_rules.TARGET_PATIENT)
    assert_accepted(ask(room, world, status()))
    assert lot_registry.DUPLICATE_SET.id in ask(room, world, status(BY_PATIENT)).rules


def test_attributes_that_published_samples_leave_out_are_not_missed(room: Room, world: str) -> None:
    sample = etree.fromstring(status())
    for element in sample.iter(f"{{{schemes.RIM}}}Classification", f"{{{schemes.RIM}}}ExternalIdentifier"):
        for name in ("classifiedObject", "registryObject"):
            if element.get(name) is not None:
                del element.attrib[name]
    assert_accepted(ask(room, world, etree.tostring(sample)))


def test_an_unreadable_request_changes_nothing(room: Room, world: str) -> None:
    for body in (
        '<SubmitObjectsRequest xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"/>',
        f'<SubmitObjectsRequest xmlns="{schemes.LCM}"><RegistryObjectList xmlns="{schemes.RIM}"/>'
        "</SubmitObjectsRequest>",
    ):
        seen = ask(room, world, envelope("TD3.3c", body, INDIRECT))
        assert seen.row.outcome == "refused"
        assert b"RegistryError" in seen.answer.body
    assert held(room, world)[0].status == schemes.APPROVED


def test_a_secret_connection_is_noted_and_its_documents_hidden_from_guardians(room: Room) -> None:
    world, hidden = room.world(), "INVISIBLE_REPRESENTANTS_LEGAUX"
    secret = INDIRECT.but(confidentiality=f"{hidden}^1.2.250.1.213.1.1.4.13")
    plan = LotPlan((described(letter(), confidentiality_codes=codes(hidden)),), plain().patient_cx)
    seen = room.send(td21(room.certificates.signer(), plan, secret), world, operation="TD2.1")
    assert seen.row.outcome == "accepted", seen.row.verdict
    assert seen.row.marks["secret_connection"] is True
    with room.store.read(world) as tx:
        assert hidden in _codes(tx)
    open_ = room.send(td21(room.certificates.signer(), plain(), secret), room.world(), operation="TD2.1")
    assert lot_codes.SECRET.id in open_.rules


def _codes(tx: Tx) -> set[str]:
    (entry,) = (one.entry for one in store.documents_where(tx, store.documents.c.signature == 0))
    return {code.code for code in entry.confidentiality_codes}


def test_two_replacements_and_no_third_of_what_is_gone(room: Room) -> None:
    """A chain of versions; another structure replaces nothing of it."""
    world, last = room.world(), ""
    for number in (1, 2, 3):
        data = letter(f"1.2.250.1.999.9.1.2.{number}", replaces=f"1.2.250.1.999.9.1.2.{number - 1}" if last else "")
        seen = room.send(_lot(room, data, number, last or None), world, operation="TD2.1")
        assert (seen.row.outcome, seen.rules) == ("accepted", [])
        last = held(room, world, f"1.2.250.1.999.9.1.2.{number}")[0].entry_uuid
    states = [held(room, world, f"1.2.250.1.999.9.1.2.{n}")[0].status for n in (1, 2, 3)]
    assert states == [schemes.DEPRECATED, schemes.DEPRECATED, schemes.APPROVED]
    first = held(room, world, "1.2.250.1.999.9.1.2.1")[0].entry_uuid
    late = letter("1.2.250.1.999.9.1.2.4", replaces="1.2.250.1.999.9.1.2.1")
    assert_refused(room.send(_lot(room, late, 4, first), world, operation="TD2.1"), lot_registry.TARGET_STATUS)
    nobody = "urn:uuid:00000000-0000-4000-8000-000000000199"
    assert_refused(room.send(_lot(room, late, 4, nobody), world, operation="TD2.1"), lot_registry.TARGET_UNKNOWN)
    with room.store.write(world) as tx:
        elsewhere = replace(AUTHOR, institutions=(AUTHOR.institutions[0].replace("10B0999009", "10B0999025"),))
        register(tx, registered(entry_id=OTHER_AUTHOR, logical_id=OTHER_AUTHOR, authors=(elsewhere,)))
    foreign = letter("1.2.250.1.999.9.1.2.4", replaces=UNIQUE)
    seen = room.send(_lot(room, foreign, 4, OTHER_AUTHOR), world, operation="TD2.1")
    assert_refused(seen, lot_registry.TARGET_AUTHOR)


def _lot(room: Room, data: bytes, number: int, replaces: str | None) -> bytes:
    plan = LotPlan(
        (described(data),),
        plain().patient_cx,
        f"1.2.250.1.999.9.1.1.{number}",
        f"1.2.250.1.999.9.1.3.{number}",
        replaces=replaces,
    )
    return td21(room.certificates.signer(), plan)


def test_no_damaged_update_is_our_bug(room: Room) -> None:
    """Leaves taken away, doubled, and odd values in the body, by a chance with a seed."""
    chance, world = random.Random(20260105), room.world(Policy(overrides={rights.AUTHORISATION.id: Level.OFF}))
    with room.store.write(world) as tx:
        register_all(tx)
    for number in range(120):
        message = etree.fromstring(chance.choice((status, metadata))(number=number + 2))
        body = message.find("{http://www.w3.org/2003/05/soap-envelope}Body")
        assert body is not None
        node = chance.choice(list(body.iter("*"))[2:])
        how = chance.randrange(3)
        if how == 0 and (parent := node.getparent()) is not None:
            parent.remove(node)
        elif how == 1:
            node.addnext(copy.deepcopy(node))
        elif node.attrib:
            node.set(chance.choice(list(node.attrib)), chance.choice(ODD))  # type: ignore[arg-type]
        else:
            node.text = chance.choice(ODD)
        seen = ask(room, world, etree.tostring(message))
        assert seen.row.outcome in {"accepted", "refused"}, (seen.row.marks, etree.tostring(message))
        assert not [rule for rule in seen.rules if rule.startswith("SIM-")], etree.tostring(message)
