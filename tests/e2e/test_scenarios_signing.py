"""Scenarios at Pro Santé Connect over the real wire, alone and beside a product that speaks meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from simulators.clients.control import Control
from simulators.core.clock import system_now
from simulators.sandbox import Sandbox
from simulators.scenario.load import parse
from simulators.scenario.play import Played, Result, play
from tests.support.psc_product import Product

HEAD = "segur_scenario: 1\ntitle: {{fr: un, en: one}}\nworld: {world}\nsteps:\n"
PERSON = "899700000021"


def played(control: Control, world: str, *steps: str, during: Callable[[Played], None] = lambda _: None) -> Result:
    lines = "".join(f"  - {{say: {{fr: a, en: b}}, {step}}}\n" for step in steps)
    return play(parse(HEAD.format(world=world) + lines, "s.yaml"), control, system_now, during)


def why(result: Result) -> list[str]:
    return [f"{step.number}: {dict(step.misses)} {step.error}" for step in result.steps if not step.passed]


def test_the_products_request_is_awaited_and_approved(sandbox: Sandbox, control: Control, world: str) -> None:
    numbers: list[str] = []

    def during(step: Played) -> None:
        if step.number == 1:
            numbers.append(Product(sandbox, world).number(binding_message="07"))

    result = played(
        control,
        world,
        "sign_in: {professional: nurse, by: ciba, answer: refuse}, expect: {outcome: refused}",
        "await: {operation: pro_sante_connect.ciba, within: 20}, expect: {outcome: accepted}",
        f"phone: {{answer: approve, professional: '{PERSON}'}}, expect: {{state: approved, binding_message: '07'}}",
        during=during,
    )
    assert result.passed, why(result)
    assert Product(sandbox, world).told(numbers[0]) == ""


def test_our_own_sign_ins_are_not_the_products(control: Control, world: str) -> None:
    result = played(
        control,
        world,
        "sign_in: {professional: nurse}",
        "sign_in: {professional: nurse, by: ciba}",
        "await: {operation: pro_sante_connect.token, within: 1}",
    )
    assert result.nothing_came and [step.passed for step in result.steps] == [True, True, False]


def test_nobody_waits_and_nobody_is_known(control: Control, world: str) -> None:
    assert "awaits an answer" in played(control, world, "phone: {answer: approve}").steps[0].error
    refused = played(control, world, "sign_in: {professional: inconnu}").steps[0]
    assert "has no inconnu among its professionals" in refused.error


def test_a_world_that_knows_nobody_else(control: Control, world: str) -> None:
    def during(step: Played) -> None:
        if step.number == 1:
            control.call("PATCH", f"/worlds/{world}/policy", {"unknown": {"*": "refuse"}})

    steps = (
        "sign_in: {professional: nurse}",
        "sign_in: {professional: '899700000997'}, expect: {outcome: refused, rule: PSC-LOGIN-HINT}",
        "sign_in: {professional: '899700000997', by: ciba}, expect: {outcome: refused, rule: PSC-CIBA-USER}",
        "sign_in: {professional: nurse}, break: {redirect_uri: 'https://autre.test/'}, "
        "expect: {outcome: refused, rule: PSC-REDIRECT}",
        "sign_in: {professional: nurse}, break: {client_id: inconnu}, "
        "expect: {outcome: refused, rule: PSC-AUTHZ-CLIENT}",
    )
    result = played(control, world, *steps, during=during)
    assert result.passed, why(result)


def test_a_fault_on_the_way(control: Control, world: str) -> None:
    result = played(
        control,
        world,
        "fault: {name: outage, match: {on: pro_sante_connect.token}}",
        "sign_in: {professional: nurse, by: ciba}, expect: {outcome: refused, code: ''}",
        "clear: faults",
        "sign_in: {professional: nurse, by: ciba}",
    )
    assert result.passed, why(result)
