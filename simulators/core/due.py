"""Whatever happens by itself is a row in ``due``.

A row is claimed in one short transaction, then its handler runs in one ``store.write()`` that also
marks the row done: database effects happen exactly once, also when the process is killed in the
middle. Wire effects are rows of the outbox, sent after the commit, at least once, under an identifier
derived from the due row. Within a world an instant is a barrier; worlds run side by side.

A row stays with the worker that claimed it while that one lives. Whoever lost its claim (the world was
reset, its process was taken for dead) writes nothing.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulators.core.clock import add_period, from_us, to_us
from simulators.core.due_queue import Claim, Queue
from simulators.core.errors import ClockMovesForwardOnly, LateWriter, SandboxError, WorldGone
from simulators.core.store import schema
from simulators.core.store.api import Store, Tx
from simulators.core.store.text import storable
from simulators.core.world import World, Worlds, load

WAIT_S = 0.2  # a hint may be lost: waiters re-read after this long
LIMIT = 100_000  # rows and messages of one advance, beyond which a handler is taken to be looping
STRETCH = 256  # units worked between two looks at the limit


@dataclass(frozen=True)
class DueRow:
    """One due row as its handler sees it: ``id`` also names its wire effects."""

    world: str
    id: str
    at: datetime
    kind: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class Fired:
    """What ``advance`` answers: one row that fired. ``state`` is ``done``, ``failed`` or
    ``unserved``: due, and kept, but no running process handles its kind."""

    id: str
    kind: str
    at: datetime
    state: str
    result: str


Handler = Callable[[Tx, DueRow, World], None]
Sender = Callable[[str, str, Mapping[str, Any]], None]
Poll = Callable[[str], int]


def schedule(tx: Tx, kind: str, at: datetime, payload: Mapping[str, Any], *, id: str | None = None) -> str:
    """Adds a row due at ``at`` (business time). The same ``id`` twice is one row."""
    seq = tx.counter("due")
    name = id or f"{kind}:{seq}"
    values = {"seq": seq, "at_us": to_us(at), "kind": kind, "payload": json.dumps(payload), "state": "pending"}
    if tx.add(schema.due, id=name, **values):
        tx.announce(f"due:{tx.world}")
    return name


def cancel(tx: Tx, id: str) -> bool:
    """Takes back a row that has not been claimed."""
    return tx.delete(schema.due, id=id, state="pending") == 1


def send_later(tx: Tx, kind: str, payload: Mapping[str, Any], *, id: str) -> None:
    """A wire effect, sent after the commit under ``id`` (derive it from the due row)."""
    seq = tx.counter("outbox")
    tx.add(schema.outbox, id=id, seq=seq, kind=kind, payload=json.dumps(payload), state="pending", tries=0)
    tx.announce(f"due:{tx.world}")


class Due:
    """Runs due rows and the outbox. One instance per process, shared by its threads.

    ``polls`` make one round of our own peers' polls of a world and return how much changed. ``worker``
    is completed by the store to a name never used before.
    """

    def __init__(
        self,
        worlds: Worlds,
        handlers: Mapping[str, Handler],
        senders: Mapping[str, Sender],
        *,
        worker: str,
        polls: Iterable[Poll] = (),
        limit: int = LIMIT,
    ) -> None:
        self._worlds = worlds
        self._store = worlds.store
        self._handlers = dict(handlers)
        self._senders = dict(senders)
        self._polls = tuple(polls)
        self._limit = limit
        self._busy: set[str] = set()
        self.worker = self._store.enlist(worker)
        self._queue = Queue(self._store, self.worker, handlers, senders)

    def work_once(self, world: str) -> bool:
        """Fires one due row or sends one message of the outbox; false when there is none to take."""
        try:
            claim = self._claim(world)
            if claim is None:
                return False
            try:
                if claim.table is schema.due:
                    self._fire(claim)
                else:
                    self._send(claim)
            finally:
                self._queue.let_go(claim)
        except LateWriter:  # reset meanwhile: its rows are to be looked at again
            return True
        except WorldGone:
            return False
        return True

    def work(self) -> int:
        """Works every world until nothing is left to take; the number of units done."""
        done = 0
        busy = True
        while busy:
            busy = False
            for world in self._worlds.names(hidden=True):
                while self.work_once(world):
                    busy = True
                    done += 1
        return done

    def poll(self, world: str) -> int:
        """One round of our own peers' polls; how much changed."""
        return sum(poll(world) for poll in self._polls)

    def advance(self, world: str, to: datetime) -> list[Fired]:
        """Steps business time from due instant to due instant up to ``to``.

        Answers only when no row is due or claimed, the outbox is empty and a full round of our own
        peers' polls changed nothing. Raises
        :class:`~simulators.core.errors.ClockMovesForwardOnly`, ``SandboxError`` (a handler loops),
        ``WireInsideTransaction``.
        """
        return self._advance(world, lambda here: to)

    def advance_by(self, world: str, period: str) -> list[Fired]:
        """As :meth:`advance`, by an ISO 8601 duration from now (``PT0S``: only what is due already).

        Raises ``ValueError`` besides.
        """
        return self._advance(world, lambda here: add_period(here, period))

    def _advance(self, world: str, target: Callable[[datetime], datetime]) -> list[Fired]:
        with self._store.exclusive(f"advance:{world}"):
            here = self._worlds.business(world)
            to = target(here)
            if to < here:
                raise ClockMovesForwardOnly(f"business time is {here.isoformat()}, asked for {to.isoformat()}")
            first = self._count(world, "fired")
            check = self._limiter(world)
            self._settle(world, check)
            while (instant := self._next_instant(world, to)) is not None:
                self._worlds.reach(world, instant)
                self._settle(world, check)
            self._worlds.reach(world, to)
            self._settle(world, check)
            return [*self._fired(world, first), *self._unserved(world)]

    def _settle(self, world: str, check: Callable[[int], None]) -> None:
        channel = f"due:{world}"
        while True:
            seen = self._store.bell.count(channel)
            stretch = 0
            while stretch < min(STRETCH, self._limit) and self.work_once(world):
                stretch += 1
            if stretch:
                check(0)
                if stretch == min(STRETCH, self._limit):
                    continue
            if self._anything_open(world):
                self._store.wait(channel, seen, WAIT_S)
                continue
            if not self._polls:
                return
            changed = self.poll(world)
            if not changed and not self._anything_open(world):
                return
            check(changed)

    def _limiter(self, world: str) -> Callable[[int], None]:
        """Counts rows fired and messages queued, by whichever process, and what the polls changed."""
        start = self._count(world, "fired", "outbox")
        changed = 0

        def check(more: int) -> None:
            nonlocal changed
            changed += more
            if self._count(world, "fired", "outbox") - start + changed > self._limit:
                raise SandboxError(
                    f"more than {self._limit} due rows and messages in one advance of world {world}: "
                    "a handler, a sender or a poll feeds itself for ever"
                )

        return check

    def _claim(self, name: str) -> Claim | None:
        if name not in self._busy:  # most looks at an idle world find nothing: they take no turn
            with self._store.read(name) as tx:
                if self._queue.candidate(tx, self._now_us(load(tx))) is None:
                    return None
        claim = None
        try:
            with self._store.write(name) as tx:
                world = load(tx)
                found = self._queue.candidate(tx, self._now_us(world))
                if found is not None:
                    claim = self._queue.claim(tx, *found, world.epoch)
        except BaseException:
            if claim is not None:
                self._queue.let_go(claim)
            raise
        (self._busy.discard if claim is None else self._busy.add)(name)
        return claim

    def _fire(self, claim: Claim) -> None:
        row = claim.row
        try:
            with self._store.write(row.world, claim.epoch) as tx:
                if self._queue.lost(tx, claim):
                    return
                fired = DueRow(row.world, row.id, from_us(row.at_us), row.kind, json.loads(row.payload))
                self._handlers[row.kind](tx, fired, load(tx))
                self._finish(tx, claim, "done", "")
        except Exception:  # an unforeseen handler error must not stop the world's other rows
            result = storable(traceback.format_exc(limit=6))
            with self._store.write(row.world, claim.epoch) as tx:
                if not self._queue.lost(tx, claim):
                    self._finish(tx, claim, "failed", result)

    def _finish(self, tx: Tx, claim: Claim, state: str, result: str) -> None:
        values = {"state": state, "result": result, "fired_no": tx.counter("fired")}
        tx.update(schema.due, values, id=claim.row.id)
        tx.announce(f"due:{tx.world}")

    def _send(self, claim: Claim) -> None:
        row = claim.row
        try:
            self._senders[row.kind](row.world, row.id, json.loads(row.payload))
            state, result = "sent", ""
        except Exception:  # the failure is kept on the row; a retry is the sender's own due row
            state, result = "failed", storable(traceback.format_exc(limit=6))
        with self._store.write(row.world, claim.epoch) as tx:
            if not self._queue.lost(tx, claim):
                tx.update(schema.outbox, {"state": state, "result": result}, id=row.id)
            tx.announce(f"due:{tx.world}")

    def _now_us(self, world: World) -> int:
        return to_us(world.business(self._worlds.now()))

    def _anything_open(self, world: str) -> bool:
        with self._store.read(world) as tx:
            return self._queue.anything_open(tx, self._now_us(load(tx)))

    def _next_instant(self, world: str, to: datetime) -> datetime | None:
        with self._store.read(world) as tx:
            earliest = self._queue.earliest(tx, to_us(to))
        return from_us(earliest) if earliest is not None else None

    def _count(self, world: str, *counters: str) -> int:
        table = schema.counters
        with self._store.read(world) as tx:
            return sum(row.value for row in tx.rows(tx.select(table).where(table.c.name.in_(counters))))

    def _fired(self, world: str, since: int) -> list[Fired]:
        due = schema.due
        with self._store.read(world) as tx:
            rows = tx.rows(tx.select(due).where(due.c.fired_no > since).order_by(due.c.fired_no))
        return [Fired(r.id, r.kind, from_us(r.at_us), r.state, r.result or "") for r in rows]

    def _unserved(self, world: str) -> list[Fired]:
        with self._store.read(world) as tx:
            now_us = self._now_us(load(tx))
            late, unsent = self._queue.unserved(tx, now_us)
        why = "no running process handles this kind: it stays until one does"
        instants = [(row, row.at_us) for row in late] + [(row, now_us) for row in unsent]
        return [Fired(row.id, row.kind, from_us(at), "unserved", why) for row, at in instants]


def pending(store: Store, world: str) -> list[DueRow]:
    """What is still to come, in order, for the clock page and ``clock show``."""
    due = schema.due
    with store.read(world) as tx:
        rows = tx.rows(tx.select(due).where(due.c.state == "pending").order_by(due.c.at_us, due.c.seq))
        return [DueRow(world, r.id, from_us(r.at_us), r.kind, json.loads(r.payload)) for r in rows]
