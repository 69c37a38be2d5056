"""The documents that the record makes: each has versions, and each message on a version is a sending.

A document is named by a number of its world; its versions share a setId and have an identifier each.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self

from sqlalchemy import BigInteger, Column, Index, Integer, Row, Text

from simulators.core.clock import from_us, to_us
from simulators.core.rules import Text as Reason
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.core.store.text import index_key
from simulators.documents.hl7.model import Action

_documents = world_table(
    "dpi_documents",
    Column("document", Integer),
    Column("version", Integer),
    Column("document_id", Text, nullable=False),
    Column("set_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("patient", Text, nullable=False),
    Column("data", Text, nullable=False),
    key=("document", "version"),
)
_sendings = world_table(
    "dpi_sendings",
    Column("msh10", Text),
    Column("seq", BigInteger, nullable=False),
    Column("document", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("data", Text, nullable=False),
    key=("msh10",),
)
_receipts = world_table(
    "dpi_receipts",
    Column("msh10", Text),
    Column("kind", Text),
    Column("address", Text),
    Column("data", Text, nullable=False),
    key=("msh10", "kind", "address"),
)
Index("dpi_sendings_by_document", _sendings.c.world, _sendings.c.document)


class State(StrEnum):
    """Where a version stands. ``queued``: its message waits; ``sent``: it left and no acknowledgement came;
    ``refused``: AE, or given up."""

    DRAFT = "draft"
    VALIDATED = "validated"
    HELD = "held"
    QUEUED = "queued"
    SENT = "sent"
    ACKED = "acked"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    DELETED = "deleted"


_PLAIN: Final = ("kind", "title", "text", "professional", "replaces", "accepted", "cda")
UNDER_WAY: Final = frozenset({State.VALIDATED, State.HELD, State.QUEUED, State.SENT})


@dataclass(frozen=True, slots=True)
class Order:
    """What the user asks of the PFI. ``flags`` are those chosen by hand, by their name in ``Flags``; the others
    follow from the rest."""

    recipients: tuple[str, ...] = ()
    to_patient: bool = False
    flags: Mapping[str, bool] = field(default_factory=dict)
    reply_to: str = ""
    ack_reception: bool = True
    ack_lecture: bool = False
    fin: bool = False
    body_ps: str = ""
    body_patient: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{**data, "recipients": tuple(data["recipients"])})


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a document. ``action`` is what its message asks (initial or replace, then delete);
    ``replaces`` the identifier of the version before; ``reasons`` say what the record decided by itself, or why it
    stands where it stands; ``validated`` is None for what nobody has validated yet; ``cda`` is the blob that left;
    ``accepted``: the PFI has taken charge of it."""

    document: int
    version: int
    document_id: str
    set_id: str
    patient: str
    kind: str
    title: str
    text: str
    professional: str
    made: datetime
    order: Order
    state: State = State.DRAFT
    action: Action = Action.INITIAL
    replaces: str = ""
    validated: datetime | None = None
    leaves: datetime | None = None
    accepted: bool = False
    cda: str = ""
    reasons: tuple[Reason, ...] = ()

    @property
    def first_action(self) -> Action:
        """What it asked when it was first sent."""
        return Action.REPLACE if self.replaces else Action.INITIAL

    def to_json(self) -> dict[str, Any]:
        """Plain JSON of what the columns do not hold."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        return {
            **plain,
            "order": asdict(self.order),
            "made": self.made.isoformat(),
            "validated": self.validated.isoformat() if self.validated else None,
            "leaves": self.leaves.isoformat() if self.leaves else None,
            "reasons": [{"fr": reason.fr, "en": reason.en} for reason in self.reasons],
        }


@dataclass(frozen=True, slots=True)
class Sending:
    """One message to the PFI. ``left``: octets of it went out, or may have. ``ack`` is MSA-1, empty before; ``errors``
    are the ERR of the answer in words; ``problem`` is why the last attempt brought no acknowledgement."""

    msh10: str
    document: int
    version: int
    action: Action
    blob: str
    since: datetime
    attempts: int = 0
    left: bool = False
    ack: str = ""
    errors: tuple[str, ...] = ()
    problem: str = ""
    cancelled: bool = False
    given_up: bool = False

    @property
    def open(self) -> bool:
        """Whether an acknowledgement is still wanted."""
        return self.ack in {"", "AR"} and not self.cancelled and not self.given_up

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; :meth:`from_json` is the inverse."""
        return {**asdict(self), "since": self.since.isoformat(), "errors": list(self.errors)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        since, errors = datetime.fromisoformat(data["since"]), tuple(data["errors"])
        return cls(**{**data, "since": since, "errors": errors, "action": Action(data["action"])})


@dataclass(frozen=True, slots=True)
class Receipt:
    """One business receipt (ZAM) as it came; ``times`` counts the same one told again."""

    msh10: str
    kind: str
    accepted: bool
    address: str
    error: str
    at: datetime
    times: int = 1


def save(tx: Tx, version: Version) -> None:
    """Writes or replaces a version."""
    columns = {name: getattr(version, name) for name in ("document", "version", "document_id", "set_id", "patient")}
    data = json.dumps(version.to_json(), ensure_ascii=False)
    tx.put(_documents, **columns, state=version.state.value, action=version.action.value, data=data)


def versions(tx: Tx, document: int) -> list[Version]:
    """The versions of a document, the oldest first; none when there is no such document."""
    return [_version(row) for row in tx.find(_documents, document=document)]


def every(tx: Tx) -> list[Version]:
    """The last version of each document, the newest document first."""
    last = {row.document: row for row in tx.find(_documents)}
    return [_version(row) for row in reversed(last.values())]


def version_of(tx: Tx, document: int, version: int) -> Version | None:
    row = tx.get(_documents, document=document, version=version)
    return _version(row) if row is not None else None


def save_sending(tx: Tx, sending: Sending) -> None:
    """Writes or replaces a sending."""
    kept = tx.get(_sendings, msh10=sending.msh10)
    seq = kept.seq if kept is not None else tx.counter("dpi.sendings")
    data = json.dumps(sending.to_json(), ensure_ascii=False)
    tx.put(_sendings, msh10=sending.msh10, seq=seq, document=sending.document, version=sending.version, data=data)


def sending(tx: Tx, msh10: str) -> Sending | None:
    row = tx.get(_sendings, msh10=msh10)
    return Sending.from_json(json.loads(row.data)) if row is not None else None


def sendings(tx: Tx, document: int) -> list[Sending]:
    """Those of a document, in order."""
    rows = sorted(tx.find(_sendings, document=document), key=lambda row: row.seq)
    return [Sending.from_json(json.loads(row.data)) for row in rows]


def save_receipt(tx: Tx, receipt: Receipt) -> Receipt:
    """Keeps a receipt; the same one again is counted. What is now kept."""
    key = {"msh10": receipt.msh10, "kind": receipt.kind, "address": index_key(receipt.address)}
    row = tx.get(_receipts, **key)
    kept = replace(receipt, times=json.loads(row.data)["times"] + 1) if row is not None else receipt
    data = {"accepted": kept.accepted, "error": kept.error, "at_us": to_us(kept.at), "times": kept.times}
    tx.put(_receipts, **key, data=json.dumps(data, ensure_ascii=False))
    return kept


def receipts(tx: Tx, msh10: str) -> list[Receipt]:
    """Those of one message."""
    found = []
    for row in tx.find(_receipts, msh10=msh10):
        data = json.loads(row.data)
        at = from_us(data.pop("at_us"))
        found.append(Receipt(row.msh10, row.kind, address=row.address, at=at, **data))
    return found


def _version(row: Row[Any]) -> Version:
    data = json.loads(row.data)
    validated, leaves = (datetime.fromisoformat(data[n]) if data[n] else None for n in ("validated", "leaves"))
    columns = {name: getattr(row, name) for name in ("document", "version", "document_id", "set_id", "patient")}
    return Version(
        **columns,
        **{name: data[name] for name in _PLAIN},
        validated=validated,
        leaves=leaves,
        made=datetime.fromisoformat(data["made"]),
        order=Order.from_json(data["order"]),
        state=State(row.state),
        action=Action(row.action),
        reasons=tuple(Reason(**reason) for reason in data["reasons"]),
    )
