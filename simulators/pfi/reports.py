"""Telling what became of a received mail, once each of its documents has its answer: to whom, and in which form.

Source: facts pfi §4, requirements MSS/UX.11 and UX.12.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from simulators.core.mail import Part, read_mail
from simulators.core.store.api import Tx
from simulators.pfi import inbox, queue
from simulators.pfi.inbox import Mail, Received
from simulators.pfi.names import REPORT

NOTIFICATION, ERROR = "mdn", "error"


def answer(tx: Tx, mail: Mail, now: datetime) -> None:
    """Queues the notification that was asked for, and the error that the configured mailbox is owed."""
    documents = inbox.documents(tx, mail.number)
    if any(one.state == inbox.PENDING for one in documents):
        return
    failed = problem(documents)
    if (failed is None or failed.state == inbox.REFUSED) and requester(read_mail(inbox.content(tx, mail))):
        queue.add(tx, REPORT, f"{mail.name}.{NOTIFICATION}", now)
    if failed is not None:
        queue.add(tx, REPORT, f"{mail.name}.{ERROR}", now)


def problem(documents: Sequence[Received]) -> Received | None:
    """The first document that the record refused, else the first it never took."""
    refused = [one for one in documents if one.state == inbox.REFUSED]
    return next(iter([*refused, *(one for one in documents if one.state == inbox.FAILED)]), None)


def requester(part: Part) -> str:
    """Who asked for a notification; nobody for a mail that must not be answered (RFC 8098 section 2.1)."""
    back = part.first("Return-Path")
    if back is not None and back.text.strip() == "<>":
        return ""
    return next((box.address for box in part.addresses("Disposition-Notification-To")), "")
