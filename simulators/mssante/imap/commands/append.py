"""APPEND: a client stores a message, its Sent copy most often.

Source: RFC 3501 §6.3.11; RFC 4315 §3 (APPENDUID), RFC 7889 (the limit), RFC 9208 §4.3 (OVERQUOTA).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from simulators.core.listeners.session import LiteralOffered
from simulators.core.store.api import Tx
from simulators.core.world import load
from simulators.mssante import folders, mailboxes, messages
from simulators.mssante.folders import Folder
from simulators.mssante.imap.commands.changing import settable
from simulators.mssante.imap.commands.folders import one_name
from simulators.mssante.imap.dates import date_time
from simulators.mssante.imap.errors import Bad, No
from simulators.mssante.imap.reader import Reader
from simulators.mssante.imap.runner import same_life
from simulators.mssante.imap.state import Perform, Reply, State

_LITERAL: Final = re.compile(rb"\{([0-9]{1,10})\+?\}\r\n")


@dataclass(frozen=True)
class _Head:
    """What precedes the message."""

    folder: str
    flags: list[str]
    received: datetime | None


def append(state: State, reader: Reader, uid: bool) -> Perform:
    """APPEND of one message."""
    head = _head(reader)
    data = reader.literal()

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        folder = _target(state, tx, head.folder, len(data))
        received = head.received or load(tx).wire(state.house.runtime.now())
        uid = messages.append(tx, folder.folder, data, received=received, flags=head.flags)
        return Reply("stored", f"APPENDUID {folders.validity(tx, folder)} {uid}")

    return perform


def foreseen(state: State, offer: LiteralOffered) -> None:
    """Raises what APPEND would raise, before the octets travel; other commands take no large literal at all."""
    reader = Reader(_parts(offer.so_far))
    reader.tag()
    reader.space()
    if reader.word() != "APPEND":
        raise Bad("a literal of that size belongs to APPEND alone")
    access = state.opened
    head = _head(reader)
    with state.house.runtime.store.read(access.world) as tx:
        same_life(state, tx)
        _target(state, tx, head.folder, offer.size)


def _head(reader: Reader) -> _Head:
    name = one_name(reader)
    reader.space()
    flags: list[str] = []
    if reader.sees(b"("):
        flags = settable(reader.listed(reader.flag))
        reader.space()
    received = None
    if reader.sees(b'"'):
        received = date_time(reader.string())
        reader.space()
    return _Head(name, flags, received)


def _target(state: State, tx: Tx, name: str, size: int) -> Folder:
    """Raises :class:`No`."""
    if size > state.house.largest:
        raise No(f"a message has at most {state.house.largest} octets", "TOOBIG")
    if size == 0:
        raise No("an empty message: APPEND was given up", "CANNOT")
    folder = folders.find(tx, state.opened.address, name)
    if folder is None:
        raise No(f"no folder {name[:100]}: create it first", "TRYCREATE")
    mailbox = mailboxes.get(tx, state.opened.address)
    if mailbox.quota_bytes is not None and mailbox.used_bytes + size > mailbox.quota_bytes:
        raise No(f"{mailbox.quota_bytes} octets are the quota of this mailbox", "OVERQUOTA")
    return folder


def _parts(so_far: bytes) -> tuple[bytes, ...]:
    """The text and literals of a command that is not complete yet."""
    parts: list[bytes] = []
    at = 0
    while (found := _LITERAL.search(so_far, at)) is not None:
        stop = found.end() + int(found[1])
        parts += [so_far[at : found.end() - 2], so_far[found.end() : stop]]
        at = stop
    return (*parts, so_far[at:])
