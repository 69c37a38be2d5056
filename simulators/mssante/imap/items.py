"""The data items of FETCH.

Source: RFC 3501 §6.4.5, RFC 7162 §3.1.4 (MODSEQ, CHANGEDSINCE).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from simulators.mssante.imap.errors import Bad
from simulators.mssante.imap.reader import Reader
from simulators.mssante.mime.sections import Section, What
from simulators.mssante.mime.structure import DEEPEST

MOST_ITEMS: Final = 200
_MACROS: Final = {
    "ALL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"),
    "FAST": ("FLAGS", "INTERNALDATE", "RFC822.SIZE"),
    "FULL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"),
}
_PLAIN: Final = {"FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY", "BODYSTRUCTURE", "UID", "MODSEQ"}
_OLD: Final[dict[str, tuple[Section, bool]]] = {
    "RFC822": (Section(), False),
    "RFC822.HEADER": (Section((), "HEADER"), True),
    "RFC822.TEXT": (Section((), "TEXT"), False),
}
_TEXTS: Final = ("HEADER.FIELDS.NOT", "HEADER.FIELDS", "HEADER", "TEXT", "MIME")


@dataclass(frozen=True, slots=True)
class Item:
    """One item: ``name`` as the answer has it. With a section: octets, ``offset`` and ``count`` for a partial one;
    ``peek`` leaves ``\\Seen`` alone."""

    name: bytes
    section: Section | None = None
    offset: int | None = None
    count: int = 0
    peek: bool = True


def fetch_items(reader: Reader) -> list[Item]:
    """One item, a macro, or a list. Raises :class:`Bad`."""
    if not reader.sees(b"("):
        return _item(reader, macros=True)
    reader.need(b"(")
    found: list[Item] = []
    while not reader.take(b")"):
        if found:
            reader.space()
        found += _item(reader)
        if len(found) > MOST_ITEMS:
            raise Bad(f"more than {MOST_ITEMS} items")
    if not found:
        raise Bad("no item")
    return found


def _item(reader: Reader, *, macros: bool = False) -> list[Item]:
    name = reader.item_name()
    if macros and name in _MACROS:
        return [Item(word.encode()) for word in _MACROS[name]]
    if name in ("BODY", "BODY.PEEK") and reader.sees(b"["):
        return [_section(reader, peek=name == "BODY.PEEK")]
    if name in _OLD:
        section, peek = _OLD[name]
        return [Item(name.encode(), section, peek=peek)]
    if name not in _PLAIN:
        raise Bad(f"unknown item {name[:40]}")
    return [Item(name.encode())]


def _section(reader: Reader, *, peek: bool) -> Item:
    reader.need(b"[")
    path: list[int] = []
    dotted = False
    while reader.at_digit() and (dotted or not path):
        path.append(reader.number())
        dotted = reader.take(b".")
    what = "" if reader.sees(b"]") and not dotted else _what(reader)
    if 0 in path or (what == "MIME" and not path) or len(path) > DEEPEST:
        raise Bad("no such section")
    names = _names(reader) if what.startswith("HEADER.FIELDS") else ()
    reader.need(b"]")
    shown = ".".join([*map(str, path), *([what] if what else [])]).encode()
    shown += b" (%b)" % b" ".join(name.upper() for name in names) if names else b""
    section = Section(tuple(path), cast(What, what), frozenset(name.lower() for name in names))
    return _partial(reader, shown, section, peek)


def _what(reader: Reader) -> str:
    name = reader.item_name()
    if name not in _TEXTS:
        raise Bad(f"unknown section {name[:40]}")
    return name


def _names(reader: Reader) -> tuple[bytes, ...]:
    reader.space()
    reader.need(b"(")
    names: list[bytes] = []
    while not reader.take(b")"):
        if names:
            reader.space()
        names.append(reader.astring())
        if any(octet in b"\r\n\0:" for octet in names[-1]) or len(names) > MOST_ITEMS:
            raise Bad("no such header field")
    if not names:
        raise Bad("no header field named")
    return tuple(names)


def _partial(reader: Reader, shown: bytes, section: Section, peek: bool) -> Item:
    if not reader.take(b"<"):
        return Item(b"BODY[%b]" % shown, section, peek=peek)
    offset = reader.number()
    reader.need(b".")
    count = reader.number()
    reader.need(b">")
    if not count:
        raise Bad("a partial fetch of nothing")
    return Item(b"BODY[%b]<%d>" % (shown, offset), section, offset, count, peek)
