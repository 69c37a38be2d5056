"""Every rule that looks at the message: broken at one place, found at that place, mended there, gone.

A rule without a case fails the last test; those that look at the state of the world are in ``test_states.py``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from simulators.core.rules import Level, Policy, Rule
from simulators.hospital_idp import service
from tests.unit.hospital_idp.mending_cases import CASES, Case
from tests.unit.hospital_idp.room import Request, Room, Told
from tests.unit.hospital_idp.stage import Stage
from tests.unit.hospital_idp.state_cases import STATES


def stage_of(room: Room, case: Case, level: Level | None = None) -> Stage:
    policy = case.policy or Policy()
    if level is not None and case.rule.switchable:
        policy = replace(policy, overrides={case.rule.id: level})
    return Stage(room, policy, case.provider, case.client)


def broken_of(case: Case, whole: Request) -> Request:
    broken = whole.copy()
    case.breaker(broken)
    assert broken != whole, "the breaker changes nothing"
    return broken


def mended(where: str, broken: Request, whole: Request) -> Request:
    """``broken`` with what ``whole`` has at the place the finding names."""
    kind, _, name = where.partition("#")[0].partition(".")
    fixed = broken.copy()
    if kind in {"query", "body"}:
        mine, theirs = getattr(fixed, kind), getattr(whole, kind)
        setattr(fixed, kind, [p for p in mine if p[0] != name] + [p for p in theirs if p[0] == name])
    elif kind == "header":
        fixed.headers = {**{k: v for k, v in fixed.headers.items() if k != name}}
        fixed.headers |= {k: v for k, v in whole.headers.items() if k == name}
    else:
        setattr(fixed, kind, getattr(whole, kind))
    return fixed


def same(one: Request, other: Request) -> bool:
    """The order of parameters does not count."""
    sorted_ = [replace(r, query=sorted(r.query), body=sorted(r.body)) for r in (one, other)]
    return sorted_[0] == sorted_[1]


def assert_example(rule: Rule, finding: dict[str, Any]) -> None:
    assert rule.example is not None
    example = rule.example
    given = (finding["where"], finding["found"], finding["expected"])
    assert given == (example.where, example.found, example.expected), rule.id


def normalised(told: Told) -> tuple[int, bytes, dict[str, str]]:
    """An answer without the link to its verdict, and without the state a product gets back as it gave it."""
    link = re.compile(r"exchanges(/|%2F)[\w.-]+(/|%2F)[0-9]+")
    headers = {name: link.sub("exchanges/W/N", value) for name, value in told.answer.headers.items()}
    headers = {name: value.replace("&state=state+1", "") for name, value in headers.items()}
    return told.status, link.sub("exchanges/W/N", told.text).encode(), headers


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_mends(room: Room, case: Case) -> None:
    stage = stage_of(room, case)
    whole = case.good(stage)
    broken = broken_of(case, whole)
    told = stage.send(broken)
    found = [finding for finding in told.findings if finding["rule"] == case.rule.id]
    assert len(found) == 1, told.rules
    assert_example(case.rule, found[0])
    assert found[0]["level"] == case.rule.level
    assert (told.row.outcome == "refused") is (case.rule.level is Level.REFUSE), told.rules
    fixed = mended(str(found[0]["where"]), broken, whole)
    if case.mender is not None:
        fixed = broken.copy()
        case.mender(fixed)
    assert same(fixed, whole), f"mending at {found[0]['where']} does not give the good message"
    again = stage.send(fixed)
    assert case.rule.id not in again.rules
    assert again.status in {200, 302}
    assert "error" not in again.back


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_forced_equals_true(room: Room, case: Case) -> None:
    """A forced refusal of the good message and the true refusal of the broken one: the same bytes."""
    stage = stage_of(room, case, Level.REFUSE)
    whole = case.good(stage)
    true = stage.send(broken_of(case, whole))
    room.book.forced = case.rule
    forced = stage.send(whole)
    assert true.refusal == forced.refusal == case.rule.id
    assert normalised(true) == normalised(forced)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.rule.id)
def test_a_state_is_told_like_its_forced_refusal(room: Room, state: Any) -> None:
    """Rules about what happened before: the finding is the example, and forced is byte-equal."""
    stage = Stage(room, state.policy)
    request = state.bad(stage)
    true = stage.send(request)
    assert true.refusal == state.rule.id
    found = next(finding for finding in true.findings if finding["rule"] == state.rule.id)
    assert_example(state.rule, found)
    room.book.forced = state.rule
    forced = stage.send(request)
    assert forced.row.verdict["forced"]
    assert normalised(true) == normalised(forced)


def test_no_rule_is_forgotten() -> None:
    covered = {case.rule.id for case in CASES} | {state.rule.id for state in STATES}
    assert {rule.id for rule in service.RULES} - covered == set()


def test_every_rule_is_complete() -> None:
    for rule in service.RULES:
        assert rule.id.startswith("IDP-")
        assert all((rule.sentence.fr, rule.sentence.en, rule.mend.fr, rule.mend.en, rule.source, rule.looks_at))
        assert rule.code, rule.id
        assert rule.example is not None, rule.id
        assert re.fullmatch(r"json(-40[1345])?|bearer-40[013]|redirect|page(-403)?", rule.form), rule.id
    assert len({rule.id for rule in service.RULES}) == len(service.RULES)
