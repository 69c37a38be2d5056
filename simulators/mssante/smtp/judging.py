"""What an operator checks of MAIL and RCPT, for its own clients and for the other operators."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from simulators.core.exchange import Call
from simulators.core.pki import CertificateFacts, Trust, chain_verdict
from simulators.core.rules import Finding
from simulators.mssante import domains, mailboxes
from simulators.mssante.access.model import Access
from simulators.mssante.addresses import Address
from simulators.mssante.envelope import Envelope, Recipient
from simulators.mssante.mailboxes import State, normal
from simulators.mssante.places import Place, Way, place_of
from simulators.mssante.rules import submission as rules
from simulators.mssante.settings import MESSAGE_BYTES, RECIPIENTS

_MAIL = "command:MAIL"


@dataclass(frozen=True, slots=True)
class Peer:
    """Who sends: a client with its ``access``, or another operator with its certificate."""

    call: Call
    envelope: Envelope
    access: Access | None = None
    facts: CertificateFacts | None = None
    trust: Trust | None = None


def check_mail(peer: Peer, *, operator: bool) -> None:
    """Raises ``Refused``."""
    checks = [_size, _operator] if operator else [_size, _sender, _life]
    peer.call.judge(checks, peer)


def check_rcpt(call: Call, envelope: Envelope, recipient: Recipient, *, operator: bool) -> Place:
    """Where the recipient's mail will go. Raises ``Refused``."""
    most = RECIPIENTS.number(call.world.policy)
    if len(envelope.recipients) >= most:
        raise call.refusal(rules.RCPT_MANY.finding("command:RCPT", found=str(most + 1), expected=f"at most {most}"))
    if not recipient.address.isascii() and not envelope.smtputf8:
        call.find(rules.UTF8.finding("command:RCPT", found=recipient.address, expected="ASCII, or SMTPUTF8"))
    place = place_of(call, recipient.address, relays=not operator)
    if place.finding is not None:
        if place.way is Way.NOWHERE:
            raise call.refusal(place.finding)
        call.find(place.finding)
    return place


def _size(peer: Peer) -> Iterator[Finding]:
    most = MESSAGE_BYTES.number(peer.call.world.policy)
    if peer.envelope.size > most:
        yield rules.SIZE.finding(f"{_MAIL} SIZE", found=str(peer.envelope.size), expected=f"at most {most}")


def _sender(peer: Peer) -> Iterator[Finding]:
    """A client writes as its own mailbox; the null sender is for its receipts (RFC 8098 §3)."""
    if peer.access is None:
        return
    sender, own = normal(peer.envelope.sender), peer.access.address
    if sender and sender != own:
        yield rules.FROM.finding(_MAIL, found=peer.envelope.sender, expected=own)
        return
    mailbox = mailboxes.find(peer.call.tx, own)
    if mailbox is None or mailbox.state is not State.OPEN:
        state = mailbox.state.value if mailbox is not None else "gone"
        yield rules.SENDER_STATE.finding("mailbox.state", found=state, expected="open")
    elif mailbox.quota_bytes is not None and mailbox.used_bytes >= mailbox.quota_bytes:
        found, expected = f"{mailbox.used_bytes} bytes used", f"below {mailbox.quota_bytes}"
        yield rules.SENDER_FULL.finding("mailbox.used", found=found, expected=expected)


def _life(peer: Peer) -> Iterator[Finding]:
    expires: datetime | None = peer.access.expires if peer.access is not None else None
    if expires is not None and peer.call.wire_now > expires:
        yield rules.EXPIRED.finding("token.exp", found=expires.isoformat(), expected="in force")


def _operator(peer: Peer) -> Iterator[Finding]:
    """The white list: the DN of the connection's certificate for the domain of MAIL FROM (facts §1.4, §2.5)."""
    at, facts = "tls:client-certificate", peer.facts
    if facts is None or peer.trust is None:
        yield rules.PEER_CERTIFICATE.finding(at, found="", expected="a certificate of the white list")
        return
    reason = chain_verdict(facts, peer.trust, peer.call.wall)
    if reason is not None:
        yield rules.PEER_CERTIFICATE.finding(at, found=reason.value, expected="a certificate in force")
        return
    if peer.envelope.sender:
        yield from _listed(peer, facts)
    elif not domains.listed(domains.white_list(peer.call.tx), facts.subject_dn) and _strict(peer):
        yield rules.PEER_DN.finding(at, found=facts.subject_dn, expected="a certificate of the white list")


def _listed(peer: Peer, facts: CertificateFacts) -> Iterator[Finding]:
    domain = Address.read(peer.envelope.sender).domain
    entries = domains.operators_of(peer.call.tx, domain)
    if not entries:
        trusted = Address.read(peer.envelope.sender).in_trust_space and not domains.hosting(peer.call.tx, domain)
        if _strict(peer) or not trusted:
            yield rules.PEER_DOMAIN.finding(_MAIL, found=peer.envelope.sender, expected="a listed domain")
    elif not domains.listed(entries, facts.subject_dn):
        expected = " or ".join(entry.dn for entry in entries)
        yield rules.PEER_DN.finding("tls:client-certificate", found=facts.subject_dn, expected=expected)


def _strict(peer: Peer) -> bool:
    """Whether an operator nobody listed is refused; else its first message lists it."""
    return peer.call.world.policy.on_unknown("operators") == "refuse"
