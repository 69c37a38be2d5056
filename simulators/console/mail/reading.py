"""One message opened for a page: who, text, files, documents, reports. Pure but for :func:`opened`, which reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from simulators.clients.mail.dsn import STATUS, ReadDsn, read_dsn
from simulators.clients.mail.error_mail import ReadErrorMail
from simulators.clients.mail.mdn import NOTIFICATION, ReadMdn
from simulators.clients.mail.terms import END, END_SUBJECT, ins_of, traits_of
from simulators.console.mail.boxes import Subject, subject_of
from simulators.console.mail.plain import one_line, plain
from simulators.core.mail import Part
from simulators.core.mail.words import Mailbox
from simulators.core.store.api import Tx
from simulators.documents.cda.model import CdaDocument
from simulators.documents.errors import UnreadableCda
from simulators.mssante import folders, messages
from simulators.mssante.folders import Folder
from simulators.mssante.messages import Message
from simulators.mssante.verdict.reading import PDF, Archive, Document, Letter, read_letter
from simulators.population.masking import Mask, mask_of

MOST_FILES: Final = 100
HEADERS: Final = (
    *("From", "Sender", "Reply-To", "To", "Cc", "Date", "Message-ID", "In-Reply-To"),
    *("Return-Receipt-To", "Disposition-Notification-To"),
    *("X-MSS-CODECDA", "X-MSS-INS", "X-MSS-NIL", "X-MSS-MES"),
)
_STRUCTURE: Final = (STATUS, NOTIFICATION, "text/rfc822-headers")


@dataclass(frozen=True)
class File:
    """One file of the mail; ``number`` is that of its part."""

    number: str
    name: str
    kind: str
    size: int


@dataclass(frozen=True)
class Opened:
    """One message of a mailbox. ``letter`` is what the operator's verdict reads too."""

    message: Message
    folder: Folder
    raw: bytes = field(repr=False)
    letter: Letter = field(repr=False)

    @property
    def mail(self) -> Part:
        return self.letter.mail

    @cached_property
    def subject(self) -> Subject:
        return subject_of(self.mail)

    @cached_property
    def headers(self) -> list[tuple[str, str]]:
        """The fields a reader of MSSanté looks at, in that order."""
        return [(name, one_line(f.decoded.text, 1000)) for name in HEADERS for f in self.mail.all(name)]

    @cached_property
    def archives(self) -> list[Archive]:
        """Every XDM archive; those of a transferred mail too, unless its files stand beside it."""
        own = [archive for archive in self.letter.zips if archive.is_xdm]
        known = {archive.part.content for archive in own}
        return [*own, *(archive for archive in self.letter.nested if archive.part.content not in known)]

    @cached_property
    def _texts(self) -> tuple[Part | None, Part | None]:
        leaves = [p for p in self.mail.own() if p.leaf and not p.attached]
        by_kind = (next((p for p in leaves if p.media.kind == k), None) for k in ("text/plain", "text/html"))
        first, second = by_kind
        return first, second

    @property
    def text(self) -> str:
        """The plain text, empty when there is none."""
        part = self._texts[0]
        return plain(part.shown[0]) if part is not None else ""

    @property
    def html(self) -> str:
        """The number of the HTML part, empty when there is none."""
        part = self._texts[1]
        return "" if part is None else number_of(part)

    @cached_property
    def files(self) -> list[File]:
        """What the mail carries beside its text, transferred mails included."""
        shown = {id(part) for part in self._texts if part is not None}
        found = (p for p in self.mail.own() if p.leaf or p.media.kind == "message/rfc822")
        kept = (p for p in found if id(p) not in shown and p.media.kind not in _STRUCTURE and p.number)
        return [_file(part) for part in kept]

    @property
    def mdn(self) -> ReadMdn | None:
        return self.letter.mdn

    @cached_property
    def dsn(self) -> ReadDsn | None:
        return read_dsn(self.mail)

    @property
    def error_mail(self) -> ReadErrorMail | None:
        return self.letter.error_mail

    @property
    def receipt_to(self) -> Mailbox | None:
        """Who asks for a notification of reading."""
        return next((box for box in self.mail.addresses("Disposition-Notification-To") if box.address), None)

    @property
    def sender(self) -> Mailbox | None:
        return next((box for box in self.mail.addresses("Reply-To", "From") if box.address), None)

    @property
    def closing(self) -> bool:
        """Whether this mail takes the right to answer away."""
        return self.mail.text("Subject") == END_SUBJECT or any(f.text == END for f in self.mail.all("X-MSS-MES"))

    @cached_property
    def mask(self) -> Mask:
        """Hides the real-looking identifiers of its header, text and documents: files are not searched."""
        texts = (f"{name}: {value}" for name, value in self.headers)
        return mask_of("\n".join(texts).encode(), self.text.encode(), *self._described())

    def _described(self) -> Iterable[bytes]:
        for archive in self.archives:
            for name, data in archive.opened.files.items() if archive.opened else ():
                if name.upper().endswith(".XML"):
                    yield data

    def document(self, archive: int, rank: int) -> Document | None:
        """The document of that rank in that archive, both from 0."""
        here = self.archives[archive].documents if archive < len(self.archives) else ()
        return here[rank] if rank < len(here) else None

    def part(self, number: str) -> Part | None:
        """The part of that number."""
        return next((part for part in self.mail.walk() if number_of(part) == number), None)


def opened(tx: Tx, address: str, folder: int, uid: int) -> Opened | None:
    """None when the mailbox has no such message."""
    place = folders.numbered(tx, folder)
    if place is None or place.address != address or uid >= 1 << 32:
        return None
    message = messages.get(tx, folder, uid)
    if message is None:
        return None
    raw = messages.content(tx, message)
    return Opened(message, place, raw, read_letter(raw))


def number_of(part: Part) -> str:
    """As IMAP numbers it: the only part of a simple mail is 1."""
    return part.number or "1"


def pdf_in(document: Document) -> bytes:
    """The PDF that a level 1 CDA embeds, empty when there is none."""
    cda = document.cda
    if cda is None or cda.body.kind != "nonXML" or cda.body.media_type != PDF:
        return b""
    try:
        return cda.body.content()
    except UnreadableCda:
        return b""


def integrity(document: Document) -> tuple[bool, bool]:
    """Whether hash and size of the metadata are those of the bytes."""
    entry, data = document.described.entry, document.described.data
    digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    return (entry.hash or "").lower() == digest, entry.size == str(len(data))


def patient_line(cda: CdaDocument) -> str:
    """The patient in one line."""
    traits, ins = traits_of(cda), ins_of(cda)
    told = (traits.family, traits.given, traits.french_date, traits.sex, f"INS {ins.extension}" if ins else "")
    return " ".join(filter(None, told))


def _file(part: Part) -> File:
    inside = part.children[0].text("Subject") if part.media.kind == "message/rfc822" and part.children else ""
    name = one_line(part.filename or inside, 200)
    return File(number_of(part), name or f"part-{number_of(part)}", one_line(part.media.kind, 80), len(part.content))
