"""The catch-all of ordinary mail: any sender, any recipient, with or without TLS; AUTH PLAIN or LOGIN names a world.

Nothing ever leaves: the mail a product would send to a person on the internet stays in the world.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from simulators.core.exchange import Answer, Arrival, Call, Runtime
from simulators.core.listeners.environ import TlsFacts
from simulators.core.listeners.session import Action, Close, Data, Expect, Line, Link, Send, StartTls, Unit, Violation
from simulators.core.rules import Rule
from simulators.core.world import MAIN
from simulators.mssante.access import Challenge, Credentials, Dialogue, SaslUnreadable
from simulators.mssante.access.sasl import decoded
from simulators.mssante.catchers import caught
from simulators.mssante.envelope import Envelope
from simulators.mssante.names import INTERNET, NAME
from simulators.mssante.operations import INTERNET as OPERATION
from simulators.mssante.replies import line
from simulators.mssante.rules import submission as rules
from simulators.mssante.settings import MESSAGE_BYTES, RECIPIENTS
from simulators.mssante.smtp import grammar
from simulators.mssante.smtp.actions import carried, ok
from simulators.mssante.smtp.flow import Command, run

_NAME = "internet-mail.test"
_VIOLATIONS: Final = {
    "data_too_large": "552 5.3.4",
    "bare_line_end": "521 5.5.2",
    "idle": "421 4.4.2",
    "unit": "421 4.4.2",
}


class CatcherSession:
    """Implements ``Session``."""

    def __init__(self, link: Link, runtime: Runtime) -> None:
        self._link, self._runtime = link, runtime
        self._tls = link.tls
        self._world = MAIN
        self._envelope: Envelope | None = None
        self._dialogue: Dialogue | None = None

    def opened(self) -> Sequence[Action]:
        """The greeting."""
        return [Send(line(f"220 {_NAME} ESMTP SIMULATION catch-all, nothing leaves"))]

    def secured(self, tls: TlsFacts) -> Sequence[Action]:
        """After STARTTLS."""
        self._tls, self._envelope = tls, None
        return []

    def woken(self) -> Sequence[Action]:
        """Nobody has news for a sender."""
        return []

    def closed(self) -> None:
        """Nothing is held."""

    def receive_unit(self, unit: Unit) -> Sequence[Action]:
        """One line, one message, or a violation."""
        if isinstance(unit, Violation):
            return [Send(line(f"{_VIOLATIONS.get(unit.reason.cause, '500 5.5.2')} {unit.reason.en}"))]
        if isinstance(unit, Data):
            return self._message(unit.octets)
        if not isinstance(unit, Line):
            return []
        if self._dialogue is not None:
            return self._sasl(self._dialogue, unit.octets)
        try:
            return self._command(*grammar.command(unit.octets))
        except grammar.Unreadable as problem:
            return self._refused(rules.SYNTAX, problem.found, problem.expected)

    def _command(self, verb: str, argument: str) -> Sequence[Action]:
        if verb in {"EHLO", "HELO"}:
            starttls = "" if self._tls is not None else "250-STARTTLS\r\n"
            words = f"250-{_NAME}\r\n{starttls}250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
            size = f"250-SIZE {MESSAGE_BYTES.default}\r\n250 AUTH PLAIN LOGIN\r\n"
            return [Send((words + size).encode())]
        if verb == "STARTTLS" and self._tls is None:
            return [Send(line("220 2.0.0 Ready to start TLS")), StartTls()]
        if verb == "AUTH":
            return self._auth(*argument.partition(" ")[::2])
        if verb == "MAIL":
            self._envelope = grammar.mail(argument)
            return [Send(line("250 2.1.0 Ok"))]
        if verb == "RCPT" and self._envelope is not None:
            return self._rcpt(self._envelope, argument)
        if verb == "DATA" and self._envelope is not None and self._envelope.recipients:
            return [Send(line("354 End data with <CR><LF>.<CR><LF>")), Expect("data")]
        return self._plain(verb)

    def _rcpt(self, envelope: Envelope, argument: str) -> Sequence[Action]:
        recipient, most = grammar.rcpt(argument), int(RECIPIENTS.default)
        if len(envelope.recipients) >= most:
            return self._refused(rules.RCPT_MANY, str(most + 1), f"at most {most}")
        self._envelope = replace(envelope, recipients=(*envelope.recipients, recipient))
        return [Send(line("250 2.1.5 Ok"))]

    def _plain(self, verb: str) -> Sequence[Action]:
        if verb == "QUIT":
            return [Send(line("221 2.0.0 Bye")), Close()]
        if verb in {"RSET", "NOOP"}:
            self._envelope = None if verb == "RSET" else self._envelope
            return [Send(line("250 2.0.0 Ok"))]
        known = verb in {"RCPT", "DATA", "STARTTLS"}
        return self._refused(rules.SEQUENCE if known else rules.COMMAND, verb[:40], "EHLO, MAIL, RCPT, DATA")

    def _auth(self, mechanism: str, initial: str) -> Sequence[Action]:
        if mechanism.upper() not in {"PLAIN", "LOGIN"}:
            return [Send(line("504 5.5.4 AUTH PLAIN or LOGIN; the user name is the name of a world"))]
        dialogue = Dialogue(mechanism)
        try:
            return self._step(dialogue, dialogue.begin(decoded(initial.encode()) if initial else None))
        except SaslUnreadable as problem:
            return self._refused(rules.SYNTAX, problem.found, problem.expected)

    def _sasl(self, dialogue: Dialogue, octets: bytes) -> Sequence[Action]:
        self._dialogue = None
        try:
            return self._step(dialogue, dialogue.answer(decoded(octets)))
        except SaslUnreadable as problem:
            return self._refused(rules.SYNTAX, problem.found, problem.expected)

    def _step(self, dialogue: Dialogue, step: Challenge | Credentials) -> Sequence[Action]:
        if isinstance(step, Challenge):
            self._dialogue = dialogue
            return [Send(b"334 " + b64encode(step.octets) + b"\r\n")]
        if step.address in self._runtime.worlds.names():
            self._world = step.address
        return [Send(line(f"235 2.7.0 Mail goes to world {self._world}"))]

    def _message(self, octets: bytes) -> Sequence[Action]:
        envelope, self._envelope = self._envelope, None
        if envelope is None:
            return [Close()]
        to = [recipient.address for recipient in envelope.recipients]

        def perform(call: Call) -> Answer:
            number = caught.catch(call.tx, caught.MAIL, envelope.sender, to, octets, call.wire_now)
            call.marks["caught"] = number
            return ok(f"250 2.0.0 Ok: caught as {number}")

        head = {"Mail-From": envelope.sender, "Rcpt-To": ", ".join(to)}
        arrival = self._arrival("MESSAGE", octets, head)
        keys = [f"mailto:{address.lower()}" for address in to]
        return carried(run(self._runtime, Command(OPERATION, arrival, perform, keys=keys, quiet=False)))

    def _refused(self, rule: Rule, found: str, expected: str) -> Sequence[Action]:
        def perform(call: Call) -> Answer:
            raise call.refusal(rule.finding("command", found=found, expected=expected))

        arrival = self._arrival("SMTP", found.encode(), {})
        return carried(run(self._runtime, Command(OPERATION, arrival, perform, quiet=False)))

    def _arrival(self, method: str, octets: bytes, head: dict[str, str]) -> Arrival:
        peer = f"{self._link.peer[0]}:{self._link.peer[1]}"
        return Arrival(NAME, INTERNET, peer, method, INTERNET, head, octets, self._world)
