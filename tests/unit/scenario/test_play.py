"""Steps, expectations, near misses and what ends a scenario; no wire."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from simulators.core.errors import EnvironmentProblem
from simulators.scenario import acts
from simulators.scenario.load import parse
from simulators.scenario.play import Played, Result, play
from simulators.scenario.stage import Outcome, Stage
from tests.unit.scenario.fakes import FakeControl, near, row, waited

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEAD = """segur_scenario: 1
title: {fr: un, en: one}
actors:
  h: {structure: hospital, professional: nurse}
steps:
"""


def step(text: str) -> str:
    return f"  - say: {{fr: a, en: b}}\n    {text}\n"


def played(control: FakeControl, *steps: str, head: str = HEAD) -> Result:
    scenario = parse(head + "".join(step(text) for text in steps), "s.yaml")
    clock = itertools.count()
    return play(scenario, control, lambda: NOW, lambda _: None, lambda: float(next(clock)))


def only(result: Result) -> Played:
    (one,) = result.steps
    return one


def test_steps_for_the_sandbox_call_the_control_api() -> None:
    control = FakeControl()
    result = played(
        control,
        "advance: P6M\n    expect: {outcome: done, fired: 2}",
        "fault: {name: outage, match: {on: dmp.TD2.1}}\n    expect: {id: F1}",
        "refuse: {rule: DMP-X, match: {on: dmp.TD2.1}}",
        "clear: faults\n    expect: {removed: 3}",
        "clear: refusals",
    )
    assert result.passed
    asked = [(method, path, body) for method, path, body in control.calls if method != "GET"]
    assert asked == [
        ("POST", "/worlds/main/clock", {"advance": "P6M"}),
        ("POST", "/worlds/main/faults", {"name": "outage", "match": {"on": "dmp.TD2.1"}}),
        ("POST", "/worlds/main/refusals", {"rule": "DMP-X", "match": {"on": "dmp.TD2.1"}}),
        ("DELETE", "/worlds/main/faults", None),
        ("DELETE", "/worlds/main/refusals", None),
    ]
    assert [one.seconds for one in result.steps] == [1.0] * 5


def test_another_world_is_reset_or_created_and_main_is_left_alone() -> None:
    other = HEAD.replace("actors:", "world: w1\nactors:")
    known = FakeControl(worlds=["main", "w1"])
    played(known, "clear: faults", head=other)
    assert ("POST", "/worlds/w1/reset", None) in known.calls
    assert ("DELETE", "/worlds/w1/refusals", None) in known.calls
    fresh = FakeControl()
    played(fresh, "clear: faults", head=other)
    assert ("POST", "/worlds", {"name": "w1"}) in fresh.calls
    main = FakeControl()
    played(main, "clear: faults")
    assert not [path for _, path, _ in main.calls if path.endswith("/reset")]


@pytest.mark.parametrize(
    ("wanted", "found", "held"),
    [
        ("{outcome: done}", {"outcome": "done"}, True),
        ("{count: 1}", {"outcome": "done", "count": 1}, True),
        ("{count: 1}", {"outcome": "done", "count": 11}, False),
        ("{identical: true}", {"outcome": "done", "identical": True}, True),
        ("{identical: true}", {"outcome": "done", "identical": False}, False),
        ("{identical: false}", {"outcome": "done"}, False),
        ("{rule: DMP-X}", {"outcome": "done", "rule": "DMP-X"}, True),
        ("{code: 'wsse:FailedCheck', outcome: refused}", {"outcome": "refused", "code": "wsse:FailedCheck"}, True),
        ("{unknown: x}", {"outcome": "done"}, False),
    ],
)
def test_every_expectation_compares_one_field(
    monkeypatch: pytest.MonkeyPatch, wanted: str, found: dict[str, Any], held: bool
) -> None:
    monkeypatch.setattr("simulators.scenario.play.act", lambda stage, step: Outcome(found))
    result = played(FakeControl(), f"advance: P1D\n    expect: {wanted}")
    assert result.passed is held
    assert bool(only(result).misses) is not held


def test_a_step_of_the_wire_expects_acceptance_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.scenario.play.act", lambda stage, step: Outcome({"outcome": "refused"}))
    result = played(FakeControl(), "as: h\n    do: dmp.TD0.2\n    patient: adult")
    assert only(result).misses == {"outcome": ("accepted", "refused")}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("as: nobody\n    do: dmp.TD0.2\n    patient: adult", "no actor 'nobody'"),
        ("as: h\n    do: dmp.TD0.2\n    patient: adult", "no hospital among its structures"),
    ],
)
def test_what_cannot_be_played_ends_the_scenario(text: str, why: str) -> None:
    result = played(FakeControl(document={"trust": {"pem": "x"}}), text, "clear: faults")
    assert len(result.steps) == 1
    assert why in only(result).error
    assert not result.passed


def test_a_value_that_no_message_can_hold_is_an_error_and_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def act(stage: Stage, step: object) -> Outcome:
        raise ValueError("All strings must be XML compatible")

    monkeypatch.setattr("simulators.scenario.play.act", act)
    assert "XML" in only(played(FakeControl(), "clear: faults")).error


def test_a_sandbox_that_is_gone_ends_the_run() -> None:
    def gone(body: object) -> Any:
        raise EnvironmentProblem("does not answer")

    with pytest.raises(EnvironmentProblem):
        played(FakeControl(on={"/clock": gone}), "advance: P1D")


def awaiting(control: FakeControl, text: str = "{operation: dmp.TD2.1, within: 10}", **stage: Any) -> Outcome:
    place = Stage(control, {"name": "main"}, {}, ids=lambda: None, now=lambda: NOW, **stage)  # type: ignore[arg-type,return-value]
    wanted = parse(HEAD + step(f"await: {text}"), "s.yaml").steps[0]
    return acts.act(place, wanted)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Each look at the clock moves it by that much."""

    def every(seconds: float) -> None:
        ticks = itertools.count(0.0, seconds)
        monkeypatch.setattr("simulators.scenario.awaiting.time.monotonic", lambda: next(ticks))

    return every


def test_await_gives_the_exchange_of_the_product() -> None:
    control = FakeControl(waits=[waited(row(7, "dmp.TD2.1", "refused", "DMP-A", "DMP-B"), cursor=7, seen=2)])
    found = awaiting(control)
    assert found.values == {"outcome": "refused", "operation": "dmp.TD2.1", "rule": "DMP-A", "warnings": 0}
    assert (found.number, found.nothing_came) == (7, False)
    assert control.calls[-1][2]["expect"] == {"operation": "dmp.TD2.1"}


def test_await_leaves_our_own_exchanges_aside() -> None:
    control = FakeControl(waits=[waited(row(5), cursor=5, seen=1), waited(row(6), cursor=6, seen=1)])
    assert awaiting(control, own={5}).number == 6


def test_nothing_came_although_we_spoke_ourselves(clock: Callable[[float], None]) -> None:
    clock(20.0)
    control = FakeControl(waits=[waited(None, cursor=5, seen=2, near=[near(4), near(5)])])
    found = awaiting(control, own={4, 5}, cursor=3)
    assert (found.nothing_came, found.near, found.values["outcome"]) == (True, (), "nothing")


def test_near_misses_of_several_looks_are_kept(clock: Callable[[float], None]) -> None:
    clock(14.0)
    waits = [waited(None, cursor=4, seen=1, near=[near(4)]), waited(None, cursor=6, seen=1, near=[near(6)])]
    control = FakeControl(waits=waits)
    found = awaiting(control, "{operation: dmp.TD2.1, within: 50}")
    assert not found.nothing_came
    assert {miss["number"] for miss in found.near} == {4, 6}
    assert control.calls[-1][2]["since"] == 4


def outcome(kind: str, *, nothing: bool = False) -> Played:
    return Played(1, {kind: {}}, 1, Outcome({"outcome": "x"}, nothing_came=nothing))


def test_only_the_first_deadline_tells_that_nothing_came() -> None:
    scenario = parse(HEAD + step("clear: faults"), "s.yaml")
    first, later = outcome("await", nothing=True), outcome("await")
    assert Result(scenario, (outcome("clear"), first)).nothing_came
    assert not Result(scenario, (later, first)).nothing_came
    assert not Result(scenario, (outcome("clear"),)).nothing_came


def test_a_missed_await_says_so_and_the_scenario_goes_on(clock: Callable[[float], None]) -> None:
    clock(20.0)
    control = FakeControl(waits=[waited(None, cursor=4, seen=1, near=[near(4)])])
    result = played(control, "await: {operation: dmp.TD2.1, within: 5}", "clear: faults")
    assert [one.passed for one in result.steps] == [False, True]
    assert result.steps[0].misses == {"await": ({"operation": "dmp.TD2.1", "within": 5}, "other exchanges")}
