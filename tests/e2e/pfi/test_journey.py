"""A document by MLLP ends in the DMP and in the mailboxes, and its sender is told, over every real wire."""

from __future__ import annotations

from dataclasses import replace

from simulators.core.hl7 import Message, acknowledge
from simulators.dmp import registry_store
from simulators.documents.hl7.model import Action
from simulators.documents.hl7.zam import read_zam
from simulators.documents.xds.schemes import APPROVED, DEPRECATED
from simulators.mssante import folders, messages
from tests.support.mails import NOW
from tests.support.pfi_peer import Bench, Creator

FIRST, SECOND = "1.2.250.1.999.9.1.501", "1.2.250.1.999.9.1.502"
PATIENT = "185010099900171"


def inbox(bench: Bench, address: str) -> list[bytes]:
    with bench.sandbox.store.read(bench.world) as tx:
        folder = folders.get(tx, address, folders.INBOX).folder
        return [messages.content(tx, one) for one in messages.listing(tx, folder)]


def statuses(bench: Bench) -> dict[str, str]:
    with bench.sandbox.store.read(bench.world) as tx:
        found = [registry_store.current(tx, document) for document in (FIRST, SECOND)]
    return {one.entry.unique_id or "": one.entry.status or "" for one in found if one is not None}


def test_the_whole_way(bench: Bench, creator: Creator) -> None:
    ack = bench.send(bench.plan("M1", FIRST))
    assert (ack.value("MSA-1"), ack.value("MSA-2")) == ("AA", "M1")
    bench.until(lambda: creator.kinds == ["ZAM^Z01", "ZAM^Z02", "ZAM^Z02"])
    zams = [read_zam(message) for message in creator.heard]
    assert {(zam.request, zam.accepted) for zam in zams} == {("M1", True)}
    assert sorted(zam.address for zam in zams if zam.kind == "Z02") == sorted([bench.colleague, _citizen(bench)])
    assert bench.states() == ["ok", "ok", "ok"]
    assert statuses(bench) == {FIRST: APPROVED}
    (mail,) = inbox(bench, bench.colleague)
    assert b"IHE_XDM.ZIP" in mail
    assert f"Disposition-Notification-To: <{bench.mailbox}>".encode() in mail
    (closed,) = inbox(bench, _citizen(bench))
    assert b"X-MSS-MES: FIN" in closed
    assert b"Voici votre document." in closed
    assert creator.heard[0].value("MSH-3") == "PFI-SEGUR-SANDBOX"


def test_sent_again_it_is_done_once(bench: Bench, creator: Creator) -> None:
    plan = bench.plan("M1", FIRST)
    assert [bench.send(plan).value("MSA-1") for _ in range(3)] == ["AA", "AA", "AA"]
    bench.settle()
    assert len(bench.orders()) == 3
    assert len(bench.journal("dmp.TD2.1")) == 1
    assert len(inbox(bench, bench.colleague)) == 1


def test_replacement_and_deletion(bench: Bench, creator: Creator) -> None:
    bench.send(bench.plan("M1", FIRST))
    bench.settle()
    new = bench.plan("M2", SECOND)
    replacing = replace(new, action=Action.REPLACE, replaces=FIRST, cda=bench.cda(SECOND, FIRST))
    assert bench.send(replacing).value("MSA-1") == "AA"
    bench.settle()
    assert statuses(bench) == {FIRST: DEPRECATED, SECOND: APPROVED}
    deleting = replace(replacing, control_id="M3", action=Action.DELETE, replaces="")
    assert bench.send(deleting).value("MSA-1") == "AA"
    bench.settle()
    assert statuses(bench)[SECOND].endswith("Deleted")
    assert set(bench.states()) == {"ok"}
    assert len(inbox(bench, bench.colleague)) == 3


def test_cut_and_restored(bench: Bench, creator: Creator) -> None:
    bench.sandbox.faults.add_fault(bench.world, "outage", {"on": "dmp.TD2.1"})
    bench.send(bench.plan("M1", FIRST))
    bench.settle()
    assert bench.states() == ["pending", "ok", "ok"]
    assert statuses(bench) == {}
    assert bench.journal("pfi.out.TD2.1")[0].outcome == "failed"
    bench.sandbox.faults.clear(bench.world, "fault")
    bench.settle("PT5M")
    assert bench.states() == ["ok", "ok", "ok"]
    assert statuses(bench) == {FIRST: APPROVED}
    assert "ZAM^Z01" in creator.kinds


def test_an_answer_lost_after_success_is_not_fed_again(bench: Bench, creator: Creator) -> None:
    match = {"on": "dmp.TD2.1", "nth": 1}
    bench.sandbox.faults.add_fault(bench.world, "after_commit_before_answer", match)
    bench.send(bench.plan("M1", FIRST))
    bench.settle()
    assert bench.states()[0] == "pending"
    bench.settle("PT5M")
    assert bench.states()[0] == "ok"
    assert len(bench.journal("dmp.TD2.1")) == 1
    assert bench.journal("pfi.out.TD3.1")[0].marks["recognised"]
    assert read_zam(next(m for m in creator.heard if m.kind == "ZAM^Z01")).accepted


def test_a_receipt_waits_for_its_reader(bench: Bench, creator: Creator) -> None:
    creator.answer = lambda message: None
    bench.send(bench.plan("M1", FIRST))
    bench.settle()
    assert {receipt.state for receipt in bench.receipts()} == {"to_send"}

    def late(message: Message) -> bytes:
        return acknowledge(message, "AA", "X", NOW)

    creator.answer = late
    bench.settle("PT5M")
    assert {receipt.state for receipt in bench.receipts()} == {"acked"}
    ids = [message.control_id for message in creator.heard]
    assert len(ids) == 6
    assert len(set(ids)) == 3


def test_the_dmp_says_no(bench: Bench, creator: Creator) -> None:
    bench.sandbox.faults.add_refusal(bench.world, "DMP-LOT-DMP-CLOSED", {"on": "dmp.TD2.1"})
    bench.send(bench.plan("M1", FIRST))
    bench.settle()
    zam = read_zam(next(m for m in creator.heard if m.kind == "ZAM^Z01"))
    assert not zam.accepted
    assert zam.error is not None
    assert bench.states() == ["ko", "ok", "ok"]


def test_an_unknown_mailbox(bench: Bench, creator: Creator) -> None:
    plan = bench.plan("M1", FIRST)
    nobody = replace(plan.participants[1], address=f"personne@{bench.mailbox.rpartition('@')[2]}")
    flags = replace(plan.flags, destmssantepat=False)
    assert bench.send(replace(plan, flags=flags, participants=(plan.participants[0], nobody))).value("MSA-1") == "AA"
    bench.settle()
    assert bench.states() == ["ok", "ko"]
    zam = read_zam(next(m for m in creator.heard if m.kind == "ZAM^Z02"))
    assert (zam.accepted, zam.address, zam.error and zam.error[0]) == (False, nobody.address, "550")


def _citizen(bench: Bench) -> str:
    return f"{PATIENT}@patient.mssante.test"


def test_a_replacement_waits_for_what_it_replaces(bench: Bench, creator: Creator) -> None:
    bench.sandbox.faults.add_fault(bench.world, "outage", {"on": "dmp.TD2.1"})
    bench.send(bench.plan("M1", FIRST))
    bench.settle()
    bench.sandbox.faults.clear(bench.world, "fault")
    new = bench.plan("M2", SECOND)
    bench.send(replace(new, action=Action.REPLACE, replaces=FIRST, cda=bench.cda(SECOND, FIRST)))
    bench.settle()
    assert [order.state for order in bench.orders() if order.channel == "dmp"] == ["pending", "pending"]
    bench.settle("PT5M")
    assert [order.state for order in bench.orders() if order.channel == "dmp"] == ["ok", "ok"]
    assert statuses(bench) == {FIRST: DEPRECATED, SECOND: APPROVED}
