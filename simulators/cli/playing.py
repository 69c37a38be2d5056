"""What ``demo`` and ``run`` share: playing scenarios with live progress."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from simulators.cli.codes import FAILED, NOTHING_CAME, PASS
from simulators.clients.control import Control, world_path
from simulators.core.clock import system_now
from simulators.scenario.load import Scenario
from simulators.scenario.picture.words import Lang
from simulators.scenario.play import ALONE, Guide, Played, Result, play
from simulators.scenario.refusals import newest, rows
from simulators.scenario.report import Case, junit, line


class Playing:
    """Plays scenarios one after the other and keeps what a report needs."""

    def __init__(self, control: Control, lang: str = "fr", guide: Guide = ALONE, pages: Path | None = None) -> None:
        """``pages``: folder for one page a scenario, with the pictures of its journeys."""
        self._control, self._lang, self._guide, self._pages = control, lang, replace(guide, lang=lang), pages
        self.results: list[Result] = []

    def play(self, scenarios: Iterable[Scenario]) -> int:
        """The exit code of them all: 0 when every one passed, 4 when nothing came from the product, else 1."""
        for scenario in scenarios:
            print(f"\n{scenario.title(self._lang)}  ({scenario.file}, world {scenario.world})", flush=True)
            since = self._since(scenario.world) if self._pages else 0
            result = play(scenario, self._control, system_now, self._tell, guide=self._guide)
            self.results.append(result)
            if self._pages:
                self._write_page(self._pages, result, since)
        return self.code()

    def _since(self, world: str) -> int:
        """The journal outlives the reset by which a scenario begins."""
        return newest(self._control, world) if world in self._control.call("GET", "/worlds")["worlds"] else 0

    def _write_page(self, folder: Path, result: Result, since: int) -> None:
        # Only a report needs the picture.
        from simulators.scenario.picture.html_report import report_html
        from simulators.scenario.picture.knowing import known_from

        world = result.scenario.world
        known = known_from(self._control.call("GET", world_path(world)))
        lang: Lang = "en" if self._lang == "en" else "fr"
        page = report_html(result, rows(self._control, world, since), lang, known=known)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{Path(result.scenario.file).stem}.html").write_text(page, "utf-8")

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
