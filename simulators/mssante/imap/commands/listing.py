"""LIST, LSUB, STATUS, NAMESPACE.

Source: RFC 3501 §6.3.8 to §6.3.10; RFC 5258 (selection and return options), 5819 (STATUS in LIST), 6154, 2342, 8438.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from simulators.core.store.api import Tx
from simulators.mssante import folders, messages
from simulators.mssante.folders import SEPARATOR, Folder
from simulators.mssante.imap.commands.folders import one_name
from simulators.mssante.imap.errors import Bad
from simulators.mssante.imap.names import Pattern, decoded, encoded
from simulators.mssante.imap.reader import Reader
from simulators.mssante.imap.state import Perform, Reply, State
from simulators.mssante.mime.strings import quoted_or_literal

_SELECTIONS: Final = {"SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"}
_RETURNS: Final = {"SUBSCRIBED", "CHILDREN", "SPECIAL-USE", "STATUS"}
_STATUS: Final = {"MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "HIGHESTMODSEQ", "SIZE"}
_MOST_PATTERNS: Final = 20
_SEPARATOR: Final = SEPARATOR.encode()


@dataclass
class _Wanted:
    """What one LIST asks. ``status`` are the items of RETURN (STATUS (...))."""

    reference: str
    patterns: list[str]
    selections: set[str]
    returns: set[str]
    status: list[str]


def list_(state: State, reader: Reader, uid: bool) -> Perform:
    """LIST, plain or extended."""
    wanted = _wanted(reader)

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        if wanted.patterns == [""]:
            return Reply("done", lines=[b'LIST (\\Noselect) "%b" ""' % _SEPARATOR])
        return Reply("done", lines=list(_listed(tx, state.opened.address, wanted)))

    return perform


def lsub(state: State, reader: Reader, uid: bool) -> Perform:
    """LSUB."""
    reference = one_name(reader)
    reader.space()
    pattern = Pattern(reference, decoded(reader.pattern()))

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        names = folders.subscribed(tx, state.opened.address)
        shown = [name for name in names if pattern.matches(name)]
        return Reply("done", lines=[b'LSUB () "%b" %b' % (_SEPARATOR, _name(name)) for name in shown])

    return perform


def status(state: State, reader: Reader, uid: bool) -> Perform:
    """STATUS."""
    name = one_name(reader)
    reader.space()
    items = _status_items(reader)

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        return Reply("done", lines=[status_line(tx, folders.get(tx, state.opened.address, name), items)])

    return perform


def namespace(state: State, reader: Reader, uid: bool) -> Perform:
    """NAMESPACE: one personal space, nothing shared."""

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        return Reply("done", lines=[b'NAMESPACE (("" "%b")) NIL NIL' % _SEPARATOR])

    return perform


def status_line(tx: Tx, folder: Folder, items: list[str]) -> bytes:
    """One STATUS response."""
    counts = messages.counts(tx, folder.folder)
    values = {
        "MESSAGES": counts.messages,
        "RECENT": folder.uid_next - folder.recent_from,
        "UIDNEXT": folder.uid_next,
        "UIDVALIDITY": folders.validity(tx, folder),
        "UNSEEN": counts.unseen,
        "HIGHESTMODSEQ": folder.modseq,
        "SIZE": counts.size,
    }
    pairs = " ".join(f"{item} {values[item]}" for item in items)
    return b"STATUS %b (%b)" % (_name(folder.name), pairs.encode())


# --- what LIST shows


def _listed(tx: Tx, address: str, wanted: _Wanted) -> Iterator[bytes]:
    there = {folder.name: folder for folder in folders.every(tx, address)}
    subscribed = set(folders.subscribed(tx, address))
    patterns = [Pattern(wanted.reference, pattern) for pattern in wanted.patterns]
    named = sorted({*there, *_parents(there), *(subscribed if "SUBSCRIBED" in wanted.selections else ())})
    for name in named:
        folder = there.get(name)
        if not any(pattern.matches(name) for pattern in patterns) or not _selected(wanted, name, folder, subscribed):
            continue
        attributes = _attributes(name, folder, there, wanted, subscribed)
        yield b'LIST (%b) "%b" %b' % (" ".join(attributes).encode(), _SEPARATOR, _name(name))
        if wanted.status and folder is not None:
            yield status_line(tx, folder, wanted.status)


def _selected(wanted: _Wanted, name: str, folder: Folder | None, subscribed: set[str]) -> bool:
    if "SUBSCRIBED" in wanted.selections and name not in subscribed:
        return False
    return "SPECIAL-USE" not in wanted.selections or (folder is not None and bool(folder.special_use))


def _attributes(
    name: str, folder: Folder | None, there: dict[str, Folder], wanted: _Wanted, subscribed: set[str]
) -> list[str]:
    found = [] if folder is not None else ["\\NonExistent", "\\Noselect"]
    below = any(other.startswith(name + SEPARATOR) for other in there)
    found.append("\\HasChildren" if below else "\\HasNoChildren")
    if folder is not None and folder.special_use:
        found.append(folder.special_use)
    if name in subscribed and "SUBSCRIBED" in wanted.selections | wanted.returns:
        found.append("\\Subscribed")
    return found


def _parents(there: dict[str, Folder]) -> set[str]:
    """Levels that exist only as parents: their folder was deleted."""
    levels = [name.split(SEPARATOR) for name in there]
    return {SEPARATOR.join(level[:depth]) for level in levels for depth in range(1, len(level))}


def _name(name: str) -> bytes:
    return quoted_or_literal(encoded(name))


# --- arguments


def _wanted(reader: Reader) -> _Wanted:
    reader.space()
    selections = set(reader.listed(reader.word)) if reader.sees(b"(") else set()
    if selections:
        _known(selections, _SELECTIONS)
        reader.space()
    reference = decoded(reader.astring())
    reader.space()
    patterns = reader.listed(reader.pattern, most=_MOST_PATTERNS) if reader.sees(b"(") else [reader.pattern()]
    wanted = _Wanted(reference, [decoded(pattern) for pattern in patterns], selections, set(), [])
    if reader.take(b" "):
        if reader.word() != "RETURN":
            raise Bad("expected RETURN")
        reader.space()
        reader.listed(lambda: _return(reader, wanted))
    return wanted


def _return(reader: Reader, wanted: _Wanted) -> None:
    option = reader.word()
    _known({option}, _RETURNS)
    wanted.returns.add(option)
    if option == "STATUS":
        reader.space()
        wanted.status = _status_items(reader)


def _status_items(reader: Reader) -> list[str]:
    items = reader.listed(reader.word)
    _known(set(items), _STATUS)
    return list(dict.fromkeys(items))


def _known(words: set[str], known: set[str]) -> None:
    strange = sorted(words - known)
    if strange:
        raise Bad(f"unknown option {strange[0][:30]}")
