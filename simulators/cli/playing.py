"""What ``demo`` and ``run`` share: playing scenarios with live progress."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from simulators.cli.codes import FAILED, NOTHING_CAME, PASS
from simulators.clients.control import Control
from simulators.core.clock import system_now
from simulators.scenario.load import Scenario
from simulators.scenario.play import Played, Result, play
from simulators.scenario.report import junit, line


class Playing:
    """Plays scenarios one after the other and keeps what a report needs."""

    def __init__(self, control: Control, lang: str = "fr") -> None:
        self._control, self._lang = control, lang
        self.results: list[Result] = []
        self._seconds: dict[tuple[str, int], float] = {}
        self._started = 0.0

    def play(self, scenarios: Iterable[Scenario]) -> int:
        """The exit code of the worst scenario."""
        for scenario in scenarios:
            print(f"\n{scenario.title(self._lang)}  ({scenario.file}, world {scenario.world})", flush=True)
            self._started = time.monotonic()
            self.results.append(play(scenario, self._control, system_now, lambda p, s=scenario: self._tell(s, p)))  # type: ignore[misc]
        return self.code()

    def _tell(self, scenario: Scenario, played: Played) -> None:
        now = time.monotonic()
        self._seconds[scenario.file, played.number] = now - self._started
        self._started = now
        print(line(played, self._lang), flush=True)

    def code(self) -> int:
        if any(result.nothing_came for result in self.results):
            return NOTHING_CAME
        return PASS if all(result.passed for result in self.results) else FAILED

    def summary(self) -> str:
        """How many steps held."""
        steps = [step for result in self.results for step in result.steps]
        held = sum(step.passed for step in steps)
        planned = sum(len(result.scenario.steps) for result in self.results)
        return f"{held} passed, {planned - held} failed"

    def write_junit(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(junit(self.results, self._seconds))
