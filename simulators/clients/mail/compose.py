"""Good mails of a product: documents to a professional, documents to the patient, free text, forwards.

Source: facts mssante.md 3.1 to 3.4 and 8.4 (F1, F2, F6). Bytes depend only on the plan. The notifications and the
error mail (F4, F5) are in :mod:`~simulators.clients.mail.mdn` and :mod:`~simulators.clients.mail.error_mail`, the
defective twins (F7) in :mod:`~simulators.clients.mail.variants`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime

from simulators.clients.mail.mdn import files_again, forwarded
from simulators.clients.mail.narrative import pdf_of
from simulators.clients.mail.terms import (
    ARCHIVE_NAME,
    END,
    code_list_of,
    ins_flag,
    pdf_name_of,
    subject_of,
)
from simulators.core.mail import Body, address_field, attachment, container, read_mail, text_body, write_mail
from simulators.core.mail.words import Mailbox, encoded
from simulators.documents.cda.model import CdaDocument
from simulators.documents.cda.read import read_cda
from simulators.documents.errors import CannotBuild
from simulators.documents.metadata import entry_from_cda
from simulators.documents.xdm.write import XdmSender, write_archive
from simulators.documents.xds.lot import assemble
from simulators.documents.xds.model import Code, SubmissionSet
from simulators.documents.xds.values import write_dtm

NIL = "SIM0001"
"""X-MSS-NIL of our own mails: a number that no product was given."""
DEFAULT_TEXT = "Bonjour,\n\nVeuillez trouver ci-joint un document concernant votre patient.\n\nSIMULATION"
DELETION_TEXT = "Bonjour,\n\nLe document ci-joint doit être supprimé de vos dossiers.\n\nSIMULATION"
REPLACEMENT_TEXT = "Bonjour,\n\nLe document ci-joint annule et remplace le précédent.\n\nSIMULATION"
_TEXTS = {None: DEFAULT_TEXT, "C": REPLACEMENT_TEXT, "D": DELETION_TEXT}


@dataclass(frozen=True)
class MailPlan:
    """All that a mail needs. ``documents`` are CDA; without any the mail is free text and needs its ``subject``.

    ``message_id`` has its angle brackets. ``action`` is that of the archive (``C`` replaces, ``D`` deletes).
    ``delivery_receipt`` asks for a DSN, ``read_receipt`` for an MDN, ``end`` closes the conversation with a patient.
    ``oid`` gives fresh OIDs; ``source_id`` is that of the sending system.
    """

    sender: Mailbox
    recipients: tuple[Mailbox, ...]
    message_id: str
    date: datetime
    documents: tuple[bytes, ...] = ()
    subject: str = ""
    text: str = ""
    html: str = ""
    copies: tuple[Mailbox, ...] = ()
    reply_to: Mailbox | None = None
    in_reply_to: str = ""
    delivery_receipt: bool = False
    read_receipt: bool = False
    end: bool = False
    action: str | None = None
    nil: str = NIL
    files: tuple[Body, ...] = ()
    oid: Callable[[], str] = lambda: "1.2.250.1.999.9.9.1"
    source_id: str = "1.2.250.1.999.9.9"


@dataclass(frozen=True)
class Pieces:
    """A mail before it is written: wire-ready headers, text, archive, the other files."""

    headers: tuple[tuple[str, str], ...]
    text: Body
    archive: bytes = b""
    archive_name: str = ARCHIVE_NAME
    files: tuple[Body, ...] = ()
    boundary: str = "=_mail"

    def without(self, *names: str) -> Pieces:
        """The same without these headers."""
        return replace(self, headers=tuple(h for h in self.headers if h[0] not in names))

    def having(self, name: str, value: str) -> Pieces:
        """The same with this header, in the place of the one of that name if there is one."""
        if name not in dict(self.headers):
            return replace(self, headers=(*self.headers, (name, value)))
        return replace(self, headers=tuple((n, value if n == name else v) for n, v in self.headers))


def compose(plan: MailPlan) -> bytes:
    """The mail. Raises what :func:`pieces_of` raises."""
    return assembled(pieces_of(plan))


def pieces_of(plan: MailPlan) -> Pieces:
    """The parts of the mail. Raises ``XmlRefused``, ``DocumentError`` for documents that cannot be read,
    :class:`CannotBuild` without document and subject."""
    read = tuple(read_cda(data) for data in plan.documents)
    if not read and not plan.subject:
        raise CannotBuild("a mail without document needs its subject")
    boundary = "=_" + re.sub(r"[^A-Za-z0-9]", "", plan.message_id)[:40]
    return Pieces(
        headers=tuple(_headers(plan, read)),
        text=_text(plan, boundary),
        archive=archive_of(plan, read) if read else b"",
        files=(*_pdfs(plan, read), *plan.files),
        boundary=boundary,
    )


def assembled(pieces: Pieces) -> bytes:
    """multipart/mixed with files, the text alone without any."""
    archive = (attachment(pieces.archive, "application/zip", pieces.archive_name),) if pieces.archive else ()
    files = (*archive, *pieces.files)
    body = container("mixed", (pieces.text, *files), pieces.boundary) if files else pieces.text
    return write_mail(pieces.headers, body)


def archive_of(plan: MailPlan, read: tuple[CdaDocument, ...]) -> bytes:
    """IHE_XDM.ZIP around the documents of the plan, one submission set for all."""
    entries = [
        entry_from_cda(data, cda=cda, entry_id=f"Document{rank:02d}", action=plan.action, zone=plan.date.tzinfo or UTC)
        for rank, (data, cda) in enumerate(zip(plan.documents, read, strict=True), start=1)
    ]
    first = entries[0]
    lot = SubmissionSet(
        "SubmissionSet01",
        unique_id=plan.oid(),
        source_id=plan.source_id,
        patient_id=first.patient_id,
        title="Lot",
        authors=first.authors[:1],
        content_type=first.facility_code or Code("SA01", "1.2.250.1.71.4.2.4", "Etablissement public de santé"),
        submission_time=write_dtm(plan.date),
    )
    contents = {entry.entry_id: data for entry, data in zip(entries, plan.documents, strict=True)}
    return write_archive([(assemble(lot, entries), contents)], sender=_archive_sender(plan, read[0]), created=plan.date)


def forward(
    original: bytes,
    *,
    sender: Mailbox,
    recipient: Mailbox,
    message_id: str,
    date: datetime,
    inline: bool = True,
    nil: str = NIL,
) -> bytes:
    """The mail transferred by an ORG mailbox (F6): its files at the first level, or the whole as message/rfc822."""
    mail = read_mail(original)
    names = ("X-MSS-CODECDA", "X-MSS-INS") if inline else ()
    kept = tuple((name, mail.text(name)) for name in names if mail.text(name))
    headers = (
        ("From", address_field(sender)),
        ("To", address_field(recipient)),
        ("Subject", encoded(mail.text("Subject"), 9)),
        ("Date", format_datetime(date)),
        ("Message-ID", message_id),
        ("X-MSS-NIL", nil),
        *kept,
    )
    shown = next((part.shown[0] for part in mail.own() if part.media.kind == "text/plain"), "")
    files = tuple(files_again(original)) if inline else (forwarded(original),)
    return write_mail(headers, container("mixed", (text_body(shown), *files), "=_fw"))


def _headers(plan: MailPlan, read: tuple[CdaDocument, ...]) -> Iterator[tuple[str, str]]:
    yield "From", address_field(plan.sender)
    yield "To", address_field(*plan.recipients)
    if plan.copies:
        yield "Cc", address_field(*plan.copies)
    if plan.reply_to is not None:
        yield "Reply-To", address_field(plan.reply_to)
    yield "Subject", encoded(plan.subject or subject_of(read[0]), 9)
    yield "Date", format_datetime(plan.date)
    yield "Message-ID", plan.message_id
    if plan.in_reply_to:
        yield "In-Reply-To", plan.in_reply_to
        yield "References", plan.in_reply_to
    if plan.delivery_receipt:
        yield "Return-Receipt-To", f"<{plan.sender.address}>"
    if plan.read_receipt:
        yield "Disposition-Notification-To", f"<{plan.sender.address}>"
    if read:
        yield "X-MSS-CODECDA", code_list_of(read)
        yield "X-MSS-INS", ins_flag(read)
    yield "X-MSS-NIL", plan.nil
    if plan.end:
        yield "X-MSS-MES", END


def _text(plan: MailPlan, boundary: str) -> Body:
    plain = text_body(plan.text or _TEXTS.get(plan.action, DEFAULT_TEXT))
    if not plan.html:
        return plain
    return container("alternative", (plain, text_body(plan.html, "html")), f"{boundary}_alt")


def _pdfs(plan: MailPlan, read: tuple[CdaDocument, ...]) -> Iterator[Body]:
    for cda in read:
        yield attachment(pdf_of(cda, plan.date), "application/pdf", pdf_name_of(cda))


def _archive_sender(plan: MailPlan, cda: CdaDocument) -> XdmSender:
    author = next(iter(cda.authors), None)
    place = author.organization if author else None
    name = place.name.text if place and place.name else plan.sender.name or plan.sender.address
    identifier = place.ids[0].extension if place and place.ids else ""
    person = f"{author.given} {author.family}".strip() if author else ""
    return XdmSender(person or plan.sender.name, name, identifier, plan.sender.address)
