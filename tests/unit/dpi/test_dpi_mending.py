"""Every rule of the record on messages of the flow 6: broken at one place, found at that place, mended there, gone."""

from __future__ import annotations

import pytest

from simulators.core.hl7 import TABLE_0357, erl
from simulators.core.rules import Level
from simulators.core.store import Store
from simulators.dpi.rules import content, envelope, identity, receipt
from tests.support.hl7_mending import mended
from tests.unit.dpi.dpi_cases import CASES, Case
from tests.unit.dpi.dpi_room import Room, octets

MESSAGES = (*envelope.RULES, *content.RULES, *identity.RULES)
# A replacement cannot stand alone, two flags cannot be exchanged by one edit: these have tests of their own.
ELSEWHERE = {content.TXA_PARENT.id, content.FLAG_ORDER.id}


@pytest.fixture
def room(memory_store: Store) -> Room:
    return Room(memory_store)


def test_a_good_message_has_no_finding(room: Room) -> None:
    assert [(f.rule.id, f.where, f.found, f.expected) for f in room.judged(octets())] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_mends(room: Room, case: Case) -> None:
    whole = octets(case.plan)
    broken = case.breaker(whole)
    assert broken != whole
    findings = room.judged(broken)
    assert [f.rule.id for f in findings] == [case.rule.id], [(f.rule.id, f.where, f.found) for f in findings]
    found, example = findings[0], case.rule.example
    assert example is not None
    if not case.name:
        assert (found.where, found.found, found.expected) == (example.where, example.found, example.expected)
    assert erl(found.where), "ERR-2 can be filled"
    assert found.level is case.rule.level
    assert room.judged(mended(found.where, broken, whole)) == ()


def test_every_rule_has_its_broken_message() -> None:
    broken = {case.rule.id for case in CASES if not case.name}
    assert broken | ELSEWHERE == {rule.id for rule in MESSAGES if rule.kind == "message"}


def test_every_rule_is_written_whole() -> None:
    rules = (*MESSAGES, *receipt.RULES)
    assert len({rule.id for rule in rules}) == len(rules)
    for rule in rules:
        assert rule.code in TABLE_0357, rule.id
        assert rule.example is not None and erl(rule.example.where), rule.id
        assert all((rule.sentence.fr, rule.sentence.en, rule.mend.fr, rule.mend.en, rule.looks_at, rule.source)), (
            rule.id
        )
        assert rule.level is not Level.OFF
        assert set(rule.needs) <= {other.id for other in rules}, rule.id
        assert rule.forced().facts == dict(rule.facts)
