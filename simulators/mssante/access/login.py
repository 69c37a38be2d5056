"""One authentication as one exchange: read the credentials, ask who they are, judge, open.

Two protocols, one funnel: ``Answer.status`` is the SMTP reply code, ``Answer.body`` the line of the protocol (without
tag over IMAP).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from simulators.clients.introspection import Introspected
from simulators.core.exchange import Answer, Arrival, Call, Runtime, exchange
from simulators.core.pki import CertificateFacts, CertificateUnreadable, Trust, identified, read_certificate
from simulators.core.routing import Clue, resolve
from simulators.core.rules import Rule, Verdict
from simulators.mssante.access import introspection
from simulators.mssante.access.checks import Case, opened
from simulators.mssante.access.introspection import Unreachable
from simulators.mssante.access.model import Access, Attempt
from simulators.mssante.addresses import Address
from simulators.mssante.names import DOMAIN_ROUTE, NAME
from simulators.mssante.operations import AUTH
from simulators.mssante.replies import coded
from simulators.mssante.rules import access as rules
from simulators.mssante.settings import OAUTH_REFUSAL

CHALLENGE: Final = b'{"status":"401","schemes":"bearer","scope":"mail"}'
"""What a refused bearer token is told before it gives up (observed, facts mssante §2.2)."""
_IMAP_CODES: Final = {
    rules.TLS.id: "PRIVACYREQUIRED",
    rules.RIGHTS.id: "AUTHORIZATIONFAILED",
    rules.STRUCTURE.id: "AUTHORIZATIONFAILED",
    rules.INTROSPECTION.id: "UNAVAILABLE",
}


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The outcome: ``access`` None when refused. ``code`` and ``text`` are for IMAP; ``challenge`` is to be sent before
    the refusal, ``abrupt`` instead of it."""

    access: Access | None
    answer: Answer
    code: str = ""
    text: str = ""
    challenge: bytes = b""
    abrupt: bool = False


def log_in(runtime: Runtime, trust: Callable[[datetime], Trust], attempt: Attempt) -> LoggedIn:
    """Never inside a transaction: it may ask Pro Santé Connect over the wire. Journals what it decided."""
    flow = LoginFlow(trust, attempt)
    answer = exchange(runtime, flow, _arrival(attempt))
    code, text = flow.said
    open_now = flow.access if answer.status == 235 and answer.disconnect is None else None
    told = CHALLENGE if attempt.credentials.by_token and answer.status == 535 else b""
    return LoggedIn(open_now, answer, code, text, told, flow.abrupt)


class LoginFlow:
    """One instance an attempt."""

    name = NAME

    def __init__(self, trust: Callable[[datetime], Trust], attempt: Attempt) -> None:
        self._trust, self._attempt = trust, attempt
        self.access: Access | None = None
        self.said = ("SERVERBUG", "unforeseen error, see the journal")
        self.abrupt = False

    def read(self, call: Call) -> Case:
        """Raises nothing: every defect is judged in the transaction."""
        call.operation = AUTH
        shown, trust = self._attempt.credentials, self._trust(call.wall)
        facts = _certificate(call, trust)
        call.who |= {"mailbox": shown.address} if shown.address else {}
        call.who |= {"certificate": facts.subject_dn} if facts is not None else {}
        case = Case(call, self._attempt, facts, trust)
        if shown.by_token and self._attempt.tls is not None:
            world = call.runtime.worlds.get(resolve(call.runtime.store, self.clues(call, case)).world)
            case.told = introspection.ask(call.runtime, trust, world, shown.token)
            _note(call, case.told)
        if facts is not None and facts.struct_idnat:
            call.who["structure"] = facts.struct_idnat
        return case

    def clues(self, call: Call, request: Case | None) -> Sequence[Clue]:
        """The mailbox's domain, then the certificate: both are credentials."""
        domain = Address.read(self._attempt.credentials.address).domain
        found = [Clue("credential", DOMAIN_ROUTE, domain)] if domain else []
        if request is not None and request.facts is not None:
            found.append(Clue("credential", "certificate", request.facts.fingerprint))
        return found

    def perform(self, call: Call, request: Case) -> Answer:
        """Raises ``Refused``."""
        mailbox = opened(request)
        call.who["mailbox"] = mailbox.address
        call.keys.add(f"mailbox:{mailbox.address}")
        self.access = Access(call.world.name, mailbox.address, dict(call.who), _expiry(request.told))
        self.said = ("", f"{mailbox.address} ({mailbox.kind}) is open")
        return self._say(235, "235 2.7.0 Authentication succeeded", "OK authenticated")

    def refuse(self, call: Call, request: Case | None, verdict: Verdict, href: str) -> Answer:
        """The funnel."""
        self.access = None
        first = verdict.refusing[0].rule
        status, line, text = coded(first, href)
        self.said = (_imap_code(first), text)
        token = self._attempt.credentials.by_token and status == 535
        self.abrupt = first is rules.ABRUPT or (token and OAUTH_REFUSAL.text(call.world.policy) == "abrupt")
        return self._say(status, line, f"NO [{self.said[0]}] {text}")

    def _say(self, status: int, smtp: str, imap: str) -> Answer:
        text = smtp if self._attempt.protocol == "smtp" else imap
        return Answer(status, f"{text}\r\n".encode("ascii", "replace"))


def _imap_code(rule: Rule) -> str:
    if rule.code.startswith("535"):
        return _IMAP_CODES.get(rule.id, "AUTHENTICATIONFAILED")
    return _IMAP_CODES.get(rule.id, "CANNOT" if rule.code.startswith("5") else "UNAVAILABLE")


def _arrival(attempt: Attempt) -> Arrival:
    shown, tls = attempt.credentials, attempt.tls
    return Arrival(
        protocol=NAME,
        listener=attempt.listener,
        peer=f"{attempt.peer[0]}:{attempt.peer[1]}",
        method="AUTH" if attempt.protocol == "smtp" else "AUTHENTICATE",
        path=shown.mechanism,
        headers={"TLS": f"{tls.version} {tls.cipher}" if tls else "none"},
        body=shown.raw,
        certificate=tls.client_cert_der if tls else None,
    )


def _certificate(call: Call, trust: Trust) -> CertificateFacts | None:
    der = call.arrival.certificate
    try:
        return identified(read_certificate(der), trust.subjects) if der else None
    except CertificateUnreadable:
        return None


def _note(call: Call, told: Introspected | Unreachable) -> None:
    if isinstance(told, Introspected):
        call.marks["introspection"] = "active" if told.active else "inactive"
        if told.text("SubjectNameID"):
            call.who["professional"] = told.text("SubjectNameID")
    else:
        call.marks["introspection"] = told.why


def _expiry(told: Introspected | Unreachable | None) -> datetime | None:
    value = told.claims.get("exp") if isinstance(told, Introspected) else None
    if not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
