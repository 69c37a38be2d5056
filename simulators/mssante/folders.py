"""Folders of a mailbox, with the numbers IMAP promises about them.

Source: RFC 3501 §2.3.1.1 (UIDs), §5.1 (names), RFC 6154 (special uses), RFC 7162 §3.1 (modification sequences). The UID
counter and the highest modification sequence are columns of the folder's row, taken in the transaction that uses them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Row, Text

from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.core.world import load
from simulators.mssante.mailboxes import MailStoreError, normal

SEPARATOR: Final = "/"
INBOX: Final = "INBOX"
DEFAULTS: Final = (
    (INBOX, ""),
    ("Drafts", "\\Drafts"),
    ("Junk", "\\Junk"),
    ("Sent", "\\Sent"),
    ("Trash", "\\Trash"),
)
NAME_LIMIT: Final = 255
_EPOCH_SHIFT: Final = 20

folders: Final = world_table(
    "mssante_folders",
    Column("folder", BigInteger),
    Column("address", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("special_use", Text, nullable=False),
    Column("uid_next", BigInteger, nullable=False),
    Column("recent_from", BigInteger, nullable=False),
    Column("modseq", BigInteger, nullable=False),
    Column("keywords", Text, nullable=False),
    key=("folder",),
)
Index("mssante_folders_name", folders.c.world, folders.c.address, folders.c.name, unique=True)

subscriptions: Final = world_table(
    "mssante_subscriptions", Column("address", Text), Column("name", Text), key=("address", "name")
)


class NoSuchFolder(MailStoreError):
    """The mailbox has no folder of that name."""


class FolderExists(MailStoreError):
    """A folder of that name is there already."""


class BadFolderName(MailStoreError):
    """The name cannot be a folder's; its message says why."""


@dataclass(frozen=True)
class Folder:
    """One folder. ``folder`` is its number, for ever; UIDs from ``recent_from`` on have not been told to a client as
    recent; ``keywords`` are the flags beyond the system's, in the spelling first met."""

    folder: int
    address: str
    name: str
    special_use: str
    uid_next: int
    recent_from: int
    modseq: int
    keywords: tuple[str, ...]


def validity(tx: Tx, folder: Folder) -> int:
    """UIDVALIDITY: the folder's number under the world's epoch, because a reset gives UIDs out again."""
    return ((load(tx).epoch << _EPOCH_SHIFT) + folder.folder) % 2**32


def channel(world: str, folder: int) -> str:
    """What is announced when messages of that folder change."""
    return f"mssante:{world}:{folder}"


def any_channel(world: str) -> str:
    """What is announced when messages of any folder of the world change."""
    return f"mssante:{world}"


def announce(tx: Tx, folder: int) -> None:
    """Rings both channels after the commit."""
    tx.announce(channel(tx.world, folder))
    tx.announce(any_channel(tx.world))


# --- reading


def every(tx: Tx, address: str) -> list[Folder]:
    """The folders of a mailbox, by name, INBOX first."""
    rows = [_read(row) for row in tx.find(folders, address=normal(address))]
    return sorted(rows, key=lambda folder: (folder.name != INBOX, folder.name))


def find(tx: Tx, address: str, name: str) -> Folder | None:
    """By name; INBOX in any case (RFC 3501 §5.1)."""
    row = tx.get(folders, address=normal(address), name=canonical(name))
    return None if row is None else _read(row)


def get(tx: Tx, address: str, name: str) -> Folder:
    """Raises :class:`NoSuchFolder`."""
    found = find(tx, address, name)
    if found is None:
        raise NoSuchFolder(name)
    return found


def numbered(tx: Tx, folder: int) -> Folder | None:
    """By number, None once deleted."""
    row = tx.get(folders, folder=folder)
    return None if row is None else _read(row)


def canonical(name: str) -> str:
    """``name`` with INBOX in capitals, also as the first level."""
    first, separator, rest = name.partition(SEPARATOR)
    return (INBOX if first.upper() == INBOX else first) + separator + rest


# --- writing


def create_defaults(tx: Tx, address: str) -> None:
    """INBOX and the folders of special use, subscribed; those that exist are left alone."""
    for name, use in DEFAULTS:
        if find(tx, address, name) is None:
            _insert(tx, address, name, use)
            subscribe(tx, address, name)


def create_inboxes(tx: Tx, addresses: Sequence[str]) -> None:
    """For many mailboxes that have no folder yet, in three statements; the others come with their first reader."""
    last = tx.counter("mssante-folders", len(addresses))
    in_order = enumerate(map(normal, addresses), last - len(addresses) + 1)
    made = [Folder(number, address, INBOX, "", 1, 1, 1, ()) for number, address in in_order]
    tx.insert_many(folders, [{**folder.__dict__, "keywords": json.dumps(folder.keywords)} for folder in made])
    tx.insert_many(subscriptions, [{"address": folder.address, "name": folder.name} for folder in made])


def create(tx: Tx, address: str, name: str, special_use: str = "") -> Folder:
    """With its parents. Raises :class:`FolderExists`, :class:`BadFolderName`."""
    name = checked(name)
    if find(tx, address, name) is not None:
        raise FolderExists(name)
    for parent in _parents(name):
        if find(tx, address, parent) is None:
            _insert(tx, address, parent, "")
    return _insert(tx, address, name, special_use)


def rename(tx: Tx, address: str, old: str, new: str) -> None:
    """With the folders below it. Messages and UIDs stay; the UIDVALIDITY is the number's, so it stays too.

    INBOX is not renamed here: its messages are moved (RFC 3501 §6.3.5). Raises :class:`NoSuchFolder`,
    :class:`FolderExists`, :class:`BadFolderName`.
    """
    old, new = canonical(old), checked(new)
    if new.startswith(old + SEPARATOR):
        raise BadFolderName(f"{new} lies below {old}")
    every_name = {folder.name: folder for folder in every(tx, address)}
    moved = {name: new + name[len(old) :] for name in every_name if name == old or name.startswith(old + SEPARATOR)}
    if not moved:
        raise NoSuchFolder(old)
    taken = every_name.keys() & set(moved.values())
    if taken:
        raise FolderExists(sorted(taken)[0])
    for name, wanted in moved.items():
        tx.update(folders, {"name": checked(wanted)}, folder=every_name[name].folder)
    for parent in _parents(new):
        if find(tx, address, parent) is None:
            _insert(tx, address, parent, "")


def remove_row(tx: Tx, folder: Folder) -> None:
    """The row alone, for :func:`simulators.mssante.messages.delete_folder`. Raises :class:`BadFolderName` (INBOX)."""
    if folder.name == INBOX:
        raise BadFolderName("INBOX cannot be deleted")
    tx.delete(folders, folder=folder.folder)


def checked(name: str) -> str:
    """The canonical name. Raises :class:`BadFolderName`."""
    name = canonical(name.removesuffix(SEPARATOR))
    if not name or len(name) > NAME_LIMIT or any(not level for level in name.split(SEPARATOR)):
        raise BadFolderName(f"{name!r}: 1 to {NAME_LIMIT} characters, no empty level")
    if any(ord(sign) < 32 or ord(sign) == 127 or sign in "%*" or 0xD800 <= ord(sign) < 0xE000 for sign in name):
        raise BadFolderName(f"{name!r}: no control character, no wildcard")
    return name


def subscribe(tx: Tx, address: str, name: str) -> None:
    """A name need not exist (RFC 3501 §6.3.6). Raises :class:`BadFolderName`."""
    tx.add(subscriptions, address=normal(address), name=checked(name))


def unsubscribe(tx: Tx, address: str, name: str) -> None:
    """Whether or not it was subscribed."""
    tx.delete(subscriptions, address=normal(address), name=canonical(name))


def subscribed(tx: Tx, address: str) -> list[str]:
    """Subscribed names, in order."""
    return [row.name for row in tx.find(subscriptions, address=normal(address))]


# --- numbers


def take_uids(tx: Tx, folder: int, count: int) -> tuple[int, int]:
    """The first of ``count`` consecutive new UIDs, and the modification sequence of what is done with them.

    Raises :class:`NoSuchFolder`.
    """
    found = numbered(tx, folder)
    if found is None:
        raise NoSuchFolder(str(folder))
    tx.update(folders, {"uid_next": found.uid_next + count, "modseq": found.modseq + 1}, folder=folder)
    return found.uid_next, found.modseq + 1


def next_modseq(tx: Tx, folder: int) -> int:
    """Raises :class:`NoSuchFolder`."""
    return take_uids(tx, folder, 0)[1]


def told_recent(tx: Tx, folder: Folder) -> None:
    """Every message there is has now been told to a client as recent."""
    if folder.recent_from != folder.uid_next:
        tx.update(folders, {"recent_from": folder.uid_next}, folder=folder.folder)


def spelling(tx: Tx, folder: Folder, flags: Iterable[str]) -> frozenset[str]:
    """``flags`` as this folder spells them; keywords it did not know are added to it.

    Flags are compared without regard to case (RFC 9051 §2.3.2).
    """
    known = {flag.lower(): flag for flag in (*SYSTEM_FLAGS, *folder.keywords)}
    fresh: list[str] = []
    for flag in flags:
        if flag.lower() not in known:
            known[flag.lower()] = flag
            fresh.append(flag)
    if fresh:
        tx.update(folders, {"keywords": json.dumps([*folder.keywords, *sorted(fresh)])}, folder=folder.folder)
    return frozenset(known[flag.lower()] for flag in flags)


SYSTEM_FLAGS: Final[Sequence[str]] = ("\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft")


def _insert(tx: Tx, address: str, name: str, special_use: str) -> Folder:
    number = tx.counter("mssante-folders")
    folder = Folder(number, normal(address), name, special_use, 1, 1, 1, ())
    values = {**folder.__dict__, "keywords": json.dumps(folder.keywords)}
    tx.insert(folders, **values)
    return folder


def _parents(name: str) -> list[str]:
    levels = name.split(SEPARATOR)
    return [SEPARATOR.join(levels[:depth]) for depth in range(1, len(levels))]


def _read(row: Row[Any]) -> Folder:
    return Folder(
        row.folder,
        row.address,
        row.name,
        row.special_use,
        row.uid_next,
        row.recent_from,
        row.modseq,
        tuple(json.loads(row.keywords)),
    )
