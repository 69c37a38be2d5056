"""Strings as IMAP answers write them.

Source: RFC 3501 §4.3: quoted where it may be, else a literal.
"""

from __future__ import annotations

_MOST_ESCAPES = 4


def quoted_or_literal(value: bytes) -> bytes:
    """``"..."``, or ``{n}`` for line ends, NUL, octets above 127 and what would need many backslashes."""
    specials = value.count(b'"') + value.count(b"\\")
    plain = value.isascii() and not any(sign in value for sign in (b"\r", b"\n", b"\0"))
    if plain and specials <= _MOST_ESCAPES:
        return b'"%b"' % value.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return literal(value)


def nstring(value: bytes | None) -> bytes:
    """As :func:`quoted_or_literal`, ``NIL`` for None."""
    return b"NIL" if value is None else quoted_or_literal(value)


def literal(value: bytes) -> bytes:
    """``{n}`` CR LF and the octets."""
    return b"{%d}\r\n%b" % (len(value), value)


def for_people(value: bytes | None) -> bytes:
    """A subject or display name: runs of blanks are one blank."""
    return b"NIL" if value is None else quoted_or_literal(b" ".join(value.split()))
