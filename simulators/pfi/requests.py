"""Requests that were acknowledged AA: who asked what, with the message itself.

A sender that got no acknowledgement sends again: what has the same MSH-10 and says the same is the same request.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Row, Text

from simulators.core.clock import from_us, to_us
from simulators.core.hl7 import read_message
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.core.store.text import index_key
from simulators.documents.hl7.model import Action, Transmission
from simulators.documents.hl7.read import read_transmission

table: Final = world_table(
    "pfi_requests",
    Column("number", BigInteger),
    Column("application", Text, nullable=False),
    Column("facility", Text, nullable=False),
    Column("control_id", Text, nullable=False),
    Column("control_key", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("replaces", Text, nullable=False),
    Column("type_code", Text, nullable=False),
    Column("matricule", Text, nullable=False),
    Column("structure", Text, nullable=False),
    Column("received_us", BigInteger, nullable=False),
    Index("pfi_requests_control", "world", "control_key"),
    Index("pfi_requests_document", "world", "document"),
    Index("pfi_requests_replaces", "world", "replaces"),
    key=("number",),
)
_SMALL: Final = 512 * 1024
"""Octets of a message whose reading is kept for a while: each of its orders and receipts needs it."""
_HEADER = re.compile(rb"[^\r\n]*(?:[\r\n]+(?:EVN|SFT|UAC)[^\r\n]*)*")


@dataclass(frozen=True, slots=True)
class Request:
    """One accepted request. ``application`` and ``facility`` are MSH-3 and MSH-4; ``raw`` names the kept octets,
    ``kind`` is ``MDM^T02``; ``structure`` PRT-8.10 of its sender; ``received`` is business time."""

    number: int
    application: str
    facility: str
    control_id: str
    digest: str
    raw: str
    kind: str
    action: str
    document: str
    replaces: str
    type_code: str
    matricule: str
    structure: str
    received: datetime

    @property
    def name(self) -> str:
        """As the log names it."""
        return str(self.number)


def add(tx: Tx, transmission: Transmission, message: bytes, kind: str, received: datetime) -> Request:
    """Keeps one under the next number."""
    sender = transmission.sender
    request = Request(
        tx.counter("pfi_requests"),
        transmission.sending_app,
        transmission.sending_facility,
        transmission.control_id,
        digest_of(message),
        tx.blob(message),
        kind,
        transmission.action.value,
        index_key(transmission.document_id),
        index_key(transmission.replaces) if transmission.action is Action.REPLACE else "",
        transmission.type_code,
        transmission.patient.ins,
        sender.org_id if sender else "",
        received,
    )
    values = {name: getattr(request, name) for name in Request.__slots__ if name != "received"}
    tx.insert(table, **values, control_key=index_key(request.control_id), received_us=to_us(received))
    return request


def same_control(tx: Tx, transmission: Transmission) -> list[Request]:
    """Those of the same application that have the same MSH-10, oldest first."""
    rows = tx.find(table, control_key=index_key(transmission.control_id))
    same = (transmission.sending_app, transmission.sending_facility, transmission.control_id)
    return [_read(row) for row in rows if (row.application, row.facility, row.control_id) == same]


def digest_of(message: bytes) -> str:
    """What two sendings of one request share: everything but MSH and EVN, whose instants (MSH-7, EVN-2) may be new."""
    header = _HEADER.match(message)
    rest = message[header.end() :] if header else message
    return hashlib.sha256(rest.strip(b"\r\n")).hexdigest()


def get(tx: Tx, number: int) -> Request:
    """Raises ``KeyError``."""
    row = tx.get(table, number=number)
    if row is None:
        raise KeyError(number)
    return _read(row)


def any_yet(tx: Tx) -> bool:
    """Whether this PFI was ever asked for anything."""
    return tx.first(tx.select(table, table.c.number).limit(1)) is not None


def every(tx: Tx) -> list[Request]:
    """In the order of their arrival."""
    return [_read(row) for row in tx.find(table)]


def message_of(tx: Tx, request: Request) -> bytes:
    """As it came."""
    return tx.blob_bytes(request.raw)


def transmission_of(tx: Tx, request: Request) -> Transmission:
    """What it asks for, read again."""
    octets = message_of(tx, request)
    return _read_lately(octets) if len(octets) <= _SMALL else read_transmission(read_message(octets))


@lru_cache(maxsize=32)
def _read_lately(octets: bytes) -> Transmission:
    return read_transmission(read_message(octets))


def _read(row: Row[Any]) -> Request:
    values = {name: getattr(row, name) for name in Request.__slots__ if name != "received"}
    return Request(**values, received=from_us(row.received_us))
