"""``watch`` over HTTP: what came since two cursors, held against what is awaited, in one long-poll.

One answer tells of the world and of the connections that never reached any (the pseudo-world ``-``): a product that
fails its handshake shows nothing in its own world.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simulators.console.api.route import Route, Values
from simulators.console.problems import Problem
from simulators.core import journal
from simulators.core.expect import SLICE_S, Awaited, Expectation
from simulators.core.store.schema import PSEUDO_WORLD

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

LONGEST_WAIT_S = 60.0
BATCH = 200


def watch(sandbox: Sandbox, values: Values, world: str) -> Any:
    """Answers as soon as something came or what is awaited changed (``state`` differs), else after ``timeout`` s."""
    since, lost, state = values.number("since", 0), values.number("lost", 0), values.number("state", 0)
    timeout = values.seconds("timeout", 30.0, high=LONGEST_WAIT_S)
    wanted = Expectation(values.mapping("expect")) if values.has("expect") else None
    end = time.monotonic() + timeout
    while True:
        rung = sandbox.store.bell.count(f"journal:{world}")
        rows = journal.read(sandbox.store, world, since=since, limit=BATCH)
        strays = journal.read(sandbox.store, PSEUDO_WORLD, since=lost, limit=BATCH) if world != PSEUDO_WORLD else []
        awaited, ended, now_state = sandbox.awaited.of(world, state)
        left = end - time.monotonic()
        if sandbox.stopping:
            raise Problem(503, "the sandbox is stopping")
        if rows or strays or now_state != state or left <= 0:
            break
        sandbox.store.wait(f"journal:{world}", rung, min(left, SLICE_S))
    return {
        "exchanges": [_row(row, wanted, awaited) for row in rows],
        "strays": [row.as_json() for row in strays],
        "awaited": [one.as_json() for one in awaited],
        "ended": [one.as_json() for one in ended],
        "cursor": rows[-1].number if rows else since,
        "lost": strays[-1].number if strays else lost,
        "state": now_state,
    }


def _row(row: journal.Exchange, wanted: Expectation | None, awaited: Sequence[Awaited]) -> dict[str, Any]:
    """An exchange with, per expectation, the conditions that do not hold (none: it matches)."""
    shown = row.as_json()
    shown["judged"] = {one.id: _misses(one.expectation, row) for one in awaited if row.number > one.since}
    return {**shown, "misses": _misses(wanted, row) if wanted is not None else None}


def _misses(expectation: Expectation, row: journal.Exchange) -> Mapping[str, Any]:
    return {path: {"expected": want, "found": found} for path, (want, found) in expectation.misses(row).items()}


def cursors(sandbox: Sandbox, values: Values, world: str) -> Any:
    """Where a watch that begins now starts from, and what is awaited already."""
    awaited, _, state = sandbox.awaited.of(world)
    at = {"cursor": journal.cursor(sandbox.store, world), "lost": journal.cursor(sandbox.store, PSEUDO_WORLD)}
    return {**at, "state": state, "awaited": [one.as_json() for one in awaited]}


INTEGER = {"type": "integer"}
WATCH = {
    "since": INTEGER,
    "lost": INTEGER,
    "state": INTEGER,
    "timeout": {"type": "number"},
    "expect": {"type": "object"},
}

ROUTES = (
    Route("GET", "/worlds/<world>/watch", "The cursors a watch starts from", cursors),
    Route("POST", "/worlds/<world>/watch/wait", "What came, what is awaited, why it does not match", watch, WATCH),
)
