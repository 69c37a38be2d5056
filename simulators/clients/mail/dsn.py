"""Delivery status notifications read back, tolerantly: what each server says became of each recipient.

Source: RFC 3464 sections 2.2 and 2.3, RFC 6522.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from simulators.core.mail import Part, read_mail

STATUS = "message/delivery-status"
ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")
MOST_GROUPS = 1000
_BLANK = re.compile(rb"\r?\n[ \t]*\r?\n")


@dataclass(frozen=True, slots=True)
class Told:
    """One recipient. ``action`` is one of :data:`ACTIONS`, or as written; ``status`` an enhanced code; ``diagnostic``
    the reply of the server that refused."""

    recipient: str
    action: str
    status: str
    diagnostic: str = ""
    retry_until: str = ""


@dataclass(frozen=True, slots=True)
class ReadDsn:
    """A notification as read. ``original`` is the mail it tells of, or its header alone."""

    reporting: str
    envid: str
    told: tuple[Told, ...]
    where: str
    original: Part | None = None


def read_dsn(mail: Part) -> ReadDsn | None:
    """The notification in a mail, or None when there is none. Never raises."""
    part = next((p for p in mail.own() if p.media.kind == STATUS), None)
    if part is None:
        return None
    groups = [_fields(group) for group in _BLANK.split(part.content.strip(), MOST_GROUPS)[:MOST_GROUPS]]
    whole = groups[0] if groups else {}
    told = tuple(_told(group) for group in groups if "final-recipient" in group or "action" in group)
    return ReadDsn(
        _typed(whole.get("reporting-mta", "")),
        whole.get("original-envelope-id", ""),
        told,
        part.where(),
        next(_originals(mail), None),
    )


def _fields(group: bytes) -> Mapping[str, str]:
    return {f.name.lower(): f.decoded.text for f in reversed(read_mail(group.strip() + b"\r\n\r\n").fields)}


def _told(group: Mapping[str, str]) -> Told:
    return Told(
        _typed(group.get("final-recipient", "") or group.get("original-recipient", "")).strip("<>"),
        group.get("action", "").strip().lower(),
        group.get("status", "").partition(" ")[0],
        _typed(group.get("diagnostic-code", "")),
        group.get("will-retry-until", ""),
    )


def _originals(mail: Part) -> Iterator[Part]:
    for part in mail.own():
        if part.media.kind == "message/rfc822" and part.children:
            yield part.children[0]
        elif part.media.kind == "text/rfc822-headers":
            yield read_mail(part.content)


def _typed(value: str) -> str:
    """``rfc822; a@b`` → ``a@b``; a bare value too."""
    kind, found, rest = value.partition(";")
    return (rest if found else kind).strip()
