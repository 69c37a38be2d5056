"""The steps of Pro Santé Connect: what the schema takes, what they ask of the control API; no wire."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.scenario.load import InvalidScenario, parse
from simulators.scenario.play import Result, play
from tests.unit.scenario.fakes import FakeControl
from tests.unit.scenario.test_play import HEAD, NOW, only, step

WAITING = {
    "client_id": "produit",
    "state": "approved",
    "person": "899700000021",
    "channel": "MOBILE",
    "binding_message": "42",
    "id": "1",
}
WORLD = {
    "name": "main",
    "epoch": 1,
    "structures": [],
    "professionals": [{"slug": "nurse", "id": "899700000047"}],
    "services": {"dmp": {}},
}


def played(text: str, control: FakeControl) -> Result:
    return play(parse(HEAD + step(text), "s.yaml"), control, lambda: NOW, lambda _: None)


def control(**on: Any) -> FakeControl:
    return FakeControl(on={"/worlds/main?certificates=true": lambda body: WORLD, **on})


@pytest.mark.parametrize(
    "text",
    [
        "sign_in: {professional: nurse}",
        "sign_in: {professional: '899700000021', by: code}\n    break: {scope: openid}",
        "sign_in: {professional: nurse, by: ciba, answer: refuse}\n    expect: {outcome: refused}",
        "phone: {answer: approve}",
        "phone: {answer: offline, professional: nurse}",
    ],
)
def test_the_language_knows(text: str) -> None:
    assert parse(HEAD + step(text), "s.yaml").steps


@pytest.mark.parametrize(
    "text",
    [
        "sign_in: {}",
        "sign_in: {professional: nurse, by: card}",
        "sign_in: {professional: nurse, answer: approve}",
        "sign_in: {professional: nurse, by: code, answer: approve}",
        "sign_in: {professional: nurse, by: ciba, answer: oui}",
        "sign_in: {professional: nurse, pin: 1234}",
        "phone: {}",
        "phone: {answer: approve, request: x}",
        "phone: {answer: approve}\n    sign_in: {professional: nurse}",
    ],
)
def test_the_language_does_not_know(text: str) -> None:
    with pytest.raises(InvalidScenario) as refused:
        parse(HEAD + step(text), "s.yaml")
    assert all(flaw.line > 5 for flaw in refused.value.flaws)


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("{answer: approve}", {"answer": "approve"}),
        ("{answer: refuse, professional: nurse}", {"answer": "refuse", "person": "899700000047"}),
        ("{answer: refuse, professional: '899700000989'}", {"answer": "refuse", "person": "899700000989"}),
    ],
)
def test_the_phone_answers_through_the_control_api(given: str, asked: dict[str, str]) -> None:
    spoken = control(**{"/psc/ciba/answer": lambda body: {"request": WAITING}})
    result = played(f"phone: {given}\n    expect: {{outcome: done, client: produit, binding_message: 42}}", spoken)
    assert result.passed, only(result)
    assert ("POST", "/worlds/main/psc/ciba/answer", asked) in spoken.calls


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("phone: {answer: approve, professional: nobody}", "has no nobody among its professionals: nurse"),
        ("sign_in: {professional: nobody}", "has no nobody"),
        ("sign_in: {professional: nurse}", "Pro Santé Connect does not run in this sandbox"),
    ],
)
def test_what_cannot_be_played_says_why(text: str, why: str) -> None:
    result = played(text, control())
    assert not result.passed and why in only(result).error
