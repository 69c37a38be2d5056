"""Whether a client may open the mailbox it names: one straight list of checks, inside the transaction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from simulators.clients.introspection import Introspected
from simulators.core.errors import RoutingConflict
from simulators.core.exchange import Call
from simulators.core.pki import ANY_STRUCTURE, CertificateFacts, Trust, Usage, chain_verdict
from simulators.core.rules import Finding
from simulators.mssante import domains, folders, mailboxes
from simulators.mssante.access.introspection import Unreachable
from simulators.mssante.access.model import Attempt
from simulators.mssante.access.passwords import matches, password_of
from simulators.mssante.addresses import Address, Family
from simulators.mssante.mailboxes import Kind, Mailbox, State
from simulators.mssante.rules import access as rules

_CERTIFICATE: Final = "tls:client-certificate"
_SUBJECT: Final = "token.SubjectNameID"


@dataclass
class Case:
    """What is judged. ``told`` is the answer of the introspection, None when nobody was asked."""

    call: Call
    attempt: Attempt
    facts: CertificateFacts | None
    trust: Trust
    told: Introspected | Unreachable | None = None

    @property
    def subject(self) -> str:
        """National identifier of the professional of the token."""
        return self.told.text("SubjectNameID") if isinstance(self.told, Introspected) else ""


def opened(case: Case) -> Mailbox:
    """The mailbox, adopted where the world allows it. Raises ``Refused``."""
    call, shown = case.call, case.attempt.credentials
    call.judge([_transport, _proof], case)
    address = shown.address or _only_one(case)
    mailbox = mailboxes.find(call.tx, address) or _adopted(case, address)
    call.judge([_state, _kind, _rights, _worlds], (case, mailbox))
    return mailbox


def _transport(case: Case) -> Iterator[Finding]:
    if case.attempt.tls is None:
        yield rules.TLS.finding("tls", found="none", expected="TLS 1.2 or 1.3")
    if case.attempt.credentials.mechanism == "OAUTHBEARER":
        yield rules.COURTESY.finding("sasl.mechanism", found="OAUTHBEARER", expected="XOAUTH2")


def _proof(case: Case) -> Iterator[Finding]:
    """Token or certificate, before anybody looks at the mailbox."""
    if case.attempt.tls is None:
        return
    if case.attempt.credentials.by_token:
        yield from _token(case.told)
    elif case.attempt.credentials.mechanism == "EXTERNAL":
        yield from _certificate(case)


def _token(told: Introspected | Unreachable | None) -> Iterator[Finding]:
    if not isinstance(told, Introspected):
        why = told.why if told is not None else "nobody was asked"
        yield rules.INTROSPECTION.finding("introspection", found=why, expected="an answer")
    elif not told.active:
        yield rules.INACTIVE.finding("sasl.auth", found="active=false", expected="active=true")
    elif not told.text("SubjectNameID"):
        yield rules.SUBJECT.finding(_SUBJECT, found="", expected="8 + RPPS")


def _certificate(case: Case) -> Iterator[Finding]:
    if case.facts is None:
        yield rules.CERTIFICATE.finding(_CERTIFICATE, found="", expected="AUTH_CLI")
        return
    reason = chain_verdict(case.facts, case.trust, case.call.wall, Usage.TLS_CLIENT)
    if reason is not None:
        yield rules.CHAIN.finding(_CERTIFICATE, found=reason.value, expected="AUTH_CLI", subject=case.facts.subject_dn)


def _only_one(case: Case) -> str:
    """The applicative mailbox of a certificate that names none. Raises ``Refused``."""
    structure = (case.facts.struct_idnat or "") if case.facts is not None else ""
    owned = [m.address for m in mailboxes.owned_by(case.call.tx, structure) if m.kind is Kind.APP] if structure else []
    if case.attempt.credentials.mechanism != "EXTERNAL" or len(owned) != 1:
        found, expected = ", ".join(owned), "one mailbox"
        raise case.call.refusal(rules.ADDRESS.finding("sasl.user", found=found, expected=expected))
    return owned[0]


def _adopted(case: Case, address: str) -> Mailbox:
    """A mailbox of a domain this world may host: the certificate makes it APP, the token its owner's. Raises
    ``Refused``."""
    call, named = case.call, Address.read(address)
    refusal = call.refusal(rules.MAILBOX.finding("sasl.user", found=address, expected="a mailbox of the world"))
    welcome = named.family in {Family.PROFESSIONAL, Family.APICRYPT} and (case.subject or case.facts is not None)
    seeded = domains.hosting(call.tx, named.domain) == "seeded"
    if call.world.policy.on_unknown(domains.FAMILY) == "refuse" or not welcome or seeded:
        raise refusal
    try:
        domains.host(call.tx, named.domain, adopted=True)
    except RoutingConflict:
        raise refusal from None
    by_token = case.attempt.credentials.by_token
    if not by_token and case.attempt.credentials.mechanism != "EXTERNAL":
        raise refusal
    owner = case.subject if by_token else (case.facts.struct_idnat or "" if case.facts is not None else "")
    kind = Kind.PER if by_token else Kind.APP
    owners = (owner,) if owner else ()
    mailboxes.create(call.tx, address, kind, created=call.wire_now, owners=owners, label=named.local)
    folders.create_defaults(call.tx, address)
    call.adopted(domains.FAMILY, named.key)
    return mailboxes.get(call.tx, address)


def _state(judged: tuple[Case, Mailbox]) -> Iterator[Finding]:
    _, mailbox = judged
    if mailbox.state is not State.OPEN:
        yield rules.DISABLED.finding("mailbox.state", found=mailbox.state.value, expected="open")


def _kind(judged: tuple[Case, Mailbox]) -> Iterator[Finding]:
    case, mailbox = judged
    shown = case.attempt.credentials
    found = f"{shown.mechanism} on {mailbox.kind}"
    if mailbox.kind is Kind.CITIZEN:
        yield rules.CITIZEN.finding("sasl.user", found=mailbox.address, expected="PER, ORG or APP")
    elif shown.by_token and mailbox.kind is Kind.APP:
        yield rules.NOT_TOKEN.finding("sasl.mechanism", found=found, expected="EXTERNAL")
    elif shown.mechanism == "EXTERNAL" and mailbox.kind is not Kind.APP:
        yield rules.NOT_CERTIFICATE.finding("sasl.mechanism", found=found, expected="XOAUTH2")


def _rights(judged: tuple[Case, Mailbox]) -> Iterator[Finding]:
    case, mailbox = judged
    shown = case.attempt.credentials
    if shown.by_token:
        if case.subject and case.subject not in mailbox.owners:
            expected = ", ".join(mailbox.owners) or "nobody"
            yield rules.RIGHTS.finding(_SUBJECT, found=case.subject, expected=expected, mailbox=mailbox.address)
    elif shown.mechanism == "EXTERNAL":
        structure = (case.facts.struct_idnat or "none") if case.facts is not None else "none"
        if structure not in (*mailbox.owners, ANY_STRUCTURE):
            expected = ", ".join(mailbox.owners) or "nobody"
            yield rules.STRUCTURE.finding(f"{_CERTIFICATE}.OU", found=structure, expected=expected)
    else:
        yield from _password(case, mailbox)


def _password(case: Case, mailbox: Mailbox) -> Iterator[Finding]:
    shown, kept = case.attempt.credentials, password_of(case.call.tx, mailbox.address)
    if not kept:
        yield rules.PASSWORD_OFF.finding("sasl.mechanism", found=shown.mechanism, expected="XOAUTH2 or EXTERNAL")
    elif not matches(kept, shown.password):
        yield rules.PASSWORD.finding("sasl.password", found="another password", expected="the mailbox's")
    else:
        yield rules.DEVIATION.finding("sasl.mechanism", found=shown.mechanism, expected="XOAUTH2 or EXTERNAL")


def _worlds(judged: tuple[Case, Mailbox]) -> Iterator[Finding]:
    """A certificate of another world than the mailbox's: told."""
    case, _ = judged
    notes = case.call.marks.get("contradictions", ())
    for note in notes if isinstance(notes, list) else ():
        _, arrow, other = str(note).partition(" -> ")
        if arrow:
            yield rules.WORLD.finding(_CERTIFICATE, found=other, expected=case.call.world.name)
