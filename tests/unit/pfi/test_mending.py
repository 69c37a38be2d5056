"""Every rule of the PFI on messages: broken at one place, found at that place, mended there, gone."""

from __future__ import annotations

import pytest

from simulators.core.hl7 import TABLE_0357, erl
from simulators.core.rules import Grade, Level
from simulators.documents.hl7.model import Transmission
from simulators.pfi.rules.catalogue import RULES
from tests.support.hl7_documents import DELETION, GOOD, REPLACEMENT, message
from tests.support.hl7_mending import judged, mended
from tests.unit.pfi.mending_cases import CASES, DMP_ONLY, NO_DMP, ORU, PATIENT_ONLY, PS_ONLY, Case


@pytest.mark.parametrize("plan", [GOOD, REPLACEMENT, DELETION, ORU, DMP_ONLY, NO_DMP, PATIENT_ONLY, PS_ONLY])
def test_a_good_message_has_no_finding(plan: Transmission) -> None:
    assert [(f.rule.id, f.where) for f in judged(message(plan))] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_mends(case: Case) -> None:
    whole = message(case.plan)
    broken = case.breaker(whole)
    assert broken != whole, "the breaker changes nothing"
    findings = judged(broken)
    assert [f.rule.id for f in findings] == [case.rule.id], [(f.rule.id, f.where, f.found) for f in findings]
    found, example = findings[0], case.rule.example
    assert example is not None
    if not case.name:
        assert (found.where, found.found, found.expected) == (example.where, example.found, example.expected)
    assert erl(found.where), "ERR-2 can be filled"
    assert found.level is case.rule.level
    fixed = mended(found.where, broken, whole)
    for place in case.also:
        fixed = mended(place, fixed, whole)
    assert [(f.rule.id, f.where) for f in judged(fixed)] == []


def test_every_rule_has_its_broken_message() -> None:
    broken = {case.rule.id for case in CASES if not case.name}
    assert broken == {rule.id for rule in RULES if rule.kind == "message"}


def test_every_rule_is_written_whole() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.code in TABLE_0357, rule.id
        assert rule.example is not None and erl(rule.example.where), rule.id
        assert all((rule.sentence.fr, rule.sentence.en, rule.mend.fr, rule.mend.en, rule.looks_at, rule.source)), (
            rule.id
        )
        assert rule.switchable and rule.level is not Level.OFF
        assert rule.strict is None or rule.grade is not Grade.INFERRED
        assert set(rule.needs) <= {other.id for other in RULES}, rule.id
