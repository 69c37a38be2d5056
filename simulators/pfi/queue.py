"""Work on the wire: one row for each thing to do, tried until it is done or given up, on business time.

A row goes open → done | given_up. Each attempt is one row of the outbox; the next one is a due row. ``begun`` is
written before the wire is touched: an attempt found begun already may have succeeded without our knowing (a crash, a
lost answer), and so may every later one, until the counterpart has been asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Integer, Row, Text

from simulators.core.clock import add_period, from_us, to_us
from simulators.core.due import cancel, schedule, send_later
from simulators.core.rules import Policy
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.pfi.settings import GIVE_UP_AFTER, RETRY_EVERY

_work: Final = world_table(
    "pfi_work",
    Column("name", Text),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("begun", Integer, nullable=False),
    Column("unsure", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since_us", BigInteger, nullable=False),
    Column("next_us", BigInteger, nullable=False),
    key=("name",),
)
OPEN, DONE, GIVEN_UP = "open", "done", "given_up"


@dataclass(frozen=True, slots=True)
class Work:
    """One thing to do. ``attempt`` counts from 1; ``reason`` tells why it waits; instants are business time."""

    name: str
    kind: str
    state: str
    attempt: int
    begun: int
    unsure: bool
    reason: str
    since: datetime
    next: datetime


def add(tx: Tx, kind: str, name: str, since: datetime) -> None:
    """Begins as soon as this transaction is committed; the same name twice is one row."""
    at = to_us(since)
    values = {"state": OPEN, "attempt": 1, "begun": 0, "unsure": 0, "reason": "", "since_us": at, "next_us": at}
    if tx.add(_work, name=name, kind=kind, **values):
        post(tx, kind, name, 1)


def post(tx: Tx, kind: str, name: str, attempt: int) -> None:
    """Puts one attempt into the outbox; the same attempt twice is one row."""
    send_later(tx, kind, {"name": name, "attempt": attempt}, id=f"{kind}:{name}:{attempt}")


def begin(tx: Tx, name: str, attempt: int) -> Work | None:
    """The work if this attempt is the one to make, marked as begun; None for one already answered or overtaken."""
    work = find(tx, name)
    if work is None or work.state != OPEN or work.attempt != attempt:
        return None
    unsure = work.unsure or work.begun == attempt
    tx.update(_work, {"begun": attempt, "unsure": int(unsure)}, name=name)
    return replace(work, begun=attempt, unsure=unsure)


def done(tx: Tx, work: Work) -> None:
    """Answered, whatever the answer."""
    tx.update(_work, {"state": DONE, "reason": ""}, name=work.name)


def wait(tx: Tx, work: Work, reason: str, now: datetime, policy: Policy, *, sure: bool) -> datetime | None:
    """Tries again later: when, or None when it is given up. ``sure``: the counterpart cannot have acted."""
    until = add_period(work.since, GIVE_UP_AFTER.text(policy))
    if now >= until:
        tx.update(_work, {"state": GIVEN_UP, "reason": reason}, name=work.name)
        return None
    at, attempt = min(add_period(now, RETRY_EVERY.text(policy)), until), work.attempt + 1
    unsure = int(work.unsure or not sure)
    values = {"attempt": attempt, "unsure": unsure, "reason": reason, "next_us": to_us(at)}
    tx.update(_work, values, name=work.name)
    schedule(tx, work.kind, at, {"name": work.name, "attempt": attempt}, id=_due(work.kind, work.name, attempt))
    return at


def hurry(tx: Tx, now: datetime, names: Sequence[str] = ()) -> list[str]:
    """Tries at once what waits, all of it unless named; the names of what is tried."""
    waiting = [work for work in every(tx, OPEN) if not names or work.name in names]
    taken = [work for work in waiting if cancel(tx, _due(work.kind, work.name, work.attempt))]
    for work in taken:
        tx.update(_work, {"next_us": to_us(now)}, name=work.name)
        post(tx, work.kind, work.name, work.attempt)
    return [work.name for work in taken]


def find(tx: Tx, name: str) -> Work | None:
    """The work of that name."""
    row = tx.get(_work, name=name)
    return None if row is None else _read(row)


def every(tx: Tx, state: str = "") -> list[Work]:
    """By name; of one state only, if given."""
    return [_read(row) for row in (tx.find(_work, state=state) if state else tx.find(_work))]


def _due(kind: str, name: str, attempt: int) -> str:
    return f"{kind}:{name}:{attempt}"


def _read(row: Row[Any]) -> Work:
    at = (from_us(row.since_us), from_us(row.next_us))
    return Work(row.name, row.kind, row.state, row.attempt, row.begun, bool(row.unsure), row.reason, *at)
