"""Feeding, replacing and deleting in the DMP on a request, in indirect authentication (facts pfi §3.1, §3.3 to §3.5).

An earlier attempt may have succeeded without our hearing of it: then the DMP is asked (TD3.1b) before it is fed again.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from simulators.clients.dmp.access import replayable_ids
from simulators.clients.dmp.answers import DmpAnswer
from simulators.clients.dmp.client import NOT_FOUND, DmpClient
from simulators.clients.dmp.lot import Submitter
from simulators.clients.dmp.updates import FLAGS, FROM_GUARDIANS, FROM_PATIENT, MASKED
from simulators.clients.transport import Channel, HttpAnswer, WireProblem
from simulators.core.pki import format_dn
from simulators.core.pki.dn import dn_of
from simulators.core.store.api import Tx
from simulators.core.world import World
from simulators.core.xml import XmlRefused
from simulators.documents.errors import DocumentError
from simulators.documents.hl7.model import Action, Flags, Transmission
from simulators.documents.xds.model import Code
from simulators.pfi import orders, queue, requests
from simulators.pfi.caller import Caller, caller_of, content_type_of
from simulators.pfi.ground import Ground
from simulators.pfi.names import DMP, DMP_LISTENER, NAME
from simulators.pfi.orders import Order
from simulators.pfi.queue import Work
from simulators.pfi.runner import Spoken
from simulators.pfi.settings import DMP_URL, WIRE_SECONDS
from simulators.population.ins import Ins

OUTAGE: Final = (429, 502, 503, 504)
BUSY: Final = frozenset({"XDSRegistryBusy", "XDSRepositoryBusy", "XDSRegistryOutOfResources", "soap:Receiver"})
"""Codes that say nothing against the document: it is sent again later."""
UNREACHABLE: Final = "SIMDmpInjoignable"
"""Code of ours for a DMP that never answered."""
UNREADABLE: Final = "SIMDocumentIllisible"


@dataclass(frozen=True)
class Feeding:
    """What one order needs; ``unique_id`` is what the DMP knows the document by: the id of the CDA."""

    order: Order
    transmission: Transmission
    caller: Caller
    unique_id: str

    @property
    def ins(self) -> Ins:
        return Ins.as_received(self.transmission.patient.ins, self.transmission.patient.oid)


class _Heard(Channel):
    """Keeps the last exchange for the journal."""

    request = b""
    head = ""
    answer = HttpAnswer(0, {}, b"")

    def post(self, path: str, body: bytes, headers: Any) -> HttpAnswer:
        self.request, self.head, self.answer = body, f"POST {path}", HttpAnswer(0, {}, b"")
        self.answer = super().post(path, body, headers)
        return self.answer


class DmpJob:
    """The work ``pfi.dmp``: one order."""

    kind: Final = DMP
    operation: Final = f"{NAME}.out.TD2.1"

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def prepare(self, tx: Tx, world: World, name: str) -> Feeding:
        order = orders.get(tx, name)
        transmission = requests.transmission_of(tx, requests.get(tx, order.request))
        document = transmission.document
        unique_id = (document.unique_id if document else "") or transmission.document_id
        return Feeding(order, transmission, caller_of(tx, transmission), unique_id)

    def keys(self, prepared: Feeding) -> tuple[str, ...]:
        asked = prepared.transmission
        named = {"hl7": asked.control_id, "document": prepared.unique_id, "patient": asked.patient.ins}
        return (f"order:{prepared.order.name}", *(f"{kind}:{value}" for kind, value in named.items() if value))

    def speak(self, world: World, prepared: Feeding, work: Work) -> Spoken:
        channel, client = self._client(world, prepared, work)
        try:
            with client:
                operation, answer = _asked(client, prepared, work.unsure)
        except WireProblem as problem:
            sure = isinstance(problem.__cause__, ConnectionRefusedError | ssl.SSLError)
            heard = (channel.request, b"", channel.head)
            return Spoken(self.operation, self._base(world), str(problem), sure, *heard)
        except (XmlRefused, DocumentError) as problem:
            unreadable = DmpAnswer("refused", 0, UNREADABLE, f"Document illisible : {problem}")
            return Spoken(self.operation, accepted=False, value=unreadable)
        received, said = channel.answer, f"{answer.code} {answer.text}".strip()
        outage = answer.outcome != "accepted" and (answer.http in OUTAGE or answer.code in BUSY or _silent(answer))
        return Spoken(
            f"{NAME}.out.{operation}",
            address=self._base(world),
            trouble=f"HTTP {answer.http} {said}" if outage else "",
            request=channel.request,
            head=channel.head,
            answer=received.body,
            status=str(received.status),
            accepted=answer.outcome == "accepted",
            marks={"recognised": True} if operation == "TD3.1" and answer.outcome == "accepted" else {},
            keys=(f"message:{client.last_message_id}",),
            value=answer,
        )

    def conclude(self, tx: Tx, world: World, prepared: Feeding, spoken: Spoken) -> None:
        wall = self._ground.runtime.now()
        at, now = world.wire(wall), world.business(wall)
        answer: DmpAnswer | None = None if spoken.trouble else spoken.value
        later = orders.after(tx, prepared.order)
        if later:
            queue.hurry(tx, now, later)
        if answer is not None and answer.outcome == "accepted":
            orders.conclude(tx, prepared.order, orders.OK, now)
            orders.receipt(tx, prepared.order, prepared.transmission, at=at, now=now)
            return
        error = (UNREACHABLE, spoken.trouble) if answer is None else (answer.code, answer.text)
        orders.fail(tx, prepared.order, prepared.transmission, error, at=at, now=now)

    def _client(self, world: World, prepared: Feeding, work: Work) -> tuple[_Heard, DmpClient]:
        """Raises ``NotReachable``, ``OutboundDenied``."""
        structure = prepared.caller.structure
        pair = self._ground.identity(world.name, structure.struct_idnat.value)
        base = self._base(world)
        named = self._ground.named(urlsplit(base).hostname or "", world.policy)
        channel = _Heard(base, self._ground.tls(pair.auth), float(WIRE_SECONDS.number(world.policy)), named)
        submitter = Submitter(prepared.caller.professional, structure, pair.seal)
        issuer = format_dn(dn_of(pair.seal.certificate.subject))
        ids = replayable_ids(f"{world.name}:{world.seed}:{work.name}:{work.attempt}")
        client = DmpClient(channel, submitter, issuer, ids, lambda: world.wire(self._ground.runtime.now()))
        return channel, client

    def _base(self, world: World) -> str:
        """The world's own address at this sandbox's DMP, or what the world names."""
        given = DMP_URL.text(world.policy)
        return given or f"{self._ground.local(DMP_LISTENER)}/w/{world.name}"


def _asked(client: DmpClient, feeding: Feeding, unsure: bool) -> tuple[str, DmpAnswer]:
    """The last operation and its answer."""
    asked = feeding.transmission
    if asked.action is Action.DELETE:
        answer = client.delete(feeding.ins, feeding.unique_id)
        if unsure and answer.code == NOT_FOUND:  # deleted by the attempt before
            return "TD3.1", replace(answer, outcome="accepted")
        return "TD3.3c", answer
    if unsure:
        found = client.reference(feeding.ins, feeding.unique_id)
        if _silent(found) or found.values.get("entries"):
            return "TD3.1", found
    replaces = None
    if asked.action is Action.REPLACE and asked.replaces:
        former = client.in_force(feeding.ins, asked.replaces)
        if isinstance(former, DmpAnswer):
            return "TD3.1", former
        replaces = former
    answer, _ = client.feed(
        feeding.ins,
        [asked.cda],
        replaces=replaces,
        visibility=_visibility(asked.flags),
        content_type=content_type_of(asked.visit.class_),
        connexion_secrete=asked.flags.connexion_secrete,
    )
    return "TD2.1", answer


def _silent(answer: DmpAnswer) -> bool:
    """No word of the DMP itself: a page of a gateway, a truncated answer."""
    return answer.outcome != "accepted" and answer.code.startswith("HTTP ")


def _visibility(flags: Flags) -> list[Code]:
    """The confidentiality codes that the flags ask for (JDV_J08)."""
    asked = {MASKED: flags.masque_ps, FROM_PATIENT: flags.invisible_patient, FROM_GUARDIANS: flags.invisible_rep_legaux}
    return [FLAGS[name] for name, wanted in asked.items() if wanted]
