"""Encoded words of a header, read for people. Never raises.

Source: RFC 2047 §2, §6.2 (blanks between two encoded words are no text).
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re

_WORD = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?\r\n]*)\?=")
_BETWEEN = re.compile(rf"({_WORD.pattern})[ \t]+(?={_WORD.pattern})")


def decoded(text: str) -> str:
    """``text`` with its encoded words replaced; neighbours of one charset are joined first, because senders cut
    characters in two."""
    found: list[tuple[str, bytes]] = []
    at, joined = 0, _BETWEEN.sub(r"\1", text)
    for word in _WORD.finditer(joined):
        if word.start() > at:
            found.append(("", joined[at : word.start()].encode()))
        found.append((word[1].partition("*")[0].lower(), _octets(word)))
        at = word.end()
    found.append(("", joined[at:].encode()))
    return "".join(text_of(octets, charset) for charset, octets in _merged(found))


def text_of(octets: bytes, charset: str) -> str:
    """Octets in a charset that may be unknown, or not theirs."""
    try:
        return octets.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return octets.decode("utf-8", "replace")


def _merged(found: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    out: list[tuple[str, bytes]] = []
    for charset, octets in found:
        if out and out[-1][0] == charset:
            out[-1] = (charset, out[-1][1] + octets)
        else:
            out.append((charset, octets))
    return out


def _octets(word: re.Match[str]) -> bytes:
    payload = word[3].encode("utf-8", "replace")
    if word[2] in "qQ":
        return quopri.decodestring(payload.replace(b"_", b" "))
    try:
        return base64.b64decode(payload + b"=" * (-len(payload) % 4))
    except (binascii.Error, ValueError):
        return payload
