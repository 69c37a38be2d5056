"""``run SCENARIO...``: attaches to a running sandbox, or starts a private one and stops it."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from simulators.assembly.endpoints import endpoints
from simulators.assembly.settings import ENDPOINTS_VARIABLE, Settings
from simulators.cli.codes import FAILED, INVALID, PASS
from simulators.cli.gate import collected, gate
from simulators.cli.pins import add_pin, pin_holds
from simulators.cli.playing import Playing
from simulators.cli.remote import add_endpoints, running
from simulators.cli.stopping import interruptible
from simulators.clients.control import Control
from simulators.core.errors import EnvironmentProblem
from simulators.population.guard import masked_text
from simulators.scenario.load import InvalidScenario, Scenario, load
from simulators.scenario.play import Guide
from simulators.scenario.refusals import newest
from simulators.scenario.report import Case
from simulators.scenario.roles import read


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    parser.add_argument("scenarios", nargs="+", type=Path, metavar="SCENARIO")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write a JUnit report")
    parser.add_argument("--html", type=Path, metavar="DIR", help="write a page a scenario: steps, journeys drawn")
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="fail on findings that this file does not know")
    parser.add_argument(
        "--sut",
        action="append",
        default=[],
        metavar="ROLE[=URL]",
        help="the product plays this part (dpi, pfi, identity) and listens there, as dpi=mllp://localhost:6661",
    )
    add_pin(parser)
    parser.add_argument("--lang", choices=["fr", "en"], default="fr")


def run(options: argparse.Namespace) -> int:
    products = read(options.sut)
    scenarios: list[Scenario] = []
    for path in options.scenarios:
        try:
            scenarios.append(load(path))
        except InvalidScenario as invalid:
            print(invalid)
    if len(scenarios) < len(options.scenarios):
        return INVALID
    with interruptible(), _sandbox(options.endpoints) as control:
        if not pin_holds(control, options.rules_pin):
            return FAILED
        playing = Playing(control, options.lang, _guide(products), options.html)
        code, cases = _played(control, playing, scenarios, options.baseline)
    print(f"\n{playing.summary()}")
    if options.junit:
        playing.write_junit(options.junit, cases)
    return code


def _guide(products: Mapping[str, str]) -> Guide:
    """A trainer is there when both ends are a terminal; what comes is told live anyway."""
    seated = sys.stdin.isatty() and sys.stdout.isatty()
    return Guide(products, _tell, _pause if seated else None)


def _tell(text: str) -> None:
    print(masked_text(text), flush=True)


def _pause(say: str) -> None:
    """Enter goes on; so does the end of the input."""
    with contextlib.suppress(EOFError):
        input(f"  ⏸ {say}  [Enter] ")


def _played(
    control: Control, playing: Playing, scenarios: Sequence[Scenario], baseline: Path | None
) -> tuple[int, list[Case]]:
    """The exit code, and what the baseline says of the exchanges of these scenarios' worlds meanwhile."""
    if baseline is None:
        return playing.play(scenarios), []
    there = control.call("GET", "/worlds")["worlds"]
    since = {s.world: newest(control, s.world) if s.world in there else 0 for s in scenarios}
    code = playing.play(scenarios)
    print()
    held, cases = gate(control, baseline, collected(control, since, playing.expected_refusal))
    return (FAILED if code == PASS and not held else code), cases


@contextlib.contextmanager
def _sandbox(given: Path | None) -> Iterator[Control]:
    found = _running(given)
    if found is not None:
        yield found
        return
    from simulators.sandbox import Sandbox

    with Sandbox(Settings(random_ports=True, publish=False)) as sandbox:
        yield Control(endpoints(sandbox))


def _running(given: Path | None) -> Control | None:
    """The sandbox named, or one that runs; a stale file in the default folder is no sandbox."""
    try:
        return running(given)
    except EnvironmentProblem:
        if given is not None or os.environ.get(ENDPOINTS_VARIABLE):
            raise
        return None
