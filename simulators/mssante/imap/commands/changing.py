"""STORE, COPY, MOVE, EXPUNGE.

Source: RFC 3501 §6.4.3, §6.4.6, §6.4.7; RFC 4315 (UIDPLUS), 6851 (MOVE), 7162 §3.1.3 (UNCHANGEDSINCE). What was
expunged is told by the news that follow every command.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Final, Literal

from simulators.core.store.api import Tx
from simulators.mssante import folders, messages
from simulators.mssante.folders import SYSTEM_FLAGS, Folder
from simulators.mssante.imap.commands.folders import one_name
from simulators.mssante.imap.errors import Bad, No
from simulators.mssante.imap.reader import Reader
from simulators.mssante.imap.selected import Selected
from simulators.mssante.imap.sequence import SequenceSet, compact
from simulators.mssante.imap.state import Perform, Reply, State
from simulators.mssante.imap.wire import fetched_flags
from simulators.mssante.messages import Message

_MOST_KEYWORDS: Final = 200
_HOW: Final[dict[str, Literal["set", "add", "remove"]]] = {"": "set", "+": "add", "-": "remove"}
_Carry = Callable[[Tx, int, Collection[int], int], list[tuple[int, int]]]


def store(state: State, reader: Reader, uid: bool) -> Perform:
    """STORE."""
    reader.space()
    wanted = reader.sequence_set()
    reader.space()
    since = _unchanged_since(reader)
    sign = "+" if reader.take(b"+") else "-" if reader.take(b"-") else ""
    name, _, silent = reader.item_name().partition(".")
    if name != "FLAGS" or silent not in ("", "SILENT"):
        raise Bad("STORE changes FLAGS")
    reader.space()
    flags = settable(reader.flags())

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        view = writable(state)
        chosen = named(view, wanted, uid)
        state.condstore = state.condstore or since is not None
        _room_for(tx, view, flags)
        after, kept = messages.set_flags(tx, view.number, chosen, _HOW[sign], flags, since)
        view.told.update((message.uid, message.modseq) for message in after)
        lines = list(_told(state, view, after, uid=uid, silent=bool(silent)))
        refused = [known for known in (kept if uid else map(view.position, kept)) if known is not None]
        gone = len(after) + len(kept) < len(chosen) and not uid
        code = f"MODIFIED {compact(refused)}" if refused else "EXPUNGEISSUED" if gone else ""
        return Reply("stored", code, lines)

    return perform


def copy(state: State, reader: Reader, uid: bool) -> Perform:
    """COPY."""
    wanted, name = _set_and_name(reader)

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        target, pairs = _carried(state, tx, messages.copy, named(state.folder, wanted, uid), name)
        return Reply("copied", _copyuid(tx, target, pairs))

    return perform


def move(state: State, reader: Reader, uid: bool) -> Perform:
    """MOVE."""
    wanted, name = _set_and_name(reader)

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        chosen = named(writable(state), wanted, uid)
        target, pairs = _carried(state, tx, messages.move, chosen, name)
        code = _copyuid(tx, target, pairs)
        return Reply("moved", lines=[f"OK [{code}] moved".encode()] if code else [])

    return perform


def expunge(state: State, reader: Reader, uid: bool) -> Perform:
    """EXPUNGE; UID EXPUNGE among the UIDs named."""
    wanted = None
    if uid:
        reader.space()
        wanted = reader.sequence_set()

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        view = writable(state)
        messages.expunge_deleted(tx, view.number, None if wanted is None else wanted.among(view.uids))
        return Reply("expunged")

    return perform


def named(view: Selected, wanted: SequenceSet, uid: bool) -> list[int]:
    """The UIDs meant. Raises :class:`Bad` for a message number that is not there."""
    if uid:
        return wanted.among(view.uids)
    return [view.uids[number - 1] for number in wanted.within(len(view.uids))]


def writable(state: State) -> Selected:
    """The open folder. Raises :class:`No` when it is read-only."""
    if state.folder.read_only:
        raise No("the folder was opened by EXAMINE", "READ-ONLY")
    return state.folder


def settable(flags: list[str]) -> list[str]:
    """``flags`` if a client may set them. Raises :class:`Bad`."""
    system = {flag.lower() for flag in SYSTEM_FLAGS}
    for flag in flags:
        if flag.startswith("\\") and flag.lower() not in system:
            raise Bad(f"{flag[:30]} is no flag a client may set")
    return flags


def _room_for(tx: Tx, view: Selected, flags: list[str]) -> None:
    folder = folders.numbered(tx, view.number)
    if folder is not None and len({*folder.keywords, *flags}) > _MOST_KEYWORDS:
        raise No(f"a folder knows {_MOST_KEYWORDS} keywords", "LIMIT")


def _told(state: State, view: Selected, after: list[Message], *, uid: bool, silent: bool) -> Iterator[bytes]:
    for message in after:
        if not silent:
            yield fetched_flags(view, message, uid=uid, modseq=state.condstore)
        elif state.condstore:
            pairs = b"UID %d MODSEQ (%d)" % (message.uid, message.modseq)
            yield b"%d FETCH (%b)" % (view.position(message.uid) or 0, pairs)


def _unchanged_since(reader: Reader) -> int | None:
    if not reader.take(b"("):
        return None
    if reader.word() != "UNCHANGEDSINCE":
        raise Bad("unknown modifier of STORE")
    reader.space()
    since = reader.number()
    reader.need(b")")
    reader.space()
    return since


def _set_and_name(reader: Reader) -> tuple[SequenceSet, str]:
    reader.space()
    wanted = reader.sequence_set()
    return wanted, one_name(reader)


def _carried(state: State, tx: Tx, carry: _Carry, chosen: list[int], name: str) -> tuple[Folder, list[tuple[int, int]]]:
    target = folders.find(tx, state.opened.address, name)
    if target is None:
        raise No(f"no folder {name[:100]}: create it first", "TRYCREATE")
    return target, carry(tx, state.folder.number, chosen, target.folder)


def _copyuid(tx: Tx, target: Folder, pairs: list[tuple[int, int]]) -> str:
    if not pairs:
        return ""
    before, after = zip(*pairs, strict=True)
    return f"COPYUID {folders.validity(tx, target)} {compact(before)} {compact(after)}"
