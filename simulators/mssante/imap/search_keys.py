"""Search keys, read into functions of one candidate message.

Source: RFC 3501 §6.4.4: dates disregard time and zone, strings match anywhere without regard to case; texts are
compared decoded (RFC 2047, transfer encodings).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from simulators.core.store.api import Tx
from simulators.mssante.imap import dates
from simulators.mssante.imap.errors import Bad
from simulators.mssante.imap.reader import Reader
from simulators.mssante.imap.state import Loaded, State
from simulators.mssante.messages import Message
from simulators.mssante.mime import texts

DEEPEST: Final = 50
MOST_KEYS: Final = 1_000


@dataclass
class Candidate:
    """One message of the open folder; its bytes are read when a key asks."""

    state: State
    tx: Tx
    message: Message
    number: int

    @property
    def loaded(self) -> Loaded:
        return self.state.loaded(self.message, self.tx)


Key = Callable[[Candidate], bool]

_FLAGS: Final = {
    "ANSWERED": ("\\Answered", True),
    "DELETED": ("\\Deleted", True),
    "DRAFT": ("\\Draft", True),
    "FLAGGED": ("\\Flagged", True),
    "SEEN": ("\\Seen", True),
    "UNANSWERED": ("\\Answered", False),
    "UNDELETED": ("\\Deleted", False),
    "UNDRAFT": ("\\Draft", False),
    "UNFLAGGED": ("\\Flagged", False),
    "UNSEEN": ("\\Seen", False),
}
_HEADERS: Final = {"BCC", "CC", "FROM", "SUBJECT", "TO"}


class _Program:
    """Reads keys one after the other; their number and depth are bounded."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._count = 0
        self.by_modseq = False

    def keys(self, end: bytes = b"", depth: int = 0) -> Key:
        """Keys joined by AND, up to ``end`` or the end of the command."""
        found = [self._key(depth)]
        while self._reader.take(b" "):
            found.append(self._key(depth))
        if end:
            self._reader.need(end)
        return lambda candidate: all(key(candidate) for key in found)

    def _key(self, depth: int) -> Key:
        self._count += 1
        if self._count > MOST_KEYS or depth > DEEPEST:
            raise Bad("search too long or too deep")
        reader = self._reader
        if reader.take(b"("):
            return self.keys(b")", depth + 1)
        if reader.at_digit() or reader.sees(b"*"):
            wanted = reader.sequence_set()
            return lambda c: bool(wanted.holds(c.number, len(c.state.folder.uids)))
        return self._named(reader.word(), depth)

    def _named(self, name: str, depth: int) -> Key:
        if name in _FLAGS:
            flag, there = _FLAGS[name]
            return lambda c: (flag in c.message.flags) is there
        if name == "NOT":
            inner = self._next(depth)
            return lambda c: not inner(c)
        if name == "OR":
            one, other = self._next(depth), self._next(depth)
            return lambda c: one(c) or other(c)
        if name in _RECENCY:
            return _RECENCY[name]
        return self._with_argument(name)

    def _next(self, depth: int) -> Key:
        self._reader.space()
        return self._key(depth + 1)

    def _with_argument(self, name: str) -> Key:
        self._reader.space()
        if name in _HEADERS:
            return _header(name.lower().encode(), self._text())
        if name == "HEADER":
            field = self._reader.astring().lower()
            self._reader.space()
            return _header(field, self._text())
        if name in ("KEYWORD", "UNKEYWORD"):
            flag = self._reader.flag().lower()
            return lambda c: (flag in {known.lower() for known in c.message.flags}) is (name == "KEYWORD")
        if name in _SIZES:
            return _SIZES[name](self._reader.number())
        if name in _DATES:
            return _DATES[name](dates.day(self._reader.astring()))
        return self._rare(name)

    def _rare(self, name: str) -> Key:
        reader = self._reader
        if name == "UID":
            wanted = reader.sequence_set()
            return lambda c: wanted.holds(c.message.uid, c.state.folder.uids[-1])
        if name == "BODY":
            text = self._text()
            return lambda c: text in texts.body_text(c.loaded.data, c.loaded.structure)
        if name == "TEXT":
            text = self._text()
            return lambda c: text in texts.whole_text(c.loaded.data, c.loaded.structure)
        if name == "MODSEQ":
            self.by_modseq = True
            if reader.sees(b'"'):
                for _ in range(2):
                    reader.astring()
                    reader.space()
            least = reader.number()
            return lambda c: c.message.modseq >= least
        raise Bad(f"unknown search key {name[:30]}")

    def _text(self) -> str:
        return texts.folded(self._reader.astring().decode("utf-8", "replace"))


def search_program(reader: Reader) -> tuple[Key, bool]:
    """The keys up to the end, and whether MODSEQ is one of them. Raises :class:`Bad`."""
    program = _Program(reader)
    return program.keys(), program.by_modseq


def _header(name: bytes, text: str) -> Key:
    def key(candidate: Candidate) -> bool:
        found = texts.header_texts(candidate.loaded.data, candidate.loaded.structure, name)
        return any(text in value for value in found)

    return key


def _received(candidate: Candidate) -> date:
    return candidate.message.received.date()


def _sent(candidate: Candidate) -> date | None:
    return texts.sent_on(candidate.loaded.data, candidate.loaded.structure)


def _sent_key(compare: Callable[[date, date], bool]) -> Callable[[date], Key]:
    def made(day: date) -> Key:
        def key(candidate: Candidate) -> bool:
            sent = _sent(candidate)
            return sent is not None and compare(sent, day)

        return key

    return made


_RECENCY: Final[dict[str, Key]] = {
    "ALL": lambda c: True,
    "RECENT": lambda c: c.message.uid in c.state.folder.recent,
    "OLD": lambda c: c.message.uid not in c.state.folder.recent,
    "NEW": lambda c: c.message.uid in c.state.folder.recent and "\\Seen" not in c.message.flags,
}
_SIZES: Final[dict[str, Callable[[int], Key]]] = {
    "LARGER": lambda size: lambda c: c.message.size > size,
    "SMALLER": lambda size: lambda c: c.message.size < size,
}
_DATES: Final[dict[str, Callable[[date], Key]]] = {
    "BEFORE": lambda day: lambda c: _received(c) < day,
    "ON": lambda day: lambda c: _received(c) == day,
    "SINCE": lambda day: lambda c: _received(c) >= day,
    "SENTBEFORE": _sent_key(lambda sent, day: sent < day),
    "SENTON": _sent_key(lambda sent, day: sent == day),
    "SENTSINCE": _sent_key(lambda sent, day: sent >= day),
}
