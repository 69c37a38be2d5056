"""Orders: one for each target, once; what must not be sent fails at once with its reason; what waits is tried again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulators.core.errors import Refused
from simulators.core.rules import Level, Policy
from simulators.core.store import Store
from simulators.documents.hl7.model import Action
from simulators.pfi import log, orders, patients, queue, registry
from simulators.pfi.dmp_leg import DmpJob
from simulators.population.pam import Consent, Identifier, Identity, PamEvent
from tests.support.hl7_documents import GOOD
from tests.support.pfi_room import PfiRoom, plan

FIRST, SECOND = "1.2.250.1.999.9.1.1", "1.2.250.1.999.9.1.2"


@pytest.fixture
def room(either_store: Store) -> PfiRoom:
    return PfiRoom(either_store)


def told(room: PfiRoom, **consent: str) -> None:
    """An ADT on the patient of the good request."""
    identifiers = (
        Identifier(GOOD.patient.ipp, "PI", GOOD.patient.issuer.name, GOOD.patient.issuer.id, "M"),
        Identifier(GOOD.patient.ins, "INS", "ASIP-SANTE-INS-NIR", GOOD.patient.oid, "ISO"),
    )
    status = consent.pop("status", "VALI")
    with room.store.write(room.name) as tx:
        patients.learn(tx, PamEvent("A28", Identity(identifiers, statuses=(status,)), consent=Consent(**consent)))


def test_one_order_for_each_target(room: PfiRoom) -> None:
    room.accept(GOOD)
    assert [(order.channel, order.address) for order in room.orders()] == [
        ("dmp", ""),
        ("ps", "dominique.simule@medecin.mssante.test"),
        ("patient", "185010099900171@patient.mssante.test"),
    ]


def test_only_what_is_asked_for(room: PfiRoom) -> None:
    flags = replace(GOOD.flags, destdmp=False, destmssantepat=False)
    twice = (*GOOD.participants, replace(GOOD.participants[1], address="Dominique.SIMULE@medecin.mssante.test"))
    room.accept(replace(GOOD, flags=flags, participants=twice))
    assert [order.channel for order in room.orders()] == ["ps"]


def test_the_same_request_again(room: PfiRoom) -> None:
    room.accept(plan("M1", FIRST))
    assert room.accept(plan("M1", FIRST)).marks["already_accepted"] == 1
    assert len(room.requests()) == len(room.orders()) == 1


def test_another_one_under_the_same_number(room: PfiRoom) -> None:
    room.accept(plan("M1", FIRST))
    assert [f.rule.id for f in room.accept(plan("M1", SECOND)).verdict.warnings] == ["PFI-CONTROL-ID-REUSED"]
    room.worlds.set_policy(room.name, Policy(overrides={orders.REUSED.id: Level.REFUSE}))
    with pytest.raises(Refused):
        room.accept(plan("M1", "1.2.250.1.999.9.1.3"))
    assert len(room.requests()) == 2


def test_of_another_application(room: PfiRoom) -> None:
    room.accept(plan("M1", FIRST))
    assert room.accept(plan("M1", SECOND, sending_app="RIS")).verdict.findings == ()


@pytest.mark.parametrize(
    ("consent", "code"),
    [
        ({"feed": "IO"}, "SIMOpposition"),
        ({"status": "PROV"}, "SIMIdentite"),
        ({"feed": "INO"}, ""),
        ({"feed": "NA"}, ""),
        ({"feed": "INO", "consult": "INC"}, ""),
    ],
)
def test_admissions_are_obeyed(room: PfiRoom, consent: dict[str, str], code: str) -> None:
    told(room, **consent)
    room.accept(plan("M1", FIRST))
    room.work()
    (order,) = room.orders()
    assert (order.state, order.code) == ("ko" if code else "ok", code)
    assert room.dmp.fed == ([] if code else [FIRST])
    assert [accepted for _, accepted in room.zams] == [not code]


def test_withdrawing_is_never_opposed(room: PfiRoom) -> None:
    room.accept(plan("M1", FIRST))
    room.work()
    told(room, feed="IO")
    room.accept(plan("M2", FIRST, action=Action.DELETE))
    room.work()
    assert room.dmp.deleted == {FIRST}


def test_status_of_the_message(room: PfiRoom) -> None:
    room.accept(plan("M1", FIRST, patient=replace(GOOD.patient, status="PROV")))
    assert [(order.state, order.code) for order in room.orders()] == [("ko", "SIMIdentite")]


def test_hidden_from_the_patient(room: PfiRoom) -> None:
    room.accept(replace(GOOD, flags=replace(GOOD.flags, invisible_patient=True)))
    assert [(order.channel, order.state) for order in room.orders()][-1] == ("patient", "ko")


def test_no_receipt_unless_asked(room: PfiRoom) -> None:
    room.accept(plan("M1", FIRST, flags=replace(plan("", "").flags, ack_reception=False)))
    room.work()
    assert (room.orders()[0].state, room.zams) == ("ok", [])


def test_chain_of_versions(room: PfiRoom) -> None:
    room.accept(plan("M1", FIRST))
    room.accept(plan("M2", SECOND, action=Action.REPLACE, replaces=FIRST))
    with room.store.read(room.name) as tx:
        first, latest = registry.held(tx, FIRST), registry.latest(tx, FIRST)
    assert first is not None
    assert latest is not None
    assert (first.state, first.successor, latest.document, latest.owner) == ("replaced", SECOND, SECOND, "0B0999009")
    room.accept(plan("M3", SECOND, action=Action.DELETE))
    with room.store.read(room.name) as tx:
        deleted = registry.latest(tx, FIRST)
        assert registry.latest(tx, "1.2.3") is None
    assert deleted is not None
    assert deleted.state == "deleted"


def test_absurd_lengths(room: PfiRoom) -> None:
    long = "1.2." + "9" * 20_000
    for _ in range(2):
        room.accept(plan("M" * 20_000, long))
    room.accept(plan("N" * 20_000, SECOND, action=Action.REPLACE, replaces=long))
    room.work()
    assert len(room.requests()) == len(room.dmp.fed) == 2
    with room.store.read(room.name) as tx:
        latest = registry.latest(tx, long)
    assert latest is not None
    assert latest.document == SECOND


def test_given_up_at_last(memory_store: Store) -> None:
    room = PfiRoom(memory_store, **{"pfi.give-up-after": "PT12M"})
    room.dmp.moods = ["down"] * 10
    room.accept(plan("M1", FIRST))
    room.advance("PT1H")
    (order,) = room.orders()
    assert (order.state, order.code) == ("ko", "SIMDmpInjoignable")
    with room.store.read(room.name) as tx:
        waits = [line for line in log.lines(tx) if line.event == "waiting"]
    assert len(waits) == 3
    assert len(room.dmp.moods) == 6
    assert room.zams == [("1.1.Z01.N", False)]


def test_tried_at_once_when_told_to(room: PfiRoom) -> None:
    room.dmp.moods = ["gateway"]
    room.accept(plan("M1", FIRST))
    room.work()
    with room.store.write(room.name) as tx:
        assert queue.hurry(tx, room.now, ["other"]) == []
        assert queue.hurry(tx, room.now) == ["1.1"]
        assert queue.hurry(tx, room.now) == []
    room.work()
    assert room.orders()[0].state == "ok"


@pytest.mark.parametrize("where", ["prepare", "conclude"])
def test_a_bug_of_ours_loses_nothing(room: PfiRoom, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("nobody foresaw this")

    room.accept(plan("M1", FIRST))
    with monkeypatch.context() as patch:
        patch.setattr(DmpJob, where, broken)
        room.work()
    assert room.orders()[0].state == "pending"
    room.advance("PT5M")
    assert room.orders()[0].state == "ok"
    assert room.dmp.fed == [FIRST]


def test_a_refusal_is_an_answer(room: PfiRoom) -> None:
    room.dmp.moods = ["closed"]
    room.accept(plan("M1", FIRST))
    room.advance("P1D")
    assert (room.orders()[0].state, room.orders()[0].label) == ("ko", "DMP fermé")
    assert room.dmp.fed == []
