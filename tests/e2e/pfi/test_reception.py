"""What a PFI answers at once to a document, over MLLP: accepted, or refused with one ERR for each finding."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulators.core.hl7 import Message, edit
from simulators.core.hl7.flow import ACK_WARNINGS
from simulators.core.rules import Level
from simulators.documents.hl7.build import build_transmission
from simulators.documents.hl7.model import Action, Transmission
from simulators.documents.hl7.zam import read_zam
from simulators.pfi import registry, requests
from tests.support.hl7_documents import head
from tests.support.pfi_peer import Bench, Creator
from tests.unit.pfi.test_published_messages import DEFECTS, INIT, SHARED

FIRST, SECOND = "1.2.250.1.999.9.1.601", "1.2.250.1.999.9.1.602"


def written(bench: Bench, plan: Transmission) -> bytes:
    return build_transmission(plan, head(plan, receiving_facility=bench.world))


def errors(ack: Message) -> list[tuple[str, str, str]]:
    """ERR-2 as written, ERR-3.1, ERR-4."""
    return [(err.raw(2), err.get(3), err.get(4)) for err in ack.all("ERR")]


def warned(bench: Bench, **levels: Level) -> None:
    """The acknowledgements of this world tell their warnings."""
    policy = bench.sandbox.worlds.get(bench.world).policy
    told = {**policy.settings, ACK_WARNINGS.name: "yes"}
    overrides = {rule.replace("_", "-"): level for rule, level in levels.items()}
    bench.sandbox.worlds.set_policy(bench.world, replace(policy, settings=told, overrides=overrides))


def kept(bench: Bench) -> int:
    with bench.sandbox.store.read(bench.world) as tx:
        return len(requests.every(tx))


def test_one_err_for_each_finding(bench: Bench) -> None:
    message = written(bench, bench.plan("M1", FIRST))
    for where, value in (("PRT[1]-8.10", ""), ("OBX[2]-5.1", "O"), ("PID-3.7", "20101207")):
        message = edit(message, where, value)
    ack = bench.say(message)
    assert ack.value("MSA-1") == "AE"
    assert errors(ack) == [
        ("PRT^1^8^1^10", "101", "E"),
        ("OBX^2^5^1^1", "103", "E"),
        ("PID^1^3^1^7", "199", "W"),
    ]
    assert ack.value("ERR[1]-7").startswith("PFI-SENDER PRT[1]-8.10 ")
    assert "FINESS" in ack.value("ERR[1]-8")
    assert kept(bench) == 0
    (row,) = bench.journal("pfi.MDM^T02")
    assert {f"document:{FIRST}", "hl7:M1", "patient:185010099900171"} <= set(row.keys)


def test_an_unknown_version_has_its_application_code(bench: Bench) -> None:
    plan = bench.plan("M1", SECOND, action=Action.REPLACE, replaces=FIRST)
    ack = bench.say(written(bench, replace(plan, cda=bench.cda(SECOND, FIRST))))
    assert (ack.value("MSA-1"), errors(ack)) == ("AE", [("TXA^1^13^1", "207", "E")])
    assert (ack.value("ERR-5.1"), ack.value("ERR-5.3")) == ("900", "applicationErrorCondition")
    assert ack.value("ERR-5.2").startswith("Version du document incorrecte")


def test_sent_again_after_it_was_replaced_it_is_still_accepted(bench: Bench) -> None:
    first = written(bench, bench.plan("M1", FIRST))
    plan = bench.plan("M2", SECOND, action=Action.REPLACE, replaces=FIRST)
    second = written(bench, replace(plan, cda=bench.cda(SECOND, FIRST)))
    acks = [bench.say(message) for message in (first, second, second, first)]
    assert [(ack.value("MSA-1"), errors(ack)) for ack in acks] == [("AA", [])] * 4
    assert kept(bench) == 2
    again = bench.say(edit(second, "MSH-10", "M3"))
    assert again.value("ERR-5.1") == "900", "another request that aims at the replaced version"


def test_without_a_qualified_identity_the_ins_is_not_kept(bench: Bench, creator: Creator) -> None:
    warned(bench)
    ack = bench.say(edit(written(bench, bench.plan("M1", FIRST)), "PID-32", "PROV"))
    assert (ack.value("MSA-1"), errors(ack)) == ("AA", [("PID^1^32^1", "207", "W")])
    with bench.sandbox.store.read(bench.world) as tx:
        held = registry.held(tx, FIRST)
        assert held is not None and held.matricule == ""
    bench.until(lambda: "ZAM^Z01" in creator.kinds)
    refused = next(read_zam(message) for message in creator.heard if message.kind == "ZAM^Z01")
    assert not refused.accepted
    assert bench.orders()[0].state == "ko"


@pytest.mark.parametrize(("level", "code", "count"), [("off", "AA", 0), ("warn", "AA", 1), ("refuse", "AE", 1)])
def test_the_matrix_is_a_switch(bench: Bench, level: str, code: str, count: int) -> None:
    warned(bench, PFI_MATRIX=Level(level))
    ack = bench.say(edit(written(bench, bench.plan("M1", FIRST)), "OBX[2]-5.1", "Y"))
    assert (ack.value("MSA-1"), len(errors(ack))) == (code, count)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the published messages are beside the checkout only")
def test_a_published_message_gets_what_its_defects_deserve(bench: Bench) -> None:
    warned(bench)
    ack = bench.say(edit((SHARED / INIT).read_bytes(), "MSH-6", bench.world))
    told = [err.get(7).split(" ")[:2] for err in ack.all("ERR")]
    expected = [[rule, where] for rule, where in DEFECTS[INIT] if rule != "HL7-LINE-ENDS"]  # edit writes CR
    assert ack.value("MSA-1") == "AA"
    assert sorted(told) == sorted(expected)
    assert kept(bench) == 1
