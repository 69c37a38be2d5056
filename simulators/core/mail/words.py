"""Header texts: unfolding, encoded words in and out, addresses. Never raises on what the wire gives.

Source: RFC 5322 section 2.2.3 (folding), RFC 2047 (encoded words).
"""

from __future__ import annotations

import base64
import binascii
import codecs
import quopri
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

_WORD = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?\r\n]*)\?=")
_WORD_LIKE = re.compile(r"=\?[^?\s]*\?.?\?[^\s]*")
_BETWEEN = re.compile(rf"({_WORD.pattern})[ \t\r\n]+(?={_WORD.pattern})")
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_ASCII = re.compile(r"[\x20-\x7e\t]*")
_DROPPED = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TOKEN = re.compile(r'=\?[^?\s]{1,40}\?[bBqQ]\?[^?\s]*\?=|"(?:[^"\\]|\\.)*"?|<[^<>]*>?|[(),;:]|[^"<(),;:\s]+|\s+')
_ESCAPED = re.compile(r"\\(.)")
_LONGEST_WORD = 75
_BYTES_A_WORD = 42  # 42 octets are 56 characters of base64: with "=?utf-8?b??=" below the 75 of RFC 2047


@dataclass(frozen=True, slots=True)
class Decoded:
    """A header text for people, and what was wrong with its encoded words."""

    text: str
    defects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address of a header with its decoded display name."""

    name: str
    address: str


def unfolded(raw: bytes) -> str:
    """A field body as one line; octets that are no UTF-8 become U+FFFD."""
    return _FOLD.sub("", raw.decode("utf-8", "replace")).strip(" \t\r\n")


def decoded(text: str) -> Decoded:
    """The text with its encoded words read; neighbours in one charset are joined before they are decoded."""
    joined = _BETWEEN.sub(r"\1", text)
    defects = [f"longer than {_LONGEST_WORD}: {w.group()[:30]}" for w in _WORD.finditer(text) if _too_long(w)]
    out, at, held, charset = [], 0, b"", ""
    for word in _WORD.finditer(joined):
        between = joined[at : word.start()]
        if held and (between or word[1].lower() != charset):
            out.append(_text(held, charset, defects))
            held = b""
        out.append(between)
        charset, at = word[1].lower(), word.end()
        held += _octets(word, defects)
    out += [_text(held, charset, defects) if held else "", joined[at:]]
    rest = _WORD.sub("", joined)
    defects += [f"no encoded word: {found.group()[:40]}" for found in _WORD_LIKE.finditer(rest)]
    return Decoded("".join(out), tuple(defects))


def encoded(text: str, prefix: int = 0) -> str:
    """``text`` ready for a header: folded lines of at most 76 characters, encoded words where it is not ASCII.

    ``prefix`` is the length of ``Name: ``. Control characters are dropped, so that no value can begin a header.
    """
    clean = "".join(char for char in text if unicodedata.category(char) not in _DROPPED)
    if _ASCII.fullmatch(clean) and "=?" not in clean:
        return _folded(clean, prefix)
    words = [f"=?utf-8?b?{base64.b64encode(chunk).decode()}?=" for chunk in _chunks(clean)]
    return "\r\n ".join(words)


def mailboxes(text: str) -> tuple[Mailbox, ...]:
    """The addresses of a field body, groups opened; a comma inside an encoded name separates nothing.

    What holds no address gives a mailbox whose address is empty. The standard library's reader recurses on comments.
    """
    found: list[Mailbox] = []
    one = _Address()
    for token in _TOKEN.findall(text.replace("\r", " ").replace("\n", " ")):
        if one.comments or token in "()":
            one.comment(token)
        elif token in ",;":
            found += one.read()
            one = _Address()
        elif token == ":" and not one.address:
            one.words.clear()
        else:
            one.take(token)
    return (*found, *one.read())


@dataclass
class _Address:
    """One address as its tokens come. ``comments`` is how deep in comments the reading stands."""

    words: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    address: str = ""
    comments: int = 0

    def comment(self, token: str) -> None:
        self.comments = max(self.comments + {"(": 1, ")": -1}.get(token, 0), 0)
        self.said.append("" if token in "()" else token)

    def take(self, token: str) -> None:
        if token.startswith("<"):
            self.address = token.strip("<> ").rpartition(":")[2]
        elif token.startswith('"'):
            self.words.append(_ESCAPED.sub(r"\1", token[1:].removesuffix('"')))
        else:
            self.words.append(token)

    def read(self) -> Iterator[Mailbox]:
        name = " ".join(decoded("".join(self.words)).text.split())
        if self.address:
            yield Mailbox(name, self.address)
        elif "@" in name:
            yield Mailbox(decoded("".join(self.said).strip()).text, name.replace(" ", ""))
        elif name:
            yield Mailbox(name, "")


def _too_long(word: re.Match[str]) -> bool:
    return len(word.group()) > _LONGEST_WORD


def _octets(word: re.Match[str], defects: list[str]) -> bytes:
    if word[2] in "qQ":
        return quopri.decodestring(word[3].encode("utf-8").replace(b"_", b" "), header=False)
    try:
        return base64.b64decode(word[3].encode("utf-8"), validate=True)
    except (binascii.Error, ValueError):
        defects.append(f"damaged base64: {word.group()[:40]}")
        return b""


def _text(octets: bytes, charset: str, defects: list[str]) -> str:
    name = charset.partition("*")[0]
    try:
        if codecs.lookup(name)._is_text_encoding:
            return octets.decode(name)
    except LookupError:
        pass
    except (UnicodeError, ValueError):
        defects.append(f"octets that are not {name}")
        return octets.decode("utf-8", "replace")
    defects.append(f"unknown charset {name}")
    return octets.decode("utf-8", "replace")


def _chunks(text: str) -> Iterator[bytes]:
    held = b""
    for char in text:
        octets = char.encode("utf-8", "replace")
        if len(held) + len(octets) > _BYTES_A_WORD:
            yield held
            held = b""
        held += octets
    if held:
        yield held


def _folded(text: str, prefix: int) -> str:
    lines, width = [""], prefix
    for word in text.split(" "):
        if lines[-1] and width + 1 + len(word) > 76:
            lines.append(word)
            width = 1 + len(word)
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
            width += 1 + len(word)
    return "\r\n ".join(lines)
