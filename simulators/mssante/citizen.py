"""The mailbox of a citizen in Mon espace santé: who may open a conversation, who may answer, what closes it.

Source: facts mssante §1.5 (CNAM, second hand), §1.6. Mon espace santé accepts, then sends an undelivered mail back.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import getaddresses
from typing import Final

from sqlalchemy import BigInteger, Column, Integer, Text

from simulators.core.exchange import Call
from simulators.core.rules import Finding
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.mssante import domains, folders, mailboxes
from simulators.mssante.addresses import FICTITIOUS_CITIZEN, Address
from simulators.mssante.mailboxes import Kind, Mailbox, State, normal
from simulators.mssante.rules import delivery as rules
from simulators.mssante.scanning import values
from simulators.mssante.settings import CITIZEN_BYTES
from simulators.population import registry

CLOSING_SUBJECT: Final = "[FIN]"
"""Alone in Subject, exactly so: the right to answer every earlier message of that sender ends."""

_conversations: Final = world_table(
    "mssante_conversations",
    Column("citizen", Text),
    Column("uid", BigInteger),
    Column("sender", Text, nullable=False),
    Column("answer_to", Text, nullable=False),
    Column("open", Integer, nullable=False),
    key=("citizen", "uid"),
)


@dataclass(frozen=True, slots=True)
class Conversation:
    """One message a citizen received: ``answer_to`` is where an answer goes while it is ``open``."""

    uid: int
    sender: str
    answer_to: str
    open: bool


def mailbox_of(call: Call, address: Address, size: int) -> Mailbox | Finding:
    """The citizen's mailbox, adopted where the world allows it, or why the mail comes back."""
    at = "command:RCPT"
    if not address.matricule_validity and not address.sample:
        found = str(address.matricule_validity)
        return rules.CITIZEN_ADDRESS.finding(at, found=f"{address.local}: {found}", expected="INS matricule and key")
    key = f"{address.matricule.lower()}@{FICTITIOUS_CITIZEN}"  # one mailbox, under the national domain as under ours
    found_box = mailboxes.find(call.tx, key) or _adopted(call, address, key)
    if found_box is None:
        return rules.CITIZEN_UNKNOWN.finding(at, found=address.local, expected="a patient of the world")
    if found_box.state is not State.OPEN:
        return rules.CITIZEN_CLOSED.finding("mailbox.state", found=found_box.state.value, expected="open")
    most = CITIZEN_BYTES.number(call.world.policy)
    if size > most:
        return rules.CITIZEN_SIZE.finding("message.size", found=str(size), expected=f"at most {most}")
    return found_box


def _adopted(call: Call, address: Address, key: str) -> Mailbox | None:
    """Of a citizen nobody declared; a patient who came after the seed has a mailbox if attached to Mon espace santé."""
    patient = registry.patient(call.tx, address.matricule)
    if patient is None and call.world.policy.on_unknown(domains.FAMILY) == "refuse":
        return None
    label = f"{patient.given_names[0]} {patient.name}" if patient is not None else address.matricule
    mailboxes.create(call.tx, key, Kind.CITIZEN, created=call.wire_now, owners=(address.matricule,), label=label)
    folders.create_defaults(call.tx, key)
    if patient is not None and not patient.attached_to_mes:
        mailboxes.set_state(call.tx, key, State.CLOSED)
    call.adopted(domains.FAMILY, key)
    return mailboxes.get(call.tx, key)


def received(tx: Tx, citizen: str, uid: int, sender: str, message: bytes) -> None:
    """Notes a message delivered to a citizen: it opens a conversation, or closes those of its sender."""
    closing = any(value == "FIN" for value in values(message, "x-mss-mes"))
    if any(value == CLOSING_SUBJECT for value in values(message, "subject")):
        close(tx, citizen, sender)
        closing = True
    reply_to = [normal(a) for _, a in getaddresses(values(message, "reply-to")) if Address.read(a).in_trust_space]
    answer_to = reply_to[0] if reply_to else normal(sender)
    row = {"citizen": normal(citizen), "uid": uid, "sender": normal(sender), "answer_to": answer_to}
    tx.put(_conversations, **row, open=int(not closing and bool(answer_to)))


def close(tx: Tx, citizen: str, sender: str) -> int:
    """Ends the right to answer the messages of ``sender``; how many there were."""
    return tx.update(_conversations, {"open": 0}, citizen=normal(citizen), sender=normal(sender))


def conversations(tx: Tx, citizen: str) -> list[Conversation]:
    """Of one citizen, in order of arrival."""
    rows = tx.find(_conversations, citizen=normal(citizen))
    return [Conversation(row.uid, row.sender, row.answer_to, bool(row.open)) for row in rows]


def may_write(tx: Tx, citizen: str, to: str) -> bool:
    """Whether a citizen may write to this address: an authorised contact with a conversation still open."""
    return any(one.open and one.answer_to == normal(to) for one in conversations(tx, citizen))


def check_answer(call: Call, citizen: str, to: str) -> None:
    """Raises ``Refused``: only professionals open a conversation."""
    if not may_write(call.tx, citizen, to):
        found, expected = f"{citizen} to {to}", "an open conversation"
        call.find(rules.CITIZEN_OPENS.finding("command:RCPT", found=found, expected=expected))
