"""Folder names on the wire and the patterns of LIST.

Source: RFC 3501 §5.1.3 (modified UTF-7), §6.3.8 (``*`` and ``%``).
"""

from __future__ import annotations

import base64
import re

from simulators.mssante.folders import INBOX, SEPARATOR
from simulators.mssante.imap.errors import No

_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")
_FOREIGN = re.compile(r"[^\x20-\x7e]+|&")
_LONGEST = 1_000


def decoded(name: bytes) -> str:
    """The name of modified UTF-7; UTF-8 is taken as it is, as most servers do. Raises :class:`No`."""
    try:
        text = name.decode("utf-8")
        return _SHIFTED.sub(_unshift, text) if name.isascii() else text
    except ValueError as problem:
        raise No("the folder name is no modified UTF-7", "CANNOT") from problem


def encoded(name: str) -> bytes:
    """Modified UTF-7."""
    return _FOREIGN.sub(lambda found: _shift(found[0]), name).encode("ascii")


class Pattern:
    """What a full name must match: ``*`` is anything, ``%`` anything without a separator, INBOX in any case."""

    def __init__(self, reference: str, pattern: str) -> None:
        wanted = reference + pattern
        if len(wanted) > _LONGEST:
            raise No("the pattern is too long", "LIMIT")
        inbox = wanted[: len(INBOX)].upper() == INBOX
        self._signs = INBOX + wanted[len(INBOX) :] if inbox else wanted

    def matches(self, name: str) -> bool:
        """Position by position, because a regular expression of many ``*`` takes for ever."""
        places = self._slide({0}, "")
        for sign in name:
            places = self._slide(places, sign)
            if not places:
                return False
        return len(self._signs) in places

    def _slide(self, places: set[int], sign: str) -> set[int]:
        """The positions of the pattern after one more sign of the name (none at the beginning)."""
        after: set[int] = set() if sign else set(places)
        for place in places if sign else ():
            wanted = self._signs[place : place + 1]
            if wanted == "*" or (wanted == "%" and sign != SEPARATOR):
                after.add(place)
            elif wanted == sign:
                after.add(place + 1)
        for place in sorted(after):
            while self._signs[place : place + 1] in ("*", "%") and self._signs[place : place + 1]:
                place += 1
                after.add(place)
        return after


def _unshift(found: re.Match[str]) -> str:
    if not found[1]:
        return "&"
    padded = found[1].replace(",", "/") + "=" * (-len(found[1]) % 4)
    return base64.b64decode(padded, validate=True).decode("utf-16-be")


def _shift(text: str) -> str:
    if text == "&":
        return "&-"
    octets = base64.b64encode(text.encode("utf-16-be", "surrogatepass")).decode().rstrip("=")
    return f"&{octets.replace('/', ',')}-"
