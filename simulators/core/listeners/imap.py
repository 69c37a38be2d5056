"""IMAP framing: commands with their literals. No I/O, no commands.

Source: RFC 3501 §2.2.1 and §4.3 (literals), RFC 7888 (non-synchronising literals), RFC 3516 (literal8).
"""

from __future__ import annotations

import re

from simulators.core.listeners.incident import Reason
from simulators.core.listeners.lines import LINE_TOO_LONG, LineReader
from simulators.core.listeners.session import Command, LiteralOffered, Unit, Violation

DEFAULT_LINE_BYTES = 64 * 1024
DEFAULT_LITERAL_BYTES = 100 * 1024 * 1024
UNASKED_BYTES = 8_192
MOST_LITERALS = 100
_LITERAL = re.compile(rb"\{([0-9]{1,10})(\+?)\}\Z")
_TOO_LARGE = Reason("literal_too_large", "Littéral IMAP trop grand.", "IMAP literal too large.")


class ImapFramer:
    """Gives ``Command`` units, and ``LiteralOffered`` when the client waits for leave to send one.

    After an offer the session orders ``Expect("literal")`` (with its ``+`` line) or ``Expect("no_literal")`` (with its
    refusal); an offer left without either is refused. ``max_literal_bytes`` bounds all literals of one command
    together, ``max_line_bytes`` its text; beyond them, or beyond 100 literals, a synchronising literal is a
    ``Violation`` that may be answered, a non-synchronising one is fatal because its octets are on their way. Until
    ``Expect("messages")`` literals that wait for no leave are small: a stranger shall not fill the memory.
    """

    def __init__(
        self,
        max_line_bytes: int = DEFAULT_LINE_BYTES,
        max_literal_bytes: int = DEFAULT_LITERAL_BYTES,
        max_raw_bytes: int = 4_096,
    ) -> None:
        self._buffer = bytearray()
        self._lines = LineReader(self._buffer, max_line_bytes, max_raw_bytes)
        self._max_literal, self._max_raw = max_literal_bytes, max_raw_bytes
        self._parts: list[bytes] = []
        self._raw = bytearray()
        self._held = self._text = 0
        self._literal: int | None = None
        self._offered: int | None = None
        self._unasked = min(UNASKED_BYTES, max_literal_bytes)
        self._max_text = max_line_bytes

    @property
    def buffered(self) -> int:
        """Octets held."""
        return len(self._buffer) + len(self._raw)

    def feed(self, data: bytes) -> None:
        """Take octets."""
        if not self._lines.lost:
            self._buffer += data

    def begun(self) -> bytes:
        """First octets of the unfinished command."""
        return bytes((self._raw[: self._max_raw] + self._buffer[: self._max_raw])[: self._max_raw])

    def expect(self, what: str) -> None:
        """Decide the offer: ``literal`` or ``no_literal``; ``messages``: the client has authenticated."""
        if what == "messages":
            self._unasked = self._max_literal
        elif what == "literal" and self._offered is not None:
            self._literal, self._offered = self._offered, None
        elif what == "no_literal":
            self._forget()
        else:
            raise ValueError(f"IMAP cannot expect {what} now")

    def discard(self) -> bytes:
        """Forget everything held."""
        self._forget()
        return self._lines.cut(len(self._buffer))

    def next_unit(self) -> Unit | None:
        """The next command, offer or violation."""
        if self._offered is not None:
            self._forget()
        while self._take_literal():
            line = self._lines.next_line()
            if not isinstance(line, bytes):
                return line and self._broken(line)
            unit = self._take_line(line)
            if unit is not None:
                return unit
        return None

    def _take_literal(self) -> bool:
        """False while octets of the present literal are missing."""
        if self._literal is None:
            return True
        if len(self._buffer) < self._literal:
            return False
        octets = self._lines.cut(self._literal)
        self._parts.append(octets)
        self._raw += octets
        self._literal = None
        return True

    def _take_line(self, line: bytes) -> Unit | None:
        self._parts.append(line)
        self._raw += line + b"\r\n"
        self._text += len(line)
        marker = _LITERAL.search(line)
        if marker is None and self._text > self._max_text:
            return self._broken(Violation(LINE_TOO_LONG, bytes(self._raw[: self._max_raw])))
        if marker is None:
            command = Command(tuple(self._parts), bytes(self._raw))
            self._forget()
            return command
        return self._meet_literal(int(marker[1]), waits=not marker[2])

    def _meet_literal(self, size: int, waits: bool) -> Unit | None:
        self._held += size
        most = self._max_literal if waits else self._unasked
        if self._held > most or self._text > self._max_text or len(self._parts) > 2 * MOST_LITERALS:
            raw = bytes(self._raw[: self._max_raw])
            return self._broken(Violation(_TOO_LARGE, raw) if waits else self._lines.lose(_TOO_LARGE, raw))
        if not waits:
            self._literal = size
            return None
        self._offered = size
        return LiteralOffered(bytes(self._raw[:-2]), size)

    def _broken(self, violation: Violation) -> Violation:
        self._forget()
        return violation

    def _forget(self) -> None:
        self._parts, self._raw = [], bytearray()
        self._held = self._text = 0
        self._literal = self._offered = None
