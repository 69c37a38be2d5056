"""Mails that the applicative mailbox received, each kept once whatever the wire does, and what they brought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Integer, Row, Text

from simulators.core.clock import from_us, to_us
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.core.store.text import index_key, storable

_mails: Final = world_table(
    "pfi_incoming",
    Column("message_id", Text),
    Column("uid", Text),
    Column("number", BigInteger, nullable=False),
    Column("mailbox", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("received_us", BigInteger, nullable=False),
    key=("message_id", "uid"),
)
_documents: Final = world_table(
    "pfi_incoming_documents",
    Column("mail", BigInteger),
    Column("rank", Integer),
    Column("document", Text, nullable=False),
    Column("replaces", Text, nullable=False),
    Column("type_code", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("control_id", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("label", Text, nullable=False),
    key=("mail", "rank"),
)
DSN, MDN, DOCUMENTS, OTHER = "dsn", "mdn", "documents", "other"
PENDING, INTEGRATED, REFUSED, FAILED, HELD = "pending", "integrated", "refused", "failed", "held"
"""``failed``: the record never answered, or could not read our message; ``held``: must not be sent."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. ``uid`` is ``UIDVALIDITY:UID``; ``raw`` names the kept octets; ``note`` says what was made of it."""

    message_id: str
    uid: str
    number: int
    mailbox: str
    kind: str
    sender: str
    subject: str
    raw: str
    note: str
    received: datetime

    @property
    def name(self) -> str:
        """As the log and the queue name it."""
        return f"in{self.number}"


@dataclass(frozen=True, slots=True)
class Received:
    """One document of a mail, on its way to the record. ``code`` and ``label`` tell why it was refused."""

    mail: int
    rank: int
    document: str
    replaces: str
    type_code: str
    action: str
    state: str
    control_id: str
    code: str
    label: str

    @property
    def name(self) -> str:
        return f"in{self.mail}.{self.rank}"


def keep(tx: Tx, raw: bytes, *, message_id: str, uid: str, mailbox: str, received: datetime) -> Mail | None:
    """A mail not read before, None for one that was."""
    key = {"message_id": index_key(storable(message_id)), "uid": uid}
    if tx.get(_mails, **key) is not None:
        return None
    number = tx.counter("pfi_incoming")
    values = {"mailbox": mailbox, "kind": OTHER, "sender": "", "subject": "", "raw": tx.blob(raw), "note": ""}
    tx.insert(_mails, **key, number=number, **values, received_us=to_us(received))
    return numbered(tx, number)


def describe(tx: Tx, mail: Mail, kind: str, sender: str, subject: str, note: str) -> None:
    """What it turned out to be."""
    values = {
        "kind": kind,
        "sender": storable(sender),
        "subject": storable(subject)[:500],
        "note": storable(note)[:500],
    }
    tx.update(_mails, values, number=mail.number)


def add_document(tx: Tx, new: Received) -> None:
    """One document found in a mail."""
    tx.insert(_documents, **{name: storable(v) if isinstance(v := getattr(new, name), str) else v for name in _FIELDS})


def conclude(tx: Tx, one: Received, state: str, control_id: str = "", error: tuple[str, str] = ("", "")) -> None:
    """What the record answered."""
    code, label = (storable(text)[:500] for text in error)
    values = {"state": state, "control_id": control_id or one.control_id, "code": code, "label": label}
    tx.update(_documents, values, mail=one.mail, rank=one.rank)


def numbered(tx: Tx, number: int) -> Mail:
    """Raises ``KeyError``."""
    rows = tx.find(_mails, number=number)
    if not rows:
        raise KeyError(number)
    return _mail(rows[0])


def content(tx: Tx, mail: Mail) -> bytes:
    """The mail as the operator gave it."""
    return tx.blob_bytes(mail.raw)


def documents(tx: Tx, number: int) -> list[Received]:
    """Those of one mail."""
    return [_document(row) for row in tx.find(_documents, mail=number)]


def any_yet(tx: Tx) -> bool:
    """Whether a mail was ever read."""
    return tx.first(tx.select(_mails, _mails.c.number).limit(1)) is not None


def before(tx: Tx, name: str) -> str:
    """Why a document must wait: an earlier one of its chain is still on its way. Empty when it may go."""
    number, rank = parts_of(name)
    one = documents(tx, number)[rank - 1]
    chain, column = {text for text in (one.document, one.replaces) if text}, _documents.c
    on_its_way = tx.select(_documents).where(column.state == PENDING, column.mail < number, column.document.in_(chain))
    found = tx.first(on_its_way.limit(1)) if chain else None
    return f"in{found.mail}.{found.rank} on the same document comes first" if found is not None else ""


def parts_of(name: str) -> tuple[int, int]:
    """Number of the mail and rank of the document, from its name."""
    number, _, rank = name.removeprefix("in").partition(".")
    return int(number), int(rank)


def every(tx: Tx) -> list[Mail]:
    """In the order in which they were read."""
    return sorted((_mail(row) for row in tx.find(_mails)), key=lambda mail: mail.number)


def every_document(tx: Tx) -> list[Received]:
    """By mail."""
    return [_document(row) for row in tx.find(_documents)]


def _mail(row: Row[Any]) -> Mail:
    told = (row.mailbox, row.kind, row.sender, row.subject, row.raw, row.note)
    return Mail(row.message_id, row.uid, row.number, *told, from_us(row.received_us))


_FIELDS: Final = Received.__slots__


def _document(row: Row[Any]) -> Received:
    return Received(**{name: getattr(row, name) for name in _FIELDS})
