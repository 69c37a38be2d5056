"""One SMTP connection: greeting, commands, one message at a time. No I/O; every command that matters is an exchange.

Source: RFC 5321, 3207 (STARTTLS), 4954 (AUTH), 1870 (SIZE), 3461 (DSN), 2920 (PIPELINING), 6152, 6531;
facts mssante §2, §7.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from simulators.core.exchange import Answer, Call, Runtime
from simulators.core.listeners.environ import TlsFacts
from simulators.core.listeners.session import (
    Action,
    Close,
    Data,
    Expect,
    Line,
    Link,
    Send,
    StartTls,
    Unit,
    Violation,
)
from simulators.core.pki import CertificateFacts, Trust
from simulators.core.rules import Rule
from simulators.mssante import access, delivery, operations
from simulators.mssante.access import Challenge, Credentials, Dialogue, SaslUnreadable
from simulators.mssante.access.passwords import offered
from simulators.mssante.access.sasl import decoded
from simulators.mssante.envelope import Envelope, Recipient
from simulators.mssante.mailboxes import normal
from simulators.mssante.replies import line
from simulators.mssante.rules import access as access_rules
from simulators.mssante.rules import submission as rules
from simulators.mssante.settings import MESSAGE_BYTES
from simulators.mssante.smtp import grammar
from simulators.mssante.smtp.actions import carried, ok
from simulators.mssante.smtp.connection import Connection, Port
from simulators.mssante.smtp.judging import Peer, check_mail, check_rcpt

_NAME: Final = delivery.MTA
_HELO = re.compile(r"[A-Za-z0-9.:\[\]_-]{1,255}")
MOST_ERRORS: Final = 20
"""Refused commands after which the connection ends (RFC 5321 §7.8)."""


class SmtpSession:
    """Implements ``Session``."""

    def __init__(self, link: Link, runtime: Runtime, trust: Callable[[datetime], Trust], port: Port) -> None:
        self._on = Connection(link, runtime, trust, port)
        self._dialogue: Dialogue | None = None
        self._after: bytes = b""
        self._envelope: Envelope | None = None
        self._errors = 0

    # -- Session ------------------------------------------------------------------------------------------------------

    def opened(self) -> Sequence[Action]:
        """The greeting."""
        return [Send(line(f"220 {_NAME} ESMTP SIMULATION segur-sandbox"))]

    def secured(self, tls: TlsFacts) -> Sequence[Action]:
        """Everything learnt in clear is forgotten (RFC 3207 §4.2)."""
        self._on.forget(tls)
        self._envelope = None
        return []

    def woken(self) -> Sequence[Action]:
        """Nobody has news for an SMTP client."""
        return []

    def closed(self) -> None:
        """Nothing is held: what was not answered was not accepted."""

    def receive_unit(self, unit: Unit) -> Sequence[Action]:
        """One line, one message, or a violation."""
        if isinstance(unit, Violation):
            return self._violated(unit)
        if isinstance(unit, Data):
            return self._message(unit.octets)
        if not isinstance(unit, Line):
            return []
        if self._after:
            reply, self._after = self._after, b""
            return [Send(reply)]
        if self._dialogue is not None:
            return self._sasl(self._dialogue, unit.octets)
        return self._command(unit.octets)

    # -- commands -----------------------------------------------------------------------------------------------------

    def _command(self, octets: bytes) -> Sequence[Action]:
        try:
            verb, argument = grammar.command(octets)
            handler = _HANDLERS.get(verb)
            if handler is None:
                return self._refused(rules.COMMAND, "command", verb[:40], "a command of EHLO's list", octets)
            return handler(self, argument, octets)
        except grammar.Unreadable as problem:
            return self._refused(rules.SYNTAX, "command", problem.found, problem.expected, octets)

    def _ehlo(self, argument: str, octets: bytes) -> Sequence[Action]:
        self._hello(argument)
        extensions = ["PIPELINING", f"SIZE {MESSAGE_BYTES.default}", "8BITMIME", "SMTPUTF8", "DSN"]
        extensions.append("ENHANCEDSTATUSCODES")
        if self._on.port.starttls and self._on.tls is None:
            extensions.append("STARTTLS")
        if self._on.tls is not None and not self._on.port.operator:
            extensions.append(f"AUTH {' '.join(offered(self._on.runtime.store, self._on.tls))}")
        words = [_NAME, *extensions]
        replies = [f"250{' ' if word is words[-1] else '-'}{word}\r\n" for word in words]
        return [Send("".join(replies).encode("ascii"))]

    def _helo_old(self, argument: str, octets: bytes) -> Sequence[Action]:
        self._hello(argument)
        return [Send(line(f"250 {_NAME}"))]

    def _hello(self, argument: str) -> None:
        """Raises ``Unreadable``: the name ends in a header."""
        name = argument.strip()
        if not _HELO.fullmatch(name):
            raise grammar.Unreadable(name[:60], "a host name or an address literal")
        self._on.helo, self._envelope = name, None

    def _starttls(self, argument: str, octets: bytes) -> Sequence[Action]:
        if not self._on.port.starttls or self._on.tls is not None:
            return self._refused(rules.SEQUENCE, "command:STARTTLS", "TLS already", "once, in clear", octets)
        if argument:
            raise grammar.Unreadable(argument[:40], "STARTTLS alone")
        return [Send(line("220 2.0.0 Ready to start TLS")), StartTls()]

    def _rset(self, argument: str, octets: bytes) -> Sequence[Action]:
        self._envelope = None
        return [Send(line("250 2.0.0 Ok"))]

    def _noop(self, argument: str, octets: bytes) -> Sequence[Action]:
        return [Send(line("250 2.0.0 Ok"))]

    def _vrfy(self, argument: str, octets: bytes) -> Sequence[Action]:
        return [Send(line("252 2.5.2 Cannot VRFY user, but will accept message and attempt delivery"))]

    def _quit(self, argument: str, octets: bytes) -> Sequence[Action]:
        return [Send(line("221 2.0.0 Bye")), Close()]

    # -- AUTH ---------------------------------------------------------------------------------------------------------

    def _auth(self, argument: str, octets: bytes) -> Sequence[Action]:
        mechanism, _, initial = argument.partition(" ")
        if self._on.port.operator:
            return self._refused(
                rules.COMMAND, "command:AUTH", "AUTH", "the certificate alone, between operators", octets
            )
        if self._on.access is not None or self._envelope is not None:
            return self._refused(access_rules.AGAIN, "command:AUTH", mechanism[:20], "AUTH once", octets)
        if not self._on.helo:
            return self._refused(rules.SEQUENCE, "command:AUTH", "before EHLO", "after EHLO", octets)
        if mechanism.upper() not in access.MECHANISMS:
            known = " ".join(access.MECHANISMS)
            return self._refused(access_rules.MECHANISM, "command:AUTH", mechanism[:20], known, octets)
        if self._on.tls is None:
            return self._refused(access_rules.TLS, "tls", "none", "TLS 1.2 or 1.3", octets)
        dialogue = Dialogue(mechanism)
        try:
            step = dialogue.begin(decoded(initial.encode()) if initial else None)
        except SaslUnreadable as problem:
            return self._refused(access_rules.SYNTAX, problem.where, problem.found, problem.expected, octets)
        return self._step(dialogue, step)

    def _sasl(self, dialogue: Dialogue, octets: bytes) -> Sequence[Action]:
        self._dialogue = None
        if octets == b"*":
            return [Send(line("501 5.7.0 Authentication cancelled"))]
        try:
            step = dialogue.answer(decoded(octets))
        except SaslUnreadable as problem:
            return self._refused(access_rules.SYNTAX, problem.where, problem.found, problem.expected, octets)
        return self._step(dialogue, step)

    def _step(self, dialogue: Dialogue, step: Challenge | Credentials) -> Sequence[Action]:
        if isinstance(step, Challenge):
            self._dialogue = dialogue
            return [Send(b"334 " + b64encode(step.octets) + b"\r\n")]
        outcome = self._on.log_in(step)
        if outcome.challenge and outcome.access is None and outcome.answer.disconnect is None:
            challenge = b"334 " + b64encode(outcome.challenge) + b"\r\n"
            if outcome.abrupt:
                return [Send(challenge), Close()]
            self._after = outcome.answer.body
            return carried(replace(outcome.answer, body=challenge))
        return self._told(outcome.answer)

    # -- one mail -----------------------------------------------------------------------------------------------------

    def _mail(self, argument: str, octets: bytes) -> Sequence[Action]:
        hindrance = self._hindrance()
        if hindrance is not None:
            return self._refused(hindrance, "command:MAIL", *_WANTED[hindrance.id], octets)
        if self._envelope is not None:
            return self._refused(rules.SEQUENCE, "command:MAIL", "MAIL twice", "RSET first", octets)
        envelope = grammar.mail(argument)
        if self._on.port.operator and self._on.access is None:
            self._on.world = None
        facts, trust = self._on.certificate()

        def perform(call: Call) -> Answer:
            if not self._deferred(call, facts):
                check_mail(Peer(call, envelope, self._on.access, facts, trust), operator=self._on.port.operator)
            if self._on.port.operator and call.marks.get("world_by"):
                self._on.world = call.world.name
            return ok("250 2.1.0 Ok")

        answer = self._on.ask(operations.MAIL, octets, perform, envelope.sender)
        if answer.status == 250:
            self._envelope = envelope
        return self._told(answer)

    def _deferred(self, call: Call, facts: CertificateFacts | None) -> bool:
        """Between operators a certificate that leads to no world is judged with the first recipient, who does."""
        return (
            self._on.port.operator
            and facts is not None
            and "world_by" not in call.marks
            and not call.arrival.address_world
        )

    def _hindrance(self) -> Rule | None:
        if not self._on.helo:
            return rules.SEQUENCE
        if self._on.tls is None:
            return rules.TLS
        return rules.AUTH if self._on.access is None and not self._on.port.operator else None

    def _rcpt(self, argument: str, octets: bytes) -> Sequence[Action]:
        envelope = self._envelope
        if envelope is None:
            return self._refused(rules.SEQUENCE, "command:RCPT", "before MAIL", "after MAIL", octets)
        recipient = grammar.rcpt(argument)
        facts, trust = self._on.certificate()
        first = self._on.port.operator and not envelope.recipients
        chosen: list[str] = []

        def perform(call: Call) -> Answer:
            if first:
                check_mail(Peer(call, envelope, self._on.access, facts, trust), operator=True)
            check_rcpt(call, envelope, recipient, operator=self._on.port.operator)
            chosen.append(call.world.name)
            return ok("250 2.1.5 Ok")

        answer = self._on.ask(operations.RCPT, octets, perform, envelope.sender, recipient)
        if answer.status == 250:
            self._on.world = chosen[-1]
            self._envelope = replace(envelope, recipients=_with(envelope.recipients, recipient))
        return self._told(answer)

    def _data(self, argument: str, octets: bytes) -> Sequence[Action]:
        if argument:
            raise grammar.Unreadable(argument[:40], "DATA alone")
        if self._envelope is None or not self._envelope.recipients:
            return self._refused(rules.SEQUENCE, "command:DATA", "before RCPT", "after an accepted RCPT", octets)
        return [Send(line("354 End data with <CR><LF>.<CR><LF>")), Expect("data")]

    def _message(self, octets: bytes) -> Sequence[Action]:
        envelope, self._envelope = self._envelope, None
        if envelope is None:
            return [Send(line("503 5.5.1 No mail transaction")), Close()]
        parcel = self._on.parcel(envelope, octets)
        told = self._on.verdict(envelope, octets)

        def perform(call: Call) -> Answer:
            most = MESSAGE_BYTES.number(call.world.policy)
            if len(octets) > most:
                raise call.refusal(rules.SIZE.finding("message", found=str(len(octets)), expected=f"at most {most}"))
            queue = delivery.accept(call, parcel)
            call.verdict = call.verdict + told
            call.verdict.raise_if_refused()
            return ok(f"250 2.0.0 Ok: queued as {queue}")

        return self._told(self._on.deliver(octets, perform, envelope))

    def _refused(self, rule: Rule, where: str, found: str, expected: str, octets: bytes) -> Sequence[Action]:
        return self._told(self._on.refuse(rule, where, found, expected, octets))

    def _told(self, answer: Answer) -> Sequence[Action]:
        if answer.status >= 500:
            self._errors += 1
        actions = carried(answer)
        return [*actions, Send(line("421 4.7.0 Too many errors")), Close()] if self._errors > MOST_ERRORS else actions

    def _violated(self, violation: Violation) -> Sequence[Action]:
        if violation.reason.cause == "data_too_large":
            self._envelope = None
            most = f"at most {MESSAGE_BYTES.default}"
            return self._refused(rules.SIZE, "message", "larger", most, violation.raw)
        code = _VIOLATIONS.get(violation.reason.cause, "500 5.5.2")
        return [Send(line(f"{code} {violation.reason.en}"))]


def _with(known: Sequence[Recipient], more: Recipient) -> Sequence[Recipient]:
    """One delivery for one mailbox, however often it is named; the last word on reports counts."""
    return (*(one for one in known if normal(one.address) != normal(more.address)), more)


_VIOLATIONS: Final = {
    "bare_line_end": "521 5.5.2",
    "line_too_long": "500 5.5.2",
    "idle": "421 4.4.2",
    "unit": "421 4.4.2",
}
_WANTED: Final = {
    rules.SEQUENCE.id: ("before EHLO", "after EHLO"),
    rules.TLS.id: ("none", "TLS 1.2 or 1.3"),
    rules.AUTH.id: ("not authenticated", "AUTH"),
}
_Handler = Callable[[SmtpSession, str, bytes], Sequence[Action]]
_HANDLERS: Final[Mapping[str, _Handler]] = {
    "EHLO": SmtpSession._ehlo,
    "HELO": SmtpSession._helo_old,
    "STARTTLS": SmtpSession._starttls,
    "AUTH": SmtpSession._auth,
    "MAIL": SmtpSession._mail,
    "RCPT": SmtpSession._rcpt,
    "DATA": SmtpSession._data,
    "RSET": SmtpSession._rset,
    "NOOP": SmtpSession._noop,
    "VRFY": SmtpSession._vrfy,
    "QUIT": SmtpSession._quit,
}
