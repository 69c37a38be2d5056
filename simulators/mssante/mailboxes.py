"""Mailboxes of a world: whose they are, whether they are open, how much they may hold.

Source: facts mssante §1.2 (kinds), §1.3 (addresses), §1.6 (quota). An address is its mailbox's key in its world, kept
in lower case: the directory compares without regard to case.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Integer, Row, Text

from simulators.core.clock import from_us, to_us
from simulators.core.errors import SandboxError
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table

mailboxes: Final = world_table(
    "mssante_mailboxes",
    Column("address", Text),
    Column("kind", Text, nullable=False),
    Column("owners", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("quota_bytes", BigInteger),
    Column("used_bytes", BigInteger, nullable=False),
    Column("unlisted", Integer, nullable=False),
    Column("label", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    key=("address",),
)


class Kind(StrEnum):
    """What a mailbox is bound to (facts mssante §1.2); ``CITIZEN`` is ``<INS>@patient.mssante.fr``."""

    PER = "PER"
    ORG = "ORG"
    APP = "APP"
    CAB = "CAB"
    CITIZEN = "CITIZEN"


class State(StrEnum):
    """Whether a mailbox answers."""

    OPEN = "open"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class MailStoreError(SandboxError):
    """Root of what the mail store refuses::

    MailStoreError
    ├── NoSuchMailbox
    ├── NoSuchFolder
    ├── FolderExists
    ├── BadFolderName
    └── OverQuota
    """


class NoSuchMailbox(MailStoreError):
    """No mailbox of this world has that address."""


class OverQuota(MailStoreError):
    """The mailbox cannot hold that many bytes more; nothing was stored."""


@dataclass(frozen=True)
class Mailbox:
    """One mailbox. ``owners`` are national identifiers (RPPS, FINESS, INS) of the world's population; ``quota_bytes``
    is None without limit; ``unlisted`` is the *liste rouge*; ``created`` is wire time."""

    address: str
    kind: Kind
    owners: tuple[str, ...]
    state: State
    quota_bytes: int | None
    used_bytes: int
    unlisted: bool
    label: str
    created: datetime


def normal(address: str) -> str:
    """The key of an address: lower case, without surrounding blanks."""
    return address.strip().lower()


def create(
    tx: Tx,
    address: str,
    kind: Kind,
    *,
    created: datetime,
    owners: Sequence[str] = (),
    quota_bytes: int | None = None,
    unlisted: bool = False,
    label: str = "",
) -> bool:
    """Opens a mailbox with no folder yet, unless the address is taken; says whether it did."""
    fixed = (kind, tuple(owners), State.OPEN, quota_bytes, 0, unlisted, label, created)
    return tx.add(mailboxes, **_columns(Mailbox(normal(address), *fixed)))


def create_many(tx: Tx, wanted: Iterable[Mailbox]) -> None:
    """Opens mailboxes of new addresses at once, as they are given; ``address`` is :func:`normal` already."""
    tx.insert_many(mailboxes, [_columns(mailbox) for mailbox in wanted])


def get(tx: Tx, address: str) -> Mailbox:
    """Raises :class:`NoSuchMailbox`."""
    found = find(tx, address)
    if found is None:
        raise NoSuchMailbox(address)
    return found


def find(tx: Tx, address: str) -> Mailbox | None:
    """The mailbox of that address, if there is one."""
    row = tx.get(mailboxes, address=normal(address))
    return None if row is None else _read(row)


def every(tx: Tx) -> list[Mailbox]:
    """All mailboxes of the world, by address."""
    return [_read(row) for row in tx.find(mailboxes)]


def owned_by(tx: Tx, owner: str) -> list[Mailbox]:
    """The mailboxes that name ``owner``, by address."""
    return [mailbox for mailbox in every(tx) if owner in mailbox.owners]


def set_state(tx: Tx, address: str, state: State) -> None:
    """Opens, suspends or closes. Raises :class:`NoSuchMailbox`."""
    _change(tx, address, state=state.value)


def set_quota(tx: Tx, address: str, quota_bytes: int | None) -> None:
    """Raises :class:`NoSuchMailbox`."""
    _change(tx, address, quota_bytes=quota_bytes)


def set_owners(tx: Tx, address: str, owners: Sequence[str]) -> None:
    """Raises :class:`NoSuchMailbox`."""
    _change(tx, address, owners=json.dumps(list(owners)))


def set_unlisted(tx: Tx, address: str, unlisted: bool) -> None:
    """Puts on the *liste rouge* or takes off it. Raises :class:`NoSuchMailbox`."""
    _change(tx, address, unlisted=int(unlisted))


def grow(tx: Tx, address: str, bytes_more: int) -> None:
    """Counts bytes in (or out, when negative). Raises :class:`NoSuchMailbox`, :class:`OverQuota`."""
    mailbox = get(tx, address)
    used = mailbox.used_bytes + bytes_more
    if bytes_more > 0 and mailbox.quota_bytes is not None and used > mailbox.quota_bytes:
        raise OverQuota(f"{mailbox.address}: {used} bytes wanted, {mailbox.quota_bytes} allowed")
    _change(tx, address, used_bytes=used)


def _change(tx: Tx, address: str, **values: Any) -> None:
    if tx.update(mailboxes, values, address=normal(address)) == 0:
        raise NoSuchMailbox(address)


def _columns(mailbox: Mailbox) -> dict[str, Any]:
    return {
        "address": mailbox.address,
        "kind": mailbox.kind.value,
        "owners": json.dumps(list(mailbox.owners)),
        "state": mailbox.state.value,
        "quota_bytes": mailbox.quota_bytes,
        "used_bytes": mailbox.used_bytes,
        "unlisted": int(mailbox.unlisted),
        "label": mailbox.label,
        "created_us": to_us(mailbox.created),
    }


def _read(row: Row[Any]) -> Mailbox:
    return Mailbox(
        row.address,
        Kind(row.kind),
        tuple(json.loads(row.owners)),
        State(row.state),
        row.quota_bytes,
        row.used_bytes,
        bool(row.unlisted),
        row.label,
        from_us(row.created_us),
    )
