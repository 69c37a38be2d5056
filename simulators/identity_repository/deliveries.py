"""What each subscriber is to be told, in order: a later message never overtakes an earlier one.

A message keeps its MSH-10 through every attempt. It waits until AA or AE, or until it is given up.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Integer, Row, Text

from simulators.core.clock import from_us, to_us
from simulators.core.due import send_later
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.identity_repository.names import LANES

_deliveries: Final = world_table(
    "identity_deliveries",
    Column("number", BigInteger),
    Column("msh10", Text, nullable=False),
    Column("event_number", BigInteger, nullable=False),
    Column("event", Text, nullable=False),
    Column("ipp", Text, nullable=False),
    Column("ins", Text, nullable=False),
    Column("subscriber", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("blob", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("since_us", BigInteger, nullable=False),
    Column("next_us", BigInteger, nullable=False),
    Column("ack", Text, nullable=False),
    Column("told", Text, nullable=False),
    key=("number",),
)
Index("identity_waiting", _deliveries.c.world, _deliveries.c.url, _deliveries.c.state)
OWN: Final = "own:"


class State(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """``name`` is MSH-5; ``url`` ``mllp://host:port``, ``mllps://host:port``, or ``own:<port>``: a peer of this
    sandbox, whose address is only known when it is called."""

    name: str
    url: str

    @property
    def listener(self) -> str:
        """The port of a peer of this sandbox, empty for others."""
        return self.url.removeprefix(OWN) if self.url.startswith(OWN) else ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message for one subscriber. ``since`` and ``next`` are business time; ``told`` are the errors of the
    acknowledgement, or why none came."""

    number: int
    msh10: str
    event_number: int
    event: str
    ipp: str
    ins: str
    subscriber: str
    url: str
    blob: str
    state: State
    attempts: int
    since: datetime
    next: datetime
    ack: str = ""
    told: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For the control API: without the octets."""
        plain = ("number", "msh10", "event", "subscriber", "url", "attempts", "ack")
        shown = {name: getattr(self, name) for name in plain}
        return {**shown, "state": self.state.value, "told": list(self.told), "since": self.since.isoformat()}


def queue(
    tx: Tx, subscriber: Subscriber, msh10: str, about: tuple[int, str, str, str], message: bytes, now: datetime
) -> int:
    """Adds a message at the end of the queue of the subscriber. ``about``: number of the command, event, IPP, INS."""
    event_number, event, ipp, ins = about
    number = tx.counter("identity.deliveries")
    tx.insert(
        _deliveries,
        number=number,
        msh10=msh10,
        event_number=event_number,
        event=event,
        ipp=ipp,
        ins=ins,
        subscriber=subscriber.name,
        url=subscriber.url,
        blob=tx.blob(message),
        state=State.WAITING.value,
        attempts=0,
        since_us=to_us(now),
        next_us=to_us(now),
        ack="",
        told="[]",
    )
    wake(tx, subscriber.url, msh10)
    return number


def wake(tx: Tx, url: str, cause: str) -> None:
    """Has the queue of a subscriber looked at once the transaction is committed; the same ``cause`` twice is once."""
    lane = LANES[zlib.crc32(url.encode()) % len(LANES)]
    send_later(tx, lane, {"url": url}, id=f"{lane}:{cause}")


def head(tx: Tx, url: str) -> Delivery | None:
    """The message whose turn it is."""
    table = _deliveries
    waiting = tx.select(table).where(table.c.url == url, table.c.state == State.WAITING.value)
    row = tx.first(waiting.order_by(table.c.number).limit(1))
    return _delivery(row) if row is not None else None


def save(tx: Tx, delivery: Delivery) -> None:
    """Writes what became of it."""
    values = {
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "next_us": to_us(delivery.next),
        "ack": delivery.ack,
        "told": json.dumps(delivery.told, ensure_ascii=False),
    }
    tx.update(_deliveries, values, number=delivery.number)


def of_event(tx: Tx, event_number: int) -> list[Delivery]:
    """The messages that one command made."""
    return [_delivery(row) for row in tx.find(_deliveries, event_number=event_number)]


def waiting(tx: Tx) -> list[Delivery]:
    """What no subscriber has answered yet, in order."""
    return [_delivery(row) for row in tx.find(_deliveries, state=State.WAITING.value)]


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        row.number,
        row.msh10,
        row.event_number,
        row.event,
        row.ipp,
        row.ins,
        row.subscriber,
        row.url,
        row.blob,
        State(row.state),
        row.attempts,
        from_us(row.since_us),
        from_us(row.next_us),
        row.ack,
        tuple(json.loads(row.told)),
    )
