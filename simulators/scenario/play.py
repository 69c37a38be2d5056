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
from simulators.scenario import roles
from simulators.scenario.acts import act
from simulators.scenario.expecting import check
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

    @property
    def skipped(self) -> str:
        """Why it was not played, when nothing failed either."""
        return self.outcome.skipped if self.passed else ""


@dataclass(frozen=True)
class Guide:
    """Whoever sits there. ``products`` is ``{role: URL}`` of what the product under test plays; ``tell`` prints what is
    to be done and what came meanwhile; ``pause`` waits until the trainer goes on (``None``: nobody to wait for)."""

    products: Mapping[str, str] = field(default_factory=dict)
    tell: Callable[[str], None] | None = None
    pause: Callable[[str], None] | None = None
    lang: str = "fr"


ALONE = Guide()


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
        first = next((step for step in self.steps if "await" in step.step or step.outcome.nothing_came), None)
        return first is not None and first.outcome.nothing_came


def play(
    scenario: Scenario,
    control: Control,
    now: Callable[[], datetime],
    progress: Callable[[Played], None],
    ticks: Callable[[], float] = time.monotonic,
    guide: Guide = ALONE,
) -> Result:
    """Plays in the scenario's world, reset first unless it is ``main``; stops at the first step that cannot be
    played. Raises ``EnvironmentProblem`` when the sandbox is gone."""
    stage = _stage(scenario, control, now, guide)
    try:
        with roles.wired(control, scenario.world, guide.products, stage.world.get("services", {})):
            return Result(scenario, tuple(_steps(scenario, stage, progress, ticks)))
    finally:
        stage.close()


def _steps(
    scenario: Scenario, stage: Stage, progress: Callable[[Played], None], ticks: Callable[[], float]
) -> Iterator[Played]:
    for number, step in enumerate(scenario.steps, start=1):
        line, start = scenario.line("steps", number - 1), ticks()
        stage.number, stage.since = number, stage.newest() if _looks_at_journal(step) else 0
        try:
            outcome = act(stage, step)
            missed = check(stage, step, outcome, ticks)
            played = Played(number, step, line, outcome, missed, mask=_mask(stage, outcome))
        except EnvironmentProblem:
            raise
        except (SandboxError, ValueError, KeyError) as problem:
            played = Played(number, step, line, Outcome({"outcome": "error"}), error=_said(problem))
        played = replace(played, seconds=ticks() - start)
        progress(played)
        yield played
        if played.error:
            return


def _said(problem: Exception) -> str:
    return f"the control API did not tell {problem}" if isinstance(problem, KeyError) else str(problem)


def _looks_at_journal(step: Mapping[str, Any]) -> bool:
    return any("journal" in place.get("expect", {}) for place in (step, step.get("until", {})))


def _mask(stage: Stage, outcome: Outcome) -> Mask:
    """Findings quote the message, which may be the product's, with its own data."""
    if outcome.number is None or not outcome.verdict.get("findings"):
        return masked_text
    return mask_of(stage.control.raw("GET", f"{stage.path}/exchanges/{outcome.number}/request"))


def _stage(scenario: Scenario, control: Control, now: Callable[[], datetime], guide: Guide) -> Stage:
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
    stage.roles = roles.played(scenario.data.get("roles", {}), guide.products)
    stage.tell, stage.pause, stage.lang = guide.tell, guide.pause, guide.lang
    stage.cursor = stage.start = stage.newest()
    return stage
