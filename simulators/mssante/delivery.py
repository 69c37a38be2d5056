"""A message accepted: into mailboxes, to citizens, to other operators, and the reports that follow. One transaction."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime, getaddresses
from typing import Final

from simulators.core.errors import RoutingConflict
from simulators.core.exchange import Call
from simulators.core.rules import Finding, Level, Verdict
from simulators.core.world import identifier
from simulators.mssante import citizen, domains, folders, forwarding, mailboxes, messages, outgoing
from simulators.mssante.addresses import Address
from simulators.mssante.envelope import Envelope, Recipient
from simulators.mssante.mailboxes import Kind, OverQuota, normal
from simulators.mssante.places import Place, Way, place_of
from simulators.mssante.replies import ascii_text, coded
from simulators.mssante.reports.dsn import Outcome, Report, dsn, message_id
from simulators.mssante.scanning import Scanned, check, values

MTA: Final = "operateur.mssante.test"
CITIZEN_MTA: Final = "mes.mssante.test"


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message and how it came: ``mailbox`` authenticated, or ``operator`` the DN of another operator's certificate;
    ``heard`` describes the hop."""

    envelope: Envelope
    message: bytes
    mailbox: str = ""
    heard: str = ""
    operator: str = ""

    @property
    def relays(self) -> bool:
        """Only our own clients' mail leaves for another operator."""
        return bool(self.mailbox)


def accept(call: Call, parcel: Parcel) -> str:
    """Delivers, relays and reports; the queue id. Raises ``Refused`` for what a server refuses at the final dot."""
    call.judge([check], Scanned(parcel.message, parcel.mailbox))
    _list(call, parcel)
    queue = identifier(call.tx, "mssante-queue").hex[:12]
    sender = parcel.envelope.sender
    call.who |= {"sender": sender or "<>"}
    call.keys |= {f"mailbox:{normal(r.address)}" for r in parcel.envelope.recipients}
    if message_id(parcel.message):
        call.keys.add(f"message:{message_id(parcel.message)}")
    stored = _trace(call, parcel, queue)
    outcomes = [_deliver(call, parcel, recipient, stored, queue) for recipient in parcel.envelope.recipients]
    call.marks["delivered"] = {o.recipient.address: o.action for o in outcomes if o is not None}
    _report(call, parcel, [outcome for outcome in outcomes if outcome is not None])
    return queue


def _list(call: Call, parcel: Parcel) -> None:
    """An operator nobody knew is in the white list from its first message on, where the world adopts."""
    domain = Address.read(parcel.envelope.sender).domain
    if parcel.operator and domain and not domains.operators_of(call.tx, domain):
        domains.list_operator(call.tx, domains.Operator(domain, parcel.operator, "adopted"))
        call.adopted("operators", domain)


def _trace(call: Call, parcel: Parcel, queue: str) -> bytes:
    """The headers a final delivery adds, before the message unchanged (RFC 5321 §4.4)."""
    back = f"Return-Path: <{ascii_text(parcel.envelope.sender)}>\r\n"
    return back.encode("ascii", "replace") + _received(call, parcel, queue)


def _received(call: Call, parcel: Parcel, queue: str) -> bytes:
    """The trace every hop adds before the message unchanged."""
    by = f"by {MTA} id {queue}; {format_datetime(call.wire_now)}"
    return f"Received: {ascii_text(parcel.heard)}\r\n {by}\r\n".encode("ascii", "replace") + parcel.message


def _deliver(call: Call, parcel: Parcel, to: Recipient, stored: bytes, queue: str) -> Outcome | None:
    """None: another operator's answer is awaited."""
    place = place_of(call, to.address, relays=parcel.relays)
    if place.way is Way.CITIZEN:
        return _to_citizen(call, parcel, to, place.address, stored)
    if place.way is Way.RELAY:
        traced = _received(call, parcel, queue)
        outgoing.hand_over(call, outgoing.Shipment.of(call, parcel.envelope, to, traced, queue))
        return None
    if place.finding is not None and _refuses(call, place):
        return _failed(to, place.finding)
    if place.way is Way.ADOPT:
        _adopt(call, place.address)
    return _to_mailbox(call, parcel, to, place.address.key, stored)


def _refuses(call: Call, place: Place) -> bool:
    """A switched off rule lets mail into a mailbox that exists."""
    if place.finding is None or place.mailbox is None:
        return place.finding is not None
    return call.world.policy.level(place.finding.rule) is Level.REFUSE


def _adopt(call: Call, address: Address) -> None:
    """A correspondent nobody declared: a personal mailbox without owner, in a domain of this world from now on."""
    with suppress(RoutingConflict):
        domains.host(call.tx, address.domain, adopted=True)
    mailboxes.create(call.tx, address.key, Kind.PER, created=call.wire_now, label=address.local)
    folders.create_defaults(call.tx, address.key)
    call.adopted(domains.FAMILY, address.key)


def _to_mailbox(call: Call, parcel: Parcel, to: Recipient, address: str, stored: bytes) -> Outcome:
    try:
        _put(call, address, stored)
    except OverQuota:
        return Outcome(to, "failed", "5.2.2", "552 5.2.2 mailbox full", MTA)
    for copy in forwarding.copies(call, address, parcel.message):
        with suppress(OverQuota):
            _put(call, copy.to, _trace(call, replace(parcel, message=copy.message), copy.token))
    return Outcome(to, "delivered", "2.0.0", "250 2.0.0 delivered", MTA)


def _to_citizen(call: Call, parcel: Parcel, to: Recipient, address: Address, stored: bytes) -> Outcome:
    found = citizen.mailbox_of(call, address, len(parcel.message))
    if isinstance(found, Finding):
        call.verdict = call.verdict + Verdict((replace(found, level=Level.WARN),))
        return _failed(to, found, CITIZEN_MTA)
    uid = _put(call, found.address, stored)
    citizen.received(call.tx, found.address, uid, parcel.envelope.sender, parcel.message)
    return Outcome(to, "delivered", "2.0.0", "250 2.0.0 delivered", CITIZEN_MTA)


def _put(call: Call, address: str, message: bytes) -> int:
    inbox = folders.get(call.tx, address, folders.INBOX)
    for channel in (f"mail:{call.tx.world}", f"mail:{call.tx.world}:{address}"):
        call.tx.announce(channel)  # a hint for whoever polls this mailbox
    return messages.append(call.tx, inbox.folder, message, received=call.wire_now)


def _failed(to: Recipient, finding: Finding, mta: str = MTA) -> Outcome:
    _, line, _ = coded(finding.rule)
    return Outcome(to, "failed", _second(finding), line, mta)


def _second(finding: Finding) -> str:
    """The enhanced code of a finding, permanent: a temporary one has no second try here."""
    enhanced = finding.rule.code.partition(" ")[2]
    return f"5{enhanced[1:]}"


# --- reports


def _report(call: Call, parcel: Parcel, outcomes: Sequence[Outcome]) -> None:
    """Failures to the sender; successes where NOTIFY or Return-Receipt-To ask for them."""
    envelope = parcel.envelope
    failed = [o for o in outcomes if o.action == "failed" and o.recipient.wants("FAILURE")]
    done = [o for o in outcomes if o.action == "delivered"]
    if failed:
        tell(call, envelope, failed, envelope.sender, parcel.message)
    asked = [o for o in done if o.recipient.wants("SUCCESS")]
    if asked:
        tell(call, envelope, asked, envelope.sender, parcel.message)
    receipt = _receipt_to(parcel)
    rest = [o for o in done if "NEVER" not in o.recipient.notify and not (o in asked and receipt == envelope.sender)]
    if receipt and rest:
        tell(call, envelope, rest, receipt, parcel.message)


def _receipt_to(parcel: Parcel) -> str:
    """The address of Return-Receipt-To, in the trust space; a report never asks for one (ECO.2.3.1)."""
    if not parcel.envelope.sender:
        return ""
    asked = [normal(a) for _, a in getaddresses(values(parcel.message, "return-receipt-to"))]
    return next((address for address in asked if Address.read(address).in_trust_space), "")


def tell(
    call: Call, envelope: Envelope, outcomes: Sequence[Outcome], to: str, message: bytes, until: datetime | None = None
) -> None:
    """One report, delivered here or relayed with a null sender; a report about a report is never made."""
    if not to:
        return
    token = identifier(call.tx, "mssante-report").hex[:16]
    mta = outcomes[0].remote or MTA
    report = Report(
        to=to,
        mta=mta if mta in {MTA, CITIZEN_MTA} else MTA,
        token=token,
        arrived=call.wire_now,
        now=call.wire_now,
        outcomes=outcomes,
        envid=envelope.envid,
        ret=envelope.ret,
        retry_until=until,
    )
    sent = _send(call, Parcel(Envelope("", (Recipient(to),)), dsn(report, message), heard="from MAILER-DAEMON"), to)
    call.marks.setdefault("reports", []).append(f"{report.action} to {to}{'' if sent else ': no way back'}")


def _send(call: Call, parcel: Parcel, to: str) -> bool:
    """A report to a mailbox of this world, or by its operator; False when there is neither."""
    place, queue = place_of(call, to, relays=True), identifier(call.tx, "mssante-queue").hex[:12]
    if place.way is Way.RELAY:
        recipient = parcel.envelope.recipients[0]
        outgoing.hand_over(call, outgoing.Shipment.of(call, parcel.envelope, recipient, parcel.message, queue))
        return True
    box = place.mailbox
    if place.way is Way.CITIZEN:
        found = citizen.mailbox_of(call, place.address, len(parcel.message))
        box = None if isinstance(found, Finding) else found
    if box is None:
        return False
    with suppress(OverQuota):
        _put(call, box.address, _trace(call, parcel, queue))
        return True
    return False
