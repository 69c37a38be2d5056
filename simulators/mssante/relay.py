"""Carrying mail to another operator: one attempt a row, again on business time, delayed then failed (RFC 5321 §4.5.4).

Both operators show a certificate; the server's is checked like any other, its name against the route, and its DN
against those the white list names for the domain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from simulators.clients.mail.sending import Sent, Server, send
from simulators.clients.outbound import OutboundDenied, check_call, hosts_of
from simulators.core import journal
from simulators.core.clock import add_period
from simulators.core.due import DueRow, schedule
from simulators.core.exchange import Arrival, Call, Runtime
from simulators.core.pki import SANDBOX_STRUCTURE, Trust, client_context
from simulators.core.rules import Verdict
from simulators.core.store.api import Tx
from simulators.core.world import World
from simulators.mssante import domains
from simulators.mssante.addresses import Address
from simulators.mssante.delivery import tell
from simulators.mssante.names import NAME
from simulators.mssante.operations import RELAY as OPERATION
from simulators.mssante.outgoing import RELAY, Shipment
from simulators.mssante.outgoing import send as queue_attempt
from simulators.mssante.reports.dsn import Outcome
from simulators.mssante.settings import DELAYED_AFTER, FAILED_AFTER, OPEN_TIMEOUT, RETRY_EVERY
from simulators.mssante.smtp.grammar import to_xtext

_NO_ROUTE: Final = Sent(550, "5.4.4 no operator of the white list answers for this domain")


class Relay:
    """Sender of the outbox rows and handler of the due rows. ``trust`` as in the other services."""

    def __init__(self, trust: Callable[[datetime], Trust]) -> None:
        self._trust = trust
        self._runtime: Runtime | None = None

    def stand_on(self, runtime: Runtime) -> None:
        """What it runs on, known once the listeners are made and before anything is sent."""
        self._runtime = runtime

    def try_again(self, tx: Tx, row: DueRow, world: World) -> None:
        """The next attempt goes into the outbox."""
        queue_attempt(tx, Shipment.from_json(row.payload))

    def send(self, world: str, message: str, payload: Mapping[str, Any]) -> None:
        """One attempt, its journal row and its consequence: a failure has a due row, or a report."""
        runtime = self._runtime
        if runtime is None:
            raise RuntimeError("the operator does not listen yet")
        shipment = Shipment.from_json(payload)
        with runtime.store.read(world) as tx:
            domain = Address.read(shipment.recipient.address).domain
            route, subjects = domains.route_of(tx, domain), [o.dn for o in domains.operators_of(tx, domain) if o.dn]
            content = tx.blob_bytes(shipment.blob)
        here = runtime.worlds.get(world)
        sent = self._attempt(runtime, here, shipment, route, subjects, content)
        with runtime.store.write(world, here.epoch) as tx:
            self._conclude(runtime, tx, here, shipment, route, content, sent)

    def _attempt(
        self, runtime: Runtime, world: World, shipment: Shipment, route: str, subjects: list[str], content: bytes
    ) -> Sent:
        host, _, port = route.rpartition(":")
        if not host or not port.isdecimal():
            return _NO_ROUTE
        try:
            check_call(host.strip("[]"), world.policy, runtime.allow_hosts)
            named = (*runtime.allow_hosts, *hosts_of(world.policy))
            issued = runtime.identity(world.name, SANDBOX_STRUCTURE) if runtime.identity is not None else None
            context = client_context(self._trust(runtime.now()), issued)
            patience = float(OPEN_TIMEOUT.number(world.policy))
            server = Server(host.strip("[]"), int(port), context, timeout=patience, named=named, subjects=subjects)
            options, wanted = _parameters(shipment)
            return send(server, shipment.sender, [(shipment.recipient.address, wanted)], content, options=options)
        except OutboundDenied as denied:
            return Sent(550, f"5.7.1 {denied}")

    def _conclude(
        self, runtime: Runtime, tx: Tx, world: World, shipment: Shipment, route: str, content: bytes, sent: Sent
    ) -> None:
        arrival = Arrival(NAME, NAME, route, "RELAY", shipment.recipient.address, {}, b"")
        call = Call(runtime, arrival, world, runtime.now(), OPERATION, _tx=tx)
        _consequence(call, shipment, route, content, sent)
        entry = journal.Entry(
            protocol=NAME,
            operation=OPERATION,
            direction="out",
            who={"address": route, "sender": shipment.sender or "<>", "recipient": shipment.recipient.address},
            outcome="accepted" if sent.accepted else "failed",
            status=str(sent.code),
            verdict=Verdict(),
            marks={**call.marks, "attempt": shipment.attempt, "queue": shipment.queue},
            keys=(f"queue:{shipment.queue}",),
            request_head=f"MAIL FROM:<{shipment.sender}>\nRCPT TO:<{shipment.recipient.address}>",
            request=content,
            answer=f"{sent.code} {sent.text}".encode(),
        )
        journal.record(tx, world, runtime.now(), entry)


def _consequence(call: Call, shipment: Shipment, route: str, content: bytes, sent: Sent) -> None:
    if sent.accepted:
        if not sent.dsn and shipment.recipient.wants("SUCCESS"):
            _tell(call, shipment, "relayed", sent, route, content)
        return
    policy = call.world.policy
    until = add_period(shipment.since, FAILED_AFTER.text(policy))
    if not sent.temporary or call.business_now >= until:
        call.marks["given_up"] = True
        if shipment.recipient.wants("FAILURE"):
            _tell(call, shipment, "failed", sent, route, content)
        return
    late = call.business_now >= add_period(shipment.since, DELAYED_AFTER.text(policy))
    if late and not shipment.told and shipment.recipient.wants("DELAY"):
        _tell(call, shipment, "delayed", sent, route, content, until)
    again = replace(shipment, attempt=shipment.attempt + 1, told=shipment.told or late)
    at = min(add_period(call.business_now, RETRY_EVERY.text(policy)), until)
    schedule(call.tx, RELAY, at, again.to_json())


def _tell(
    call: Call,
    shipment: Shipment,
    action: str,
    sent: Sent,
    route: str,
    content: bytes,
    until: datetime | None = None,
) -> None:
    status = {"relayed": "2.0.0", "delayed": "4.4.1"}.get(action) or _status(sent)
    diagnostic = f"{sent.code} {sent.text}" if sent.code else ""
    outcome = Outcome(shipment.recipient, action, status, diagnostic, route.rpartition(":")[0])
    tell(call, shipment.envelope, [outcome], shipment.sender, content, until)


def _status(sent: Sent) -> str:
    """The enhanced code at the head of the answer, else one that suits: given up after no answer, or refused."""
    word = sent.text.split(" ", 1)[0]
    plain = word.count(".") == 2 and word.replace(".", "").isdigit()
    if plain:
        return f"5{word[1:]}"
    return "5.0.0" if sent.code else "5.4.1"


def _parameters(shipment: Shipment) -> tuple[str, str]:
    """What the next operator is asked to report (RFC 3461 §5.2)."""
    told = shipment.recipient
    ret = f" RET={shipment.ret}" if shipment.ret else ""
    envid = f" ENVID={to_xtext(shipment.envid)}" if shipment.envid else ""
    notify = f" NOTIFY={','.join(sorted(told.notify))}" if told.notify else ""
    orcpt = told.orcpt or f"rfc822;{told.address}"
    return f"{ret}{envid}", f"{notify} ORCPT={to_xtext(orcpt)}" if orcpt.isascii() else notify
