"""One order for each target of a request: the DMP, and each mailbox (facts pfi §3.1, §12).

An order goes pending → ok | ko for the DMP, pending → sent → ok | ko for a mailbox, where ``sent`` waits for the
operator's report; ``read`` tells what the reader's side said. Everything is written with the acknowledgement of the
request, in its transaction: what was answered AA is in the queue.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import BigInteger, Column, Index, Integer, Row, Select, Text

from simulators.core.clock import from_us, to_us
from simulators.core.exchange import Call
from simulators.core.hl7 import hl7_rule
from simulators.core.rules import Example, Grade, Level
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.core.store.text import storable
from simulators.core.world import World
from simulators.documents.hl7.model import Action, Participant, Transmission, ZamKind
from simulators.documents.hl7.names import QUALIFIED
from simulators.pfi import log, patients, queue, receipts, registry, requests
from simulators.pfi.names import DMP, MAIL
from simulators.pfi.requests import Request

_orders: Final = world_table(
    "pfi_orders",
    Column("name", Text),
    Column("request", BigInteger, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("read", Text, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
    Index("pfi_orders_message", "world", "message_id"),
    Index("pfi_orders_request", "world", "request"),
    key=("name",),
)
TO_DMP, TO_PS, TO_PATIENT = "dmp", "ps", "patient"
PENDING, SENT, OK, KO = "pending", "sent", "ok", "ko"

MAIL_HOST: Final = "pfi.mssante.test"
OPPOSITION: Final = ("SIMOpposition", "Alimentation du DMP refusée : le patient informé s'y oppose (ZFA-9 = IO)")
UNQUALIFIED: Final = ("SIMIdentite", "Alimentation du DMP refusée : l'INS n'est pas qualifiée (PID-32 n'est pas VALI)")
HIDDEN: Final = ("SIMInvisible", "Envoi au patient refusé : le document lui est invisible (INVISIBLE_PATIENT = Y)")
"""Codes of ours: no official list has one for what a PFI refuses by itself."""

REUSED: Final = hl7_rule(
    "PFI-CONTROL-ID-REUSED",
    "MSH-10",
    "un autre message de la même application portait déjà ce MSH-10 : les acquittements métier seront ambigus",
    "another message of the same application already bore this MSH-10: business receipts will be ambiguous",
    "donnez un MSH-10 neuf à chaque message ; seul un renvoi à l'identique garde le sien",
    "give a fresh MSH-10 to each message; only the same message sent again keeps its own",
    code="199",
    source="CI-SIS, transmission de documents CDA en HL7v2 (OBX-4 of a ZAM); the samples all bear 015",
    grade=Grade.INFERRED,
    level=Level.WARN,
    strict=Level.REFUSE,
    kind="state",
    example=Example("MSH-10", "015", "an MSH-10 never used"),
)


@dataclass(frozen=True, slots=True)
class Order:
    """One target. ``recipient`` is the identifier of the RCT; ``message_id`` that of our mail, without brackets;
    ``code`` and ``label`` why it failed; ``read`` is empty, ``displayed``, ``processed`` or ``error``."""

    name: str
    request: int
    rank: int
    channel: str
    address: str
    recipient: str
    state: str
    message_id: str
    code: str
    label: str
    read: str
    updated: datetime


def accept(call: Call, transmission: Transmission) -> None:
    """Takes charge of a request that was judged: registry, orders, outbox. The same request sent again changes
    nothing. Raises ``Refused`` where the world refuses another message under the same MSH-10."""
    tx, message, now = call.tx, call.arrival.body, call.business_now
    call.keys |= _keys(transmission)
    former = requests.same_control(tx, transmission)
    again = next((one for one in former if one.digest == requests.digest_of(message)), None)
    if again is not None:
        call.marks["already_accepted"] = again.number
        return
    if former:
        found = f"{transmission.control_id} (request {former[-1].number})"
        call.find(REUSED.finding("MSH-10", found=found, expected="an MSH-10 never used"))
    kind = call.operation.rpartition(".")[2]
    request = requests.add(tx, transmission, message, kind, now)
    call.marks["request"] = request.number
    _register(tx, transmission, request)
    _begin(call, transmission, request)


def _begin(call: Call, transmission: Transmission, request: Request) -> None:
    """Its orders: those that may be carried out go to the queue, the others fail at once."""
    tx, now = call.tx, call.business_now
    asked = f"{request.kind} {request.control_id}: {request.action} {request.document}"
    told = [(log.RECEIVED, request.name, asked)]
    made = [_order(call, request, rank, *target) for rank, target in enumerate(_targets(transmission), start=1)]
    refused = {order.name: _refused(tx, transmission, order.channel) for order in made}
    queued = [order for order in made if refused[order.name] is None]
    told += [(log.QUEUED, order.name, f"{order.channel} {order.address}".rstrip()) for order in queued]
    log.write_many(tx, now, told)
    for order in queued:
        queue.add(tx, DMP if order.channel == TO_DMP else MAIL, order.name, now)
    for order in made:
        reason = refused[order.name]
        if reason is not None:
            call.marks.setdefault("orders_refused", []).append(f"{order.name}: {reason[0]}")
            fail(tx, order, transmission, reason, at=call.wire_now, now=now)


def conclude(tx: Tx, order: Order, state: str, now: datetime, error: tuple[str, str] = ("", "")) -> None:
    """What became of an order, and its line in the log."""
    values = {"state": state, "code": storable(error[0]), "label": storable(error[1]), "updated_us": to_us(now)}
    tx.update(_orders, values, name=order.name)
    event = {SENT: log.SENT, OK: log.ACKED, KO: log.FAILED}[state]
    log.write(tx, now, event, order.name, f"{order.channel} {order.address} {error[0]} {error[1]}".rstrip())


def note_read(tx: Tx, order: Order, how: str, now: datetime) -> None:
    """What the reader's side said of the mail."""
    tx.update(_orders, {"read": how, "updated_us": to_us(now)}, name=order.name)
    log.write(tx, now, log.READ, order.name, f"{how} {order.address}")


def get(tx: Tx, name: str) -> Order:
    """Raises ``KeyError``."""
    row = tx.get(_orders, name=name)
    if row is None:
        raise KeyError(name)
    return _read(row)


def of_message(tx: Tx, message_id: str) -> Order | None:
    """The order whose mail bears this Message-ID."""
    rows = tx.find(_orders, message_id=message_id) if message_id else ()
    return _read(rows[0]) if rows else None


def of_request(tx: Tx, request: int) -> list[Order]:
    """In their order."""
    return sorted((_read(row) for row in tx.find(_orders, request=request)), key=lambda order: order.rank)


def before(tx: Tx, name: str) -> str:
    """Why an order of the DMP must wait: an earlier one, still open, on the document it replaces or deletes, or
    on its own. Empty when it may begin."""
    order = get(tx, name)
    asked = requests.get(tx, order.request)
    documents = {one for one in (asked.document, asked.replaces) if one}
    open_ones = _open_at_dmp(tx).where(_orders.c.request < order.request, requests.table.c.document.in_(documents))
    found = tx.first(open_ones.limit(1)) if documents else None
    return f"order {found.name} on the same document comes first" if found is not None else ""


def after(tx: Tx, order: Order) -> list[str]:
    """The orders of the DMP that may have waited for this one."""
    document, here = requests.get(tx, order.request).document, requests.table.c
    if not document:
        return []
    later = _open_at_dmp(tx).where(_orders.c.request > order.request)
    return [row.name for row in tx.rows(later.where((here.document == document) | (here.replaces == document)))]


def _open_at_dmp(tx: Tx) -> Select[Any]:
    asked = requests.table.c
    joined = (asked.world == _orders.c.world) & (asked.number == _orders.c.request)
    found = tx.select(_orders, _orders.c.name).join(requests.table, joined).order_by(_orders.c.request)
    return found.where(_orders.c.channel == TO_DMP, _orders.c.state == PENDING)


def every(tx: Tx) -> list[Order]:
    """In the order of the requests."""
    return sorted((_read(row) for row in tx.find(_orders)), key=lambda order: (order.request, order.rank))


def message_id_of(world: World, name: str) -> str:
    """Of the mail of an order, without brackets: the same at each attempt, so that reports always find the order."""
    return f"{uuid5(NAMESPACE_URL, f'urn:segur-sandbox:{world.name}:{world.seed}:{world.epoch}:{name}')}@{MAIL_HOST}"


def _keys(transmission: Transmission) -> set[str]:
    found = {"hl7": transmission.control_id, "document": transmission.document_id, "patient": transmission.patient.ins}
    return {f"{kind}:{value}" for kind, value in found.items() if value}


def _register(tx: Tx, transmission: Transmission, request: Request) -> None:
    document = transmission.document_id
    if not document:
        return
    if transmission.action is Action.DELETE:
        registry.delete(tx, document)
        return
    sender = transmission.sender or Participant("SB")
    replaces = transmission.replaces if transmission.action is Action.REPLACE else ""
    owner, author = sender.org_id, sender.person_id or sender.device_id
    state = (replaces, "", registry.CURRENT)
    registry.keep(tx, registry.Held(document, *state, owner, author, transmission.patient.ins, request.number))


def _targets(transmission: Transmission) -> Iterator[tuple[str, Participant | None]]:
    """Each with the participation it comes from; an address named twice counts once."""
    flags, seen = transmission.flags, set[str]()
    if flags.destdmp:
        yield TO_DMP, None
    for one in transmission.recipients:
        wanted = flags.destmssantepat if one.is_patient else flags.destmssanteps
        if wanted and one.address and one.address.lower() not in seen:
            seen.add(one.address.lower())
            yield (TO_PATIENT if one.is_patient else TO_PS), one


def _order(call: Call, request: Request, rank: int, channel: str, target: Participant | None) -> Order:
    now = call.business_now
    name = f"{request.number}.{rank}"
    address, recipient = (target.address, target.person_id or target.org_id) if target else ("", "")
    message_id = message_id_of(call.world, name) if target is not None else ""
    fresh = Order(name, request.number, rank, channel, address, recipient, PENDING, message_id, "", "", "", now)
    values = {field: getattr(fresh, field) for field in Order.__slots__ if field != "updated"}
    call.tx.insert(_orders, **values, updated_us=to_us(now))
    call.keys |= {f"order:{name}"}
    return fresh


def _refused(tx: Tx, transmission: Transmission, channel: str) -> tuple[str, str] | None:
    """Why an order must not be carried out; withdrawing a document is always allowed."""
    if transmission.action is Action.DELETE:
        return None
    if channel == TO_PATIENT and transmission.flags.invisible_patient:
        return HIDDEN
    if channel != TO_DMP:
        return None
    told = patients.known(tx, transmission.patient)
    if told is not None and not told.may_feed:
        return OPPOSITION
    statuses = {transmission.patient.status, told.status if told is not None else ""} - {""}
    return None if transmission.patient.ins and statuses == {QUALIFIED} else UNQUALIFIED


def fail(
    tx: Tx, order: Order, transmission: Transmission, error: tuple[str, str], *, at: datetime, now: datetime
) -> None:
    """The order has failed for good, and the sender is told if it asked for it."""
    conclude(tx, order, KO, now, error)
    receipt(tx, order, transmission, at=at, now=now, error=error)


def receipt(
    tx: Tx,
    order: Order,
    transmission: Transmission,
    *,
    at: datetime,
    now: datetime,
    error: tuple[str, str] | None = None,
) -> None:
    """Z01 or Z02, when ACK_RECEPTION asks for it. ``at`` is wire time, ``now`` business time."""
    if not transmission.flags.ack_reception:
        return
    kind: ZamKind = "Z01" if order.channel == TO_DMP else "Z02"
    box = {"address": order.address, "reader": order.recipient}
    receipts.tell(tx, order.name, order.request, kind, at=at, now=now, error=error, **box)


def _read(row: Row[Any]) -> Order:
    values = {field: getattr(row, field) for field in Order.__slots__ if field != "updated"}
    return Order(**values, updated=from_us(row.updated_us))
