"""Reads the arguments of a command, literals included.

Source: RFC 3501 §9 (formal syntax), RFC 7888 (literals). Everything raises :class:`~.errors.Bad` with the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar

from simulators.mssante.imap.errors import Bad
from simulators.mssante.imap.sequence import SequenceSet

Item = TypeVar("Item")
MOST_LISTED: Final = 1_000
_ATOM: Final = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\\]]+')
_ASTRING: Final = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\]+')
_PATTERN: Final = re.compile(rb'[^\x00-\x20\x7f-\xff(){"\\]+')
_QUOTED: Final = re.compile(rb'"((?:[^\r\n"\\]|\\["\\])*)"')
_LITERAL: Final = re.compile(rb"~?\{[0-9]{1,10}\+?\}\Z")
_FLAG: Final = re.compile(rb'\\?[^\x00-\x20\x7f-\xff(){%*"\\\]]+')
_TAG: Final = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\+]+')
_ITEM: Final = re.compile(rb"[A-Za-z][A-Za-z0-9.]*")
_NUMBER: Final = re.compile(rb"[0-9]{1,20}")
_SET: Final = re.compile(rb"[0-9:*,]+")


class Reader:
    """A position in the text and literal parts of one command."""

    def __init__(self, parts: tuple[bytes, ...]) -> None:
        self._parts, self._part, self._at = parts, 0, 0

    @property
    def _text(self) -> bytes:
        return self._parts[self._part]

    # --- signs

    def over(self) -> bool:
        """Whether nothing is left."""
        return self._part == len(self._parts) - 1 and self._at >= len(self._text)

    def end(self) -> None:
        """Nothing more may come."""
        if not self.over():
            raise Bad(f"unexpected {self._here()}")

    def sees(self, sign: bytes) -> bool:
        """Whether ``sign`` comes next."""
        return self._text.startswith(sign, self._at)

    def take(self, sign: bytes) -> bool:
        """Takes ``sign`` if it comes next."""
        if not self.sees(sign):
            return False
        self._at += len(sign)
        return True

    def need(self, sign: bytes) -> None:
        """``sign`` must come next."""
        if not self.take(sign):
            raise Bad(f"expected {sign.decode()!r}, found {self._here()}")

    def space(self) -> None:
        """One blank."""
        self.need(b" ")

    # --- words

    def tag(self) -> bytes:
        return self._match(_TAG, "a tag")

    def atom(self) -> bytes:
        return self._match(_ATOM, "an atom")

    def word(self) -> str:
        """An atom in capitals: a command, a keyword."""
        return self.atom().decode("ascii").upper()

    def item_name(self) -> str:
        """The name of a FETCH item or of a section, in capitals: it stops at ``[``, ``]`` and ``<``."""
        return self._match(_ITEM, "an item").decode("ascii").upper()

    def at_digit(self) -> bool:
        """Whether a digit comes next."""
        return self._text[self._at : self._at + 1].isdigit()

    def number(self) -> int:
        value = int(self._match(_NUMBER, "a number"))
        if value >= 2**63:
            raise Bad("number too large")
        return value

    def sequence_set(self) -> SequenceSet:
        return SequenceSet.read(self._match(_SET, "a sequence set"))

    def flag(self) -> str:
        return self._match(_FLAG, "a flag").decode("ascii")

    def flags(self) -> list[str]:
        """A list of flags, with or without its parentheses (STORE allows both)."""
        if self.sees(b"("):
            return self.listed(self.flag)
        found = [self.flag()]
        while self.take(b" "):
            found.append(self.flag())
        return found

    def listed(self, item: Callable[[], Item], most: int = MOST_LISTED) -> list[Item]:
        """``(a b c)``, each read by ``item``."""
        self.need(b"(")
        found: list[Item] = []
        while not self.take(b")"):
            if found:
                self.space()
            found.append(item())
            if len(found) > most:
                raise Bad(f"more than {most} words in a list")
        return found

    def take_word(self, word: str) -> bool:
        """Takes ``word``, in any case, if it comes next and ends there."""
        found = _ATOM.match(self._text, self._at)
        if found is None or found[0].upper() != word.encode():
            return False
        self._at = found.end()
        return True

    def take_nil(self) -> bool:
        """NIL."""
        return self.take_word("NIL")

    def rest(self) -> bytes:
        """What is left of the line (a SASL initial response)."""
        taken, self._at = self._text[self._at :], len(self._text)
        return taken

    # --- strings

    def string(self) -> bytes:
        """Quoted or literal."""
        if self.sees(b'"'):
            return re.sub(rb"\\(.)", rb"\1", self._match(_QUOTED, "a quoted string")[1:-1])
        if _LITERAL.match(self._text, self._at) and self._part + 2 < len(self._parts):
            literal = self._parts[self._part + 1]
            self._part, self._at = self._part + 2, 0
            return literal
        raise Bad(f"expected a string, found {self._here()}")

    def literal(self) -> bytes:
        """A literal (a message)."""
        if self.sees(b'"'):
            raise Bad("a message is a literal")
        return self.string()

    def astring(self) -> bytes:
        """An atom (``]`` allowed) or a string."""
        return self._match(_ASTRING, "an atom") if self._at_atom() else self.string()

    def pattern(self) -> bytes:
        """A folder name with wildcards, or a string."""
        return self._match(_PATTERN, "a pattern") if self._at_pattern() else self.string()

    def _at_atom(self) -> bool:
        return _ASTRING.match(self._text, self._at) is not None

    def _at_pattern(self) -> bool:
        return _PATTERN.match(self._text, self._at) is not None

    # --- below

    def _match(self, expression: re.Pattern[bytes], what: str) -> bytes:
        found = expression.match(self._text, self._at)
        if found is None:
            raise Bad(f"expected {what}, found {self._here()}")
        self._at = found.end()
        return found[0]

    def _here(self) -> str:
        rest = self._text[self._at : self._at + 20]
        shown = rest.decode("ascii", "replace").encode("ascii", "replace").decode()
        return repr(shown) if rest else "the end of the line"
