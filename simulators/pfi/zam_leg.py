"""Sending the business receipts to whoever made the request, on a connection of ours (facts pfi §1.12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulators.clients.dmp.access import replayable_ids
from simulators.core.hl7 import Message, read_message
from simulators.core.store.api import Tx
from simulators.core.world import World
from simulators.documents.hl7.zam import build_zam
from simulators.pfi import creator, log, receipts, requests
from simulators.pfi.ground import Ground
from simulators.pfi.names import NAME, ZAM
from simulators.pfi.queue import Work
from simulators.pfi.receipts import Receipt
from simulators.pfi.requests import Request
from simulators.pfi.runner import Spoken
from simulators.population.model import Structure


@dataclass(frozen=True)
class Notice:
    """What one receipt needs; ``processing`` is MSH-11 of the request."""

    receipt: Receipt
    request: Request
    processing: str
    home: Structure | None


class ZamJob:
    """The work ``pfi.zam``: one receipt."""

    kind: Final = ZAM
    operation: Final = f"{NAME}.out.ZAM"

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def prepare(self, tx: Tx, world: World, name: str) -> Notice:
        receipt = receipts.get(tx, name)
        request = requests.get(tx, receipt.request)
        message = read_message(requests.message_of(tx, request))
        return Notice(receipt, request, message.value("MSH-11.1") or "P", creator.home(tx))

    def keys(self, prepared: Notice) -> tuple[str, ...]:
        request = prepared.request
        named = {"hl7": request.control_id, "document": request.document, "patient": request.matricule}
        return tuple(f"{kind}:{value}" for kind, value in named.items() if value)

    def speak(self, world: World, prepared: Notice, work: Work) -> Spoken:
        receipt, request, home = prepared.receipt, prepared.request, prepared.home
        control_id = replayable_ids(f"{world.name}:{world.seed}:{work.name}")().hex[:20]
        at = world.wire(self._ground.runtime.now())
        to = (request.application, request.facility)
        kind = f"ZAM^{receipt.kind}^ZAM_Z01"
        head = creator.head(world, home, to, kind, control_id, at, prepared.processing)
        message = build_zam(receipt.zam(request), head)
        structure = home.struct_idnat.value if home else ""
        keys = [f"hl7:{control_id}"]
        operation = f"{self.operation}^{receipt.kind}"
        return creator.say(self._ground, world, operation, message, request.application, structure, keys)

    def conclude(self, tx: Tx, world: World, prepared: Notice, spoken: Spoken) -> None:
        receipt = prepared.receipt
        now = world.business(self._ground.runtime.now())
        ack: Message | None = None if spoken.trouble else spoken.value
        if ack is None:
            receipts.conclude(tx, receipt.name, receipts.NO_ANSWER, spoken.trouble)
            return
        state = receipts.SENT_AA if spoken.accepted else receipts.SENT_AE
        told = "" if spoken.accepted else ack.value("ERR-8") or ack.value("ERR-5.2") or ack.value("ERR-3.2")
        receipts.conclude(tx, receipt.name, state, f"{spoken.status} {told}".strip())
        event = log.ACKED if spoken.accepted else log.FAILED
        word = "Y" if receipt.accepted else f"N {receipt.code}"
        log.write(tx, now, event, receipt.name, f"{receipt.kind} {word} -> {spoken.status} {told}".strip())
