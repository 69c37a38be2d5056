"""FETCH.

Source: RFC 3501 §6.4.5, §7.4.2; RFC 7162 §3.1.4. Messages leave one by one: the bytes of a large answer are read while
it is sent, each from the store by its SHA-256, so that an expunge meanwhile takes nothing away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulators.core.store.api import Tx
from simulators.mssante import messages
from simulators.mssante.imap.commands.changing import named
from simulators.mssante.imap.dates import internal_date
from simulators.mssante.imap.errors import Bad
from simulators.mssante.imap.items import Item, fetch_items
from simulators.mssante.imap.reader import Reader
from simulators.mssante.imap.state import NeedsWrite, Perform, Reply, State
from simulators.mssante.imap.wire import LARGE_LINE, Line, flag_list
from simulators.mssante.messages import Message
from simulators.mssante.mime.bodystructure import bodystructure
from simulators.mssante.mime.envelope import envelope
from simulators.mssante.mime.sections import Section, section_bytes

_UID, _FLAGS, _MODSEQ = Item(b"UID"), Item(b"FLAGS"), Item(b"MODSEQ")


def fetch(state: State, reader: Reader, uid: bool) -> Perform:
    """FETCH."""
    reader.space()
    wanted = reader.sequence_set()
    reader.space()
    items = fetch_items(reader)
    since = _changed_since(reader)
    if uid and _UID not in items:
        items = [_UID, *items]
    if since is not None and _MODSEQ not in items:
        items = [*items, _MODSEQ]

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        view = state.folder
        state.condstore = state.condstore or since is not None or _MODSEQ in items
        chosen = named(view, wanted, uid)
        found = [m for m in messages.some(tx, view.number, chosen) if since is None or m.modseq > since]
        if found and not may_write and any(_reads(item) for item in items):
            raise NeedsWrite
        missing = since is None and len(found) < len(chosen)
        seen = _seen(state, tx, found, items, may_write)
        lines = _lines(state, [seen.get(m.uid, m) for m in found], items, frozenset(seen))
        keys = _keys(state, tx, found[0]) if len(found) == 1 and may_write else ()
        return Reply("done", "EXPUNGEISSUED" if missing and not uid else "", lines, keys=keys)

    return perform


def _reads(item: Item) -> bool:
    """Whether the journal tells of it: the product takes a body or a part, from its beginning."""
    return item.section is not None and item.section.what in ("", "TEXT") and not item.offset


def _keys(state: State, tx: Tx, message: Message) -> tuple[str, ...]:
    """What correlates the reading of one message with its sending."""
    loaded = state.loaded(message, tx)
    found = [field.body(loaded.data) for field in loaded.structure.fields if field.name == b"message-id"]
    return tuple(f"message:{body.decode('utf-8', 'replace')}" for body in found[:1])


def _changed_since(reader: Reader) -> int | None:
    if not reader.take(b" "):
        return None
    reader.need(b"(")
    if reader.word() != "CHANGEDSINCE":
        raise Bad("unknown modifier of FETCH")
    reader.space()
    since = reader.number()
    reader.need(b")")
    return since


def _seen(state: State, tx: Tx, found: Sequence[Message], items: Sequence[Item], may_write: bool) -> dict[int, Message]:
    """The messages that this FETCH marks as read, as they are afterwards."""
    view = state.folder
    if view.read_only or all(item.peek for item in items):
        return {}
    unseen = [message.uid for message in found if "\\Seen" not in message.flags]
    if not unseen:
        return {}
    if not may_write:
        raise NeedsWrite
    after, _ = messages.set_flags(tx, view.number, unseen, "add", ["\\Seen"])
    view.told.update((message.uid, message.modseq) for message in after)
    return {message.uid: message for message in after}


def _lines(state: State, found: Sequence[Message], items: Sequence[Item], seen: frozenset[int]) -> Iterator[Line]:
    told = items if _FLAGS in items else [*items, _FLAGS]
    told = told if not state.condstore or _MODSEQ in told else [*told, _MODSEQ]
    for message in found:
        number = state.folder.position(message.uid)
        if number is not None:
            yield _line(state, number, message, told if message.uid in seen else items)


def _line(state: State, number: int, message: Message, items: Sequence[Item]) -> Line:
    """Whole if it is short; a client may ask ten times for a large body, which is in memory once."""
    pieces: list[bytes | memoryview] = [b"%d FETCH (" % number]
    sections: dict[Section, bytes] = {}
    for item in items:
        pieces.append(b"%b " % item.name)
        if item.section is None:
            pieces.append(_value(state, message, item.name))
        else:
            octets = _octets(state, message, item, sections)
            pieces += [b"{%d}\r\n" % len(octets), octets]
        pieces.append(b" ")
    pieces[-1] = b")"
    return pieces if sum(map(len, pieces)) > LARGE_LINE else b"".join(pieces)


def _value(state: State, message: Message, name: bytes) -> bytes:
    if name == b"UID":
        return b"%d" % message.uid
    if name == b"FLAGS":
        return flag_list(state.folder.flags_of(message))
    if name == b"INTERNALDATE":
        return internal_date(message.received)
    if name == b"RFC822.SIZE":
        return b"%d" % message.size
    if name == b"MODSEQ":
        return b"(%d)" % message.modseq
    loaded = state.loaded(message)
    if name == b"ENVELOPE":
        return envelope(loaded.data, loaded.structure.fields)
    return bodystructure(loaded.data, loaded.structure, extended=name == b"BODYSTRUCTURE")


def _octets(state: State, message: Message, item: Item, known: dict[Section, bytes]) -> memoryview:
    assert item.section is not None
    if item.section not in known:
        loaded = state.loaded(message)
        known[item.section] = section_bytes(loaded.data, loaded.structure, item.section)
    octets = memoryview(known[item.section])
    return octets if item.offset is None else octets[item.offset : item.offset + item.count]
