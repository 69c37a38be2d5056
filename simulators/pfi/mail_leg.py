"""One mail for each recipient of a request: text, IHE_XDM.ZIP and PDF, from the applicative mailbox (facts pfi §3.6).

The Message-ID is that of the order, so that a mail sent again after a lost answer is the same mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from simulators.clients.dmp.access import replayable_ids
from simulators.clients.dmp.messages import LPS_OID
from simulators.clients.mail.compose import MailPlan, compose
from simulators.clients.mail.sending import Sent, Server, send
from simulators.core.clock import PARIS
from simulators.core.mail.words import Mailbox
from simulators.core.store.api import Tx
from simulators.core.world import World
from simulators.core.xml import XmlRefused
from simulators.documents.errors import DocumentError
from simulators.documents.hl7.model import Action, Transmission
from simulators.pfi import boxes, orders, requests
from simulators.pfi.ground import Ground, Identity, NotReachable
from simulators.pfi.names import MAIL, NAME, SUBMISSION_LISTENER
from simulators.pfi.orders import TO_PATIENT, Order
from simulators.pfi.queue import Work
from simulators.pfi.runner import Spoken
from simulators.pfi.settings import SUBMISSION, WIRE_SECONDS
from simulators.population.model import Structure

ACTIONS: Final = {Action.INITIAL: None, Action.REPLACE: "C", Action.DELETE: "D"}
SMTP_LABELS: Final = {
    "111": "Connexion refusée ou impossible d'ouvrir un flux SMTP",
    "420": "Délai dépassé",
    "421": "Service indisponible",
    "422": "Boîte aux lettres du destinataire pleine",
    "441": "Le serveur du destinataire ne répond pas",
    "450": "Boîte aux lettres indisponible",
    "451": "Erreur de traitement",
    "452": "Ressources insuffisantes",
    "523": "Taille du message supérieure à la limite du destinataire",
    "530": "Authentification requise",
    "541": "Message rejeté",
    "550": "Boîte aux lettres indisponible ou inexistante",
    "551": "Destinataire non local",
    "552": "Espace de stockage dépassé",
    "553": "Nom de boîte aux lettres invalide",
    "554": "Échec définitif, ne pas renouveler l'envoi",
}
"""Our wording of table SMTPERRORCODE (facts pfi §2.2)."""
_RESETS: Final = "111"


@dataclass(frozen=True)
class Letter:
    """What one order needs."""

    order: Order
    transmission: Transmission
    sender: str
    home: Structure | None


def smtp_error(code: int, text: str) -> tuple[str, str]:
    """ERR-5 of a Z02: a reply code (0: nobody answered) and its label, followed by what the server said."""
    name = str(code) if code else _RESETS
    label = SMTP_LABELS.get(name, "Échec de l'envoi")
    return name, f"{label} ({' '.join(text.split())[:200]})" if text.strip() else label


class MailJob:
    """The work ``pfi.mail``: one order."""

    kind: Final = MAIL
    operation: Final = f"{NAME}.out.MESSAGE"

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def prepare(self, tx: Tx, world: World, name: str) -> Letter:
        order = orders.get(tx, name)
        transmission = requests.transmission_of(tx, requests.get(tx, order.request))
        sender, here = boxes.mailbox(tx, world.policy), boxes.hospital(tx)
        return Letter(order, transmission, sender, here)

    def keys(self, prepared: Letter) -> tuple[str, ...]:
        asked = prepared.transmission
        named = {"hl7": asked.control_id, "document": asked.document_id, "patient": asked.patient.ins}
        return (f"order:{prepared.order.name}", *(f"{kind}:{value}" for kind, value in named.items() if value))

    def speak(self, world: World, prepared: Letter, work: Work) -> Spoken:
        if not prepared.sender or prepared.home is None:
            raise NotReachable("no mailbox to write from: the world has no hospital and pfi.mailbox is empty")
        identity = self._ground.identity(world.name, prepared.home.struct_idnat.value)
        message_id = prepared.order.message_id
        date = self._ground.runtime.now()
        try:
            letter = compose(_plan(prepared, message_id, world.wire(date), world))
        except (XmlRefused, DocumentError) as problem:
            return Spoken(self.operation, accepted=False, value=Sent(554, f"5.6.0 {problem}"))
        options = f" RET=HDRS ENVID={message_id}"
        wanted = [(prepared.order.address, " NOTIFY=SUCCESS,FAILURE")]
        server = submission(self._ground, world, identity)
        sent = send(server, prepared.sender, wanted, letter, options=options, external=prepared.sender)
        return spoken(self.operation, server, letter, sent, prepared.order.address, message_id)

    def conclude(self, tx: Tx, world: World, prepared: Letter, spoken: Spoken) -> None:
        wall = self._ground.runtime.now()
        at, now = world.wire(wall), world.business(wall)
        sent: Sent = spoken.value or Sent(0, spoken.trouble)
        order = orders.get(tx, prepared.order.name)
        if not sent.accepted:
            orders.fail(tx, order, prepared.transmission, smtp_error(sent.code, sent.text), at=at, now=now)
            return
        if order.state != orders.PENDING:
            return  # its report was quicker
        orders.conclude(tx, order, orders.SENT, now)
        if not sent.dsn:  # no report will come: acceptance is all that can be told
            orders.conclude(tx, order, orders.OK, now)
            orders.receipt(tx, order, prepared.transmission, at=at, now=now)


def submission(ground: Ground, world: World, identity: Identity) -> Server:
    """The operator, by certificate. Raises ``NotReachable``, ``OutboundDenied``."""
    host, port, named = ground.mail_server(SUBMISSION_LISTENER, SUBMISSION.text(world.policy), world)
    timeout = float(WIRE_SECONDS.number(world.policy))
    return Server(host, port, ground.tls(identity.auth), timeout=timeout, named=named)


def spoken(operation: str, server: Server, letter: bytes, sent: Sent, recipient: str, message_id: str) -> Spoken:
    """One submission as the runner sees it; a temporary refusal is a trouble."""
    return Spoken(
        operation,
        address=f"{server.host}:{server.port}",
        trouble="" if sent.accepted or not sent.temporary else f"{sent.code} {sent.text}",
        sure=400 <= sent.code < 500,
        request=letter,
        answer=f"{sent.code} {sent.text}".encode(),
        head=f"RCPT TO:<{recipient}>",
        status=str(sent.code or ""),
        accepted=sent.accepted,
        keys=(f"message:{message_id}",),
        value=sent,
    )


def _plan(letter: Letter, message_id: str, date: datetime, world: World) -> MailPlan:
    asked, order = letter.transmission, letter.order
    patient = order.channel == TO_PATIENT
    reply = asked.reply_to
    ids = replayable_ids(f"{world.name}:{world.seed}:{MAIL}:{order.name}:xdm")
    more: dict[str, Any] = {"reply_to": Mailbox("", reply.address)} if reply and reply.address else {}
    return MailPlan(
        sender=Mailbox(letter.home.name if letter.home else "", letter.sender),
        recipients=(Mailbox("", order.address),),
        message_id=f"<{message_id}>",
        date=date.astimezone(PARIS),
        documents=(asked.cda,),
        text=asked.mail_bodies.get("patient" if patient else "ps", ""),
        read_receipt=asked.flags.ack_lecture_mss,
        end=patient and asked.fin,
        action=ACTIONS[asked.action],
        oid=lambda: f"{LPS_OID}.{ids().int >> 32}",
        source_id=LPS_OID,
        **more,
    )
