"""Text as both databases can keep it: hostile bytes must not make an exchange unrecordable.

PostgreSQL refuses U+0000 in text and index entries beyond about 2,700 bytes; neither database takes
lone surrogates (what a lenient decoder leaves of broken UTF-8).
"""

from __future__ import annotations

import hashlib

KEY_LIMIT = 512


def storable(text: str) -> str:
    """``text`` with U+0000 and lone surrogates spelled out (``\\x00``, ``\\udc80``)."""
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")


def index_key(text: str) -> str:
    """As :func:`storable`; beyond ``KEY_LIMIT`` characters a prefix and a SHA-256 stand for the text."""
    clean = storable(text)
    if len(clean) <= KEY_LIMIT:
        return clean
    digest = hashlib.sha256(clean.encode()).hexdigest()
    return f"{clean[: KEY_LIMIT - 65]}#{digest}"
