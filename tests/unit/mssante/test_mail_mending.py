"""Every rule on mails: broken at one place, found at that place, mended there, gone."""

from __future__ import annotations

import copy

import pytest

from simulators.core.rules import Grade, Level, Policy
from simulators.mssante.rules.mail import RULES
from simulators.mssante.verdict.mail import judge_mail
from tests.support.mails import mended, put_together, same, taken_apart
from tests.unit.mssante.mail_cases import CASES, GOOD, Case, good


@pytest.mark.parametrize("name", GOOD)
def test_a_good_mail_has_no_finding(name: str) -> None:
    raw = good(name)
    assert [f.rule.id for f in judge_mail(raw, Policy()).findings] == []
    assert [f.rule.id for f in judge_mail(put_together(taken_apart(raw)), Policy()).findings] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_mends(case: Case) -> None:
    whole = taken_apart(good(case.good))
    broken = copy.deepcopy(whole)
    case.breaker(broken)
    assert not same(broken, whole), "the breaker changes nothing"
    verdict = judge_mail(put_together(broken), Policy(), sender_kind=case.sender_kind)
    found = [finding for finding in verdict.findings if finding.rule is case.rule]
    assert len(found) == 1, [(f.rule.id, f.where) for f in verdict.findings]
    assert not verdict.refused
    if not case.name:
        example = case.rule.example
        assert example is not None
        assert (found[0].where, found[0].found, found[0].expected) == (example.where, example.found, example.expected)
    fixed = mended(found[0].where, broken, whole)
    assert same(fixed, whole), f"mending at {found[0].where} does not give the good mail"
    again = judge_mail(put_together(fixed), Policy(), sender_kind=case.sender_kind)
    assert again.findings == ()


def test_every_rule_has_its_broken_mail() -> None:
    assert {case.rule.id for case in CASES if not case.name} == {rule.id for rule in RULES}


def test_nothing_refuses_unless_the_policy_says_so() -> None:
    assert all(rule.level is Level.WARN and rule.switchable for rule in RULES)
    assert all(rule.strict is None for rule in RULES if rule.grade is Grade.INFERRED or "X-MSS" in rule.looks_at)


@pytest.mark.parametrize("case", [case for case in CASES if not case.name], ids=lambda case: case.id)
def test_each_rule_can_refuse_or_be_silent(case: Case) -> None:
    broken = taken_apart(good(case.good))
    case.breaker(broken)
    raw = put_together(broken)
    for level in Level:
        policy = Policy(overrides={case.rule.id: level})
        verdict = judge_mail(raw, policy, sender_kind=case.sender_kind)
        assert (case.rule in {f.rule for f in verdict.findings}) is (level is not Level.OFF)
        assert (case.rule in {f.rule for f in verdict.refusing}) is (level is Level.REFUSE)


def test_what_goes_on_the_wire_is_ascii() -> None:
    for rule in RULES:
        assert rule.sentence.en.isascii(), rule.id
        assert rule.code.startswith("554 5."), rule.id
