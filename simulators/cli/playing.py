"""What ``demo`` and ``run`` share: playing scenarios with live progress."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from simulators.cli.codes import FAILED, NOTHING_CAME, PASS
from simulators.clients.control import Control
from simulators.core.clock import system_now
from simulators.scenario.load import Scenario
from simulators.scenario.play import Played, Result, play
from simulators.scenario.report import Case, junit, line


class Playing:
    """Plays scenarios one after the other and keeps what a report needs."""

    def __init__(self, control: Control, lang: str = "fr") -> None:
        self._control, self._lang = control, lang
        self.results: list[Result] = []

    def play(self, scenarios: Iterable[Scenario]) -> int:
        """The exit code of them all: 0 when every one passed, 4 when nothing came from the product, else 1."""
        for scenario in scenarios:
            print(f"\n{scenario.title(self._lang)}  ({scenario.file}, world {scenario.world})", flush=True)
            self.results.append(play(scenario, self._control, system_now, self._tell))
        return self.code()

    def _tell(self, played: Played) -> None:
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

    def expected_refusal(self, world: str, number: int) -> bool:
        """Whether a step that held expected this exchange to be refused."""
        return any(
            (result.scenario.world, step.outcome.number) == (world, number)
            and step.passed
            and step.outcome.values.get("outcome") == "refused"
            for result in self.results
            for step in result.steps
        )

    def write_junit(self, path: Path, findings: Sequence[Case] = ()) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(junit(self.results, findings))
