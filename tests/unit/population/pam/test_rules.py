"""Mending tests of PAM France: each finding points to where the message is to be edited, and goes once it is."""

from __future__ import annotations

import pytest

from simulators.core.hl7 import TABLE_0357, edit, read_message
from simulators.core.rules import Level, Policy, judge
from simulators.population.pam import PAM_CHECKS, PAM_EVENTS, PAM_RULES
from tests.unit.population.pam.cases import CASES, Case, message, withdrawal

STRICT = Policy(profile="strict")


def findings(octets: bytes, policy: Policy = STRICT) -> list[tuple[str, str]]:
    return [(f.rule.id, f.where) for f in judge(policy, PAM_CHECKS, read_message(octets)).findings]


def good(case: Case) -> bytes:
    return withdrawal() if case.good == "withdrawal" else message(case.good)


@pytest.mark.parametrize("name", sorted(PAM_EVENTS))
def test_what_we_build_is_accepted_by_the_strict_profile(name: str) -> None:
    assert findings(message(name)) == []


def test_the_withdrawal_of_an_ins_is_accepted() -> None:
    assert findings(withdrawal()) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}:{case.at}={case.value}")
def test_a_finding_points_to_what_mends_it(case: Case) -> None:
    broken = edit(good(case), case.at, case.value)
    where = [place for rule, place in findings(broken) if rule == case.rule]
    assert where == [case.where or case.at]
    assert case.rule not in dict(findings(edit(broken, where[0], case.mended)))


# The event of INS-DELETED is changed, which its structure and its MRG do not follow.
ALONE = [case for case in CASES if case.rule != "PAM-INS-DELETED"]


@pytest.mark.parametrize("case", ALONE, ids=lambda case: f"{case.rule}:{case.at}={case.value}")
def test_one_cause_gives_one_finding(case: Case) -> None:
    assert [rule for rule, _ in findings(edit(good(case), case.at, case.value))] == [case.rule]


@pytest.mark.parametrize(
    ("segment", "rule"),
    [("PID", "PAM-PID"), ("EVN", "PAM-EVN"), ("PV1", "PAM-PV1"), ("ZBE", "PAM-ZBE")],
)
def test_a_segment_that_is_missing_is_named(segment: str, rule: str) -> None:
    assert (rule, segment) in findings(edit(message("A01"), segment, None))


def test_a_second_pid_is_named() -> None:
    twice = message().replace(b"\rPV1", b"\rPID|1||2^^^A^PI\rPV1")
    assert ("PAM-PID", "PID") in findings(twice)


def test_a_merge_without_mrg_is_named() -> None:
    assert findings(edit(message("A40"), "MRG", None)) == [("PAM-MRG", "MRG")]


def test_consent_outside_its_events() -> None:
    with_consent = message("A02") + b"ZFA|||||||||INO||IC\r"
    assert findings(with_consent) == [("PAM-ZFA-EVENT", "ZFA")]
    assert findings(edit(with_consent, "ZFA", None)) == []


def test_an_empty_z_segment() -> None:
    assert findings(message() + b"ZFM||\r") == [("PAM-Z-EMPTY", "ZFM")]


def test_every_rule_is_proved_here() -> None:
    others = {"PAM-PID", "PAM-PV1", "PAM-ZBE", "PAM-ZFA-EVENT", "PAM-Z-EMPTY"}
    assert {case.rule for case in CASES} | others == {rule.id for rule in PAM_RULES}


def test_every_rule_has_a_code_of_table_0357_and_two_languages() -> None:
    for rule in PAM_RULES:
        assert rule.code in TABLE_0357, rule.id
        assert rule.sentence.fr != rule.sentence.en
        assert rule.example is not None


@pytest.mark.parametrize("name", ["A08", "A60"])
def test_an_event_that_is_ignored_is_only_warned_of(name: str) -> None:
    odd = edit(edit(message(), "MSH-9.2", name), "ZBE-3", "20260101")
    found = judge(Policy(), PAM_CHECKS, read_message(odd)).findings
    assert [finding.level for finding in found] == [Level.WARN]


def test_the_shifted_zbe_of_a_published_template_has_one_cause() -> None:
    shifted = "ZBE|1^A|20260309102840|20260309102840||INSERT|N||UF^^^^^A&1&N^UF^^^1|UF^^^^^A&1&N^UF^^^1|HMS"
    found = judge(Policy(), PAM_CHECKS, read_message(edit(message("A03"), "ZBE", shifted)))
    assert [(f.rule.id, f.where, f.level) for f in found.findings] == [("PAM-ZBE-3", "ZBE-3", Level.REFUSE)]
