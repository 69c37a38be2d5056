"""SELECT, EXAMINE, CHECK, CLOSE, UNSELECT.

Source: RFC 3501 §6.3.1, §6.3.2, §6.4.1, §6.4.2; RFC 3691 (UNSELECT), RFC 7162 §3.1.8 (CONDSTORE), §3.2.11 (CLOSED).
"""

from __future__ import annotations

from collections.abc import Iterator

from simulators.core.store.api import Tx
from simulators.mssante import folders, messages
from simulators.mssante.folders import SYSTEM_FLAGS, Folder
from simulators.mssante.imap import selected
from simulators.mssante.imap.commands.folders import one_name
from simulators.mssante.imap.errors import Bad
from simulators.mssante.imap.reader import Reader
from simulators.mssante.imap.selected import Selected
from simulators.mssante.imap.state import NeedsWrite, Perform, Reply, State
from simulators.mssante.imap.wire import flags_offered


def select(state: State, reader: Reader, uid: bool) -> Perform:
    """SELECT."""
    return _opening(reader, read_only=False)


def examine(state: State, reader: Reader, uid: bool) -> Perform:
    """EXAMINE."""
    return _opening(reader, read_only=True)


def check(state: State, reader: Reader, uid: bool) -> Perform:
    """CHECK: everything is in the store already."""
    return _nothing


def close(state: State, reader: Reader, uid: bool) -> Perform:
    """CLOSE: expunges without a word."""

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        view = state.folder
        if not view.read_only and folders.numbered(tx, view.number) is not None:
            messages.expunge_deleted(tx, view.number)
        state.leave()
        return Reply("closed")

    return perform


def unselect(state: State, reader: Reader, uid: bool) -> Perform:
    """UNSELECT."""

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        state.leave()
        return Reply("unselected")

    return perform


def _nothing(state: State, tx: Tx, may_write: bool) -> Reply:
    return Reply("done")


def _opening(reader: Reader, *, read_only: bool) -> Perform:
    name = one_name(reader)
    condstore = _condstore(reader)

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        closed = state.selected is not None
        state.leave()
        state.condstore = state.condstore or condstore
        folder = folders.get(tx, state.opened.address, name)
        if folder.recent_from != folder.uid_next and not read_only and not may_write:
            raise NeedsWrite
        view = selected.opened(tx, folder, read_only=read_only)
        state.selected = view
        first = [b"OK [CLOSED] the former folder is closed"] if closed else []
        lines = [*first, *_described(tx, folder, view)]
        return Reply(f"{name} is open", "READ-ONLY" if read_only else "READ-WRITE", lines)

    return perform


def _described(tx: Tx, folder: Folder, view: Selected) -> Iterator[bytes]:
    yield from flags_offered(view, SYSTEM_FLAGS)
    yield b"%d EXISTS" % len(view.uids)
    yield b"%d RECENT" % len(view.recent)
    unseen = messages.first_unseen(tx, folder.folder)
    if unseen is not None:
        yield b"OK [UNSEEN %d] first unseen" % (view.position(unseen) or 0)
    yield b"OK [UIDVALIDITY %d] UIDs valid" % folders.validity(tx, folder)
    yield b"OK [UIDNEXT %d] predicted next UID" % folder.uid_next
    yield b"OK [HIGHESTMODSEQ %d] highest" % folder.modseq


def _condstore(reader: Reader) -> bool:
    if not reader.take(b" "):
        return False
    words = reader.listed(reader.word)
    if words != ["CONDSTORE"]:
        raise Bad("unknown parameter of SELECT")
    return True
