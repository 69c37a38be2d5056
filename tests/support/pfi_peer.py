"""A hospital record in front of a PFI: a scripted MLLP listener, and requests that suit a world."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from simulators.clients.mllp import MllpServer, send_once
from simulators.core import journal
from simulators.core.hl7 import Head, Message, acknowledge, read_message
from simulators.core.journal import Exchange
from simulators.core.listeners.mllp import MllpFramer, frame
from simulators.core.listeners.session import Frame
from simulators.documents.cda.build import CdaPlan, build_cda
from simulators.documents.cda.kinds import DocumentKind
from simulators.documents.hl7.build import build_transmission
from simulators.documents.hl7.model import Participant, Transmission
from simulators.documents.pdf import Paragraph, pdf_a1b
from simulators.pfi import boxes, orders, receipts
from simulators.pfi.orders import Order
from simulators.pfi.receipts import Receipt
from simulators.population import registry
from simulators.sandbox import Sandbox
from tests.support.hl7_documents import CITIZEN, GOOD, SENDER
from tests.support.mails import NOW

Answer = Callable[[Message], bytes | None]
PATIENCE_S = 20.0
COLLEAGUE = "899700000013"


def accepting(message: Message) -> bytes:
    """AA."""
    return acknowledge(message, "AA", "CREATOR-ACK", NOW)


@dataclass
class Creator:
    """Listens as a record does. ``answer`` gives the acknowledgement, None closes without one."""

    answer: Answer = accepting
    heard: list[Message] = field(default_factory=list)

    def __enter__(self) -> Creator:
        self._socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    @property
    def url(self) -> str:
        return f"mllp://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def kinds(self) -> list[str]:
        return sorted(message.kind for message in self.heard)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._socket.accept()
                threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line: socket.socket) -> None:
        framer = MllpFramer()
        with line, contextlib.suppress(OSError):
            while data := line.recv(65_536):
                framer.feed(data)
                while isinstance(unit := framer.next_unit(), Frame):
                    self.heard.append(read_message(unit.payload))
                    said = self.answer(self.heard[-1])
                    if said is None:
                        return
                    line.sendall(frame(said))


@dataclass
class Bench:
    """One world of a running sandbox, seen from a hospital record."""

    sandbox: Sandbox
    world: str
    colleague: str = ""

    def __post_init__(self) -> None:
        policy = self.sandbox.worlds.get(self.world).policy
        with self.sandbox.store.read(self.world) as tx:
            found = boxes.hospital(tx)
            self.mailbox, self.error_mailbox = boxes.mailbox(tx, policy), boxes.error_mailbox(tx, policy)
            self.people = registry.export(tx)
        assert found is not None
        self.hospital = found
        self.finess = found.finess.value if found.finess else ""
        described = self.sandbox.describe(self.world, certificates=False).get("mailboxes", ())
        known = (box["address"] for box in described if box["owners"] == [COLLEAGUE])
        self.colleague = self.colleague or next(known)
        self.set(pfi_mailbox=self.mailbox)  # ours to read, before any request too

    def cda(self, document: str, replaces: str = "", patient: str = "adult") -> bytes:
        """A discharge letter of this world's hospital."""
        author = next(p for p in self.people.professionals if p.slug == "hospital-specialist")
        return build_cda(
            CdaPlan(
                kind=DocumentKind.DISCHARGE_LETTER,
                patient=self.people.patient(patient),
                author=author,
                structure=self.hospital,
                document_id=document,
                created=NOW,
                service_start=NOW - timedelta(days=2),
                content=pdf_a1b("Lettre", [Paragraph("Texte fictif")], created=NOW),
                media_type="application/pdf",
                title="Lettre de liaison à la sortie",
                replaces=replaces,
            )
        )

    def plan(self, control_id: str, document: str, **changes: Any) -> Transmission:
        """A good request: DMP, a colleague, the patient."""
        sender = replace(SENDER, org_id=self.finess)
        colleague = Participant("RCT", person_id=COLLEAGUE, person_type="IDNPS", address=self.colleague)
        plan = replace(GOOD, control_id=control_id, document_id=document, sending_facility=self.finess)
        return replace(plan, participants=(sender, colleague, CITIZEN), cda=self.cda(document), **changes)

    def send(self, plan: Transmission) -> Message:
        """By MLLP; the acknowledgement."""
        apps = (plan.sending_app, plan.sending_facility, "PFI-SEGUR-SANDBOX", self.world)
        head = Head(*apps, self.sandbox.now(), "MDM", plan.control_id, "T")
        return self.say(build_transmission(plan, head))

    def say(self, message: bytes) -> Message:
        return read_message(send_once(MllpServer(self.sandbox.local_url("pfi_mllp")), message))

    def settle(self, period: str = "PT0S") -> None:
        """Until nothing is left to do now."""
        self.sandbox.advance(self.world, period=period)

    def orders(self) -> list[Order]:
        with self.sandbox.store.read(self.world) as tx:
            return orders.every(tx)

    def receipts(self, request: int = 1) -> list[Receipt]:
        with self.sandbox.store.read(self.world) as tx:
            return receipts.of_request(tx, request)

    def states(self) -> list[str]:
        return [order.state for order in self.orders()]

    def journal(self, operation: str) -> list[Exchange]:
        return [row for row in journal.read(self.sandbox.store, self.world, limit=2_000) if row.operation == operation]

    def until(self, done: Callable[[], bool]) -> None:
        """Without advancing: what the clockwork does by itself."""
        end = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < end, self.orders()
            time.sleep(0.05)

    def set(self, **settings: str) -> None:
        """Settings of the world, ``pfi_dpi`` for ``pfi.dpi``."""
        policy = self.sandbox.worlds.get(self.world).policy
        named = {name.replace("_", ".", 1).replace("_", "-"): value for name, value in settings.items()}
        self.sandbox.worlds.set_policy(self.world, replace(policy, settings={**policy.settings, **named}))


__all__ = ["Bench", "Creator", "accepting"]
