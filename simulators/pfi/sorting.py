"""What a mail of the applicative mailbox is: a report, a notification, documents for the record, or something else.

A report tells of one of our mails (Z02), a notification of who read it (Z03). An error mail or a notification may bring
the archive it answers: that one is never taken for news, else two mailboxes would write to each other for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from simulators.clients.mail.dsn import ReadDsn, Told, read_dsn
from simulators.clients.mail.error_mail import read_error_mail
from simulators.clients.mail.mdn import ReadMdn, read_mdn
from simulators.core import journal
from simulators.core.mail import Part, read_mail
from simulators.core.store.api import Tx
from simulators.core.world import World
from simulators.documents.errors import ArchiveRefused
from simulators.documents.xdm.model import ROOT, ArchiveLimits, XdmDocument
from simulators.documents.xdm.read import read_archive
from simulators.pfi import inbox, log, orders, queue, receipts, requests
from simulators.pfi.flow6 import document_of_mail
from simulators.pfi.inbox import Mail, Received
from simulators.pfi.mail_leg import smtp_error
from simulators.pfi.names import FLOW_6, NAME
from simulators.pfi.orders import Order

OPERATION: Final = f"{NAME}.MAIL"
DELIVERED: Final = frozenset({"delivered", "relayed", "expanded"})
READ: Final = frozenset({"displayed", "processed", "dispatched"})
MOST_DOCUMENTS: Final = 100
MOST_EXPANDED: Final = 100 * 1024 * 1024
_REPLY = re.compile(r"\b([245][0-9]{2})\b")
_ZIP: Final = ("application/zip", "application/x-zip-compressed")


@dataclass(frozen=True)
class Letter:
    """One mail, read; ``documents`` are those it brings, ``problem`` why an archive could not be read."""

    raw: bytes
    part: Part
    report: ReadDsn | None
    notification: ReadMdn | None
    documents: tuple[XdmDocument, ...]
    problem: str

    @property
    def message_id(self) -> str:
        return _bare(self.part.text("Message-ID"))


def read_letter(raw: bytes) -> Letter:
    """Never raises. Large ones take their time: not inside a transaction."""
    part = read_mail(raw)
    report, notification = read_dsn(part), read_mdn(part)
    if report is not None or notification is not None:
        return Letter(raw, part, report, notification, (), "")
    if read_error_mail(part) is not None:
        return Letter(raw, part, None, None, (), "error mail, left in the mailbox")
    documents, problem = described_documents(part)
    return Letter(raw, part, None, None, tuple(documents), problem or "no XDM archive, left in the mailbox")


def take(tx: Tx, world: World, wall: datetime, mail: Mail, letter: Letter) -> None:
    """Everything that follows from a mail just kept, and its journal row."""
    kind, note, keys = _sorted(tx, world, wall, mail, letter)
    sender = next((box.address for box in letter.part.addresses("From")), "")
    inbox.describe(tx, mail, kind, sender, letter.part.text("Subject"), note)
    log.write(tx, world.business(wall), log.RECEIVED, mail.name, f"{kind}: {note} <{mail.message_id}>")
    entry = journal.Entry(
        protocol=NAME,
        operation=OPERATION,
        who={"mailbox": mail.mailbox, "sender": sender},
        status=kind,
        marks={"kind": kind, "note": note, "mail": mail.number},
        keys=(f"message:{mail.message_id}", *keys),
        request_head=f"FETCH {mail.uid}",
        request=letter.raw,
    )
    journal.record(tx, world, wall, entry)


def archives(part: Part) -> Iterator[bytes]:
    """The XDM archives, those of a mail inside the mail included."""
    for one in part.walk():
        if one.leaf and (one.media.kind in _ZIP or one.filename.upper().endswith(".ZIP")):
            yield one.content


def described_documents(part: Part) -> tuple[list[XdmDocument], str]:
    """The CDA documents of every archive, and why one could not be read. What they expand to is counted together."""
    found: list[XdmDocument] = []
    budget = MOST_EXPANDED
    for data in archives(part):
        try:
            archive = read_archive(data, ArchiveLimits(total=budget))
        except ArchiveRefused as refused:
            return found, str(refused)
        budget -= sum(map(len, archive.files.values()))
        if any(name.upper().startswith(f"{ROOT}/") for name in archive.files):
            found += [one for one in archive.documents if (one.entry.mime_type or "text/xml") == "text/xml"]
    return found[:MOST_DOCUMENTS], ""


def _sorted(tx: Tx, world: World, wall: datetime, mail: Mail, letter: Letter) -> tuple[str, str, list[str]]:
    if letter.report is not None:
        return inbox.DSN, *_reported(tx, world, wall, letter.report)
    if letter.notification is not None:
        return inbox.MDN, *_notified(tx, world, wall, letter.notification)
    if not letter.documents:
        return inbox.OTHER, letter.problem, []
    return inbox.DOCUMENTS, *_to_record(tx, world, wall, mail, letter.documents)


# --- reports and notifications of our own mails


def _reported(tx: Tx, world: World, wall: datetime, report: ReadDsn) -> tuple[str, list[str]]:
    order = orders.of_message(tx, _bare(report.envid)) or _of_original(tx, report.original)
    if order is None:
        return "report of a mail that is not ours", []
    for told in report.told:
        _conclude(tx, world, wall, order, told)
    actions = ", ".join(told.action for told in report.told)
    return f"order {order.name}: {actions}", _keys(tx, order)


def _conclude(tx: Tx, world: World, wall: datetime, order: Order, told: Told) -> None:
    """The first final word counts."""
    now = world.business(wall)
    if told.action == "delayed":
        log.write(tx, now, log.WAITING, order.name, f"delayed: {told.diagnostic or told.status}")
    if order.state in {orders.OK, orders.KO} or told.action not in {*DELIVERED, "failed"}:
        return
    asked = requests.transmission_of(tx, requests.get(tx, order.request))
    if told.action == "failed":
        code = next(iter(_REPLY.findall(told.diagnostic)), "") or "550"
        orders.fail(tx, order, asked, smtp_error(int(code), told.diagnostic), at=world.wire(wall), now=now)
        return
    orders.conclude(tx, order, orders.OK, now)
    orders.receipt(tx, order, asked, at=world.wire(wall), now=now)


def _notified(tx: Tx, world: World, wall: datetime, notification: ReadMdn) -> tuple[str, list[str]]:
    mdn = notification.mdn
    order = orders.of_message(tx, _bare(mdn.original_message_id)) or _of_original(tx, notification.original)
    if order is None:
        return "notification on a mail that is not ours", []
    how, now = mdn.disposition, world.business(wall)
    error = (how.error.code or "906", how.error.label) if how.error is not None else None
    orders.note_read(tx, order, "error" if error else how.type, now)
    asked = requests.transmission_of(tx, requests.get(tx, order.request))
    if asked.flags.ack_lecture_mss and (error or how.type in READ):
        reader = mdn.final_recipient or order.address
        at = world.wire(wall)
        told = {"address": reader, "reader": order.recipient}
        receipts.tell(tx, order.name, order.request, "Z03", at=at, now=now, error=error, **told)
    said = f"{how.type}/error {error[0]}" if error else how.type
    return f"order {order.name}: {said}", _keys(tx, order)


def _of_original(tx: Tx, original: Part | None) -> Order | None:
    return orders.of_message(tx, _bare(original.text("Message-ID"))) if original is not None else None


def _bare(message_id: str) -> str:
    return message_id.strip().strip("<>").strip()


def _keys(tx: Tx, order: Order) -> list[str]:
    request = requests.get(tx, order.request)
    named = {"hl7": request.control_id, "document": request.document, "patient": request.matricule}
    return [f"order:{order.name}", *(f"{kind}:{value}" for kind, value in named.items() if value)]


# --- documents for the record


def _to_record(
    tx: Tx, world: World, wall: datetime, mail: Mail, documents: Sequence[XdmDocument]
) -> tuple[str, list[str]]:
    keys, notes = [], []
    for rank, found in enumerate(documents, start=1):
        plan = document_of_mail(found)
        hidden = any(code.code == "MASQUE_PS" for code in found.entry.confidentiality_codes)
        state = inbox.HELD if hidden else inbox.PENDING
        named = (plan.document_id, plan.replaces, plan.type_code)
        one = Received(mail.number, rank, *named, plan.action.value, state, "", "", "")
        inbox.add_document(tx, one)
        keys += [f"document:{plan.document_id}"] if plan.document_id else []
        keys += [f"patient:{plan.patient.ins}"] if plan.patient.ins else []
        notes.append(f"{plan.action} {plan.document_id}{' held: MASQUE_PS' if hidden else ''}")
        if not hidden:
            queue.add(tx, FLOW_6, one.name, world.business(wall))
    return "; ".join(notes), keys
