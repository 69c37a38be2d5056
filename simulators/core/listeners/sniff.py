"""Which protocol do these first octets belong to? Pure guesses that serve to explain a wrong port.

Sources: TLS record header RFC 8446 §5.1; HTTP methods RFC 9110 §9 and WebDAV; MLLP start block HL7 v2 MLLP R1 §2.3;
SMTP commands RFC 5321 §4.1.1; IMAP tags RFC 3501 §2.2.1.
"""

from __future__ import annotations

import re
from enum import StrEnum

_METHODS = (b"GET ", b"POST ", b"PUT ", b"HEAD ", b"DELETE ", b"OPTIONS ", b"PATCH ", b"TRACE ", b"CONNECT ")
_TLS_HANDSHAKE = 0x16
_MLLP_START = 0x0B
_SMTP = re.compile(rb"(EHLO|HELO|MAIL FROM|RCPT TO|STARTTLS|NOOP|QUIT|RSET|AUTH)\b", re.IGNORECASE)
_IMAP = re.compile(rb"[A-Za-z0-9.]{1,20} (CAPABILITY|LOGIN|AUTHENTICATE|NOOP|ID|STARTTLS|LOGOUT)\b", re.IGNORECASE)


class Guess(StrEnum):
    """Protocols that can be recognised by their first octets."""

    TLS = "TLS"
    HTTP = "HTTP"
    HTTP2 = "HTTP/2"
    MLLP = "MLLP"
    SMTP = "SMTP"
    IMAP = "IMAP"
    UNKNOWN = "unknown"


def guess(first: bytes) -> Guess:
    """The protocol ``first`` (one octet or more) looks like; an incomplete HTTP method counts as HTTP."""
    if first[:1] == bytes([_TLS_HANDSHAKE]) and first[1:2] in (b"", b"\x03"):
        return Guess.TLS
    if first[:1] == bytes([_MLLP_START]):
        return Guess.MLLP
    if first.startswith(b"PRI * HTTP/2"):
        return Guess.HTTP2
    if any(method.startswith(first[: len(method)]) for method in _METHODS):
        return Guess.HTTP
    if _SMTP.match(first):
        return Guess.SMTP
    return Guess.IMAP if _IMAP.match(first) else Guess.UNKNOWN
