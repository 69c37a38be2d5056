"""BODY[section]: the octets of one part, its header or its MIME header.

Source: RFC 3501 §6.4.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from simulators.mssante.mime.fields import chosen
from simulators.mssante.mime.structure import Part

What = Literal["", "HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT", "MIME"]


@dataclass(frozen=True, slots=True)
class Section:
    """``path`` are the part numbers from 1 (empty = the message); ``names`` the fields asked for, in lower case."""

    path: tuple[int, ...] = ()
    what: What = ""
    names: frozenset[bytes] = frozenset()


def section_bytes(data: bytes, root: Part, section: Section) -> bytes:
    """The octets, none when there is no such part (as Dovecot: most clients ask for what they hope is there)."""
    part = located(root, section.path)
    if part is None:
        return b""
    if section.what == "MIME":
        return part.header.of(data)
    if section.what:
        return _of_message(data, part if not section.path else _inside(part), section)
    return part.body.of(data) if section.path else data


def located(root: Part, path: tuple[int, ...]) -> Part | None:
    """The part with that number, None if there is none. Part 1 of a leaf is the leaf itself, once."""
    part, told = root, False
    for depth, number in enumerate(path):
        holder = (_inside(part) or part) if depth else part
        if holder.multipart:
            if not 1 <= number <= len(holder.children):
                return None
            part, told = holder.children[number - 1], False
        elif number != 1 or (told and holder is part):
            return None
        else:
            part, told = holder, True
    return part


def _inside(part: Part) -> Part | None:
    """The message inside a message/rfc822 part."""
    return part.children[0] if part.message else None


def _of_message(data: bytes, message: Part | None, section: Section) -> bytes:
    if message is None:
        return b""
    if section.what == "HEADER":
        return message.header.of(data)
    if section.what == "TEXT":
        return message.body.of(data)
    without = section.what == "HEADER.FIELDS.NOT"
    ended = message.header.of(data).endswith((b"\n\r\n", b"\n\n")) or message.header.size <= 2
    return chosen(data, message.fields, section.names, without=without, ended=ended or not without)
