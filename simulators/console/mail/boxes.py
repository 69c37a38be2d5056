"""What the lists show: the mailboxes of a world, the folders of a mailbox, the messages of a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from simulators.clients.mail.error_mail import split_error_subject
from simulators.clients.mail.terms import SUBJECT_PREFIX
from simulators.console.mail.correspondents import Correspondent, Names
from simulators.console.mail.plain import one_line
from simulators.core.mail import Part, read_mail
from simulators.core.store.api import Tx
from simulators.mssante import folders, mailboxes, messages
from simulators.mssante.folders import Folder
from simulators.mssante.mailboxes import Mailbox
from simulators.mssante.messages import Counts, Message

PAGE: Final = 50
HEAD: Final = 64 * 1024
_PREFIX: Final = re.compile(rf"\s*{re.escape(SUBJECT_PREFIX)}\s*\+?\s*", re.IGNORECASE)
_BLANK: Final = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Box:
    """A mailbox with what its INBOX holds."""

    mailbox: Mailbox
    inbox: Counts


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder with what it holds."""

    folder: Folder
    counts: Counts


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject for people. ``xdm``: it carried the prefix of documents, hidden in lists (ECO.3.1.3); ``error``: the
    code it tells; ``report``: ``delivery-status`` or ``disposition-notification``."""

    text: str
    xdm: bool = False
    error: str = ""
    report: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a list. ``who`` is the sender, in Sent and Drafts the first recipient."""

    message: Message
    subject: Subject
    who: Correspondent

    @property
    def unread(self) -> bool:
        return "\\Seen" not in self.message.flags

    @property
    def received(self) -> datetime:
        return self.message.received


def boxes(tx: Tx) -> list[Box]:
    """Every mailbox of the world: by kind, then by address."""
    order = list(mailboxes.Kind)
    found = sorted(mailboxes.every(tx), key=lambda box: (order.index(box.kind), box.address))
    return [Box(box, _inbox(tx, box)) for box in found]


def shelves(tx: Tx, address: str) -> list[Shelf]:
    """The folders of a mailbox, INBOX first."""
    return [Shelf(folder, messages.counts(tx, folder.folder)) for folder in folders.every(tx, address)]


def lines(tx: Tx, folder: Folder, page: int) -> list[Line]:
    """One page of a folder, newest first; ``page`` counts from 1."""
    newest = sorted(messages.uids(tx, folder.folder), reverse=True)
    wanted = newest[(page - 1) * PAGE : page * PAGE]
    names = Names(tx)
    found = [_line(tx, message, folder, names) for message in messages.some(tx, folder.folder, wanted)]
    return list(reversed(found))


def subject_of(mail: Part) -> Subject:
    """From the header."""
    text = mail.text("Subject")
    report = mail.media.params.get("report-type", "").lower() if mail.media.kind == "multipart/report" else ""
    told = split_error_subject(text)
    error, rest = told if told is not None else ("", text)
    xdm = _PREFIX.match(rest)
    return Subject(one_line(rest[xdm.end() :] if xdm else rest), xdm is not None, one_line(error, 20), report)


def head_of(raw: bytes) -> Part:
    """The header alone: a list must not read the files of every mail."""
    end = _BLANK.search(raw, 0, HEAD)
    return read_mail(raw[: end.end()] if end else raw[:HEAD])


def _line(tx: Tx, message: Message, folder: Folder, names: Names) -> Line:
    mail = head_of(messages.content(tx, message))
    sides = ("To", "Cc", "Bcc") if folder.special_use in {"\\Sent", "\\Drafts"} else ("From", "Sender")
    who = next(_known(mail, sides, names), Correspondent("", "", "outside"))
    return Line(message, subject_of(mail), who)


def _known(mail: Part, sides: tuple[str, ...], names: Names) -> Iterator[Correspondent]:
    return (names.of(box) for box in mail.addresses(*sides))


def _inbox(tx: Tx, box: Mailbox) -> Counts:
    found = folders.find(tx, box.address, folders.INBOX)
    return Counts(0, 0, 0, 0) if found is None else messages.counts(tx, found.folder)
