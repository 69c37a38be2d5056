"""Whatever happens by itself is a row in ``due``.

A row is claimed in one short transaction, then its handler runs in one ``store.write()`` that also
marks the row done: database effects happen exactly once, also when the process is killed in the
middle. Wire effects are rows of the outbox, sent after the commit, at least once, under an identifier
derived from the due row. Within a world an instant is a barrier; worlds run side by side.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from simulators.core.clock import from_us, to_us
from simulators.core.errors import LateWriter, SandboxError, WorldGone
from simulators.core.store import schema
from simulators.core.store.api import Store, Tx
from simulators.core.world import World, Worlds, load

WAIT_S = 0.2  # a hint may be lost: waiters re-read after this long
LIMIT = 100_000  # rows fired by one advance, beyond which a handler is taken to be looping


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
    """What ``advance`` answers: one row that fired. ``state`` is ``done`` or ``failed``."""

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
    """Runs due rows and the outbox. One instance per process; ``worker`` names it in the store."""

    def __init__(
        self,
        worlds: Worlds,
        handlers: Mapping[str, Handler],
        senders: Mapping[str, Sender],
        *,
        worker: str,
        polls: Iterable[Poll] = (),
    ) -> None:
        self._worlds = worlds
        self._store = worlds.store
        self._handlers = dict(handlers)
        self._senders = dict(senders)
        self._polls = tuple(polls)
        self.worker = worker
        self._store.enlist(worker)

    def work_once(self, world: str) -> bool:
        """Fires one due row or sends one message of the outbox; false when there is none to take."""
        try:
            row = self._claim_due(world)
            if row is not None:
                self._fire(row)
                return True
            message = self._claim_message(world)
            if message is not None:
                self._send(world, message)
                return True
        except (WorldGone, LateWriter):
            return False
        return False

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

    def advance(self, world: str, to: datetime) -> list[Fired]:
        """Steps business time from due instant to due instant up to ``to``.

        Answers only when no row is due or claimed, the outbox is empty and a full round of our own
        peers' polls changed nothing. Raises
        :class:`~simulators.core.errors.ClockMovesForwardOnly`, ``SandboxError`` (a handler loops).
        """
        with self._store.exclusive(f"advance:{world}"):
            first = self._fired_count(world)
            self._settle(world)
            while (instant := self._next_instant(world, to)) is not None:
                here = self._worlds.get(world).business(self._worlds.now())
                if instant > here:
                    self._worlds.move(world, instant)
                self._settle(world)
                if self._fired_count(world) - first > LIMIT:
                    raise SandboxError(f"more than {LIMIT} due rows fired: a handler re-schedules itself for ever")
            here = self._worlds.get(world).business(self._worlds.now())
            self._worlds.move(world, max(to, here))
            self._settle(world)
            return self._fired(world, first)

    def _settle(self, world: str) -> None:
        channel = f"due:{world}"
        while True:
            seen = self._store.bell.count(channel)
            while self.work_once(world):
                pass
            if self._open_rows(world):
                self._store.wait(channel, seen, WAIT_S)
                continue
            if not sum(poll(world) for poll in self._polls) and not self._open_rows(world):
                return

    def _claim_due(self, name: str) -> DueRow | None:
        due = schema.due
        world = self._worlds.get(name)
        now_us = to_us(world.business(self._worlds.now()))
        if self._earliest(name, now_us) is None:
            return None
        with self._store.admin(name) as connection:
            row = _first_open(connection, name, now_us, lambda w: not self._store.alive(w))
            if row is None:
                return None
            connection.execute(_mark(due, row, state="claimed", worker=self.worker))
        return DueRow(name, row.id, from_us(row.at_us), row.kind, json.loads(row.payload))

    def _earliest(self, world: str, now_us: int) -> int | None:
        due = schema.due
        with self._store.peek() as connection:
            return connection.execute(
                select(func.min(due.c.at_us)).where(
                    due.c.world == world, due.c.state.in_(["pending", "claimed"]), due.c.at_us <= now_us
                )
            ).scalar()

    def _fire(self, row: DueRow) -> None:
        try:
            with self._store.write(row.world) as tx:
                self._handlers[row.kind](tx, row, load(tx))
                self._finish(tx, row, "done", "")
        except (WorldGone, LateWriter):
            raise
        except Exception:  # an unforeseen handler error must not stop the world's other rows
            with self._store.write(row.world) as tx:
                self._finish(tx, row, "failed", traceback.format_exc(limit=6))

    def _finish(self, tx: Tx, row: DueRow, state: str, result: str) -> None:
        number = tx.counter("fired")
        tx.update(schema.due, {"state": state, "fired_no": number, "result": result}, id=row.id)
        tx.announce(f"due:{row.world}")

    def _claim_message(self, name: str) -> Row[Any] | None:
        outbox = schema.outbox
        open_rows = select(outbox).where(outbox.c.world == name, outbox.c.state.in_(["pending", "claimed"]))
        with self._store.peek() as connection:
            if connection.execute(open_rows.limit(1)).first() is None:
                return None
        with self._store.admin(name) as connection:
            for row in connection.execute(open_rows.order_by(outbox.c.seq)):
                if row.state == "pending" or not self._store.alive(row.worker):
                    connection.execute(_mark(outbox, row, state="claimed", worker=self.worker, tries=row.tries + 1))
                    return row
        return None

    def _send(self, world: str, row: Row[Any]) -> None:
        try:
            self._senders[row.kind](world, row.id, json.loads(row.payload))
            state, result = "sent", ""
        except Exception:  # the failure is kept on the row; a retry is the sender's own due row
            state, result = "failed", traceback.format_exc(limit=6)
        with self._store.write(world) as tx:
            tx.update(schema.outbox, {"state": state, "result": result}, id=row.id)
            tx.announce(f"due:{world}")

    def _open_rows(self, name: str) -> bool:
        world = self._worlds.get(name)
        now_us = to_us(world.business(self._worlds.now()))
        if self._earliest(name, now_us) is not None:
            return True
        outbox = schema.outbox
        with self._store.peek() as connection:
            statement = select(outbox.c.id).where(outbox.c.world == name, outbox.c.state.in_(["pending", "claimed"]))
            return connection.execute(statement.limit(1)).first() is not None

    def _next_instant(self, world: str, to: datetime) -> datetime | None:
        earliest = self._earliest(world, to_us(to))
        return from_us(earliest) if earliest is not None else None

    def _fired_count(self, world: str) -> int:
        with self._store.read(world) as tx:
            row = tx.get(schema.counters, name="fired")
            return int(row.value) if row else 0

    def _fired(self, world: str, since: int) -> list[Fired]:
        due = schema.due
        with self._store.read(world) as tx:
            rows = tx.rows(tx.select(due).where(due.c.fired_no > since).order_by(due.c.fired_no))
            return [Fired(r.id, r.kind, from_us(r.at_us), r.state, r.result or "") for r in rows]


def _first_open(connection: Connection, world: str, now_us: int, dead: Callable[[str], bool]) -> Row[Any] | None:
    """The next row to take: of the earliest open instant only (a later one waits behind it)."""
    due = schema.due
    open_rows = due.c.world == world, due.c.state.in_(["pending", "claimed"])
    earliest = connection.execute(select(func.min(due.c.at_us)).where(*open_rows)).scalar()
    if earliest is None or earliest > now_us:
        return None
    for row in connection.execute(select(due).where(*open_rows, due.c.at_us == earliest).order_by(due.c.seq)):
        if row.state == "pending" or dead(row.worker):
            return row
    return None


def _mark(table: Any, row: Row[Any], **values: Any) -> Any:
    return update(table).where(table.c.world == row.world, table.c.id == row.id).values(**values)


def pending(store: Store, world: str) -> list[DueRow]:
    """What is still to come, in order, for the clock page and ``clock show``."""
    due = schema.due
    with store.read(world) as tx:
        rows = tx.rows(tx.select(due).where(due.c.state == "pending").order_by(due.c.at_us, due.c.seq))
        return [DueRow(world, r.id, from_us(r.at_us), r.kind, json.loads(r.payload)) for r in rows]
