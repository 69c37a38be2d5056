"""The standard error mail: what a PFI sends when no notification was asked for, or to its own error mailbox.

Source: facts mssante.md 3.7 (CI-SIS volet), 3.2 (the two prefixes of the subject), 4.2 (codes). The published example
announces 7bit over accents; ours is quoted-printable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from simulators.clients.mail.mdn import ErrorCode, error_subject, files_again, forwarded
from simulators.core.mail import Part, address_field, container, text_body, write_mail
from simulators.core.mail.words import Mailbox, encoded

PREFIXES = ("KO Intégration système !", "Erreur d'intégration !")
_SUBJECT = re.compile(
    r"\s*\[(?:KO Int[ée]gration syst[èe]me|Erreur d['’]int[ée]gration)\s*!?\]\s*\[([^\]]*)\]\s*(.*)", re.I
)
_CODE = re.compile(r"Code d['’]erreur\s*:\s*(\S+)", re.I)
_LABEL = re.compile(r"Erreur d[ée]tect[ée]e\s*:\s*([^\r\n]+)", re.I)


@dataclass(frozen=True, slots=True)
class ReadErrorMail:
    """``error`` from the body where it is, else from the subject; ``code_in_text`` and ``label_in_text`` tell which.

    ``subject`` is that of the mail refused, ``text_where`` the place of the body.
    """

    error: ErrorCode
    subject: str
    text_where: str
    code_in_text: bool
    label_in_text: bool
    original: Part | None = None


def build_error_mail(
    error: ErrorCode,
    *,
    sender: Mailbox,
    recipient: Mailbox,
    subject: str,
    message_id: str,
    date: datetime,
    original: bytes,
    nil: str = "",
) -> bytes:
    """The mail, with the original and its files. ``subject`` is the original's; ``message_id`` has its brackets."""
    text = f"Erreur détectée : {error.label}\nCode d'erreur : {error.code}"
    parts = [text_body(text), forwarded(original), *files_again(original)]
    headers = (
        ("From", address_field(sender)),
        ("To", address_field(recipient)),
        ("Subject", encoded(error_subject(error, subject), 9)),
        ("Date", format_datetime(date)),
        ("Message-ID", message_id),
        *((("X-MSS-NIL", nil),) if nil else ()),
    )
    boundary = "=_error_" + re.sub(r"[^A-Za-z0-9]", "", message_id)[:40]
    return write_mail(headers, container("mixed", parts, boundary))


def split_error_subject(subject: str) -> tuple[str, str] | None:
    """Code and subject of the mail refused, from a subject with either prefix; None for another subject."""
    found = _SUBJECT.fullmatch(subject)
    return None if found is None else (found[1].strip(), found[2])


def read_error_mail(mail: Part) -> ReadErrorMail | None:
    """The error told by a mail that is no report, or None when its subject tells none. Never raises."""
    told = split_error_subject(mail.text("Subject"))
    if told is None or mail.media.kind == "multipart/report":
        return None
    part = next((p for p in mail.own() if p.media.kind == "text/plain" and not p.attached), mail)
    text = part.shown[0] if part.leaf else ""
    code, label = _CODE.search(text), _LABEL.search(text)
    inside = next((p.children[0] for p in mail.own() if p.media.kind == "message/rfc822" and p.children), None)
    return ReadErrorMail(
        ErrorCode(code[1] if code else told[0], label[1].strip() if label else ""),
        told[1],
        part.where(),
        code is not None or told[0] in text.split(),
        label is not None,
        inside,
    )
