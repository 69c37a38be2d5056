"""Handing a document that came by mail to the hospital record, and what follows from its answer (facts pfi §4).

AA: the document is integrated. AE with a code of the record (900 to 906): its sender is told by a notification when he
asked for one, and the error mailbox always. AE for the message itself: our own affair, the error mailbox alone. AR and
silence: tried again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from simulators.clients.dmp.access import replayable_ids
from simulators.core.hl7 import Message
from simulators.core.mail import read_mail
from simulators.core.store.api import Tx
from simulators.core.world import World
from simulators.documents.hl7.build import build_transmission
from simulators.documents.hl7.model import Transmission
from simulators.pfi import creator, inbox, log, reports
from simulators.pfi.flow6 import document_of_mail, mail_of, participants_of
from simulators.pfi.ground import Ground
from simulators.pfi.inbox import Mail, Received
from simulators.pfi.names import FLOW_6, NAME
from simulators.pfi.queue import Work
from simulators.pfi.runner import Spoken
from simulators.pfi.sorting import described_documents
from simulators.population.model import Structure

SILENT: Final = "SIMDpiInjoignable"
"""Code of ours for a record that never answered."""
PRODUCTION: Final = "P"


@dataclass(frozen=True)
class Delivery:
    """What one document needs."""

    mail: Mail
    received: Received
    plan: Transmission
    home: Structure | None


class IncomingJob:
    """The work ``pfi.flow6``: one document of one mail."""

    kind: Final = FLOW_6
    operation: Final = f"{NAME}.out.MDM"

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def prepare(self, tx: Tx, world: World, name: str) -> Delivery:
        number, rank = inbox.parts_of(name)
        mail = inbox.numbered(tx, number)
        part = read_mail(inbox.content(tx, mail))
        found = described_documents(part)[0][rank - 1]
        plan = replace(
            document_of_mail(found),
            mail=mail_of(part, mail.message_id),
            participants=participants_of(part, mail.mailbox),
        )
        return Delivery(mail, inbox.documents(tx, number)[rank - 1], plan, creator.home(tx))

    def keys(self, prepared: Delivery) -> tuple[str, ...]:
        plan = prepared.plan
        named = {"message": prepared.mail.message_id, "document": plan.document_id, "patient": plan.patient.ins}
        return tuple(f"{kind}:{value}" for kind, value in named.items() if value)

    def speak(self, world: World, prepared: Delivery, work: Work) -> Spoken:
        home = prepared.home
        control_id = _control_id(world, prepared.received)
        at = world.wire(self._ground.runtime.now())
        facility = creator.organisation(home, world)
        to = (creator.DPI_APPLICATION, facility)
        head = creator.head(world, home, to, "MDM", control_id, at, PRODUCTION)
        message = build_transmission(prepared.plan, head)
        structure = home.struct_idnat.value if home else ""
        operation = f"{self.operation}^{prepared.plan.action.event}"
        return creator.say(self._ground, world, operation, message, to[0], structure, [f"hl7:{control_id}"])

    def conclude(self, tx: Tx, world: World, prepared: Delivery, spoken: Spoken) -> None:
        now = world.business(self._ground.runtime.now())
        one, control_id = prepared.received, _control_id(world, prepared.received)
        ack: Message | None = None if spoken.trouble else spoken.value
        if ack is None:
            inbox.conclude(tx, one, inbox.FAILED, control_id, (SILENT, spoken.trouble))
        elif spoken.accepted:
            inbox.conclude(tx, one, inbox.INTEGRATED, control_id)
            log.write(tx, now, log.ACKED, one.name, f"{one.action} {one.document} AA")
        else:
            error, refused = _error(ack)
            inbox.conclude(tx, one, inbox.REFUSED if refused else inbox.FAILED, control_id, error)
            log.write(tx, now, log.FAILED, one.name, f"{one.action} {one.document} AE {error[0]} {error[1]}")
        reports.answer(tx, prepared.mail, now)


def _control_id(world: World, one: Received) -> str:
    return replayable_ids(f"{world.name}:{world.seed}:{FLOW_6}:{one.name}")().hex[:20]


def _error(ack: Message) -> tuple[tuple[str, str], bool]:
    """Code and label, and whether the record itself said them (ERR-5) rather than the reading of our message."""
    for err in ack.all("ERR"):
        code, label = err.get(5).strip(), err.get(5, 2).strip()
        if code:
            return (code, label or err.get(8)), True
    first = ack.first("ERR")
    if first is None:
        return ("207", "acquittement AE sans segment ERR"), False
    return (first.get(3).strip() or "207", first.get(8) or first.get(3, 2)), False
