"""Scenarios over the real wire: the shipped ones, every kind of step, and a product that speaks meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from simulators.cli.codes import FAILED, NOTHING_CAME, PASS
from simulators.cli.playing import Playing
from simulators.clients.control import Control
from simulators.clients.dmp.access import dmp_client, patient_of, replayable_ids
from simulators.core.clock import system_now
from simulators.core.shipped import shipped
from simulators.sandbox import Sandbox
from simulators.scenario.load import Scenario, load, parse
from simulators.scenario.play import Guide, Played, Result, play

SHIPPED = shipped("scenarios")
FIRST = sorted(path.name for path in SHIPPED.glob("*.yaml") if load(path).data["segur_scenario"] == 1)
HEAD = """segur_scenario: 1
title: {{fr: un, en: one}}
world: {world}
actors:
  hospital: {{structure: hospital, professional: hospital-specialist}}
  doctor: {{structure: group-practice, professional: general-practitioner}}
steps:
"""
ASK = "as: hospital, do: dmp.TD0.2, patient: adult"


def written(world: str, *steps: str) -> Scenario:
    """A scenario in a world; each step is the inside of a flow mapping."""
    lines = [f"  - {{say: {{fr: a, en: b}}, {step}}}\n" for step in steps]
    return parse(HEAD.format(world=world) + "".join(lines), "s.yaml")


@pytest.fixture
def played(control: Control, world: str) -> Callable[..., Result]:
    def run(*steps: str, during: Callable[[Played], None] = lambda _: None) -> Result:
        return play(written(world, *steps), control, system_now, during)

    return run


def why(result: Result) -> list[str]:
    """What did not hold."""
    return [f"{step.number}: {dict(step.misses)} {step.error}" for step in result.steps if not step.passed]


@pytest.mark.parametrize("name", FIRST)
def test_the_shipped_scenarios_pass_twice(
    control: Control, name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    playing = Playing(control, "en")
    assert playing.play([load(SHIPPED / name), load(SHIPPED / name)]) == PASS, capsys.readouterr().out
    told = capsys.readouterr().out
    assert "SIM-BUG" not in told
    assert playing.summary().endswith(" 0 failed")
    playing.write_junit(tmp_path / "deep" / "report.xml")
    root = etree.parse(str(tmp_path / "deep" / "report.xml")).getroot()
    assert [suite.get("failures") for suite in root] == ["0", "0"]
    assert all(float(case.get("time", "0")) > 0 for case in root.iter("testcase"))


def test_a_journey_of_every_operation(played: Callable[..., Result]) -> None:
    result = played(
        f"{ASK}, expect: {{outcome: accepted, dmp: active, http: 200, code: AA, warnings: 0, rule: ''}}",
        "as: hospital, do: dmp.TD0.2, patient: no-dmp, expect: {dmp: none}",
        "as: hospital, do: dmp.TD0.3, patient: adult, action: AJOUT, expect: {status: DMPOk}",
        "as: hospital, do: dmp.TD2.1, patient: adult, save: one, "
        "document: {kind: operative-report, title: 'Bloc <1> & 2'}",
        "as: hospital, do: dmp.TD2.1, patient: adult, document: {kind: discharge-letter, text: 'é'}, save: two",
        "as: hospital, do: dmp.TD3.1, patient: adult, user_act: true, find: {typeCode: 11490-0}, expect: {count: 1}",
        "as: hospital, do: dmp.TD3.1, patient: adult, user_act: true, expect: {count: 2}",
        "as: hospital, do: dmp.TD3.1, patient: adult, user_act: true, "
        "find: {createdTo: '20200101000000'}, expect: {count: 0}",
        "as: hospital, do: dmp.TD3.2, patient: adult, retrieve: one, expect: {identical: true}",
        "as: hospital, do: dmp.TD3.2, patient: adult, retrieve: two, expect: {identical: true}",
        "as: hospital, do: dmp.TD0.3, patient: adult, action: SUPPRESSION, expect: {status: DMPOk}",
        "as: hospital, do: dmp.TD3.1, patient: adult, user_act: true, expect: {outcome: refused}",
    )
    assert result.passed, why(result)
    assert [step.outcome.number is not None for step in result.steps] == [True] * 12


@pytest.mark.parametrize(
    "kind", ["discharge-letter", "operative-report", "prescription", "imaging-report", "biology-report"]
)
def test_every_kind_of_document_is_accepted(played: Callable[..., Result], kind: str) -> None:
    result = played(f"as: hospital, do: dmp.TD2.1, patient: adult, document: {{kind: {kind}}}")
    assert result.passed, why(result)


def test_time_passes_for_everybody_at_once(played: Callable[..., Result]) -> None:
    result = played(
        "as: hospital, do: dmp.TD0.3, patient: adult",
        "as: hospital, do: dmp.TD3.1, patient: adult, user_act: true",
        "advance: P6M, expect: {outcome: done}",
        "as: hospital, do: dmp.TD3.1, patient: adult, user_act: true, expect: {outcome: refused}",
    )
    assert result.passed, why(result)


def test_faults_and_refusals_come_and_go(played: Callable[..., Result]) -> None:
    result = played(
        "fault: {name: http_error, match: {on: dmp.TD0.2, nth: 2}, params: {status: 503}}, expect: {id: F1}",
        f"{ASK}, expect: {{outcome: accepted}}",
        f"{ASK}, expect: {{outcome: refused, code: HTTP 503}}",
        f"{ASK}, expect: {{outcome: accepted}}",
        "fault: {name: reset, match: {on: dmp.TD0.2}}",
        f"{ASK}, expect: {{outcome: failed}}",
        "clear: faults, expect: {removed: 2}",
        "refuse: {rule: DMP-TD02-INS-KEY, match: {on: dmp.TD0.2}}",
        f"{ASK}, expect: {{outcome: refused, rule: DMP-TD02-INS-KEY}}",
        "clear: refusals, expect: {removed: 1}",
        f"{ASK}",
    )
    assert result.passed, why(result)
    reset = result.steps[5].outcome
    assert "Reset" in str(reset.values["wire"]) or "Disconnected" in str(reset.values["wire"])
    assert reset.number is not None


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("as: nobody, do: dmp.TD0.2, patient: adult", "no actor 'nobody'"),
        ("as: hospital, do: dmp.TD0.2, patient: nobody", "has no nobody among its patients"),
        ("as: hospital, do: dmp.TD3.2, patient: adult, retrieve: nothing", "saved a document as 'nothing'"),
        ("as: hospital, do: dmp.TD3.1, patient: adult, find: {colour: red}", "'colour' is none of"),
        (f"{ASK}, break: {{nothing.such: x}}", "is none of"),
        (f"{ASK}, break: {{entry.typeCode: x}}", "TD0.2 has no entry.typeCode"),
        (f'{ASK}, break: {{vihf.LPS_Nom: "bell \\x07"}}', "XML"),
        ("fault: {name: no-such, match: {on: dmp.TD0.2}}", "no fault named"),
        ("fault: {name: refuse_connection, match: {on: dmp}}", "world '-'"),
        ("refuse: {rule: NO-RULE, match: {on: dmp.TD0.2}}", "no rule"),
        ("refuse: {rule: DMP-TD02-INS-KEY, match: {on: dmp.TD9.9}}", "no operation"),
        ("advance: P-1D", "duration"),
    ],
)
def test_what_cannot_be_played_says_why(played: Callable[..., Result], step: str, said: str) -> None:
    result = played(step, ASK)
    assert [bool(one.error) for one in result.steps] == [True]
    assert said in result.steps[0].error


# -- the product under test -------------------------------------------------------------------------------------------


class Product:
    """Speaks to the world from a thread of its own when told."""

    def __init__(self, sandbox: Sandbox, world: str) -> None:
        self._described = sandbox.describe(world)
        roots = sandbox.folder / "trust" / "roots.pem"
        ids = replayable_ids(f"product:{world}")
        self.client = dmp_client(self._described, roots, "laboratory", "biologist", ids=ids, now=sandbox.now)
        self.patient = patient_of(self._described, "adult")
        self._thread: threading.Thread | None = None

    def speak(self, act: Callable[[], object]) -> None:
        self._thread = threading.Thread(target=act)
        self._thread.start()

    def stop(self) -> None:
        if self._thread is not None:
            self._thread.join(20)
        self.client.close()


@pytest.fixture
def product(sandbox: Sandbox, world: str) -> Product:
    return Product(sandbox, world)


def test_the_products_exchange_is_awaited(played: Callable[..., Result], product: Product) -> None:
    def during(step: Played) -> None:
        if step.number == 1:
            product.speak(lambda: product.client.exists(product.patient.ins))

    try:
        result = played(
            ASK,
            "await: {operation: dmp.TD0.2, outcome: accepted, within: 20}, "
            "expect: {outcome: accepted, rule: '', warnings: 0}",
            during=during,
        )
    finally:
        product.stop()
    assert result.passed, why(result)
    assert result.steps[1].outcome.number == 2  # not the step's own exchange


def test_a_refusal_of_the_product_is_awaited_by_its_rule(played: Callable[..., Result], product: Product) -> None:
    wrong = product.client.broken({"existence.ins": "185010099900172"}, "TD0.2")

    def during(step: Played) -> None:
        product.speak(lambda: wrong.exists(product.patient.ins))

    try:
        result = played(
            "clear: faults",
            "await: {rule: DMP-TD02-INS-KEY, within: 20}, expect: {outcome: refused, operation: dmp.TD0.2}",
            during=during,
        )
    finally:
        product.stop()
    assert result.passed, why(result)


def test_near_misses_are_explained(
    control: Control, sandbox: Sandbox, world: str, product: Product, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = written(world, "clear: faults", "await: {operation: dmp.TD2.1, within: 1}")
    told = Playing(control, "en")
    control.call("GET", f"/worlds/{world}/exchanges?last=1")
    spoken: list[object] = []

    def tell(step: Played) -> None:
        if step.number == 1:
            spoken.append(product.client.exists(product.patient.ins))

    result = play(scenario, control, system_now, tell)
    told.results.append(result)
    assert told.code() == FAILED
    (missed,) = [step for step in result.steps if not step.passed]
    assert [miss["operation"] for miss in missed.outcome.near] == ["dmp.TD0.2"]
    assert missed.outcome.near[0]["misses"]["operation"] == {"expected": "dmp.TD2.1", "found": "dmp.TD0.2"}
    product.stop()


def test_what_does_not_match_is_told_while_it_is_awaited(control: Control, world: str, product: Product) -> None:
    """The product asks for something else first, and for the right thing once that was told."""
    right = product.client.broken({"existence.ins": "185010099900172"}, "TD0.2")
    told: list[str] = []

    def tell(text: str) -> None:
        told.append(text)
        right.exists(product.patient.ins)

    def during(step: Played) -> None:
        if step.number == 1:
            product.speak(lambda: product.client.exists(product.patient.ins))

    scenario = written(world, "clear: faults", "await: {rule: DMP-TD02-INS-KEY, within: 20}")
    try:
        result = play(scenario, control, system_now, during, guide=Guide(tell=tell, lang="en"))
    finally:
        product.stop()
    assert result.passed, why(result)
    assert told == ["        … exchange 1, dmp.TD0.2: rule expected 'DMP-TD02-INS-KEY', found []"]


def test_nothing_came(control: Control, world: str, capsys: pytest.CaptureFixture[str]) -> None:
    playing = Playing(control)
    assert playing.play([written(world, ASK, "await: {operation: dmp.TD2.1, within: 1}")]) == NOTHING_CAME
    assert "found 'nothing'" in capsys.readouterr().out
