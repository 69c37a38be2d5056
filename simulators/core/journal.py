"""The journal: one row per exchange, also for what never became a request.

A row is written in the transaction of the effect it tells of. Numbers come from a counter row in that
same transaction, so a follower's cursor never misses one. Raw bytes stay inline up to 1 MiB; larger
ones are kept once, under their SHA-256.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from simulators.core.clock import from_us, to_us
from simulators.core.rules import Verdict
from simulators.core.store import schema
from simulators.core.store.api import Store, Tx
from simulators.core.store.text import index_key, storable
from simulators.core.world import World

INLINE = 1 << 20
CHUNK = 500  # numbers in one IN (...): databases limit the parameters of a statement


@dataclass(frozen=True)
class Entry:
    """One exchange about to be written.

    ``operation`` is ``dmp.TD2.1``-like; ``who`` names the counterpart (``structure``,
    ``professional``, ``certificate``, ``product``, ``address``); ``keys`` correlate one patient
    journey across protocols (``patient:...``, ``document:...``, ``message:...``); ``marks`` holds
    ``forced``, ``fault``, ``adopted``, ``user_act`` and the like; ``outcome`` is ``accepted``,
    ``refused``, ``failed`` (a fault or a bug) or ``incident``.
    """

    protocol: str
    operation: str
    direction: str = "in"
    who: Mapping[str, str] = field(default_factory=dict)
    outcome: str = "accepted"
    status: str = ""
    verdict: Verdict = field(default_factory=Verdict)
    marks: Mapping[str, Any] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    request_head: str = ""
    request: bytes = b""
    answer: bytes = b""


@dataclass(frozen=True)
class Exchange:
    """One row of the journal as read back; bodies are fetched by :func:`bodies`."""

    world: str
    number: int
    epoch: int
    wire: datetime
    business: datetime
    protocol: str
    operation: str
    direction: str
    who: Mapping[str, str]
    outcome: str
    status: str
    verdict: Mapping[str, Any]
    marks: Mapping[str, Any]
    keys: tuple[str, ...]
    request_head: str
    request_size: int
    request_sha: str
    answer_size: int
    answer_sha: str

    def as_json(self) -> dict[str, Any]:
        """The JSON shape of the control API: instants in ISO 8601, no bodies."""
        return {
            "world": self.world,
            "number": self.number,
            "epoch": self.epoch,
            "wire_time": self.wire.isoformat(),
            "business_time": self.business.isoformat(),
            "protocol": self.protocol,
            "operation": self.operation,
            "direction": self.direction,
            "who": dict(self.who),
            "outcome": self.outcome,
            "status": self.status,
            "verdict": dict(self.verdict),
            "marks": dict(self.marks),
            "keys": list(self.keys),
            "request": {"head": self.request_head, "size": self.request_size, "sha256": self.request_sha},
            "answer": {"size": self.answer_size, "sha256": self.answer_sha},
        }


def next_number(tx: Tx) -> int:
    """Takes the number of the row about to be recorded, for an answer that links to it."""
    return tx.counter("journal")


def record(tx: Tx, world: World, wall: datetime, entry: Entry, number: int | None = None) -> int:
    """Writes one row in ``tx`` and returns its number; followers are told after the commit."""
    number = next_number(tx) if number is None else number
    request, request_sha = _body(tx, entry.request)
    answer, answer_sha = _body(tx, entry.answer)
    tx.insert(
        schema.exchanges,
        number=number,
        epoch=world.epoch,
        wire_us=to_us(world.wire(wall)),
        business_us=to_us(world.business(wall)),
        protocol=storable(entry.protocol),
        operation=storable(entry.operation),
        direction=entry.direction,
        who=_dump(entry.who),
        outcome=entry.outcome,
        status=storable(entry.status),
        verdict=_dump(entry.verdict.as_json()),
        marks=_dump(entry.marks),
        request_head=storable(entry.request_head),
        request=request,
        request_sha=request_sha,
        request_size=len(entry.request),
        answer=answer,
        answer_sha=answer_sha,
        answer_size=len(entry.answer),
    )
    keys = sorted({index_key(key) for key in entry.keys})
    tx.insert_many(schema.exchange_keys, [{"key": key, "number": number} for key in keys])
    tx.announce(f"journal:{tx.world}")
    return number


def read(store: Store, world: str, *, since: int = 0, limit: int = 100, key: str | None = None) -> list[Exchange]:
    """Rows after ``since``, in order. ``key`` keeps one patient journey. Raises ``WorldGone``."""
    table = schema.exchanges
    with store.read(world) as tx:
        statement = tx.select(table).where(table.c.number > since).order_by(table.c.number).limit(limit)
        if key is not None:
            keys = schema.exchange_keys
            journey = tx.select(keys, keys.c.number).where(keys.c.key == index_key(key))
            statement = statement.where(table.c.number.in_(journey))
        rows = tx.rows(statement)
        return list(_exchanges(tx, rows))


def last(store: Store, world: str, count: int) -> list[Exchange]:
    """The newest ``count`` rows, oldest first."""
    table = schema.exchanges
    with store.read(world) as tx:
        rows = tx.rows(tx.select(table).order_by(table.c.number.desc()).limit(count))
        return list(_exchanges(tx, list(reversed(rows))))


def get(store: Store, world: str, number: int) -> Exchange | None:
    with store.read(world) as tx:
        row = tx.get(schema.exchanges, number=number)
        return next(_exchanges(tx, [row])) if row is not None else None


def cursor(store: Store, world: str) -> int:
    """The number of the newest row, 0 in an empty journal."""
    with store.read(world) as tx:
        row = tx.get(schema.counters, name="journal")
        return int(row.value) if row else 0


def bodies(store: Store, world: str, number: int) -> tuple[bytes, bytes]:
    """The raw request and answer of one exchange. Raises ``KeyError``."""
    with store.read(world) as tx:
        row = tx.get(schema.exchanges, number=number)
        if row is None:
            raise KeyError(number)
        return _bytes(tx, row.request, row.request_sha), _bytes(tx, row.answer, row.answer_sha)


def last_accepted(
    tx: Tx, operation: str | None, who: Mapping[str, str], *, before: int | None = None, protocol: str | None = None
) -> Row[Any] | None:
    """The newest accepted exchange with these values in ``who``: what a diff is held against."""
    table = schema.exchanges
    statement = tx.select(table).where(table.c.outcome == "accepted").order_by(table.c.number.desc()).limit(200)
    if operation is not None:
        statement = statement.where(table.c.operation == operation)
    if protocol is not None:
        statement = statement.where(table.c.protocol == protocol)
    if before is not None:
        statement = statement.where(table.c.number < before)
    for row in tx.rows(statement):
        seen = json.loads(row.who)
        if all(seen.get(name) == value for name, value in who.items()):
            return row
    return None


def newest_accepted(tx: Tx, protocols: Iterable[str], until: datetime) -> datetime | None:
    """The wire time of the newest accepted exchange of these protocols, rows after ``until`` left aside."""
    table = schema.exchanges
    statement = tx.select(table, table.c.wire_us).where(
        table.c.outcome == "accepted", table.c.protocol.in_(sorted(protocols)), table.c.wire_us <= to_us(until)
    )
    row = tx.first(statement.order_by(table.c.wire_us.desc()).limit(1))
    return from_us(row.wire_us) if row is not None else None


def row_request(tx: Tx, row: Row[Any]) -> bytes:
    """The raw request of a row got from :func:`last_accepted`."""
    return _bytes(tx, row.request, row.request_sha)


def _body(tx: Tx, data: bytes) -> tuple[bytes | None, str]:
    digest = hashlib.sha256(data).hexdigest() if data else ""
    if len(data) <= INLINE:
        return data, digest
    tx.add(schema.journal_blobs, sha256=digest, data=data)
    return None, digest


def _bytes(tx: Tx, inline: bytes | None, digest: str) -> bytes:
    if inline is not None:
        return bytes(inline)
    row = tx.get(schema.journal_blobs, sha256=digest)
    return bytes(row.data) if row is not None else b""


def _exchanges(tx: Tx, rows: Sequence[Row[Any]]) -> Iterator[Exchange]:
    keys = _keys(tx, [row.number for row in rows])
    for row in rows:
        yield Exchange(
            row.world,
            row.number,
            row.epoch,
            from_us(row.wire_us),
            from_us(row.business_us),
            row.protocol,
            row.operation,
            row.direction,
            json.loads(row.who),
            row.outcome,
            row.status,
            json.loads(row.verdict),
            json.loads(row.marks),
            tuple(keys.get(row.number, ())),
            row.request_head,
            row.request_size,
            row.request_sha,
            row.answer_size,
            row.answer_sha,
        )


def _keys(tx: Tx, numbers: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    table = schema.exchange_keys
    for start in range(0, len(numbers), CHUNK):
        some = table.c.number.in_(numbers[start : start + CHUNK])
        for row in tx.rows(tx.select(table).where(some).order_by(table.c.key)):
            found.setdefault(row.number, []).append(row.key)
    return found


def _dump(value: Mapping[str, Any]) -> str:
    return storable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
