"""The log of sendings: what became of each request and each mail, line by line, for people and for the indicators.

Source: proofs DMP/ALI/PROG.06 and .07 (a log that shows what waits during a cut, and what left after it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Row, Text

from simulators.core.clock import from_us, to_us
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.core.store.text import storable

_log: Final = world_table(
    "pfi_log",
    Column("number", BigInteger),
    Column("at_us", BigInteger, nullable=False),
    Column("event", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    key=("number",),
)
RECEIVED, QUEUED, SENT, WAITING, FAILED, ACKED, READ = (
    "received", "queued", "sent", "waiting", "failed", "acked", "read",
)  # fmt: skip
EVENTS: Final = (RECEIVED, QUEUED, SENT, WAITING, FAILED, ACKED, READ)


@dataclass(frozen=True, slots=True)
class Line:
    """One event, at business time. ``subject`` is the name of a request, an order, a receipt or a mail."""

    number: int
    at: datetime
    event: str
    subject: str
    text: str


def write(tx: Tx, at: datetime, event: str, subject: str, text: str) -> None:
    """Adds a line."""
    number = tx.counter("pfi_log")
    tx.insert(_log, number=number, at_us=to_us(at), event=event, subject=subject, text=storable(text)[:500])


def write_many(tx: Tx, at: datetime, told: Sequence[tuple[str, str, str]]) -> None:
    """Adds lines (event, subject, text) at once."""
    first = tx.counter("pfi_log", len(told)) - len(told) + 1
    rows = [
        {"number": number, "at_us": to_us(at), "event": event, "subject": subject, "text": storable(text)[:500]}
        for number, (event, subject, text) in enumerate(told, start=first)
    ]
    tx.insert_many(_log, rows)


def lines(tx: Tx, since: int = 0, limit: int = 1_000) -> list[Line]:
    """Lines after ``since``, in order."""
    statement = tx.select(_log).where(_log.c.number > since).order_by(_log.c.number).limit(limit)
    return [_read(row) for row in tx.rows(statement)]


def _read(row: Row[Any]) -> Line:
    return Line(row.number, from_us(row.at_us), row.event, row.subject, row.text)
