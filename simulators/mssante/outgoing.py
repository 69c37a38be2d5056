"""Mail on its way to another operator: a row of the outbox for each recipient, kept until delivered or given up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from simulators.core.due import send_later
from simulators.core.exchange import Call
from simulators.core.store.api import Tx
from simulators.mssante.envelope import Envelope, Recipient

RELAY: Final = "mssante.relay"
"""Kind of the outbox rows, and of the due rows that try again."""


@dataclass(frozen=True, slots=True)
class Shipment:
    """One message for one recipient. ``since`` is business time; ``told`` says that the delay was reported."""

    queue: str
    sender: str
    recipient: Recipient
    blob: str
    size: int
    since: datetime
    ret: str = ""
    envid: str = ""
    attempt: int = 1
    told: bool = False

    @classmethod
    def of(cls, call: Call, envelope: Envelope, recipient: Recipient, message: bytes, queue: str) -> Self:
        """A new one; keeps the message."""
        kept = (call.tx.blob(message), len(message), call.business_now)
        return cls(queue, envelope.sender, recipient, *kept, envelope.ret, envelope.envid)

    @property
    def envelope(self) -> Envelope:
        return Envelope(self.sender, (self.recipient,), self.size, ret=self.ret, envid=self.envid)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; ``from_json`` is the inverse."""
        plain = {name: getattr(self, name) for name in ("queue", "sender", "blob", "size", "ret", "envid", "attempt")}
        return {**plain, "recipient": self.recipient.to_json(), "since": self.since.isoformat(), "told": self.told}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        recipient, since = Recipient.from_json(data["recipient"]), datetime.fromisoformat(data["since"])
        return cls(**{**data, "recipient": recipient, "since": since})


def hand_over(call: Call, shipment: Shipment) -> None:
    """Sent once the transaction is committed."""
    call.marks.setdefault("relayed", []).append(shipment.recipient.address)
    send(call.tx, shipment)


def send(tx: Tx, shipment: Shipment) -> None:
    """Puts one attempt into the outbox; the same attempt twice is one row."""
    name = f"{RELAY}:{shipment.queue}:{shipment.recipient.address}:{shipment.attempt}"
    send_later(tx, RELAY, shipment.to_json(), id=name)
