"""The lines of IMAP answers.

Source: RFC 3501 §7. Texts are ASCII (RFC 3501 §9, resp-text), and end with where the journal explains them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from simulators.mssante.imap.selected import News, Selected
from simulators.mssante.messages import Message
from simulators.mssante.replies import ascii_text

LARGE_LINE = 1 << 20
_LONGEST = 900
Line = bytes | Sequence[bytes | memoryview]
"""A response without ``*`` and line end; a large one in pieces."""


def untagged(line: bytes) -> bytes:
    """``*`` and the line end around a response; literals inside stay as they are."""
    return b"* %b\r\n" % line


def in_pieces(line: Line) -> Iterator[bytes]:
    """The same for a line that may be large, at most :data:`LARGE_LINE` octets at a time."""
    if isinstance(line, bytes):
        yield untagged(line)
        return
    yield b"* "
    for piece in line:
        for start in range(0, len(piece), LARGE_LINE):
            yield bytes(piece[start : start + LARGE_LINE])
    yield b"\r\n"


def said(tag: bytes, status: str, text: str, code: str = "") -> bytes:
    """A status response; ``tag`` is ``*`` for an untagged one."""
    bracket = f"[{code}] " if code else ""
    return b"%b %b\r\n" % (tag, f"{status} {bracket}{ascii_text(text)[:_LONGEST]}".encode("ascii", "replace"))


def flag_list(flags: Iterable[str]) -> bytes:
    """``(\\Seen ...)``."""
    return b"(%b)" % " ".join(flags).encode("ascii")


def fetched_flags(view: Selected, message: Message, *, uid: bool, modseq: bool) -> bytes:
    """A FETCH response that tells flags alone."""
    pairs = [b"UID %d" % message.uid] if uid else []
    pairs.append(b"FLAGS " + flag_list(view.flags_of(message)))
    pairs += [b"MODSEQ (%d)" % message.modseq] if modseq else []
    return b"%d FETCH (%b)" % (view.position(message.uid) or 0, b" ".join(pairs))


def flags_offered(view: Selected, system: Iterable[str]) -> Iterator[bytes]:
    """FLAGS and PERMANENTFLAGS; ``\\*`` because a client may make keywords of its own, ``$MDNSent`` first of all."""
    known = [*system, *view.keywords]
    yield b"FLAGS " + flag_list(known)
    kept = [] if view.read_only else [*known, "\\*"]
    yield b"OK [PERMANENTFLAGS %b] %b" % (flag_list(kept), b"read-only" if view.read_only else b"keywords welcome")


def news_lines(view: Selected, news: News, system: Iterable[str], *, uid: bool, modseq: bool) -> Iterator[bytes]:
    """What :func:`~.selected.news` found, in an order every client understands: expunges, arrivals, flags."""
    for number in news.expunged:
        yield b"%d EXPUNGE" % number
    if news.arrived:
        yield b"%d EXISTS" % len(view.uids)
        yield b"%d RECENT" % len(view.recent)
    if news.keywords:
        yield from flags_offered(view, system)
    for message in news.changed:
        yield fetched_flags(view, message, uid=uid, modseq=modseq)
