"""What a reader sends back: a notification (displayed, processed, processed with an error), or the standard error mail
where none was asked for (facts mssante §3.6, §3.7)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from simulators.clients.mail.compose import NIL
from simulators.clients.mail.error_mail import build_error_mail
from simulators.clients.mail.mdn import Disposition, ErrorCode, Mdn, build_mdn, integrated
from simulators.console.mail.composing import message_id
from simulators.console.mail.reading import Opened
from simulators.console.mail.submission import Handed, Unsendable, hand_over
from simulators.core.clock import PARIS
from simulators.core.mail.words import Mailbox as Named
from simulators.core.world import identifier, load
from simulators.documents.hl7.names import APPLICATION_ERRORS
from simulators.mssante import messages
from simulators.mssante.mailboxes import Mailbox
from simulators.mssante.reports import dsn

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

DISPLAYED, PROCESSED, ERROR = "displayed", "processed", "error"
KINDS: Final = (DISPLAYED, PROCESSED, ERROR)
MDN_SENT: Final = "$MDNSent"
_ADDRESS: Final = re.compile(r"[!-;=?-~]{3,254}")
_ID: Final = re.compile(r"<[!-;=?-~]{1,900}>")


def send_receipt(sandbox: Sandbox, world: str, box: Mailbox, read: Opened, kind: str, code: str = "") -> Handed:
    """Answers ``read`` as the owner of ``box``; ``code`` is one of ``APPLICATION_ERRORS`` for an error. Raises
    :class:`Unsendable`."""
    if kind not in KINDS or (kind == ERROR and code not in APPLICATION_ERRORS):
        raise Unsendable("mail_form_wrong")
    asked = read.receipt_to
    if asked is None and kind != ERROR:
        raise Unsendable("mail_not_asked")
    to = asked or read.sender
    if to is None or not _ADDRESS.fullmatch(to.address):
        raise Unsendable("mail_to_wrong", to.address if to is not None else "")
    error = ErrorCode(code, APPLICATION_ERRORS[code]) if kind == ERROR else None
    try:
        made = _message(sandbox, world, box, read, to, kind, error)
    except ValueError as problem:
        raise Unsendable("mail_no_making", str(problem)) from problem
    handed = hand_over(sandbox, world, box, [to.address], made)
    if handed.accepted and asked is not None:
        with sandbox.store.write(world) as tx:
            messages.set_flags(tx, read.folder.folder, [read.message.uid], "add", [MDN_SENT])
    return handed


def _message(
    sandbox: Sandbox, world: str, box: Mailbox, read: Opened, to: Named, kind: str, error: ErrorCode | None
) -> bytes:
    with sandbox.store.write(world) as tx:
        now, number = load(tx).wire(sandbox.now()).astimezone(PARIS), identifier(tx, "webmail")
    sender, recipient, subject = Named(box.label, box.address), Named("", to.address), read.mail.text("Subject")
    own_id = message_id(number, box.address)
    if error is not None and read.receipt_to is None:
        return build_error_mail(
            error,
            sender=sender,
            recipient=recipient,
            subject=subject,
            message_id=own_id,
            date=now,
            original=read.raw,
            nil=NIL,
        )
    told = dsn.message_id(read.raw)
    how = Disposition(DISPLAYED) if kind == DISPLAYED else integrated(error)
    return build_mdn(
        Mdn(box.address, told if _ID.fullmatch(told) else "", how),
        sender=sender,
        recipient=recipient,
        subject=subject,
        message_id=own_id,
        date=now,
        original=read.raw,
        nil=NIL,
    )
