"""Delivery status notifications: RFC 3461 to 3464 and 6522. Pure: every identifier and instant is given.

A report of a success holds the headers of the message only; a failure holds the whole message unless RET=HDRS, or
unless it is larger than :data:`WHOLE_BYTES` (RFC 3461 §6.2, §4.3). Subjects are those of Postfix, whose style the
bounces of Mon espace santé follow (facts mssante §7.2).
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from simulators.mssante.envelope import Recipient
from simulators.mssante.replies import ascii_text

WHOLE_BYTES: Final = 1 << 20
_LONGEST_HEAD: Final = 1 << 16
SUBJECTS: Final = {
    "failed": "Undelivered Mail Returned to Sender",
    "delayed": "Delayed Mail (still being retried)",
    "delivered": "Successful Mail Delivery Report",
    "relayed": "Successful Mail Delivery Report",
}
_TOLD: Final = {
    "failed": ("Message non distribué.", "The message could not be delivered."),
    "delayed": (
        "Le message n'a pas encore pu être remis ; de nouveaux essais suivent. Ne le renvoyez pas.",
        "The message has not been delivered yet and is still being tried. Do not send it again.",
    ),
    "delivered": ("Le message est déposé dans la boîte aux lettres.", "The message was delivered to the mailbox."),
    "relayed": (
        "Le message est remis à un autre opérateur, qui ne rend pas d'accusé.",
        "The message was handed to another operator, which sends no report.",
    ),
}
_MESSAGE_ID = re.compile(rb"^message-id:[ \t]*(?:\r\n[ \t]+)?(<[^<>\s]{1,900}>)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recipient. ``action`` is ``failed``, ``delayed``, ``delivered`` or ``relayed``; ``status`` an
    enhanced code; ``diagnostic`` an SMTP reply, empty for none; ``remote`` the server that gave it."""

    recipient: Recipient
    action: str
    status: str
    diagnostic: str = ""
    remote: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One report to one address. ``mta`` is the name of the reporting server, ``arrived`` and ``now`` wire time,
    ``retry_until`` business time of giving up; ``token`` is new for each report."""

    to: str
    mta: str
    token: str
    arrived: datetime
    now: datetime
    outcomes: Sequence[Outcome] = field(default=())
    envid: str = ""
    ret: str = ""
    retry_until: datetime | None = None

    @property
    def action(self) -> str:
        """A report tells of one action; the gravest names it."""
        return next(a for a in SUBJECTS if any(o.action == a for o in self.outcomes))


def dsn(report: Report, message: bytes) -> bytes:
    """The report as a message, lines ended by CR LF."""
    boundary = f"=_dsn_{report.token}"
    parts = [_human(report), _status(report), _original(report, message)]
    body = b"".join(b"--%b\r\n%b\r\n" % (boundary.encode(), part) for part in parts)
    return _head(report, message, boundary) + body + b"--%b--\r\n" % boundary.encode()


def message_id(message: bytes) -> str:
    """The Message-ID of a message, empty without one."""
    found = _MESSAGE_ID.search(headers(message))
    return found[1].decode("ascii", "replace") if found else ""


def headers(message: bytes) -> bytes:
    """The header block, up to and including its last line end."""
    if message.startswith(b"\r\n"):
        return b""
    end = message.find(b"\r\n\r\n", 0, _LONGEST_HEAD)
    return message[:_LONGEST_HEAD] if end < 0 else message[: end + 2]


def _head(report: Report, message: bytes, boundary: str) -> bytes:
    original = message_id(message)
    lines = [
        f"From: MAILER-DAEMON@{report.mta} (Mail Delivery System)",
        f"To: {ascii_text(report.to)}",
        f"Subject: {SUBJECTS[report.action]}",
        f"Date: {format_datetime(report.now)}",
        f"Message-ID: <{report.token}@{report.mta}>",
        *([f"In-Reply-To: {original}", f"References: {original}"] if original else []),
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"',
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii", "replace")


def _human(report: Report) -> bytes:
    french, english = _TOLD[report.action]
    lines = [f"[SIMULATION {report.mta}]", "", french, english, ""]
    for outcome in report.outcomes:
        lines.append(f"<{outcome.recipient.address}>: {outcome.diagnostic or outcome.status}")
    text = "\n".join(lines) + "\n"
    encoded = quopri.encodestring(text.encode()).replace(b"\n", b"\r\n")
    head = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return head + encoded


def _status(report: Report) -> bytes:
    groups = [
        [
            f"Reporting-MTA: dns; {report.mta}",
            *([f"Original-Envelope-Id: {ascii_text(report.envid)}"] if report.envid else []),
            f"Arrival-Date: {format_datetime(report.arrived)}",
        ],
        *(_recipient(report, outcome) for outcome in report.outcomes),
    ]
    text = "\r\n".join("\r\n".join(group) + "\r\n" for group in groups)
    return b"Content-Type: message/delivery-status\r\n\r\n" + text.encode("ascii", "replace")


def _recipient(report: Report, outcome: Outcome) -> list[str]:
    told = outcome.recipient
    until = report.retry_until
    return [
        *([f"Original-Recipient: {ascii_text(told.orcpt)}"] if told.orcpt else []),
        f"Final-Recipient: rfc822; {ascii_text(told.address)}",
        f"Action: {outcome.action}",
        f"Status: {outcome.status}",
        *([f"Remote-MTA: dns; {ascii_text(outcome.remote)}"] if outcome.remote else []),
        *([f"Diagnostic-Code: smtp; {ascii_text(outcome.diagnostic)}"] if outcome.diagnostic else []),
        f"Last-Attempt-Date: {format_datetime(report.now)}",
        *([f"Will-Retry-Until: {format_datetime(until)}"] if until and outcome.action == "delayed" else []),
    ]


def _original(report: Report, message: bytes) -> bytes:
    whole = report.action == "failed" and report.ret != "HDRS" and len(message) <= WHOLE_BYTES
    eight = b"" if message.isascii() else b"Content-Transfer-Encoding: 8bit\r\n"
    if whole:
        return b"Content-Type: message/rfc822\r\n%b\r\n%b" % (eight, message)
    return b"Content-Type: text/rfc822-headers\r\n%b\r\n%b" % (eight, headers(message))
