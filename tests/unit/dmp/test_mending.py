"""Every rule that looks at the message: broken at one place, found at that place, mended there, gone.

The cases live in the ``mending_*.py`` modules beside this one; a rule without a case fails the last test.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from lxml import etree

from simulators.core.rules import Level, Policy
from simulators.dmp import service
from tests.support.dmp_room import Room
from tests.support.mending import Case, Told, assert_mends, collected, normalised

CASES = list(collected(Path(__file__).parent, "tests.unit.dmp"))
TRUE: dict[str, Told] = {}
"""True refusals that test_mends has already seen, by case: sent once when it ran first."""


def send(room: Room, case: Case, message: bytes, policy: Policy) -> Told:
    world = room.world(policy) if case.fresh else room.shared(policy)
    return room.send(message, world, sealed=case.sealed, **case.options).told()


def good(room: Room, case: Case) -> bytes:
    return room.seal(case.good()) if case.sealed else case.good()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_mends(room: Room, case: Case) -> None:
    level = case.policy.level(case.rule)
    told = assert_mends(good(room, case), case.breaker, case.rule, lambda data: send(room, case, data, case.policy))
    assert told.refused == (level is Level.REFUSE or any(f["level"] == "refuse" for f in told.findings))
    assert {finding["level"] for finding in told.of(case.rule)} == {str(level)}
    if level is Level.REFUSE:
        TRUE[case.id] = told


def truly_refused(room: Room, case: Case, whole: bytes) -> Told:
    """The broken message in a world where the rule refuses, whatever its usual level."""
    refusing = replace(case.policy, overrides={**case.policy.overrides, case.rule.id: Level.REFUSE})
    broken = etree.fromstring(whole)
    case.breaker(broken)
    return send(room, case, etree.tostring(broken), refusing)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_forced_equals_true(room: Room, case: Case) -> None:
    """A forced refusal of the good message and the true refusal of the broken one: the same bytes."""
    whole = good(room, case)
    true = TRUE.get(case.id) or truly_refused(room, case, whole)
    room.force(case.rule)
    try:
        forced = send(room, case, whole, case.policy)
    finally:
        room.relent()
    assert true.refused
    assert forced.refused
    assert normalised(forced.answer) == normalised(true.answer)


def test_no_rule_is_forgotten() -> None:
    """Cases that need another harness (documents inside a lot) live in ``*_cases.py`` and are run beside it."""
    folder = Path(__file__).parent
    others = [import_module(f"tests.unit.dmp.{path.stem}").CASES for path in sorted(folder.glob("*_cases.py"))]
    covered = {case.rule.id for cases in (CASES, *others) for case in cases}
    looked_at_message = {rule.id for rule in service.RULES if rule.kind == "message"}
    assert looked_at_message - covered == set()


def test_every_rule_is_complete() -> None:
    """Both languages, a source, and an example for forced refusals."""
    for rule in service.RULES:
        assert rule.id.startswith("DMP-")
        texts = (rule.sentence.fr, rule.sentence.en, rule.mend.fr, rule.mend.en, rule.source, rule.looks_at)
        assert all(texts), rule.id
        assert rule.example is not None, rule.id
        assert rule.kind in {"message", "state", "transport"}, rule.id
        assert rule.form in {"fault", "registry", "ack", "status"}, rule.id


def test_needs_name_rules_that_exist() -> None:
    known = {rule.id for rule in service.RULES}
    assert len(known) == len(service.RULES)
    assert {need for rule in service.RULES for need in rule.needs} <= known
