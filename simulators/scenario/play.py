"""Plays a scenario step by step and holds what came against what was expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulators.clients.control import Control
from simulators.clients.dmp.access import replayable_ids
from simulators.core.errors import SandboxError
from simulators.scenario.acts import Outcome, Stage, act
from simulators.scenario.load import Scenario


@dataclass(frozen=True)
class Played:
    """One step after it was played. ``misses`` maps a field to ``(expected, found)``."""

    number: int
    step: Mapping[str, Any]
    line: int
    outcome: Outcome
    misses: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    error: str = ""

    @property
    def passed(self) -> bool:
        return not self.misses and not self.error


@dataclass(frozen=True)
class Result:
    """A whole scenario. ``nothing_came``: no exchange of the product arrived before a deadline."""

    scenario: Scenario
    steps: tuple[Played, ...]

    @property
    def passed(self) -> bool:
        return all(step.passed for step in self.steps)

    @property
    def nothing_came(self) -> bool:
        return any(step.outcome.nothing_came for step in self.steps)


def play(
    scenario: Scenario, control: Control, now: Callable[[], datetime], progress: Callable[[Played], None]
) -> Result:
    """Plays in the scenario's world, reset first unless it is ``main``; stops at the first error."""
    stage = _stage(scenario, control, now)
    try:
        return Result(scenario, tuple(_steps(scenario, stage, progress)))
    finally:
        stage.close()


def _steps(scenario: Scenario, stage: Stage, progress: Callable[[Played], None]) -> Iterator[Played]:
    for number, step in enumerate(scenario.steps, start=1):
        line = scenario.line("steps", number - 1)
        try:
            outcome = act(stage, step)
            played = Played(number, step, line, outcome, _misses(step, outcome))
        except SandboxError as problem:
            played = Played(number, step, line, Outcome({"outcome": "error"}), error=str(problem))
        progress(played)
        yield played
        if played.error:
            return


def _misses(step: Mapping[str, Any], outcome: Outcome) -> dict[str, tuple[Any, Any]]:
    wanted = dict(step.get("expect", {"outcome": "accepted"} if "do" in step else {}))
    if "await" in step and outcome.values["outcome"] == "nothing":
        return {"await": (dict(step["await"]), [dict(miss) for miss in outcome.near] or "nothing came")}
    found = {name: outcome.values.get(name, "") for name in wanted}
    return {name: (value, found[name]) for name, value in wanted.items() if str(found[name]) != str(value)}


def _stage(scenario: Scenario, control: Control, now: Callable[[], datetime]) -> Stage:
    name = scenario.world
    if name not in control.call("GET", "/worlds")["worlds"]:
        control.call("POST", "/worlds", {"name": name})
    elif name != "main":
        control.call("POST", f"/worlds/{name}/reset")
        for family in ("faults", "refusals"):
            control.call("DELETE", f"/worlds/{name}/{family}")
    world = control.call("GET", f"/worlds/{name}?certificates=true")
    ids = replayable_ids(f"{name}:{world['epoch']}:{scenario.file}")
    stage = Stage(control, world, scenario.data.get("actors", {}), ids, now)
    stage.cursor = _cursor(control, name)
    return stage


def _cursor(control: Control, world: str) -> int:
    cursor = 0
    while rows := control.call("GET", f"/worlds/{world}/exchanges?since={cursor}&limit=1000")["exchanges"]:
        cursor = rows[-1]["number"]
    return cursor
