"""What the database cannot decide alone: letters to the letter, authors told apart from other people."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from simulators.dmp import registry_store as store
from simulators.dmp.search_filters import like
from simulators.documents.xds import schemes
from simulators.documents.xds.model import SubmissionSet
from tests.support.dmp_messages import AIR, INS, OTHER_INS, envelope, search
from tests.support.dmp_room import Room
from tests.unit.dmp.mending_td3 import POLICY
from tests.unit.dmp.test_search import MASKED, ME, NORMAL, OTHER, entry, found, put

ALPHABET = "ab%_"


@given(st.text(ALPHABET, max_size=8), st.text("ab%", max_size=8))
def test_like_is_that_of_sql(pattern: str, text: str) -> None:
    pieces = (re.escape(piece).replace("_", ".") for piece in pattern.split("%"))
    assert like(pattern, text) == bool(re.fullmatch(".*".join(pieces), text, re.DOTALL))


def test_like_takes_no_time() -> None:
    assert not like("%a" * 200 + "%b", "a" * 5000)


def test_an_author_is_no_legal_authenticator(room: Room) -> None:
    world = room.world(POLICY)
    put(room, world, replace(entry(1, author=OTHER), legal_authenticator=ME))
    put(room, world, entry(2, author=ME))
    assert found(room, world, ("AuthorPerson", "('%^FICTIF^%')")) == ["2"]
    assert found(room, world, ("AuthorPerson", "('%^fictif^%')")) == []
    assert found(room, world, ("AuthorPerson", f"('{ME.replace('&', '&amp;')}')")) == ["2"]


def test_codes_are_compared_to_the_letter(room: Room) -> None:
    world = room.world(POLICY)
    put(room, world, entry(1, "SYNTH"))
    assert found(room, world, ("TypeCode", "('SYNTH')")) == ["1"]
    assert found(room, world, ("TypeCode", "('synth')")) == []
    assert found(room, world, ("ConfidentialityCode", "('N^^2.16.840.1.113883.5.25')")) == ["1"]
    assert found(room, world, ("ConfidentialityCode", "('n^^2.16.840.1.113883.5.25')")) == []


def test_repeated_reference_lists_are_and(room: Room) -> None:
    world = room.world(POLICY)
    one, two = (f"{number}^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:accession" for number in "AB")
    put(room, world, replace(entry(1), reference_ids=(one, two)))
    put(room, world, replace(entry(2), reference_ids=(one,)))
    by_reference = "urn:uuid:12941a89-e02e-4be5-967c-ce4bfc8fe492"
    status = ("Status", f"('{schemes.APPROVED}')")
    first, second = (("ReferenceIdList", f"('{value.replace('&', '&amp;')}')") for value in (one, two))
    assert found(room, world, status, first, uuid=by_reference) == ["1", "2"]
    assert found(room, world, status, first, second, uuid=by_reference) == ["1"]


def test_a_set_of_hidden_documents_is_hidden(room: Room) -> None:
    """FindSubmissionSets must not tell that a masked document exists."""
    world = room.world(POLICY)
    sets = "urn:uuid:f26abbcb-ac74-4422-8a30-edb644bbc1a9"
    with room.store.write(world) as tx:
        for number, matricule in ((1, INS), (2, INS), (3, OTHER_INS)):
            item = SubmissionSet(f"urn:uuid:set{number}", unique_id=f"1.2.{number}", submission_time="20260105")
            store.add_submission_set(tx, item, matricule=matricule)
    hidden = replace(entry(2), confidentiality_codes=(NORMAL, MASKED))
    for number, item in ((1, entry(1)), (2, hidden)):
        with room.store.write(world) as tx:
            store.add_document(
                tx, item, matricule=INS, submission_set=f"urn:uuid:set{number}", sha256="", registered=room.now
            )
    slot = f"<Slot name=\"$XDSSubmissionSetStatus\"><ValueList><Value>('{schemes.APPROVED}')</Value></ValueList></Slot>"
    body = search(sets).replace(f'id="{sets}"/>', f'id="{sets}">{slot}</AdhocQuery>')
    seen = room.send(envelope("TD3.1", body, AIR), world, operation="TD3.1")
    assert [item.get("id") for item in seen.body[-1]] == ["urn:uuid:set1"]
