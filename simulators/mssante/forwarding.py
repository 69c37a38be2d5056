"""The server rule of an ORG mailbox: mails that carry an XDM archive go to an applicative mailbox as well.

The copy comes from the ORG mailbox, with the attachments untouched, so that the receipts of the software that
integrates it come back there (facts mssante §3.6, §8.4 F6; the form of the copy is inferred).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Column, Text

from simulators.core.exchange import Call
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.core.world import identifier
from simulators.mssante.mailboxes import get, normal
from simulators.mssante.reports.dsn import headers, message_id
from simulators.mssante.settings import SERVER_RULE

_forwards: Final = world_table(
    "mssante_forwards", Column("address", Text), Column("target", Text, nullable=False), key=("address",)
)
_XDM = re.compile(
    rb"(?:^subject:[ \t]*XDM/1\.0/DDM)|(?:name\*?=(?:utf-8'')?\"?IHE_XDM\.ZIP)", re.IGNORECASE | re.MULTILINE
)
_REPLACED = re.compile(
    rb"^(?:from|to|cc|bcc|sender|reply-to|message-id|return-receipt-to|disposition-notification-to):"
    rb"[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*",
    re.IGNORECASE | re.MULTILINE,
)
_NOTIFIED = re.compile(rb"^disposition-notification-to:", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Copy:
    """A message for another mailbox of this world."""

    to: str
    message: bytes
    token: str


def set_forward(tx: Tx, address: str, to: str) -> None:
    """``address`` forwards its XDM mails to ``to``; empty: no more. Raises ``NoSuchMailbox``."""
    get(tx, address)
    if to:
        tx.put(_forwards, address=normal(address), target=get(tx, to).address)
    else:
        tx.delete(_forwards, address=normal(address))


def set_forwards(tx: Tx, wanted: Mapping[str, str]) -> None:
    """The rules of mailboxes that have none yet, at once; addresses are normal already."""
    tx.insert_many(_forwards, [{"address": address, "target": to} for address, to in wanted.items()])


def forward_of(tx: Tx, address: str) -> str:
    """Where a mailbox forwards to, empty when it does not."""
    row = tx.get(_forwards, address=normal(address))
    return "" if row is None else str(row.target)


def copies(call: Call, address: str, message: bytes) -> Iterator[Copy]:
    """What the rule of ``address`` makes of ``message``: one copy, or none."""
    to = forward_of(call.tx, address) if SERVER_RULE.flag(call.world.policy) else ""
    if to and to != normal(address) and has_xdm(message):
        token = identifier(call.tx, "mssante-forward").hex[:16]
        call.marks.setdefault("forwarded", []).append(f"{address} to {to}")
        copy = forwarded(message, address, to, token)
        call.keys.add(f"message:{message_id(copy)}")
        yield Copy(to, copy, token)


def has_xdm(message: bytes) -> bool:
    """By its subject or by the name of an attachment."""
    return _XDM.search(message) is not None


def forwarded(message: bytes, address: str, to: str, token: str) -> bytes:
    """The copy: other headers and the whole body as they were."""
    head, original = headers(message), message_id(message)
    lines = [f"From: <{address}>", f"To: <{to}>", f"Message-ID: <{token}@{address.partition('@')[2]}>"]
    if _NOTIFIED.search(head):
        lines.append(f"Disposition-Notification-To: <{address}>")
    if original:
        lines.append(f"References: {original}")
    kept = re.sub(rb"^references:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", b"", _REPLACED.sub(b"", head), flags=re.I | re.M)
    return ("\r\n".join(lines) + "\r\n").encode("ascii", "replace") + kept + message[len(head) :]
