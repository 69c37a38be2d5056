"""Base64 as hospitals write it: read strictly, else mended, and the state told."""

from __future__ import annotations

import base64 as codec
import binascii
from enum import StrEnum


class State(StrEnum):
    """What a base64 text was: whole, without its ``=``, cut by blanks, or not wholly readable."""

    OK = "ok"
    PADDING_REPAIRED = "padding_repaired"
    BLANKS_DROPPED = "blanks_dropped"
    BROKEN = "broken"


def decoded(text: str) -> tuple[bytes, State]:
    """The octets of ``text`` and its state (RFC 4648 section 4); never raises.

    A broken text gives what stands before its last, lonely character, or nothing when it holds foreign characters.
    """
    try:
        return codec.b64decode(text, validate=True), State.OK
    except (binascii.Error, ValueError):
        return _mended("".join(text.split()), blanks=any(c.isspace() for c in text))


def _mended(text: str, *, blanks: bool) -> tuple[bytes, State]:
    bare = text.rstrip("=")
    lonely = len(bare) % 4 == 1
    whole = bare[:-1] if lonely else bare
    try:
        octets = codec.b64decode(whole + "=" * (-len(whole) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b"", State.BROKEN
    if lonely:
        return octets, State.BROKEN
    padded = len(text) % 4 == 0
    return octets, State.BLANKS_DROPPED if blanks and padded else State.PADDING_REPAIRED


def encoded(octets: bytes) -> str:
    """``octets`` in one line of padded base64."""
    return codec.b64encode(octets).decode("ascii")
