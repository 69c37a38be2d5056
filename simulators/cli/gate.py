"""What ``baseline check`` and ``run --baseline`` share: findings held against a baseline, and told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from simulators.clients.control import Control, world_path
from simulators.core.clock import system_now
from simulators.population.masking import mask_of
from simulators.scenario import refusals
from simulators.scenario.baseline import Entry, Judged, Seen, findings, judge, load
from simulators.scenario.report import Case
from simulators.scenario.wording import explained

Expected = Callable[[str, int], bool]


def collected(
    control: Control, since: Mapping[str, int], expected: Expected = lambda world, number: False
) -> list[Seen]:
    """The findings of worlds after a number each; ``expected(world, number)``: the refusal was asked for."""
    found: list[Seen] = []
    for world, number in since.items():
        for row in refusals.rows(control, world, number):
            found += findings(row, refusal_expected=expected(world, row["number"]))
    return found


def gate(control: Control, baseline: Path, seen: Iterable[Seen]) -> tuple[bool, list[Case]]:
    """Whether nothing is new and nothing expired; prints each kind of finding; the same as JUnit cases."""
    judged = judge(load(baseline), seen, system_now().date())
    cases = _cases(control, judged)
    for case in cases:
        for line in (f"{_mark(case)} {case.name}", case.failure or case.skipped, case.text):
            if line:
                print(line)
    counts = (len(judged.new), len(judged.expired), len(judged.known), len(judged.unused))
    print("{} new, {} expired, {} known, {} unused".format(*counts))
    return judged.passed, cases


def _mark(case: Case) -> str:
    return "✗" if case.failure else "-" if case.skipped else "✓"


def _cases(control: Control, judged: Judged) -> list[Case]:
    cases = [
        Case(f"{rule} on {operation} at {where}", f"new finding, {_times(seen)}", text=_example(control, seen[0]))
        for (rule, operation, where), seen in judged.new.items()
    ]
    for entry, seen in judged.expired.items():
        why = f"expired on {entry.until}, {_times(seen)}: {entry.reason}"
        cases.append(Case(str(entry), why, text=_example(control, seen[0])))
    cases += [Case(str(e), text=f"known until {e.until}, {_times(s)}: {e.reason}") for e, s in judged.known.items()]
    return cases + [Case(str(entry), skipped=_unused(entry)) for entry in judged.unused]


def _unused(entry: Entry) -> str:
    return f"line {entry.line}: nothing like it was found; take the entry away if it is mended"


def _times(seen: Iterable[Seen]) -> str:
    numbers = [f"{one.world}/{one.number}" for one in seen]
    return f"{len(numbers)} time(s), first in exchange {numbers[0]}"


def _example(control: Control, seen: Seen) -> str:
    raw = control.raw("GET", f"{world_path(seen.world)}/exchanges/{seen.number}/request")
    return mask_of(raw)("\n".join(explained(seen.finding, "en")))
