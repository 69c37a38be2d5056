"""Address lists as ENVELOPE tells them: encoded words untouched, groups marked, damage named.

Source: RFC 5322 §3.4 and §4.4 (obsolete routes), RFC 3501 §7.4.2 (groups). What a broken address becomes
(``MISSING_DOMAIN``, ``SYNTAX_ERROR``) is Dovecot's, because clients already know it.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulators.mssante.mime.scanner import Scanner

NO_MAILBOX, NO_DOMAIN, BROKEN = b"MISSING_MAILBOX", b"MISSING_DOMAIN", b"SYNTAX_ERROR"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One entry of the list. A group begins with an entry that has only ``mailbox`` and ends with an empty one."""

    name: bytes | None = None
    route: bytes | None = None
    mailbox: bytes | None = None
    domain: bytes | None = None


GROUP_END = Mailbox()


def addresses(body: bytes) -> list[Mailbox]:
    """The entries of a field body, in order; never fails, and stops where nothing can be understood any more."""
    scanner = Scanner(body)
    scanner.skip()
    found: list[Mailbox] = []
    while not scanner.over:
        if not _address(scanner, found) or not scanner.sees(b","):
            break
        scanner.take(b",")
    return found


def _address(scanner: Scanner, found: list[Mailbox]) -> bool:
    """One address or group; False when the list cannot go on."""
    start = scanner.at
    name = _phrase(scanner)
    if name is not None and scanner.sees(b":"):
        return _group(scanner, name, found)
    scanner.at, scanner.broken = start, False
    return _mailbox(scanner, found)


def _group(scanner: Scanner, name: bytes, found: list[Mailbox]) -> bool:
    found.append(Mailbox(mailbox=name))
    scanner.take(b":")
    while not scanner.over and not scanner.sees(b";"):
        if not _mailbox(scanner, found) or not scanner.take(b","):
            break
    found.append(GROUP_END)
    return scanner.take(b";")


def _mailbox(scanner: Scanner, found: list[Mailbox]) -> bool:
    start = scanner.at
    name = _phrase(scanner)
    if name is not None and scanner.sees(b"<"):
        entry, sound = _angle(scanner, name or None)
    else:
        scanner.at, scanner.broken = start, False
        entry, sound = _bare(scanner)
    found.append(entry)
    return sound


def _angle(scanner: Scanner, name: bytes | None) -> tuple[Mailbox, bool]:
    scanner.take(b"<")
    route = _route(scanner)
    local = _local(scanner) if not scanner.sees(b">") else None
    domain = _domain(scanner) if local is not None and scanner.sees(b"@") else None
    if not scanner.take(b">"):
        return Mailbox(name, route, local or NO_MAILBOX, BROKEN), not scanner.over
    return Mailbox(name, route, local or NO_MAILBOX, domain or NO_DOMAIN), True


def _bare(scanner: Scanner) -> tuple[Mailbox, bool]:
    scanner.comment = b""
    start = scanner.at
    words = _phrase(scanner)
    if words and b" " in words and not scanner.sees(b"@"):
        return Mailbox(words, None, NO_MAILBOX, NO_DOMAIN), True
    scanner.at, scanner.broken, scanner.comment = start, False, b""
    local = _local(scanner)
    domain = _domain(scanner) if scanner.sees(b"@") else None
    sound = not scanner.broken and (scanner.at > start or scanner.sees(b","))
    name = scanner.comment or None
    return Mailbox(name, None, local or NO_MAILBOX, domain or NO_DOMAIN), sound


def _phrase(scanner: Scanner) -> bytes | None:
    """Words joined by one blank; empty when there is none, None when it cannot be one."""
    words: list[bytes] = []
    if scanner.sees(b"."):
        return None
    while scanner.at_atom() or scanner.sees(b'".'):
        words.append(scanner.take_quoted() if scanner.sees(b'"') else _dotted(scanner))
    return None if scanner.broken else b" ".join(words)


def _dotted(scanner: Scanner) -> bytes:
    """Atoms and dots that touch."""
    start = scanner.at
    while scanner.at_atom() or scanner.sees(b"."):
        scanner.at += 1
    taken = scanner.data[start : scanner.at]
    scanner.skip()
    return taken


def _local(scanner: Scanner) -> bytes | None:
    if scanner.sees(b'"'):
        return scanner.take_quoted()
    return _dot_atom(scanner) or None


def _dot_atom(scanner: Scanner) -> bytes:
    """Atoms separated by dots; blanks around the dots are dropped (obs-local-part)."""
    out = bytearray()
    while scanner.at_atom() or scanner.sees(b"."):
        if scanner.take(b"."):
            out += b"."
            continue
        if out and not out.endswith(b"."):
            break
        out += scanner.take_atom()
    return bytes(out)


def _domain(scanner: Scanner) -> bytes | None:
    scanner.take(b"@")
    if not scanner.sees(b"["):
        return _dot_atom(scanner) or None
    stop = scanner.data.find(b"]", scanner.at)
    if stop < 0:
        scanner.broken = True
        return None
    literal, scanner.at = scanner.data[scanner.at : stop + 1], stop + 1
    scanner.skip()
    return literal


def _route(scanner: Scanner) -> bytes | None:
    """``@one,@two:`` of an obsolete source route, as it is told: without the last colon."""
    found: list[bytes] = []
    while scanner.sees(b"@"):
        found.append(b"@" + (_domain(scanner) or b""))
        while scanner.take(b","):
            pass
    scanner.take(b":")
    return b",".join(found) or None
