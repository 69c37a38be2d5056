"""Waiting for what the product does, and telling what came that was not it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from simulators.core.errors import SandboxError
from simulators.scenario.durations import seconds
from simulators.scenario.stage import NOTHING, Outcome, Saved, Stage

SLICE_S = 30.0
LOOK_S = 2.0
CLOSEST = 5
DOCUMENT = "document:"
ROOMS = ("dpi.MDM", "dpi.ADT", "dpi.ZAM", "pfi.MDM", "pfi.ORU", "pfi.ADT")
"""What comes by MLLP."""
OURS = "-SEGUR-SANDBOX"


def awaited(stage: Stage, wanted: Mapping[str, Any], label: str, role: str = "") -> Outcome:
    """Waits for an exchange that the product under test starts: what our own steps sent does not count."""
    expect = {name: value for name, value in wanted.items() if name != "within"}
    told = {"expect": expect, "label": label, "role": role, "step": str(stage.number or "")}
    near: dict[int, Mapping[str, Any]] = {}
    start, seen, end = stage.cursor, 0, time.monotonic() + seconds(wanted["within"])
    with _told_live(stage, expect):
        while True:
            left = max(0.0, end - time.monotonic())
            body = {"since": stage.cursor, "timeout": min(left, SLICE_S), **told}
            waited = stage.control.call("POST", f"{stage.path}/exchanges/wait", body)
            stage.cursor, seen = waited["cursor"], seen + waited["seen"]
            near |= {miss["number"]: miss for miss in waited["near"] if miss["number"] not in stage.own}
            row = waited["exchange"]
            if row is not None and row["number"] not in stage.own:
                return came(row)
            if row is None and left <= SLICE_S:
                ours = sum(start < number <= stage.cursor for number in stage.own)
                closest = sorted(near.values(), key=lambda miss: (len(miss["misses"]), -miss["number"]))[:CLOSEST]
                silent = not any(map(_of_product, stage.rows(start))) if role else seen == ours
                return Outcome({"outcome": NOTHING}, near=tuple(closest), nothing_came=silent)


def _of_product(row: Mapping[str, Any]) -> bool:
    """Whether a message came that none of our peers had sent: theirs bear their name."""
    told = row["operation"].startswith(ROOMS) and row["direction"] == "in"
    return told and not str(row["who"].get("application", "")).endswith(OURS)


def came(row: Mapping[str, Any]) -> Outcome:
    """An exchange of the product as the outcome of a step."""
    values = {"outcome": row["outcome"], "operation": row["operation"], **judged(row)}
    document = next((key.removeprefix(DOCUMENT) for key in row.get("keys", ()) if key.startswith(DOCUMENT)), "")
    return Outcome({**values, **({"document": document} if document else {})}, row["verdict"], row["number"])


def judged(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the journal adds to the wire: the first refusing rule, and how many warnings."""
    findings = row["verdict"]["findings"]
    rule = next((f["rule"] for f in findings if f["level"] == "refuse"), "")
    return {"rule": rule, "warnings": sum(f["level"] == "warn" for f in findings)}


def remember(stage: Stage, name: str, outcome: Outcome) -> None:
    """A document that the product made is known by the identifier it bore on the wire."""
    if name and outcome.values.get("document"):
        stage.saved[name] = Saved(str(outcome.values["document"]))


@contextmanager
def _told_live(stage: Stage, expect: Mapping[str, Any]) -> Iterator[None]:
    """While the block lasts, what comes and does not match is told at once to whoever sits there."""
    if stage.tell is None:
        yield
        return
    over = threading.Event()
    threading.Thread(target=_follow, args=(stage, expect, stage.cursor, over), daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _follow(stage: Stage, expect: Mapping[str, Any], since: int, over: threading.Event) -> None:
    at: dict[str, Any] = {"since": since}
    while not over.is_set():
        try:
            told = stage.control.call(
                "POST", f"{stage.path}/watch/wait", {**at, "timeout": LOOK_S, "expect": dict(expect)}
            )
        except SandboxError:
            return  # the wait itself says what is wrong with the sandbox
        at = {"since": told["cursor"], "lost": told["lost"], "state": told["state"]}
        for row in told["exchanges"]:
            if row["misses"] and row["number"] not in stage.own and stage.tell and not over.is_set():
                stage.tell(near_line(row))


def near_line(row: Mapping[str, Any]) -> str:
    """An exchange that was not the one awaited, on one line."""
    why = ", ".join(f"{path} expected {w['expected']!r}, found {w['found']!r}" for path, w in row["misses"].items())
    return f"        … exchange {row['number']}, {row['operation']}: {why}"
