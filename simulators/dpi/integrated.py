"""What mails brought into the record: documents with every version kept, those refused, notices to the users."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import Column, Integer, Row, Text

from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table

_integrated = world_table(
    "dpi_integrated",
    Column("number", Integer),
    Column("document_id", Text, nullable=False),
    Column("set_id", Text, nullable=False),
    Column("patient", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("data", Text, nullable=False),
    key=("number",),
)
_refused = world_table(
    "dpi_refused",
    Column("number", Integer),
    Column("document_id", Text, nullable=False),
    Column("imported", Integer, nullable=False),
    Column("data", Text, nullable=False),
    key=("number",),
)
_notices = world_table(
    "dpi_notices",
    Column("number", Integer),
    Column("document", Integer, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("data", Text, nullable=False),
    key=("number",),
)


class Standing(StrEnum):
    """Of one version: the one in force, an older one, or one that its sender deleted. All stay viewable."""

    CURRENT = "current"
    SUPERSEDED = "superseded"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document came from: the mail, who sent it, the unit it was meant for, and the message that brought it.
    ``persons`` and ``organisations`` are the identifiers, without type prefix, of its sender and of its author."""

    sender: str = ""
    message_id: str = ""
    subject: str = ""
    unit: str = ""
    msh10: str = ""
    persons: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{**data, **{name: tuple(data[name]) for name in ("persons", "organisations")}})


@dataclass(frozen=True, slots=True)
class Integrated:
    """One version in the record. ``by`` is automatic or manual; ``repeated`` counts the times it came again;
    ``replaces`` and ``replaced_by`` are numbers of this table, 0 for none."""

    number: int
    document_id: str
    set_id: str
    version: str
    patient: str
    state: Standing
    title: str
    type_code: str
    author: str
    received: datetime
    cda: str
    origin: Origin
    by: str = "automatic"
    replaces: int = 0
    replaced_by: int = 0
    repeated: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """A message that could not be integrated. ``reasons`` are its refusing findings as (code, rule, fr, en, where,
    found, expected); ``traits`` what the header of the document says of its patient; ``message`` the blob of the
    message; ``imported`` the number it got by hand, 0 while it waits; ``times``: how often it came."""

    number: int
    document_id: str
    action: str
    title: str
    received: datetime
    message: str
    origin: Origin
    reasons: tuple[Mapping[str, str], ...]
    traits: Mapping[str, str] = field(default_factory=dict)
    imported: int = 0
    times: int = 1


@dataclass(frozen=True, slots=True)
class Notice:
    """What the users are told. ``kind`` is new, replaced, deleted or imported; ``document`` a number of the record."""

    number: int
    kind: str
    document: int
    patient: str
    title: str
    at: datetime
    seen: bool = False


def next_number(tx: Tx) -> int:
    """The next number of what is received, integrated or not."""
    return tx.counter("dpi.received")


def save(tx: Tx, one: Integrated) -> None:
    """Writes or replaces it."""
    columns = {name: getattr(one, name) for name in ("number", "document_id", "set_id", "patient")}
    data = {**asdict(one), "received": one.received.isoformat(), "state": one.state.value}
    tx.put(_integrated, **columns, state=one.state.value, data=json.dumps(data, ensure_ascii=False))


def get(tx: Tx, number: int) -> Integrated | None:
    row = tx.get(_integrated, number=number)
    return _read(row) if row is not None else None


def by_id(tx: Tx, document_id: str) -> Integrated | None:
    """The document with this identifier."""
    rows = tx.find(_integrated, document_id=document_id)
    return _read(rows[-1]) if rows else None


def by_version(tx: Tx, set_id: str, version: str) -> Integrated | None:
    """The document of this set and version, whatever its identifier."""
    if not set_id or not version:
        return None
    return next((one for one in map(_read, tx.find(_integrated, set_id=set_id)) if one.version == version), None)


def every(tx: Tx) -> list[Integrated]:
    """The newest first."""
    return [_read(row) for row in reversed(tx.find(_integrated))]


def keep(tx: Tx, one: Kept) -> None:
    """Writes or replaces what could not be integrated."""
    data = {**asdict(one), "received": one.received.isoformat()}
    columns = {"number": one.number, "document_id": one.document_id, "imported": one.imported}
    tx.put(_refused, **columns, data=json.dumps(data, ensure_ascii=False))


def kept(tx: Tx, number: int) -> Kept | None:
    row = tx.get(_refused, number=number)
    return _read_kept(row) if row is not None else None


def waiting(tx: Tx, document_id: str) -> Kept | None:
    """What waits for a hand under this identifier."""
    rows = tx.find(_refused, document_id=document_id, imported=0) if document_id else []
    return _read_kept(rows[-1]) if rows else None


def every_kept(tx: Tx) -> list[Kept]:
    """The newest first."""
    return [_read_kept(row) for row in reversed(tx.find(_refused))]


def notify(tx: Tx, kind: str, one: Integrated, at: datetime) -> None:
    """One notice for the document; what was not read of the version it follows is told by it as well."""
    if one.replaces:
        tx.delete(_notices, document=one.replaces, seen=0)
    tx.delete(_notices, document=one.number, seen=0)
    told = {"kind": kind, "patient": one.patient, "title": one.title, "at": at.isoformat()}
    number = tx.counter("dpi.notices")
    tx.insert(_notices, number=number, document=one.number, seen=0, data=json.dumps(told, ensure_ascii=False))


def notices(tx: Tx) -> list[Notice]:
    """The newest first."""
    found = []
    for row in reversed(tx.find(_notices)):
        data = json.loads(row.data)
        at = datetime.fromisoformat(data.pop("at"))
        found.append(Notice(number=row.number, document=row.document, seen=bool(row.seen), at=at, **data))
    return found


def seen(tx: Tx, number: int) -> None:
    """The notice was read."""
    tx.update(_notices, {"seen": 1}, number=number)


def _read(row: Row[Any]) -> Integrated:
    data = json.loads(row.data)
    known = {"received": datetime.fromisoformat(data["received"]), "state": Standing(data["state"])}
    return Integrated(**{**data, **known, "origin": Origin.from_json(data["origin"])})


def _read_kept(row: Row[Any]) -> Kept:
    data = json.loads(row.data)
    known = {"received": datetime.fromisoformat(data["received"]), "reasons": tuple(data["reasons"])}
    return Kept(**{**data, **known, "origin": Origin.from_json(data["origin"])})
