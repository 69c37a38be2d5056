"""A mail as values that know their place.

Places: ``header.Subject``; ``mime[1.2]`` and ``mime[1.2].header.Content-Type`` (numbers as in IMAP, RFC 3501 section
6.4.5); ``mime[2].message.header.Subject`` for the header of a mail inside the mail.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from simulators.core.mail.media import Media, read_media
from simulators.core.mail.words import Decoded, Mailbox, decoded, mailboxes, unfolded

_BLANKS = b" \t\r\n\f\v"
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_BAD_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|[ \t]*\Z)")
_PLAIN = ("7bit", "8bit", "binary", "")
MISSPELT = "Content-Transfert-Encoding"
"""As the published example of the volet writes it (facts mssante.md 3.6)."""


@dataclass(frozen=True, slots=True)
class MailLimits:
    """What one mail may cost: levels of MIME, parts in all, fields of one header, bytes of one header."""

    depth: int = 20
    parts: int = 500
    fields: int = 1000
    header: int = 256 * 1024


@dataclass(frozen=True, slots=True)
class Defect:
    """What does not follow the syntax. ``kind``: ``header-line``, ``header-octets``, ``header-too-large``,
    ``no-blank-line``, ``no-boundary``, ``no-delimiter``, ``unclosed``, ``closing-delimiter``, ``too-deep``,
    ``too-many-parts``, ``misspelt``, ``encoding-unknown``, ``encoding-damaged``, ``charset-unknown``,
    ``charset-damaged``."""

    kind: str
    where: str
    found: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One header field; ``raw`` is its body as it came, folded."""

    name: str
    raw: bytes

    @property
    def text(self) -> str:
        """As one line, encoded words left as they are."""
        return unfolded(self.raw)

    @property
    def decoded(self) -> Decoded:
        """For people, with what was wrong with the encoded words."""
        return decoded(self.text)

    @property
    def mailboxes(self) -> tuple[Mailbox, ...]:
        return mailboxes(self.text)


@dataclass(frozen=True)
class Part:
    """A mail (``number`` empty) or one of its parts. ``body`` is what follows the header, as it came.

    ``place`` is where its header stands: empty for the mail, ``mime[2]`` for a part, ``mime[2].message`` for the mail
    inside it.
    """

    number: str
    place: str
    fields: tuple[Field, ...]
    body: bytes = field(repr=False)
    children: tuple[Part, ...] = ()
    own_defects: tuple[Defect, ...] = ()

    def all(self, name: str) -> tuple[Field, ...]:
        """The fields of that name, whatever its case."""
        wanted = name.lower()
        return tuple(found for found in self.fields if found.name.lower() == wanted)

    def first(self, name: str) -> Field | None:
        return next(iter(self.all(name)), None)

    def text(self, name: str) -> str:
        """The first field of that name for people, else the empty string."""
        found = self.first(name)
        return "" if found is None else found.decoded.text

    def addresses(self, *names: str) -> tuple[Mailbox, ...]:
        """Every address of the fields of these names."""
        return tuple(box for name in names for found in self.all(name) for box in found.mailboxes)

    def where(self, name: str = "") -> str:
        """The place of a field of this part, present or not; without a name that of its content."""
        if name:
            return f"{self.place}.header.{name}".lstrip(".")
        if self.number:
            return f"mime[{self.number}]"
        return "mime" if self.children or self.media.kind.startswith("multipart/") else "mime[1]"

    @cached_property
    def media(self) -> Media:
        """Content-Type; ``text/plain`` where there is none (RFC 2045 section 5.2)."""
        found = self.first("Content-Type")
        return read_media(found.text) if found and found.text else Media("text/plain")

    @cached_property
    def disposition(self) -> Media:
        """Content-Disposition: ``kind`` is ``attachment``, ``inline`` or empty."""
        found = self.first("Content-Disposition")
        return read_media(found.text) if found else Media("")

    @property
    def filename(self) -> str:
        """The name given by Content-Disposition, else by Content-Type; encoded words are read though none is due."""
        name = self.disposition.params.get("filename") or self.media.params.get("name", "")
        return decoded(name).text

    @property
    def attached(self) -> bool:
        """Whether it is to be shown as a file."""
        return self.disposition.kind == "attachment" or bool(self.filename)

    @property
    def leaf(self) -> bool:
        return not self.children

    @cached_property
    def _decoded(self) -> tuple[bytes, str]:
        return _undone(self.encoding, self.body)

    @property
    def encoding(self) -> str:
        """Content-Transfer-Encoding in lower case, a known misspelling included."""
        found = self.first("Content-Transfer-Encoding") or self.first(MISSPELT)
        return found.text.strip().lower() if found else ""

    @property
    def content(self) -> bytes:
        """The content without its transfer encoding: all that could be saved of a damaged one."""
        return self._decoded[0]

    @cached_property
    def shown(self) -> tuple[str, str]:
        """The content as text, and the kind of defect of its charset or the empty string."""
        charset = self.media.params.get("charset", "us-ascii").lower()
        try:
            if not codecs.lookup(charset)._is_text_encoding:
                return self.content.decode("utf-8", "replace"), "charset-unknown"
            return self.content.decode(charset), ""
        except (LookupError, ValueError) as error:
            kind = "charset-damaged" if isinstance(error, UnicodeError) else "charset-unknown"
            return self.content.decode("utf-8", "replace"), kind

    @cached_property
    def defects(self) -> tuple[Defect, ...]:
        """Of this part alone: header, structure, transfer encoding, charset of a text."""
        return (*self.own_defects, *self._content_defects())

    def _content_defects(self) -> Iterator[Defect]:
        if self.first(MISSPELT):
            yield Defect("misspelt", self.where(MISSPELT), MISSPELT)
        if self.children:
            return
        if problem := self._decoded[1]:
            yield Defect(problem, self.where(), self.encoding)
        elif self.media.kind.startswith("text/") and (wrong := self.shown[1]):
            yield Defect(wrong, self.where(), self.media.params.get("charset", "us-ascii"))

    def walk(self) -> Iterator[Part]:
        """This part, then all below, mails inside mails included."""
        yield self
        for child in self.children:
            yield from child.walk()

    def own(self) -> Iterator[Part]:
        """This part, then all below but what stands inside a mail in this mail."""
        yield self
        for child in self.children:
            if self.media.kind != "message/rfc822" or self.number == "":
                yield from child.own()


def _undone(encoding: str, body: bytes) -> tuple[bytes, str]:
    if encoding == "base64":
        return _base64(body)
    if encoding == "quoted-printable":
        return quopri.decodestring(body), "encoding-damaged" if _BAD_ESCAPE.search(body) else ""
    return body, "" if encoding in _PLAIN else "encoding-unknown"


def _base64(body: bytes) -> tuple[bytes, str]:
    try:
        return base64.b64decode(body.translate(None, _BLANKS), validate=True), ""
    except (binascii.Error, ValueError):
        kept = _NOT_BASE64.sub(b"", body)
        kept = kept[: len(kept) - 1] if len(kept) % 4 == 1 else kept
        return base64.b64decode(kept + b"=" * (-len(kept) % 4)), "encoding-damaged"
