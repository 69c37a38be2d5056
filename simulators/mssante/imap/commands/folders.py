"""CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE.

Source: RFC 3501 §6.3.3 to §6.3.7; RFC 6154 §3 (a folder created for a special use).
"""

from __future__ import annotations

from simulators.core.store.api import Tx
from simulators.mssante import folders, messages
from simulators.mssante.folders import INBOX, SEPARATOR
from simulators.mssante.imap.errors import Bad, No
from simulators.mssante.imap.names import decoded
from simulators.mssante.imap.reader import Reader
from simulators.mssante.imap.state import Perform, Reply, State

MOST_FOLDERS = 1_000
_USES = {"\\archive", "\\drafts", "\\flagged", "\\junk", "\\sent", "\\trash"}


def one_name(reader: Reader) -> str:
    """The next argument as a folder name."""
    reader.space()
    return decoded(reader.astring())


def create(state: State, reader: Reader, uid: bool) -> Perform:
    """CREATE, with ``(USE (\\Sent))`` or without."""
    name, use = one_name(reader), _use(reader)

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        if len(folders.every(tx, state.opened.address)) >= MOST_FOLDERS:
            raise No(f"a mailbox holds {MOST_FOLDERS} folders", "LIMIT")
        if name.endswith(SEPARATOR) and folders.find(tx, state.opened.address, name.removesuffix(SEPARATOR)):
            return Reply("exists already")
        folders.create(tx, state.opened.address, name, use)
        return Reply("created")

    return perform


def delete(state: State, reader: Reader, uid: bool) -> Perform:
    """DELETE, with its messages; folders below it stay."""
    name = one_name(reader)

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        folder = folders.get(tx, state.opened.address, name)
        messages.delete_folder(tx, folder)
        if state.selected is not None and state.selected.number == folder.folder:
            state.selected = None
        return Reply("deleted")

    return perform


def rename(state: State, reader: Reader, uid: bool) -> Perform:
    """RENAME; of INBOX it moves the messages into a new folder."""
    old, new = one_name(reader), one_name(reader)

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        address = state.opened.address
        if folders.canonical(old) != INBOX:
            folders.rename(tx, address, old, new)
            return Reply("renamed")
        inbox, target = folders.get(tx, address, INBOX), folders.create(tx, address, new)
        messages.move(tx, inbox.folder, messages.uids(tx, inbox.folder), target.folder)
        return Reply("the messages of INBOX were moved")

    return perform


def subscribe(state: State, reader: Reader, uid: bool) -> Perform:
    """SUBSCRIBE; the folder need not exist."""
    name = one_name(reader)

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        if len(folders.subscribed(tx, state.opened.address)) >= MOST_FOLDERS:
            raise No(f"a mailbox holds {MOST_FOLDERS} subscriptions", "LIMIT")
        folders.subscribe(tx, state.opened.address, name)
        return Reply("subscribed")

    return perform


def unsubscribe(state: State, reader: Reader, uid: bool) -> Perform:
    """UNSUBSCRIBE."""
    name = one_name(reader)

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        folders.unsubscribe(tx, state.opened.address, name)
        return Reply("unsubscribed")

    return perform


def _use(reader: Reader) -> str:
    if not reader.take(b" "):
        return ""
    reader.need(b"(")
    if reader.word() != "USE":
        raise Bad("expected USE")
    reader.space()
    uses = reader.listed(reader.flag)
    reader.need(b")")
    if len(uses) != 1 or uses[0].lower() not in _USES:
        raise No("one special use, of RFC 6154", "USEATTR")
    return f"\\{uses[0][1:].capitalize()}"
