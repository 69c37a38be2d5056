"""Waiting for an exchange, and explaining near misses.

An :class:`Expectation` is a set of conditions on dotted paths of an exchange's JSON
(``operation``, ``who.structure``, ``verdict.findings.0.rule``, ``keys``). An exchange that meets all
but some is a near miss: the answer says which condition failed and what was found there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulators.core import journal
from simulators.core.journal import Exchange
from simulators.core.store.api import Store

SLICE_S = 0.5


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
) -> Waited:
    """Waits up to ``timeout`` seconds for a matching exchange after number ``since``.

    The deadline counts waiting slices, so that no clock is read here.
    """
    near: list[NearMiss] = []
    cursor, seen, left = since, 0, timeout
    while True:
        rung = store.bell.count(f"journal:{world}")
        for exchange in _all_since(store, world, cursor):
            cursor, seen = exchange.number, seen + 1
            misses = expectation.misses(exchange)
            if not misses:
                return Waited(exchange, _closest(near), seen, cursor)
            near.append(NearMiss(exchange.number, exchange.operation, misses))
        if left <= 0 or stopped():
            return Waited(None, _closest(near), seen, cursor)
        if store.wait(f"journal:{world}", rung, min(left, SLICE_S)) == rung:
            left -= SLICE_S


def _all_since(store: Store, world: str, since: int) -> Sequence[Exchange]:
    return journal.read(store, world, since=since, limit=500)


def _closest(near: Sequence[NearMiss]) -> tuple[NearMiss, ...]:
    return tuple(sorted(near, key=lambda miss: (len(miss.misses), -miss.number))[:5])


def _at(data: Any, path: str) -> Any:
    if path == "rule":
        return [f["rule"] for f in data["verdict"].get("findings", ())]
    for part in path.split("."):
        if isinstance(data, Mapping):
            data = data.get(part)
        elif isinstance(data, list) and part.isdigit() and int(part) < len(data):
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
    return bool(found == wanted) or str(found) == str(wanted)
