"""Message disposition notifications: built in the form of the volet or of RFC 8098, read back tolerantly.

Source: facts mssante.md 3.6 (CI-SIS volet "Transmission au LPS d'un document CDA provenant d'un courriel MSSanté"),
RFC 8098 section 3, RFC 6522. The volet writes ``processed/Error: <code>^<label>`` and attaches the original's files
again; the RFC writes ``processed/error`` with a field ``Error:`` and has three parts at most.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from simulators.core.mail import Body, Part, address_field, container, read_mail, text_body, write_mail
from simulators.core.mail.words import Mailbox, encoded

ACTION_MODES = ("manual-action", "automatic-action")
SENDING_MODES = ("MDN-sent-manually", "MDN-sent-automatically")
TYPES = ("displayed", "deleted", "dispatched", "processed")
NOTIFICATION = "message/disposition-notification"
REFUSED_TEXT = "Le message ci-dessous n'a pas pu être intégré automatiquement pour la raison suivante : "
ACCEPTED_TEXT = "Le message ci-dessous a été traité."
_LONGEST_LABEL = 400
_MOST_PARTS = 3  # RFC 6522 section 3
_DISPOSITION = re.compile(r"\s*([\w-]+)\s*/\s*([\w-]+)\s*;\s*([\w-]+)\s*(?:/\s*(.*))?", re.DOTALL)
_ERROR = re.compile(r"error\s*:?\s*(.*)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """A code of applicationErrorCondition (facts mssante.md 4.2: 900 to 906) and its label."""

    code: str
    label: str = ""

    def __str__(self) -> str:
        return f"{self.code}^{self.label}"


@dataclass(frozen=True, slots=True)
class Disposition:
    """What became of the mail: ``displayed`` by a person, ``processed`` by software, with or without error."""

    type: str = "displayed"
    action_mode: str = "manual-action"
    sending_mode: str = "MDN-sent-manually"
    error: ErrorCode | None = None


def integrated(error: ErrorCode | None = None) -> Disposition:
    """What a PFI answers once the record has taken the documents, or refused them."""
    return Disposition("processed", "automatic-action", "MDN-sent-automatically", error)


@dataclass(frozen=True, slots=True)
class Mdn:
    """The machine-readable part, and the text before it."""

    final_recipient: str
    original_message_id: str
    disposition: Disposition
    original_recipient: str = ""
    reporting_ua: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Slip:
    """What a notification does otherwise than the volet or the RFC. ``kind``: ``report-type``, ``text-type``,
    ``message-id-blanks``, ``disposition-suffix``, ``disposition-syntax``, ``recipient-type``, ``parts``,
    ``missing`` (``found`` names the field) and every kind of :class:`~simulators.core.mail.Defect`."""

    kind: str
    where: str
    found: str = ""


@dataclass(frozen=True, slots=True)
class ReadMdn:
    """A notification as read. ``where`` is its machine-readable part; ``original`` the mail it answers."""

    mdn: Mdn
    where: str
    original: Part | None = None
    slips: tuple[Slip, ...] = field(default=())


def build_mdn(
    mdn: Mdn,
    *,
    sender: Mailbox,
    recipient: Mailbox,
    subject: str,
    message_id: str,
    date: datetime,
    original: bytes = b"",
    strict: bool = False,
    nil: str = "",
) -> bytes:
    """The notification. ``message_id`` has its angle brackets; ``strict`` gives the form of RFC 8098.

    In the form of the volet the files of ``original`` are attached again and an error's subject is told as an error.
    ``nil`` is the number of the product (X-MSS-NIL), which every mail of a product carries.
    """
    error = mdn.disposition.error
    text = mdn.text or (f"{REFUSED_TEXT}{error.code} {error.label}" if error else ACCEPTED_TEXT)
    fields = "".join(f"{name}: {value}\r\n" for name, value in _fields(mdn, strict))
    parts = [text_body(text), Body((("Content-Type", NOTIFICATION),), fields.encode("ascii"))]
    if original:
        parts.append(forwarded(original))
        parts += () if strict else files_again(original)
    boundary = f"=_mdn_{_token(message_id)}"
    told = subject if strict or error is None else error_subject(error, subject)
    headers = (
        ("From", address_field(sender)),
        ("To", address_field(recipient)),
        ("Subject", encoded(told, 9)),
        ("Date", format_datetime(date)),
        ("Message-ID", message_id),
        *((name, mdn.original_message_id) for name in ("In-Reply-To", "References") if mdn.original_message_id),
        *((("X-MSS-NIL", nil),) if nil else ()),
    )
    return write_mail(headers, container("report", parts, boundary, ("report-type", "disposition-notification")))


def error_subject(error: ErrorCode, subject: str) -> str:
    """The subject of what tells an error: facts mssante.md 3.2."""
    return f"[KO Intégration système !][{error.code}] {subject}"


def forwarded(original: bytes) -> Body:
    """A mail as a part, as it is."""
    encoding = "7bit" if original.isascii() else "8bit"
    headers = (("Content-Type", "message/rfc822"), ("Content-Transfer-Encoding", encoding))
    return Body((*headers, ("Content-Disposition", 'attachment; filename="message_original.eml"')), original)


def files_again(original: bytes) -> Iterator[Body]:
    """The files of a mail, as they stood in it; octets that no header may hold become question marks."""
    for part in read_mail(original).own():
        if part.leaf and part.attached and part.number:
            kept = (f for f in part.fields if f.name.lower().startswith("content-"))
            headers = tuple((f.name, _ascii(f.raw)) for f in kept)
            yield Body(headers, part.body if part.body.endswith(b"\n") else part.body + b"\r\n")


def _ascii(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").encode("ascii", "replace").decode()


def read_mdn(mail: Part) -> ReadMdn | None:
    """The notification in a mail, whatever stands around it, or None when there is none. Never raises."""
    part = next((p for p in mail.own() if p.media.kind == NOTIFICATION), None)
    if part is None:
        return None
    values = _values(part)
    slips = [*_form_slips(mail), *_value_slips(part, values)]
    mdn = Mdn(
        final_recipient=_address(values.get("final-recipient", "")),
        original_message_id=_id(values.get("original-message-id", "")),
        disposition=_disposition(values.get("disposition", ""), values.get("error", "")),
        original_recipient=_address(values.get("original-recipient", "")),
        reporting_ua=values.get("reporting-ua", ""),
        text=next((p.shown[0].strip() for p in mail.own() if p.media.kind == "text/plain"), ""),
    )
    inside = next((p.children[0] for p in mail.own() if p.media.kind == "message/rfc822" and p.children), None)
    return ReadMdn(mdn, part.where(), inside, tuple(slips))


def _fields(mdn: Mdn, strict: bool) -> Iterator[tuple[str, str]]:
    how = mdn.disposition
    if mdn.reporting_ua:
        yield "Reporting-UA", encoded(mdn.reporting_ua, 14)
    if mdn.original_recipient:
        yield "Original-Recipient", f"rfc822; {_plain(mdn.original_recipient)}"
    yield "Final-Recipient", f"rfc822; {_plain(mdn.final_recipient)}"
    if mdn.original_message_id:
        yield "Original-Message-ID", _plain(mdn.original_message_id)
    modes = f"{how.action_mode}/{how.sending_mode}; {how.type}"
    if how.error is None:
        yield "Disposition", modes
    elif strict:
        yield "Disposition", f"{modes}/error"
        yield "Error", encoded(f"{how.error.code} {how.error.label}".strip(), 7)
    else:
        yield "Disposition", f"{modes}/Error: {_plain(how.error.code)}^{_label(how.error.label)}"


def _values(part: Part) -> dict[str, str]:
    """The fields of the notification: its content is a header block, over blank lines as some write them."""
    lines = b"\r\n".join(line for line in part.content.splitlines() if line.strip())
    return {f.name.lower(): f.decoded.text for f in reversed(read_mail(lines + b"\r\n\r\n").fields)}


def _disposition(value: str, error_field: str) -> Disposition:
    found = _DISPOSITION.match(value)
    if found is None:
        return Disposition("", "", "")
    modes = {mode.lower(): mode for mode in (*ACTION_MODES, *SENDING_MODES, *TYPES)}
    action, sending, kind = (modes.get(word.lower(), word) for word in found.groups()[:3])
    return Disposition(kind, action, sending, _error(found[4] or "", error_field))


def _error(modifier: str, error_field: str) -> ErrorCode | None:
    """``Error: 902^label``, or ``error`` with the field ``Error: 902 label``."""
    found = _ERROR.match(modifier)
    if found is None:
        return None
    told = found[1].strip() or error_field.strip()
    code, _, label = told.partition("^") if "^" in told else told.partition(" ")
    return ErrorCode(code.strip(), label.split("^")[0].strip())


def _form_slips(mail: Part) -> Iterator[Slip]:
    report = mail.media
    if report.kind != "multipart/report" or report.params.get("report-type", "").lower() != "disposition-notification":
        yield Slip("report-type", mail.where("Content-Type"), report.params.get("report-type", "") or report.kind)
    for part in mail.own():
        yield from (Slip(defect.kind, defect.where, defect.found) for defect in part.defects)
    if mail.children and mail.children[0].first("Content-Type") is None:
        yield Slip("text-type", mail.children[0].where("Content-Type"))
    if report.kind == "multipart/report" and len(mail.children) > _MOST_PARTS:
        yield Slip("parts", mail.where(), str(len(mail.children)))


def _value_slips(part: Part, values: dict[str, str]) -> Iterator[Slip]:
    where = part.where()
    for name in ("Disposition", "Final-Recipient", "Original-Message-ID"):
        if not values.get(name.lower()):
            yield Slip("missing", where, name)
    told = values.get("original-message-id", "")
    if told != _id(told):
        yield Slip("message-id-blanks", where, told)
    for name in ("final-recipient", "original-recipient"):
        if values.get(name) and not values[name].lower().startswith("rfc822"):
            yield Slip("recipient-type", where, values[name])
    yield from _disposition_slips(where, values.get("disposition", ""))


def _disposition_slips(where: str, value: str) -> Iterator[Slip]:
    how = _disposition(value, "")
    known = (how.action_mode in ACTION_MODES, how.sending_mode in SENDING_MODES, how.type in TYPES)
    if value and not all(known):
        yield Slip("disposition-syntax", where, value)
    elif how.error is not None and value.count("^") > 1:
        yield Slip("disposition-suffix", where, value.split("^", 2)[2])


def _address(value: str) -> str:
    """``rfc822; a@b`` → ``a@b``; a bare address too."""
    kind, found, address = value.partition(";")
    return (address if found else kind).strip().strip("<>").strip()


def _id(value: str) -> str:
    return "".join(value.split())


def _label(label: str) -> str:
    """On one line where it can be: whoever splits at ``^`` seldom unfolds."""
    return label if label == _plain(label) and "=?" not in label and len(label) < _LONGEST_LABEL else encoded(label)


def _plain(value: str) -> str:
    return "".join(char for char in value if char.isascii() and char.isprintable())


def _token(message_id: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", message_id)[:40]
