"""Messages of a folder: bytes as they came, flags, and what a client must be told afterwards.

Source: RFC 3501 §2.3, RFC 4315 (COPYUID), RFC 6851 (MOVE), RFC 7162 (CONDSTORE). An expunged message leaves a row
behind, so that a session of any process can tell its client.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final, Literal

from sqlalchemy import BigInteger, Column, Index, Integer, Row, Select, Text, func

from simulators.core.clock import from_us, to_us
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.mssante import folders as store_folders
from simulators.mssante import mailboxes
from simulators.mssante.folders import Folder, NoSuchFolder

_CHUNK: Final = 500  # bound variables of one statement: SQLite's oldest limit is 999

messages: Final = world_table(
    "mssante_messages",
    Column("folder", BigInteger),
    Column("uid", BigInteger),
    Column("received_us", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("flags", Text, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("deleted", Integer, nullable=False),
    Column("modseq", BigInteger, nullable=False),
    key=("folder", "uid"),
)
Index("mssante_messages_modseq", messages.c.world, messages.c.folder, messages.c.modseq)

expunged: Final = world_table(
    "mssante_expunged",
    Column("folder", BigInteger),
    Column("uid", BigInteger),
    Column("modseq", BigInteger, nullable=False),
    key=("folder", "uid"),
)
Index("mssante_expunged_modseq", expunged.c.world, expunged.c.folder, expunged.c.modseq)


@dataclass(frozen=True)
class Message:
    """One message; its bytes are :func:`content`. ``received`` is the internal date, on wire time."""

    folder: int
    uid: int
    received: datetime
    size: int
    sha256: str
    flags: frozenset[str]
    modseq: int


@dataclass(frozen=True)
class Counts:
    """Sums over a folder, in messages and bytes."""

    messages: int
    unseen: int
    deleted: int
    size: int


# --- reading


def uids(tx: Tx, folder: int) -> tuple[int, ...]:
    """All UIDs, ascending."""
    statement = tx.select(messages, messages.c.uid).where(messages.c.folder == folder).order_by(messages.c.uid)
    return tuple(row.uid for row in tx.rows(statement))


def listing(tx: Tx, folder: int) -> list[Message]:
    """All messages, by UID."""
    return [_read(row) for row in tx.rows(_of(tx, folder))]


def some(tx: Tx, folder: int, wanted: Collection[int]) -> list[Message]:
    """The messages with these UIDs that exist, by UID."""
    found: list[Message] = []
    for chunk in _chunks(sorted(wanted)):
        found += [_read(row) for row in tx.rows(_of(tx, folder).where(messages.c.uid.in_(chunk)))]
    return found


def get(tx: Tx, folder: int, uid: int) -> Message | None:
    """One message."""
    row = tx.get(messages, folder=folder, uid=uid)
    return None if row is None else _read(row)


def content(tx: Tx, message: Message) -> bytes:
    """The bytes, as they were stored."""
    return tx.blob_bytes(message.sha256)


def counts(tx: Tx, folder: int) -> Counts:
    """For STATUS."""
    c = messages.c
    sums = (func.count(), func.sum(1 - c.seen), func.sum(c.deleted), func.sum(c.size))
    row = tx.first(tx.select(messages, *sums).where(c.folder == folder))
    total, unseen, deleted, size = (int(value or 0) for value in (row or (0, 0, 0, 0)))
    return Counts(total, unseen, deleted, size)


def first_unseen(tx: Tx, folder: int) -> int | None:
    """The lowest UID without ``\\Seen``."""
    statement = tx.select(messages, func.min(messages.c.uid)).where(messages.c.folder == folder, messages.c.seen == 0)
    row = tx.first(statement)
    return None if row is None or row[0] is None else int(row[0])


def changed_since(tx: Tx, folder: int, modseq: int) -> list[Message]:
    """Messages new or reflagged after ``modseq``, by UID."""
    return [_read(row) for row in tx.rows(_of(tx, folder).where(messages.c.modseq > modseq))]


def expunged_since(tx: Tx, folder: int, modseq: int) -> list[int]:
    """UIDs expunged after ``modseq``, ascending."""
    c = expunged.c
    statement = tx.select(expunged, c.uid).where(c.folder == folder, c.modseq > modseq).order_by(c.uid)
    return [row.uid for row in tx.rows(statement)]


# --- writing


def append(tx: Tx, folder: int, data: bytes, *, received: datetime, flags: Iterable[str] = ()) -> int:
    """Stores a message and returns its UID. Raises ``NoSuchFolder``, ``OverQuota``."""
    found = _folder(tx, folder)
    mailboxes.grow(tx, found.address, len(data))
    spelt = store_folders.spelling(tx, found, flags)
    uid, modseq = store_folders.take_uids(tx, folder, 1)
    row = _row(folder, uid, to_us(received), len(data), tx.blob(data), spelt, modseq)
    tx.insert(messages, **row)
    store_folders.announce(tx, folder)
    return uid


def set_flags(
    tx: Tx,
    folder: int,
    wanted: Collection[int],
    how: Literal["set", "add", "remove"],
    flags: Iterable[str],
    unchanged_since: int | None = None,
) -> tuple[list[Message], list[int]]:
    """Changes flags of the messages that exist; the messages as they are afterwards, and the UIDs left alone because
    they changed after ``unchanged_since``. A message whose flags stay the same keeps its modification sequence."""
    spelt = store_folders.spelling(tx, _folder(tx, folder), flags)
    kept: list[int] = []
    after: list[Message] = []
    modseq = 0
    for message in some(tx, folder, wanted):
        if unchanged_since is not None and message.modseq > unchanged_since:
            kept.append(message.uid)
            continue
        new = {"set": spelt, "add": message.flags | spelt, "remove": message.flags - spelt}[how]
        if new != message.flags:
            modseq = modseq or store_folders.next_modseq(tx, folder)
            tx.update(messages, _flag_columns(new, modseq), folder=folder, uid=message.uid)
            message = Message(**{**message.__dict__, "flags": new, "modseq": modseq})
        after.append(message)
    if modseq:
        store_folders.announce(tx, folder)
    return after, kept


def expunge(tx: Tx, folder: int, wanted: Collection[int]) -> list[int]:
    """Removes the messages that exist among ``wanted``; their UIDs, ascending."""
    gone = some(tx, folder, wanted)
    if not gone:
        return []
    modseq = store_folders.next_modseq(tx, folder)
    _remove(tx, _folder(tx, folder), gone)
    tx.insert_many(expunged, [{"folder": folder, "uid": message.uid, "modseq": modseq} for message in gone])
    store_folders.announce(tx, folder)
    return [message.uid for message in gone]


def expunge_deleted(tx: Tx, folder: int, among: Collection[int] | None = None) -> list[int]:
    """Expunges what is marked ``\\Deleted`` (UID EXPUNGE: among these UIDs, RFC 4315 §2.1); the UIDs, ascending."""
    statement = tx.select(messages, messages.c.uid).where(messages.c.folder == folder, messages.c.deleted == 1)
    marked = [row.uid for row in tx.rows(statement)]
    return expunge(tx, folder, marked if among is None else set(marked) & set(among))


def copy(tx: Tx, source: int, wanted: Collection[int], target: int) -> list[tuple[int, int]]:
    """Copies with flags and internal date; (UID, new UID) in order. Raises ``NoSuchFolder``, ``OverQuota``."""
    found = some(tx, source, wanted)
    to = _folder(tx, target)
    if not found:
        return []
    mailboxes.grow(tx, to.address, sum(message.size for message in found))
    spelt = store_folders.spelling(tx, to, {flag for message in found for flag in message.flags})
    spell = {flag.lower(): flag for flag in spelt}
    first, modseq = store_folders.take_uids(tx, target, len(found))
    pairs = [(message, first + position) for position, message in enumerate(found)]
    tx.insert_many(
        messages,
        [
            _row(
                target,
                uid,
                to_us(message.received),
                message.size,
                message.sha256,
                frozenset(spell[flag.lower()] for flag in message.flags),
                modseq,
            )
            for message, uid in pairs
        ],
    )
    store_folders.announce(tx, target)
    return [(message.uid, uid) for message, uid in pairs]


def move(tx: Tx, source: int, wanted: Collection[int], target: int) -> list[tuple[int, int]]:
    """As :func:`copy`, then expunges the originals; a full mailbox does not forbid moving inside it."""
    found = some(tx, source, wanted)
    address = _folder(tx, source).address
    freed = sum(message.size for message in found)
    same = address == _folder(tx, target).address
    if same:
        mailboxes.grow(tx, address, -freed)
    pairs = copy(tx, source, [message.uid for message in found], target)
    if same:
        mailboxes.grow(tx, address, 0)
    expunge(tx, source, [uid for uid, _ in pairs])
    if same:
        _recount(tx, address, freed)
    return pairs


def delete_folder(tx: Tx, folder: Folder) -> None:
    """The folder with its messages. Raises ``BadFolderName`` (INBOX)."""
    store_folders.remove_row(tx, folder)
    _remove(tx, folder, listing(tx, folder.folder))
    tx.delete(expunged, folder=folder.folder)
    store_folders.announce(tx, folder.folder)


# --- below


def _recount(tx: Tx, address: str, freed: int) -> None:
    """Expunging counted the originals out a second time."""
    tx.update(
        mailboxes.mailboxes,
        {"used_bytes": mailboxes.get(tx, address).used_bytes + freed},
        address=mailboxes.normal(address),
    )


def _folder(tx: Tx, folder: int) -> Folder:
    found = store_folders.numbered(tx, folder)
    if found is None:
        raise NoSuchFolder(str(folder))
    return found


def _remove(tx: Tx, folder: Folder, gone: Sequence[Message]) -> None:
    for message in gone:
        tx.delete(messages, folder=folder.folder, uid=message.uid)
    mailboxes.grow(tx, folder.address, -sum(message.size for message in gone))


def _of(tx: Tx, folder: int) -> Select[Any]:
    return tx.select(messages).where(messages.c.folder == folder).order_by(messages.c.uid)


def _chunks(values: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(values)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _flag_columns(flags: frozenset[str], modseq: int) -> dict[str, Any]:
    return {
        "flags": " ".join(sorted(flags)),
        "seen": int("\\Seen" in flags),
        "deleted": int("\\Deleted" in flags),
        "modseq": modseq,
    }


def _row(
    folder: int, uid: int, received_us: int, size: int, sha256: str, flags: frozenset[str], modseq: int
) -> dict[str, Any]:
    fixed = {"folder": folder, "uid": uid, "received_us": received_us, "size": size, "sha256": sha256}
    return {**fixed, **_flag_columns(flags, modseq)}


def _read(row: Row[Any]) -> Message:
    flags = frozenset(row.flags.split())
    return Message(row.folder, row.uid, from_us(row.received_us), row.size, row.sha256, flags, row.modseq)
