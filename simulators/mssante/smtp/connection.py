"""What is known of one SMTP connection, and how each of its exchanges is put."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from simulators.core.errors import WorldGone
from simulators.core.exchange import Answer, Arrival, Call, Runtime
from simulators.core.listeners.environ import TlsFacts
from simulators.core.listeners.session import Link
from simulators.core.pki import CertificateFacts, CertificateUnreadable, Trust, identified, read_certificate
from simulators.core.routing import Clue
from simulators.core.rules import Rule, Verdict
from simulators.core.world import MAIN, load
from simulators.mssante import mailboxes, operations
from simulators.mssante.access import Access, Attempt, Credentials, LoggedIn, log_in
from simulators.mssante.addresses import Address, Family
from simulators.mssante.delivery import Parcel
from simulators.mssante.envelope import Envelope, Recipient
from simulators.mssante.names import DOMAIN_ROUTE, NAME
from simulators.mssante.rules import access as access_rules
from simulators.mssante.smtp.flow import Command, run
from simulators.mssante.verdict.mail import judge_mail


@dataclass(frozen=True, slots=True)
class Port:
    """One listener: ``operator`` between operators, else submission; ``starttls``: the client orders TLS."""

    name: str
    operator: bool = False
    starttls: bool = True


class Connection:
    """``access`` once a client is authenticated; ``world`` once somebody named it: the mailbox, or the recipient."""

    def __init__(self, link: Link, runtime: Runtime, trust: Callable[[datetime], Trust], port: Port) -> None:
        self.runtime, self.port = runtime, port
        self._link, self._trust = link, trust
        self.tls = link.tls
        self.helo = ""
        self.access: Access | None = None
        self.world: str | None = None

    def forget(self, tls: TlsFacts) -> None:
        """Everything learnt in clear (RFC 3207 §4.2)."""
        self.tls, self.helo, self.access, self.world = tls, "", None, None

    def log_in(self, shown: Credentials) -> LoggedIn:
        """One authentication."""
        attempt = Attempt("smtp", self.port.name, self._link.peer, self.tls, shown)
        outcome = log_in(self.runtime, self._trust, attempt)
        if outcome.access is not None:
            self.access, self.world = outcome.access, outcome.access.world
        return outcome

    def parcel(self, envelope: Envelope, octets: bytes) -> Parcel:
        """A message as it came."""
        mailbox = self.access.address if self.access is not None else ""
        facts, _ = self.certificate()
        dn = facts.subject_dn if facts is not None and self.port.operator else ""
        word = "ESMTPSA" if self.access is not None else "ESMTPS"
        return Parcel(envelope, octets, mailbox, f"from {self.helo} ([{self._link.peer[0]}]) with {word}", dn)

    def verdict(self, envelope: Envelope, octets: bytes) -> Verdict:
        """On the mail itself, before the transaction: looking into archives takes its time."""
        try:
            with self.runtime.store.read(self.world or MAIN) as tx:
                policy = load(tx).policy
                mailbox = mailboxes.find(tx, self.access.address) if self.access is not None else None
        except WorldGone:
            return Verdict()
        recipients = [recipient.address for recipient in envelope.recipients]
        kind = mailbox.kind.value if mailbox is not None else ""
        return judge_mail(octets, policy, envelope_recipients=recipients, sender_kind=kind)

    def ask(
        self, operation: str, octets: bytes, perform: Callable[[Call], Answer], sender: str, *to: Recipient
    ) -> Answer:
        """The exchange of one command, from its first word."""
        arrival = self._arrival(octets[:4].decode("ascii", "replace").upper(), octets, sender, *to)
        return run(self.runtime, self._asked(operation, arrival, perform))

    def deliver(self, octets: bytes, perform: Callable[[Call], Answer], envelope: Envelope) -> Answer:
        """The exchange of a whole message."""
        arrival = self._arrival("MESSAGE", octets, envelope.sender, *envelope.recipients)
        return run(self.runtime, self._asked(operations.MESSAGE, arrival, perform, quiet=False))

    def _asked(
        self, operation: str, arrival: Arrival, perform: Callable[[Call], Answer], *, quiet: bool = True
    ) -> Command:
        return Command(operation, arrival, perform, self._clues(arrival), self._who(), quiet=quiet)

    def _arrival(self, method: str, octets: bytes, sender: str, *to: Recipient) -> Arrival:
        tls = self.tls
        headers: Mapping[str, str] = {
            "Helo": self.helo,
            "TLS": f"{tls.version} {tls.cipher}" if tls else "none",
            "Rcpt-To": ", ".join(recipient.address for recipient in to),
        }
        der = tls.client_cert_der if tls else None
        peer = f"{self._link.peer[0]}:{self._link.peer[1]}"
        return Arrival(NAME, self.port.name, peer, method, f"<{sender}>", headers, octets, self.world, der)

    def _clues(self, arrival: Arrival) -> Sequence[Clue]:
        """The certificate, then the first recipient's domain (between operators); a session that is authenticated has
        its world."""
        if self.world is not None:
            return ()
        facts, _ = self.certificate()
        found = [Clue("credential", "certificate", facts.fingerprint)] if facts is not None else []
        address = Address.read(arrival.headers["Rcpt-To"].partition(",")[0])
        if address.wellformed and address.family is not Family.CITIZEN:
            found.append(Clue("declared", DOMAIN_ROUTE, address.domain))
        return found

    def _who(self) -> Mapping[str, str]:
        if self.access is not None:
            return self.access.who
        facts, _ = self.certificate()
        return {"certificate": facts.subject_dn} if facts is not None else {}

    def certificate(self) -> tuple[CertificateFacts | None, Trust]:
        """The peer's certificate, and the authorities accepted now."""
        trust = self._trust(self.runtime.now())
        der = self.tls.client_cert_der if self.tls is not None else None
        try:
            return (identified(read_certificate(der), trust.subjects) if der else None), trust
        except CertificateUnreadable:
            return None, trust

    def refuse(self, rule: Rule, where: str, found: str, expected: str, octets: bytes) -> Answer:
        """The exchange of a command that can only be refused."""

        def perform(call: Call) -> Answer:
            raise call.refusal(rule.finding(where, found=found, expected=expected))

        operation = operations.AUTH if rule in access_rules.RULES else operations.SMTP
        arrival = self._arrival(where.removeprefix("command:")[:20], octets, "")
        return run(self.runtime, self._asked(operation, arrival, perform, quiet=False))
