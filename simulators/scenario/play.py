"""Plays a scenario step by step and holds what came against what was expected."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from simulators.clients.control import Control, world_path
from simulators.clients.dmp.access import replayable_ids
from simulators.core.errors import EnvironmentProblem, SandboxError
from simulators.population.guard import masked_text
from simulators.population.masking import Mask, mask_of
from simulators.scenario.acts import act
from simulators.scenario.load import Scenario
from simulators.scenario.stage import Outcome, Stage


@dataclass(frozen=True)
class Played:
    """One step after it was played. ``misses`` maps a field to ``(expected, found)``; ``error`` says why it could
    not be played; ``seconds`` is how long it took; ``mask`` hides what looks like a real person's identifier."""

    number: int
    step: Mapping[str, Any]
    line: int
    outcome: Outcome
    misses: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    error: str = ""
    seconds: float = 0.0
    mask: Mask = masked_text

    @property
    def passed(self) -> bool:
        return not self.misses and not self.error


@dataclass(frozen=True)
class Result:
    """A whole scenario. ``nothing_came``: no exchange of the product arrived before the first deadline."""

    scenario: Scenario
    steps: tuple[Played, ...]

    @property
    def passed(self) -> bool:
        return all(step.passed for step in self.steps)

    @property
    def nothing_came(self) -> bool:
        first = next((step for step in self.steps if "await" in step.step), None)
        return first is not None and first.outcome.nothing_came


def play(
    scenario: Scenario,
    control: Control,
    now: Callable[[], datetime],
    progress: Callable[[Played], None],
    ticks: Callable[[], float] = time.monotonic,
) -> Result:
    """Plays in the scenario's world, reset first unless it is ``main``; stops at the first step that cannot be
    played. Raises ``EnvironmentProblem`` when the sandbox is gone."""
    stage = _stage(scenario, control, now)
    try:
        return Result(scenario, tuple(_steps(scenario, stage, progress, ticks)))
    finally:
        stage.close()


def _steps(
    scenario: Scenario, stage: Stage, progress: Callable[[Played], None], ticks: Callable[[], float]
) -> Iterator[Played]:
    for number, step in enumerate(scenario.steps, start=1):
        line, start = scenario.line("steps", number - 1), ticks()
        try:
            outcome = act(stage, step)
            played = Played(number, step, line, outcome, _misses(step, outcome), mask=_mask(stage, outcome))
        except EnvironmentProblem:
            raise
        except (SandboxError, ValueError) as problem:
            played = Played(number, step, line, Outcome({"outcome": "error"}), error=str(problem))
        played = replace(played, seconds=ticks() - start)
        progress(played)
        yield played
        if played.error:
            return


def _mask(stage: Stage, outcome: Outcome) -> Mask:
    """Findings quote the message, which may be the product's, with its own data."""
    if outcome.number is None or not outcome.verdict.get("findings"):
        return masked_text
    return mask_of(stage.control.raw("GET", f"{stage.path}/exchanges/{outcome.number}/request"))


def _misses(step: Mapping[str, Any], outcome: Outcome) -> dict[str, tuple[Any, Any]]:
    wanted = dict(step.get("expect", {"outcome": "accepted"} if {"do", "sign_in"} & set(step) else {}))
    if "await" in step and outcome.values["outcome"] == "nothing":
        return {"await": (dict(step["await"]), "other exchanges" if outcome.near else "nothing")}
    found = {name: outcome.values.get(name, "") for name in wanted}
    return {name: (value, found[name]) for name, value in wanted.items() if str(found[name]) != str(value)}


def _stage(scenario: Scenario, control: Control, now: Callable[[], datetime]) -> Stage:
    name, path = scenario.world, world_path(scenario.world)
    if name not in control.call("GET", "/worlds")["worlds"]:
        control.call("POST", "/worlds", {"name": name})
    elif name != "main":
        control.call("POST", f"{path}/reset")
        for family in ("faults", "refusals"):
            control.call("DELETE", f"{path}/{family}")
    world = control.call("GET", f"{path}?certificates=true")
    ids = replayable_ids(f"{name}:{world['epoch']}:{scenario.file}")
    stage = Stage(control, world, scenario.data.get("actors", {}), ids, now)
    stage.cursor = control.call("GET", f"{path}/exchanges?last=1")["cursor"]
    return stage
