"""Small reader of structured header bodies: blanks, comments, tokens, quoted strings.

Source: RFC 5322 §3.2, RFC 2045 §5.1. Octets above 127 count as letters, because real mails have them there.
"""

from __future__ import annotations

from typing import Final

_CONTROLS: Final = bytes(range(33)) + b"\x7f"
_NO_TOKEN: Final = frozenset(_CONTROLS + b'()<>@,;:\\"/[]?=')
_NO_ATOM: Final = frozenset(_CONTROLS + b'()<>@,;:\\"[].')


class Scanner:
    """A position in ``data``. Every ``take_*`` skips the blanks and comments behind what it took.

    ``broken`` is set when a comment or a quoted string never ends; everything after it is then consumed.
    ``comment`` is the last comment skipped.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.broken = False
        self.comment = b""

    @property
    def over(self) -> bool:
        """Nothing is left."""
        return self.at >= len(self.data)

    def sees(self, signs: bytes) -> bool:
        """Whether the next octet is one of ``signs``."""
        return not self.over and self.data[self.at] in signs

    def take(self, sign: bytes) -> bool:
        """Takes ``sign`` if it comes next, and the blanks behind it."""
        if not self.sees(sign):
            return False
        self.at += 1
        self.skip()
        return True

    def skip(self) -> None:
        """Blanks and comments."""
        while not self.over:
            if self.sees(b" \t\r\n"):
                self.at += 1
            elif self.sees(b"("):
                self._skip_comment()
            else:
                return

    def take_token(self) -> bytes:
        """A MIME token, empty if none is here."""
        return self._run(_NO_TOKEN)

    def take_atom(self) -> bytes:
        """An atom, empty if none is here."""
        return self._run(_NO_ATOM)

    def at_atom(self) -> bool:
        """Whether an atom begins here."""
        return not self.over and self.data[self.at] not in _NO_ATOM

    def take_quoted(self) -> bytes:
        """The content of the quoted string that begins here, its backslashes read."""
        out = bytearray()
        self.at += 1
        while not self.over:
            octet = self.data[self.at]
            self.at += 1
            if octet == 0x22:
                self.skip()
                return bytes(out)
            if octet == 0x5C and not self.over:
                octet = self.data[self.at]
                self.at += 1
            out.append(octet)
        self.broken = True
        return bytes(out)

    def _run(self, stops: frozenset[int]) -> bytes:
        start = self.at
        while not self.over and self.data[self.at] not in stops:
            self.at += 1
        taken = self.data[start : self.at]
        if taken:
            self.skip()
        return taken

    def _skip_comment(self) -> None:
        depth, out = 0, bytearray()
        while not self.over:
            octet = self.data[self.at]
            self.at += 1
            if octet == 0x5C and not self.over:
                octet = self.data[self.at]
                self.at += 1
            elif octet == 0x28:
                depth += 1
                if depth == 1:
                    continue
            elif octet == 0x29:
                depth -= 1
                if depth == 0:
                    self.comment = bytes(out)
                    return
            out.append(octet)
        self.broken = True
