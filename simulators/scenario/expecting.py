"""Holds what came against what a step expects, once or until it is so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from simulators.scenario.conditions import Misses, misses, path_flaws
from simulators.scenario.durations import seconds
from simulators.scenario.journal import journal_flaws, journal_misses
from simulators.scenario.references import resolver
from simulators.scenario.stage import NOTHING, Outcome, Stage

LOOK_S: Final = 0.5
WITHIN: Final = "30s"
"""How long ``until`` looks unless told otherwise."""
ACCEPTED: Final[Mapping[str, Any]] = {"outcome": "accepted"}
NOT_REFUSED: Final[Mapping[str, Any]] = {"outcome": {"one_of": ["done", "accepted"]}}
DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    **dict.fromkeys(("do", "sign_in"), ACCEPTED),
    **dict.fromkeys(("dpi", "identity", "pfi", "mail", "third_party"), NOT_REFUSED),
}
SEEN_OF_PRODUCT: Final = ("operation", "rule", "warnings", "document")
"""What the wire tells of an exchange that the product sent in place of one of our peers."""


def expected(step: Mapping[str, Any]) -> dict[str, Any]:
    """The conditions of a step, ``within`` among them."""
    if "until" in step:
        asked = step["until"]
        return {"within": asked.get("within", WITHIN), **asked.get("expect", {})}
    if "expect" in step:
        return dict(step["expect"])
    return next((dict(wanted) for kind, wanted in DEFAULTS.items() if kind in step), {})


def check(stage: Stage, step: Mapping[str, Any], outcome: Outcome, ticks: Callable[[], float]) -> Misses:
    """What does not hold, after looking again for as long as ``within`` allows."""
    awaited = "await" in step or _by_product(stage, step)
    if awaited and outcome.values["outcome"] == NOTHING:
        wanted = dict(step["await"]) if "await" in step else dict(step.get("sut", {"role": _role(stage, step)}))
        return {"await": (wanted, "other exchanges" if outcome.near else "nothing")}
    wanted = expected(step)
    within = seconds(wanted.pop("within")) if "within" in wanted else None
    if _by_product(stage, step) or outcome.skipped:
        wanted = _visible(wanted, outcome)
    end = ticks() + within if within is not None else None
    while missed := _missed(stage, wanted, outcome):
        if end is None or ticks() >= end:
            return missed
        _next(stage)
        if outcome.again is not None:
            outcome.values = outcome.again()
    return {}


def _missed(stage: Stage, wanted: Mapping[str, Any], outcome: Outcome) -> Misses:
    resolve = resolver(stage)
    plain = {path: value for path, value in wanted.items() if path != "journal"}
    missed = misses(plain, outcome.values, resolve)
    if "journal" in wanted:
        missed |= journal_misses(stage, wanted["journal"], resolve)
    return missed


def _next(stage: Stage) -> None:
    """Until the next exchange of the world, or a moment."""
    stage.control.call("POST", f"{stage.path}/exchanges/wait", {"since": stage.newest(), "timeout": LOOK_S})


def _role(stage: Stage, step: Mapping[str, Any]) -> str:
    return next((role for role in ("dpi", "identity", "pfi") if role in step and stage.played_by_product(role)), "")


def _by_product(stage: Stage, step: Mapping[str, Any]) -> bool:
    return bool(_role(stage, step))


def _visible(wanted: Mapping[str, Any], outcome: Outcome) -> dict[str, Any]:
    """What can be seen from outside the product: its exchanges, not what it keeps."""
    if outcome.skipped:
        return {name: value for name, value in wanted.items() if name == "journal"}
    kept = {name: value for name, value in wanted.items() if name == "journal" or name in SEEN_OF_PRODUCT}
    return {"outcome": "accepted", **kept, **({"outcome": "refused"} if wanted.get("outcome") == "refused" else {})}


def step_flaws(step: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """What the schema cannot say of the conditions of a step: where, and what is wrong."""
    places: list[tuple[tuple[str, ...], Mapping[str, Any]]] = []
    for path in (("expect",), ("until", "expect")):
        found: Any = step
        for name in path:
            found = found.get(name, {}) if isinstance(found, Mapping) else {}
        places.append((path, found if isinstance(found, Mapping) else {}))
    for where, wanted in places:
        yield from ((where, flaw) for flaw in _flaws(wanted))
    for name in ("await", "until", "sut"):
        held = step.get(name)
        if isinstance(held, Mapping) and "within" in held:
            yield from (((name,), flaw) for flaw in _duration_flaws(held["within"]))


def _flaws(wanted: Mapping[str, Any]) -> Iterator[str]:
    yield from path_flaws({name: value for name, value in wanted.items() if name not in {"journal", "within"}})
    if "journal" in wanted:
        yield from journal_flaws(wanted["journal"])
    if "within" in wanted:
        yield from _duration_flaws(wanted["within"])


def _duration_flaws(value: Any) -> Iterator[str]:
    try:
        seconds(value)
    except ValueError as problem:
        yield str(problem)
