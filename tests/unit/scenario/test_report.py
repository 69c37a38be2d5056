"""What a played scenario shows: lines for people, JUnit for machines, identifiers masked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from simulators.population.masking import mask_of
from simulators.scenario.load import Scenario, parse
from simulators.scenario.play import Played, Result
from simulators.scenario.report import NOTICE, junit, line
from simulators.scenario.stage import Outcome
from tests.unit.scenario.fakes import finding, near

# Department 00 belongs to nobody; under a production authority it is masked all the same.
REAL = "185010099900171"
MESSAGE = f"{REAL}^^^&1.2.250.1.213.1.4.8&ISO^NH".encode()


def scenario(steps: int = 1, title: str = "one", say: str = "says") -> Scenario:
    lines = [f'  - say: {{fr: dit, en: "{say}"}}\n    clear: faults\n' for _ in range(steps)]
    return parse(f'segur_scenario: 1\ntitle: {{fr: un, en: "{title}"}}\nsteps:\n' + "".join(lines), "dir/s.yaml")


def done(where: Scenario, number: int = 1, values: dict[str, Any] | None = None, **more: Any) -> Played:
    findings = more.pop("findings", [])
    outcome = Outcome(values or {"outcome": "done"}, {"findings": findings}, near=more.pop("near", ()))
    return Played(number, more.pop("step", where.steps[number - 1]), 4, outcome, **more)


def root(*results: Result) -> etree._Element:
    return etree.fromstring(junit(results))


def test_a_suite_counts_its_steps_and_tells_their_times() -> None:
    plan = scenario(4)
    steps = (
        done(plan, 1, seconds=0.25),
        done(plan, 2, misses={"count": (1, 2)}, seconds=1.0),
        done(plan, 3, error="no such actor", seconds=0.0005),
    )
    (suite,) = root(Result(plan, steps))
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped", "time")}
    assert counts == {"tests": "4", "failures": "1", "errors": "1", "skipped": "1", "time": "1.250"}
    cases = suite.findall("testcase")
    assert [case.get("name") for case in cases] == [f"0{n} says" for n in (1, 2, 3, 4)]
    assert [case.get("time") for case in cases] == ["0.250", "1.000", "0.001", "0.000"]
    assert [child.tag for case in cases for child in case] == ["failure", "error", "skipped"]
    assert {(case.get("classname"), case.get("file")) for case in cases} == {("segur.s", "dir/s.yaml")}
    assert cases[1][0].get("message") == "dir/s.yaml:4"
    assert "expected count = 1, found 2" in (cases[1][0].text or "")


def test_every_report_is_marked_as_a_rehearsal() -> None:
    plan = scenario()
    (suite,) = root(Result(plan, (done(plan),)))
    notice = suite.find("properties/property")
    assert notice is not None
    assert notice.get("value") == NOTICE
    assert "never evidence" in NOTICE


def test_the_same_scenario_twice_keeps_both_times() -> None:
    plan = scenario()
    results = [Result(plan, (done(plan, seconds=seconds),)) for seconds in (1.0, 2.0)]
    assert [suite.get("time") for suite in root(*results)] == ["1.000", "2.000"]


@given(st.text(max_size=60))
def test_any_text_is_escaped(text: str) -> None:
    plan = scenario()
    step = {**plan.steps[0], "say": {"fr": text, "en": text}}
    document = junit([Result(plan, (done(plan, error=text, step=step),))])
    (case,) = etree.fromstring(document).iter("testcase")
    kept = text.replace("\r\n", "\n").replace("\r", "\n")
    assert len(case.get("name") or "") == len(f"01 {text}")
    assert etree.fromstring(document) is not None
    assert kept is not None


@pytest.mark.parametrize("title", [r"a \"quoted\" <title> & more", r"bell \x07 and \ud800 "])
def test_a_title_of_any_characters_is_a_suite(title: str) -> None:
    plan = scenario(title=title.replace(r"\ud800", ""), say=r"\x1b[31m red")
    (suite,) = root(Result(plan, (done(plan),)))
    assert suite.get("name")
    assert "\x1b" not in (suite.find("testcase").get("name") or "")  # type: ignore[union-attr]


def test_a_refusal_is_explained_in_the_chosen_language() -> None:
    plan = scenario()
    step = {"say": {"fr": "dit", "en": "says"}, "as": "h", "do": "dmp.TD2.1", "patient": "adult"}
    findings = [finding("DMP-X", national="Texte national"), finding("DMP-W", "warn")]
    told = done(plan, values={"outcome": "refused", "code": "XDSError"}, findings=findings, step=step)
    french, english = line(told, "fr"), line(told, "en")
    assert "h → dmp  SOAP/MTOM TD2.1" in french
    assert "« Texte national » : phrase  [DMP-X]" in french
    assert "réparer" in french
    assert "sentence" in english
    assert "mend" in english
    assert "DMP-W" not in french


def test_near_misses_and_wire_problems_are_told() -> None:
    plan = scenario()
    missed = done(plan, near=(near(4),), misses={"await": ({"within": 5}, "other exchanges")})
    assert "exchange 4, dmp.TD0.2" in line(missed)
    assert "operation: expected 'x', found 'dmp.TD0.2'" in line(missed)
    cut = done(plan, values={"outcome": "failed", "wire": "ConnectionResetError: reset"})
    assert "ConnectionResetError" in line(cut)


def test_a_number_that_looks_real_is_masked_in_lines_and_reports() -> None:
    plan = scenario()
    told = done(plan, findings=[finding("DMP-X", found=REAL)], misses={"x": (1, 2)}, mask=mask_of(MESSAGE))
    assert REAL not in line(told)
    assert "1850*******" in line(told)
    assert REAL.encode() not in junit([Result(plan, (told,))])


def version_2(*steps: str) -> Scenario:
    lines = [f"  - say: {{fr: dit, en: says}}\n    {text}\n" for text in steps]
    return parse("segur_scenario: 2\ntitle: {fr: un, en: one}\nsteps:\n" + "".join(lines), "s.yaml")


def test_a_step_that_was_not_played_is_skipped_and_an_explanation_goes_out() -> None:
    plan = version_2("pfi: poll", "explain: last", "pause: true")
    skipped = Outcome({"outcome": "done"}, skipped="pfi is the product under test: says")
    steps = (
        Played(1, plan.steps[0], 4, skipped),
        Played(2, plan.steps[1], 6, Outcome({"outcome": "refused"}, text="why\nit was\x07 refused")),
        Played(3, plan.steps[2], 8, skipped, misses={"journal": ({"operation": "x"}, "0 exchange(s)")}),
    )
    (suite,) = root(Result(plan, steps))
    assert (suite.get("skipped"), suite.get("failures")) == ("1", "1")
    cases = suite.findall("testcase")
    assert [[child.tag for child in case] for case in cases] == [["skipped"], ["system-out"], ["failure"]]
    assert cases[1][0].text == "why\nit was\ufffd refused"


@pytest.mark.parametrize(
    ("step", "route"),
    [
        ("dpi: {validate: letter}", "dpi  validate"),
        ("identity: {admit: {patient: a}}", "identity  admit"),
        ("pfi: poll", "pfi  poll"),
        ("mail: {reply: {from: a}}", "mail  reply"),
        ("third_party: {by: laboratory, act: mask}", "laboratory → dmp  mask"),
        ("advance: P1D", "sandbox"),
    ],
)
def test_a_line_tells_who_acts(step: str, route: str) -> None:
    plan = version_2(step)
    assert line(done(plan), "en").startswith(f"✓  1  {route} ")
    refused = done(plan, values={"outcome": "refused", "text": "not now"}, misses={"outcome": ("done", "refused")})
    assert "        not now" in line(refused, "en").splitlines()
    left_out = Played(1, plan.steps[0], 4, Outcome({"outcome": "done"}, skipped="the product does it"))
    assert line(left_out, "en").startswith("–  1") and "the product does it" in line(left_out, "en")


def test_what_a_counterpart_answered_is_told_when_the_step_failed() -> None:
    plan = scenario()
    values = {"outcome": "done", "state": "refused", "sendings": [{"errors": ["101 PID-3 missing"]}, {}]}
    failed = done(plan, values=values, misses={"state": ("acked", "refused")})
    assert "answered: 101 PID-3 missing" in line(failed)
    assert "answered" not in line(done(plan, values=values))
