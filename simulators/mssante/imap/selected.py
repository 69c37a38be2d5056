"""The folder a session has open, as its client knows it.

Source: RFC 3501 §7.4.1 (message numbers only change when the client is told), §5.2 (untagged updates), RFC 7162. What
other sessions and processes do reaches the client by :meth:`Selected.news`, from the rows alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from simulators.core.store.api import Tx
from simulators.mssante import folders, messages
from simulators.mssante.folders import Folder
from simulators.mssante.messages import Message


@dataclass
class Selected:
    """``uids`` in the order of message numbers; ``modseq`` and ``expunge_modseq`` are how far the client was told of
    flags and arrivals, of expunges; ``told`` the changes this session made and already told, by UID."""

    number: int
    name: str
    read_only: bool
    uids: list[int]
    modseq: int
    expunge_modseq: int
    keywords: tuple[str, ...] = ()
    recent: set[int] = field(default_factory=set)
    told: dict[int, int] = field(default_factory=dict)
    saved: Sequence[int] = ()

    def position(self, uid: int) -> int | None:
        """The message number of ``uid``, None when the client knows no such message."""
        found = bisect_left(self.uids, uid)
        return found + 1 if found < len(self.uids) and self.uids[found] == uid else None

    def flags_of(self, message: Message) -> list[str]:
        """Its flags in order, ``\\Recent`` included."""
        return sorted(message.flags | ({"\\Recent"} if message.uid in self.recent else set()))


@dataclass(frozen=True)
class News:
    """What the client must hear: numbers expunged (each counted after the ones before), whether the number of messages
    grew, messages reflagged by others, keywords it never saw. ``unclaimed``: arrivals no session has told as recent."""

    expunged: Sequence[int] = ()
    arrived: bool = False
    changed: Sequence[Message] = ()
    keywords: bool = False
    unclaimed: bool = False
    gone: bool = False


def opened(tx: Tx, folder: Folder, *, read_only: bool) -> Selected:
    """A fresh view of ``folder``."""
    uids = list(messages.uids(tx, folder.folder))
    recent = set(uids[bisect_left(uids, folder.recent_from) :])
    view = Selected(folder.folder, folder.name, read_only, uids, folder.modseq, folder.modseq, folder.keywords, recent)
    if not read_only:
        folders.told_recent(tx, folder)
    return view


def news(tx: Tx, view: Selected, *, expunges: bool) -> News:
    """Brings ``view`` up to date. Without ``expunges`` message numbers stay as they are (RFC 3501 §7.4.1)."""
    folder = folders.numbered(tx, view.number)
    if folder is None:
        return News(gone=True)
    grew = folder.keywords != view.keywords
    view.keywords = folder.keywords
    expunged = _expunge(tx, view, folder) if expunges else []
    if folder.modseq == view.modseq:
        return News(expunged, keywords=grew)
    changed = messages.changed_since(tx, view.number, view.modseq)
    view.modseq = folder.modseq
    last = view.uids[-1] if view.uids else 0
    fresh = [message.uid for message in changed if message.uid > last]
    view.uids += fresh
    old = [m for m in changed if m.uid <= last and view.told.get(m.uid) != m.modseq and view.position(m.uid)]
    view.told.clear()
    return News(expunged, bool(fresh), old, grew, unclaimed=bool(fresh) and folder.recent_from <= fresh[-1])


def claim_recent(tx: Tx, view: Selected) -> None:
    """Messages that arrived while the folder was open are recent to one session only."""
    folder = folders.numbered(tx, view.number)
    if folder is None:
        return
    view.recent |= set(view.uids[bisect_left(view.uids, folder.recent_from) :])
    folders.told_recent(tx, folder)


def drop(view: Selected, uids: Collection[int]) -> list[int]:
    """Takes ``uids`` out of the view; the numbers to tell, in the order they must be told."""
    numbers: list[int] = []
    for uid in sorted(uids, reverse=True):
        number = view.position(uid)
        if number is not None:
            del view.uids[number - 1]
            view.recent.discard(uid)
            numbers.append(number)
    return numbers


def _expunge(tx: Tx, view: Selected, folder: Folder) -> list[int]:
    if folder.modseq == view.expunge_modseq:
        return []
    gone = messages.expunged_since(tx, view.number, view.expunge_modseq)
    view.expunge_modseq = folder.modseq
    return drop(view, gone)
