"""Business receipts to the sender of a request: ZAM^Z01 (DMP), Z02 (delivered), Z03 (read), one per recipient.

Only those that the flags of the request ask for. Source: facts pfi §1.12, §2.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import BigInteger, Column, Integer, Row, Text

from simulators.core.clock import from_us, to_us
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.core.store.text import storable
from simulators.documents.hl7.model import Zam, ZamKind
from simulators.pfi import queue
from simulators.pfi.names import ZAM
from simulators.pfi.requests import Request

_receipts: Final = world_table(
    "pfi_zams",
    Column("name", Text),
    Column("request", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("address", Text, nullable=False),
    Column("reader", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("answer", Text, nullable=False),
    key=("name",),
)
TO_SEND, SENT_AA, SENT_AE, NO_ANSWER = "to_send", "acked", "nacked", "no_ack"
"""``no_ack``: given up."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One ZAM. ``address`` is the recipient, ``reader`` its identifier in the request; ``at`` (wire time) when the
    event it tells of took place; ``answer`` what the sender of the request said to it."""

    name: str
    request: int
    kind: str
    accepted: bool
    address: str
    reader: str
    code: str
    label: str
    at: datetime
    state: str
    answer: str

    def zam(self, request: Request) -> Zam:
        """As it goes on the wire."""
        error = None if self.accepted else (self.code, self.label)
        kind = cast(ZamKind, self.kind)
        return Zam(kind, request.control_id, self.accepted, self.address, self.reader, error, self.at)


def tell(
    tx: Tx,
    order: str,
    request: int,
    kind: ZamKind,
    *,
    at: datetime,
    now: datetime,
    error: tuple[str, str] | None = None,
    address: str = "",
    reader: str = "",
) -> bool:
    """Queues one; a second of the same kind that says the same for the same order is not sent. Whether it was new.
    ``now`` is business time."""
    name = f"{order}.{kind}.{'N' if error else 'Y'}"
    code, label = error or ("", "")
    new = tx.add(
        _receipts,
        name=name,
        request=request,
        kind=kind,
        accepted=int(error is None),
        address=storable(address),
        reader=storable(reader),
        code=storable(code),
        label=storable(label),
        at_us=to_us(at),
        state=TO_SEND,
        answer="",
    )
    if new:
        queue.add(tx, ZAM, name, now)
    return new


def conclude(tx: Tx, name: str, state: str, answer: str) -> None:
    """What became of it."""
    tx.update(_receipts, {"state": state, "answer": storable(answer)[:500]}, name=name)


def get(tx: Tx, name: str) -> Receipt:
    """Raises ``KeyError``."""
    row = tx.get(_receipts, name=name)
    if row is None:
        raise KeyError(name)
    return _read(row)


def every(tx: Tx) -> list[Receipt]:
    """By name."""
    return [_read(row) for row in tx.find(_receipts)]


def of_request(tx: Tx, request: int) -> list[Receipt]:
    """By name."""
    return [_read(row) for row in tx.find(_receipts, request=request)]


def _read(row: Row[Any]) -> Receipt:
    told = (row.address, row.reader, row.code, row.label, from_us(row.at_us))
    return Receipt(row.name, row.request, row.kind, bool(row.accepted), *told, row.state, row.answer)
