"""What was caught, in order of arrival."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Row, Text

from simulators.core.clock import from_us, to_us
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table

MAIL, SMS = "mail", "sms"
_caught: Final = world_table(
    "mssante_caught",
    Column("number", BigInteger),
    Column("channel", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("recipients", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    key=("number",),
)


@dataclass(frozen=True, slots=True)
class Caught:
    """One message: ``channel`` is ``mail`` or ``sms``; ``at`` is wire time."""

    number: int
    channel: str
    sender: str
    recipients: tuple[str, ...]
    sha256: str
    at: datetime


def catch(tx: Tx, channel: str, sender: str, recipients: Sequence[str], content: bytes, at: datetime) -> int:
    """Keeps a message; its number."""
    number = tx.counter("mssante-caught")
    row = {"channel": channel, "sender": sender, "recipients": json.dumps(list(recipients), ensure_ascii=False)}
    tx.insert(_caught, number=number, **row, sha256=tx.blob(content), at_us=to_us(at))
    tx.announce(f"mssante-caught:{tx.world}")
    return number


def every(tx: Tx, channel: str = "", to: str = "") -> list[Caught]:
    """In order; of one channel, to one recipient (case does not matter)."""
    rows = [_read(row) for row in (tx.find(_caught, channel=channel) if channel else tx.find(_caught))]
    return [one for one in rows if not to or to.lower() in (name.lower() for name in one.recipients)]


def numbered(tx: Tx, number: int) -> Caught | None:
    """The one of that number. Databases refuse a number of more than 64 bits with an error of their own."""
    row = tx.get(_caught, number=number) if number < 1 << 63 else None
    return None if row is None else _read(row)


def content(tx: Tx, one: Caught) -> bytes:
    """The message as it came: a whole mail, the text of an SMS in UTF-8."""
    return tx.blob_bytes(one.sha256)


def _read(row: Row[Any]) -> Caught:
    recipients = tuple(json.loads(row.recipients))
    return Caught(row.number, row.channel, row.sender, recipients, row.sha256, from_us(row.at_us))
