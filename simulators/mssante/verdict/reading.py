"""A mail as the rules look at it: read once, with what its archives hold, every value knowing its place.

Places are those of :mod:`simulators.core.mail.model`; inside an archive ``mime[2].xdm:/IHE_XDM/SUBSET01/METADATA.XML``,
followed by ``#`` and an XPath for a place in an XML file. Nothing here raises on what the wire gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from simulators.clients.mail.error_mail import ReadErrorMail, read_error_mail
from simulators.clients.mail.mdn import ReadMdn, read_mdn
from simulators.core.mail import Part, read_mail
from simulators.core.xml import XmlRefused
from simulators.documents.cda.model import CdaDocument
from simulators.documents.cda.read import read_cda
from simulators.documents.errors import ArchiveRefused, DocumentError
from simulators.documents.xdm.model import ROOT, ArchiveLimits, XdmArchive, XdmDocument
from simulators.documents.xdm.read import read_archive
from simulators.documents.xds.model import Lot
from simulators.mssante.addresses import Address, Family

ZIP: Final = "application/zip"
_ZIP_TYPES = (ZIP, "application/x-zip-compressed", "application/x-zip", "application/x-compressed")
PDF: Final = "application/pdf"
MOST_EXPANDED: Final = 100 * 1024 * 1024
"""Bytes that all the archives of one mail may expand to."""


@dataclass(frozen=True)
class Document:
    """One document of an archive. ``cda`` is None when it is no CDA: ``problem`` says why if one was due."""

    described: XdmDocument
    lot: Lot
    place: str
    metadata_place: str
    cda: CdaDocument | None = None
    problem: str = ""

    def described_at(self, attribute: str, part: str = "", index: int = 0) -> str:
        """The place of an attribute of its entry in the metadata."""
        return f"{self.metadata_place}#{self.described.entry.where(attribute, part, index)}"

    def written_at(self, xpath: str) -> str:
        """A place in the document itself."""
        return f"{self.place}#{xpath}"


@dataclass(frozen=True)
class Archive:
    """One ZIP attachment: opened, or ``refusal`` says why it could not be."""

    part: Part
    opened: XdmArchive | None = None
    refusal: ArchiveRefused | None = None
    documents: tuple[Document, ...] = ()

    @property
    def is_xdm(self) -> bool:
        """By what it holds, else by its name: other ZIP files may be sent too."""
        if self.opened is not None and any(name.upper().startswith(f"{ROOT}/") for name in self.opened.files):
            return True
        return self.part.filename.upper().startswith(ROOT)

    def where(self, name: str = "") -> str:
        """The place of one of its files."""
        return f"{self.part.where()}.xdm:/{name}"


@dataclass(frozen=True)
class Letter:
    """One mail. ``sender_kind`` is the kind of the sending mailbox when the operator knows it (``PER``, ``APP``...)."""

    mail: Part = field(repr=False)
    envelope_recipients: tuple[str, ...] = ()
    sender_kind: str = ""

    @cached_property
    def sender(self) -> Address:
        """That of From; OUTSIDE where there is none."""
        return Address.read(next((box.address for box in self.mail.addresses("From")), ""))

    @cached_property
    def recipients(self) -> tuple[tuple[Address, str], ...]:
        """Whom the header names, then whom only the envelope names, each with its place."""
        told = [
            (Address.read(box.address), self.mail.where(name))
            for name in ("To", "Cc", "Bcc")
            for box in self.mail.addresses(name)
        ]
        known = {address.key for address, _ in told}
        blind = ((Address.read(a), f"envelope.RCPT[{n}]") for n, a in enumerate(self.envelope_recipients, start=1))
        return (*told, *((address, where) for address, where in blind if address.key not in known))

    @property
    def citizens(self) -> tuple[tuple[Address, str], ...]:
        """The recipients that are patients."""
        return tuple((address, where) for address, where in self.recipients if address.family is Family.CITIZEN)

    @property
    def subject(self) -> str:
        return self.mail.text("Subject")

    @cached_property
    def mdn(self) -> ReadMdn | None:
        return read_mdn(self.mail)

    @cached_property
    def error_mail(self) -> ReadErrorMail | None:
        return read_error_mail(self.mail)

    @property
    def answering(self) -> bool:
        """A report or an error mail: the archive it may hold is the one it answers, judged when it came."""
        return self.mail.media.kind == "multipart/report" or self.mdn is not None or self.error_mail is not None

    @cached_property
    def _opened(self) -> tuple[tuple[Archive, bool], ...]:
        """Every ZIP file and whether it is this mail's own. What they may expand to is counted over the whole mail."""
        own = {id(part) for part in self.mail.own()}
        budget, found = MOST_EXPANDED, []
        for part in self.mail.walk():
            if _is_zip(part):
                archive = _archive(part, ArchiveLimits(total=budget))
                budget -= sum(map(len, archive.opened.files.values())) if archive.opened else 0
                found.append((archive, id(part) in own))
        return tuple(found)

    @property
    def zips(self) -> tuple[Archive, ...]:
        """Every ZIP file of the mail, those of a mail inside it apart."""
        return tuple(archive for archive, own in self._opened if own)

    @property
    def nested(self) -> tuple[Archive, ...]:
        """The archives of a mail inside the mail."""
        return tuple(archive for archive, own in self._opened if not own and archive.is_xdm)

    @cached_property
    def archives(self) -> tuple[Archive, ...]:
        """The XDM archives that this mail sends."""
        return () if self.answering else tuple(archive for archive in self.zips if archive.is_xdm)

    @property
    def documents(self) -> tuple[Document, ...]:
        return tuple(document for archive in self.archives for document in archive.documents)

    @property
    def cdas(self) -> tuple[CdaDocument, ...]:
        """The CDA documents that this mail sends."""
        return tuple(document.cda for document in self.documents if document.cda is not None)

    def read(self) -> Iterator[tuple[Document, CdaDocument]]:
        """The documents that are CDA, with what they say."""
        return ((document, document.cda) for document in self.documents if document.cda is not None)

    @property
    def pdfs(self) -> tuple[Part, ...]:
        """The PDF files, those of a mail inside this one apart."""
        own = self.mail.own()
        return tuple(p for p in own if p.leaf and (p.media.kind == PDF or p.filename.lower().endswith(".pdf")))

    def zipped(self) -> Iterator[tuple[str, bytes]]:
        """Every file of every ZIP file, with its place."""
        for archive, _ in self._opened:
            for name, data in archive.opened.files.items() if archive.opened else ():
                yield archive.where(name), data


def read_letter(raw: bytes, envelope_recipients: Sequence[str] = (), sender_kind: str = "") -> Letter:
    """Reads one mail. Never raises."""
    return Letter(read_mail(raw), tuple(envelope_recipients), sender_kind)


def _is_zip(part: Part) -> bool:
    return part.leaf and (part.media.kind in _ZIP_TYPES or part.filename.lower().endswith(".zip"))


def _archive(part: Part, limits: ArchiveLimits) -> Archive:
    try:
        opened = read_archive(part.content, limits)
    except ArchiveRefused as refusal:
        return Archive(part, refusal=refusal)
    base = f"{part.where()}.xdm:/"
    documents = tuple(
        _document(document, subset.lot, base, subset.metadata_name)
        for subset in opened.subsets
        for document in subset.documents
    )
    return Archive(part, opened, documents=documents)


def _document(described: XdmDocument, lot: Lot, base: str, metadata: str) -> Document:
    found = Document(described, lot, base + described.name, base + metadata)
    if (described.entry.mime_type or "text/xml") != "text/xml":
        return found
    try:
        cda = read_cda(described.data)
    except XmlRefused as refused:
        return Document(described, lot, found.place, found.metadata_place, problem=refused.message_en)
    except DocumentError as refused:
        return Document(described, lot, found.place, found.metadata_place, problem=refused.reason)
    return Document(described, lot, found.place, found.metadata_place, cda)
