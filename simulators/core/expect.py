"""Waiting for an exchange, and explaining near misses.

An :class:`Expectation` is a set of conditions on dotted paths of an exchange's JSON
(``operation``, ``who.structure``, ``verdict.findings.0.rule``, ``keys``). An exchange that meets all
but some is a near miss: the answer says which condition failed and what was found there.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from simulators.core import journal
from simulators.core.journal import Exchange
from simulators.core.store.api import Store

SLICE_S = 0.5
BATCH = 500
CLOSEST = 5
REMEMBERED = 50  # waits that have ended, for those who watch


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


@dataclass
class Awaited:
    """One expectation that somebody waits for. ``label`` says what for, ``role`` who is to act, ``step`` at which step
    of a scenario; rows after ``since`` count; ``met`` is the number of the exchange that ended the wait."""

    id: str
    label: str
    expectation: Expectation
    since: int
    role: str = ""
    step: str = ""
    met: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The JSON shape of the control API."""
        shown = {"id": self.id, "label": self.label, "expect": dict(self.expectation.conditions)}
        return {**shown, "role": self.role, "step": self.step, "since": self.since, "met": self.met}


class AwaitedBook:
    """Who waits for what, in each world of this process. A wait ends with the request that asked, so it is not kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting: dict[str, dict[str, Awaited]] = {}
        self._ended: dict[str, deque[tuple[int, Awaited]]] = {}
        self._states: Counter[str] = Counter()

    @contextmanager
    def awaiting(
        self, world: str, expectation: Expectation, since: int, label: str = "", role: str = "", step: str = ""
    ) -> Iterator[Awaited]:
        """The expectation is told to those who watch, as long as the block lasts; the block sets ``met``."""
        with self._lock:
            one = Awaited(f"E{next(self._numbers)}", label, expectation, since, role, step)
            self._waiting.setdefault(world, {})[one.id] = one
            self._states[world] += 1
        try:
            yield one
        finally:
            with self._lock:
                self._waiting[world].pop(one.id)
                self._states[world] += 1
                self._ended.setdefault(world, deque(maxlen=REMEMBERED)).append((self._states[world], one))

    def of(self, world: str, after: int = 0) -> tuple[list[Awaited], list[Awaited], int]:
        """What is awaited in ``world``, oldest first; what has ended since the state ``after``; the present state, a
        number that grows with each beginning and end."""
        with self._lock:
            ended = [one for state, one in self._ended.get(world, ()) if state > after]
            return list(self._waiting.get(world, {}).values()), ended, self._states[world]


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
