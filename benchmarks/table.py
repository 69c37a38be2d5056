"""One row of the table, and how a rate is taken."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """``what`` was measured, its ``value`` with unit, and the ``aim`` if there is one."""

    what: str
    value: str
    aim: str = ""


def seconds(action: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def median_ms(action: Callable[[], object], runs: int = 9) -> float:
    """The median of several calls, in milliseconds."""
    return statistics.median(seconds(action) for _ in range(runs)) * 1000


def rate(action: Callable[[], object], during: float = 3.0, warm: int = 3) -> float:
    """Calls a second over about ``during`` seconds."""
    for _ in range(warm):
        action()
    start = time.perf_counter()
    done = 0
    while time.perf_counter() - start < during:
        action()
        done += 1
    return done / (time.perf_counter() - start)


def render(rows: list[Row]) -> str:
    """A Markdown table."""
    lines = ["| measured | value | aim |", "|---|---|---|"]
    return "\n".join(lines + [f"| {row.what} | {row.value} | {row.aim} |" for row in rows])
