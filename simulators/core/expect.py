"""Waiting for an exchange, and explaining near misses.

An :class:`Expectation` is a set of conditions on dotted paths of an exchange's JSON
(``operation``, ``who.structure``, ``verdict.findings.0.rule``, ``keys``). An exchange that meets all
but some is a near miss: the answer says which condition failed and what was found there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulators.core import journal
from simulators.core.journal import Exchange
from simulators.core.store.api import Store

SLICE_S = 0.5
BATCH = 500
CLOSEST = 5


@dataclass(frozen=True)
class Expectation:
    """``conditions`` maps a dotted path to a wanted value; a list value means "contains"; the value
    ``*`` means "present and not empty"; ``rule`` is short for any finding of that rule."""

    conditions: Mapping[str, Any]

    def misses(self, exchange: Exchange) -> dict[str, tuple[Any, Any]]:
        """``{path: (expected, found)}`` of the conditions that do not hold."""
        data = exchange.as_json()
        found = {path: _at(data, path) for path in self.conditions}
        return {p: (w, found[p]) for p, w in self.conditions.items() if not _holds(w, found[p])}


@dataclass(frozen=True)
class NearMiss:
    """An exchange that came, did not match, and why."""

    number: int
    operation: str
    misses: Mapping[str, tuple[Any, Any]]

    def as_json(self) -> dict[str, Any]:
        why = {path: {"expected": wanted, "found": found} for path, (wanted, found) in self.misses.items()}
        return {"number": self.number, "operation": self.operation, "misses": why}


@dataclass(frozen=True)
class Waited:
    """The exchange that matched, or the near misses, closest first; ``seen`` counts what came."""

    exchange: Exchange | None
    near: tuple[NearMiss, ...]
    seen: int
    cursor: int


def wait_for(
    store: Store,
    world: str,
    expectation: Expectation,
    *,
    since: int,
    timeout: float,
    stopped: Callable[[], bool] = lambda: False,
    ticks: Callable[[], float] = time.monotonic,
) -> Waited:
    """Waits up to ``timeout`` seconds for a matching exchange after number ``since``.

    Everything already in the journal is looked at, also with ``timeout=0``. ``stopped`` is asked at
    least every ``SLICE_S`` seconds; ``ticks`` measures the wait. Raises ``WorldGone``,
    ``WireInsideTransaction``.
    """
    near: tuple[NearMiss, ...] = ()
    cursor, seen, end = since, 0, ticks() + timeout
    while True:
        rung = store.bell.count(f"journal:{world}")
        while batch := journal.read(store, world, since=cursor, limit=BATCH):
            for exchange in batch:
                cursor, seen = exchange.number, seen + 1
                misses = expectation.misses(exchange)
                if not misses:
                    return Waited(exchange, near, seen, cursor)
                near = _closest([*near, NearMiss(exchange.number, exchange.operation, misses)])
        left = end - ticks()
        if left <= 0 or stopped():
            return Waited(None, near, seen, cursor)
        store.wait(f"journal:{world}", rung, min(left, SLICE_S))


def _closest(near: Sequence[NearMiss]) -> tuple[NearMiss, ...]:
    return tuple(sorted(near, key=lambda miss: (len(miss.misses), -miss.number))[:CLOSEST])


def _at(data: Any, path: str) -> Any:
    if path == "rule":
        return [f["rule"] for f in data["verdict"].get("findings", ())]
    for part in path.split("."):
        if isinstance(data, Mapping):
            data = data.get(part)
        elif isinstance(data, list) and part.isascii() and part.isdigit() and len(part) <= 6 and int(part) < len(data):
            data = data[int(part)]
        else:
            return None
    return data


def _holds(wanted: Any, found: Any) -> bool:
    if wanted == "*":
        return bool(found)
    if isinstance(found, list):
        wanted_items = wanted if isinstance(wanted, list) else [wanted]
        return all(item in found for item in wanted_items)
    if isinstance(wanted, list):
        return found in wanted
    if found is None:
        return wanted is None
    return bool(found == wanted) or str(found) == str(wanted)
