"""Every rule of TD3.3: broken at one place, found at that place, mended there, gone; forced as it is true."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from simulators.core.rules import Level, Policy
from simulators.dmp import registry_store as store
from simulators.dmp.rules import rights, update_rules
from tests.support.dmp_room import Room
from tests.support.dmp_updates import register_all
from tests.support.mending import Told, assert_mends, normalised
from tests.unit.dmp.update_cases import CASES, UpdateCase

# Masking needs an authorisation, which is not what these cases are about.
POLICY = Policy(overrides={rights.AUTHORISATION.id: Level.OFF})


def send(room: Room, case: UpdateCase, message: bytes, policy: Policy = POLICY) -> Told:
    """To a world whose registry holds what the cases speak of and nothing else."""
    name = room.shared(policy)
    with room.store.write(name) as tx:
        for table in (store.documents, store.submission_sets, store.associations):
            tx.delete(table)
        register_all(tx, case.held)
    return room.send(message, name, operation="TD3.3c").told()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_mends(room: Room, case: UpdateCase) -> None:
    good = case.good()
    whole = send(room, case, good)
    assert (whole.refused, whole.findings) == (False, ())
    told = assert_mends(good, case.breaker, case.rule, lambda data: send(room, case, data))
    level = POLICY.level(case.rule)
    assert told.refused == (level is Level.REFUSE)
    assert [(finding["rule"], finding["level"]) for finding in told.findings] == [(case.rule.id, str(level))]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_forced_equals_true(room: Room, case: UpdateCase) -> None:
    refusing = replace(POLICY, overrides={**POLICY.overrides, case.rule.id: Level.REFUSE})
    broken = etree.fromstring(case.good())
    case.breaker(broken)
    true = send(room, case, etree.tostring(broken), refusing)
    room.force(case.rule)
    try:
        forced = send(room, case, case.good())
    finally:
        room.relent()
    assert true.refused
    assert forced.refused
    assert normalised(forced.answer) == normalised(true.answer)


def test_every_rule_has_a_case() -> None:
    assert {rule.id for rule in update_rules.RULES} == {case.rule.id for case in CASES}
