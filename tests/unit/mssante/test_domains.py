"""The domains of a world, the white list, and the mailboxes a world is born with."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from simulators.core.errors import RoutingConflict
from simulators.core.pki import DnError
from simulators.mssante import domains, mailboxes
from simulators.mssante.domains import Operator
from simulators.mssante.mailboxes import Kind, State
from simulators.mssante.seeds import Register
from tests.unit.mssante.smtp_room import CITIZEN, Room


@pytest.mark.parametrize(("world", "domain"), [("main", "main"), ("-selfcheck", "selfcheck"), ("A_b.c", "a-b-c")])
def test_the_domain_of_a_world(world: str, domain: str) -> None:
    assert domains.main_domain(world) == f"{domain}.mssante.test"


def test_two_worlds_whose_names_give_one_domain(smtp_room: Room) -> None:
    for name in ("a_b", "a.b"):
        smtp_room.worlds.create(name)
    with smtp_room.store.read("a_b") as tx:
        assert domains.hosted(tx) == ["a-b.mssante.test"]
    with smtp_room.store.write("a.b") as tx:
        assert domains.hosted(tx) == ["a-b-2.mssante.test"]
        with pytest.raises(RoutingConflict):
            domains.host(tx, "a-b.mssante.test")


def test_white_list(smtp_room: Room) -> None:
    entry = Operator("UC-CMP.mssante.fr", "CN=mx,OU=318310021300028,O=GIP MIPIH,ST=Haute-Garonne (31),C=FR")
    with smtp_room.store.write("main") as tx:
        domains.list_operator(tx, entry)
        domains.list_operator(tx, Operator("uc-cmp.mssante.fr", "CN=mx2,C=FR", route="mx2.test:25"))
        listed = domains.operators_of(tx, "uc-cmp.MSSANTE.fr")
        assert domains.listed(listed, "/C=FR/ST=Haute-Garonne (31)/O=GIP MIPIH/OU=318310021300028/CN=MX")
        assert not domains.listed(listed, "CN=mx3,C=FR")
        assert domains.route_of(tx, "uc-cmp.mssante.fr") == "mx2.test:25"
        for wrong, error in ((Operator("example.org", ""), ValueError), (Operator("x.mssante.fr", "mx"), DnError)):
            with pytest.raises(error):
                domains.list_operator(tx, wrong)
        assert domains.unlist(tx, "uc-cmp.mssante.fr") == 2


def test_the_mailboxes_of_a_new_world(smtp_room: Room) -> None:
    with smtp_room.store.read("main") as tx:
        boxes = {box.address: box for box in mailboxes.every(tx)}
    kinds = [box.kind for box in boxes.values()]
    assert {kind: kinds.count(kind) for kind in Kind} == {"PER": 12, "ORG": 7, "APP": 7, "CAB": 0, "CITIZEN": 11}
    assert boxes[CITIZEN].state is State.OPEN
    assert boxes["258070099900677@patient.mssante.test"].state is State.CLOSED
    assert boxes["claude.testeur@main.mssante.test"].label == "M_Claude_TESTEUR_CENTRE FICTIF"
    assert "899700000039" in boxes["hospital@main.mssante.test"].owners


def test_people_of_one_name() -> None:
    made = Register(datetime(2026, 1, 5, tzinfo=UTC))
    names = [made.add("a.b@x.mssante.test", Kind.PER, (str(n),), "") for n in range(3)]
    assert names == ["a.b@x.mssante.test", "a.b2@x.mssante.test", "a.b3@x.mssante.test"]
