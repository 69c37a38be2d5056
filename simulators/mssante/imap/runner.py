"""One command as one exchange.

What only reads, and meets neither a trigger nor an error, leaves no row; everything else takes the whole funnel of
:mod:`simulators.core.exchange`: faults, forced refusals, journal, SIM-BUG.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from simulators.core.errors import LateWriter, StoreError
from simulators.core.exchange import SIM_WORLD, Answer, Arrival, Call, exchange
from simulators.core.routing import Clue
from simulators.core.rules import Rule, Verdict
from simulators.core.store import schema
from simulators.core.store.api import Tx
from simulators.core.store.schema import PSEUDO_WORLD
from simulators.core.world import load
from simulators.mssante.folders import BadFolderName, FolderExists, NoSuchFolder
from simulators.mssante.imap.errors import Bad, ImapError, No
from simulators.mssante.imap.state import NeedsWrite, Perform, Reply, State
from simulators.mssante.imap.wire import said
from simulators.mssante.mailboxes import MailStoreError, NoSuchMailbox, OverQuota
from simulators.mssante.names import NAME
from simulators.mssante.rules import imap as rules

_RAW_BYTES = 1 << 16
_SECRETS = re.compile(rb"\A(\S{1,100} (?:LOGIN|AUTHENTICATE)\b).*", re.DOTALL | re.IGNORECASE)
_CODES = {
    NoSuchFolder: "NONEXISTENT",
    FolderExists: "ALREADYEXISTS",
    BadFolderName: "CANNOT",
    OverQuota: "OVERQUOTA",
    NoSuchMailbox: "AUTHORIZATIONFAILED",
}


@dataclass(frozen=True)
class Asked:
    """A command read: ``loud`` ones are always journalled, and may write."""

    tag: bytes
    name: str
    raw: bytes
    perform: Perform
    loud: bool = False


@dataclass(frozen=True)
class Outcome:
    """``reply`` is None when refused. The answer's body is the tagged line."""

    reply: Reply | None
    answer: Answer


def run(state: State, asked: Asked) -> Outcome:
    """Never raises."""
    if not asked.loud:
        outcome = _quietly(state, asked)
        if outcome is not None:
            return outcome
    flow = _Flow(state, asked)
    answer = exchange(state.house.runtime, flow, _arrival(state, asked))
    return Outcome(flow.reply if answer.status == 200 else None, answer)


def same_life(state: State, tx: Tx) -> None:
    """Raises :class:`LateWriter` when the world was reset since the mailbox was opened."""
    if load(tx).epoch != state.epoch:
        raise LateWriter(f"world {tx.world} was reset")


def _quietly(state: State, asked: Asked) -> Outcome | None:
    """None when the funnel is needed."""
    if state.access is None:
        return None
    try:
        with state.house.runtime.store.read(state.access.world) as tx:
            same_life(state, tx)
            if tx.find(schema.triggers):
                return None
            reply = asked.perform(state, tx, False)
    except (ImapError, MailStoreError, StoreError, NeedsWrite):
        return None
    return Outcome(reply, _tagged(asked, reply))


class _Flow:
    """What :func:`~simulators.core.exchange.exchange` asks, of one command."""

    name = NAME

    def __init__(self, state: State, asked: Asked) -> None:
        self._state, self._asked = state, asked
        self.reply: Reply | None = None
        self._problem: ImapError | None = None

    def read(self, call: Call) -> Asked:
        access = self._state.access
        call.operation = f"{NAME}.{self._asked.name}"
        if access is not None:
            call.who |= {**access.who, "mailbox": access.address}
            call.keys.add(f"mailbox:{access.address}")
        if self._state.selected is not None:
            call.marks["folder"] = self._state.selected.name
        return self._asked

    def clues(self, call: Call, request: Asked | None) -> list[Clue]:
        return []

    def perform(self, call: Call, request: Asked) -> Answer:
        try:
            if self._state.access is not None:
                same_life(self._state, call.tx)
            self.reply = request.perform(self._state, call.tx, True)
        except ImapError as problem:
            self._problem = problem
        except MailStoreError as problem:
            self._problem = No(str(problem), _CODES.get(type(problem), "CANNOT"))
        if self._problem is not None or self.reply is None:
            raise call.refusal(_rule(self._problem).finding(request.name, found=str(self._problem)))
        call.keys |= set(self.reply.keys)
        return _tagged(request, self.reply)

    def refuse(self, call: Call, request: Asked | None, verdict: Verdict, href: str) -> Answer:
        tag, rule = self._asked.tag, verdict.refusing[0].rule
        if rule is SIM_WORLD:
            return Answer(421, said(b"*", "BYE", f"{rule.sentence.en} {href}", "UNAVAILABLE"), disconnect="close")
        problem = None if verdict.forced or rule.id.startswith("SIM") else self._problem
        status, code, text = _told(problem, rule.code, rule.sentence.en)
        return Answer(400, said(tag, status, f"{text} [{rule.id}] {href}", code))


def _told(problem: ImapError | None, rule_code: str, sentence: str) -> tuple[str, str, str]:
    """Status, response code and text of a refusal."""
    if isinstance(problem, Bad):
        return "BAD", "", problem.text
    if isinstance(problem, No):
        return "NO", problem.code, problem.text
    status, _, code = rule_code.partition(" ")
    return (status, code, sentence) if status in ("NO", "BAD") else ("NO", "SERVERBUG", sentence)


def _rule(problem: ImapError | None) -> Rule:
    return rules.of_code(problem.code) if isinstance(problem, No) else rules.SYNTAX


def _tagged(asked: Asked, reply: Reply) -> Answer:
    return Answer(200, said(asked.tag, "OK", reply.text, reply.code))


def _arrival(state: State, asked: Asked) -> Arrival:
    tls = state.link.tls
    return Arrival(
        protocol=NAME,
        listener=state.house.listener,
        peer="{}:{}".format(*state.link.peer),
        method="IMAP",
        path=asked.name,
        headers={"TLS": f"{tls.version} {tls.cipher}" if tls else "none"},
        body=_SECRETS.sub(rb"\1 ***", asked.raw[:_RAW_BYTES]),
        address_world=state.access.world if state.access is not None else PSEUDO_WORLD,
        certificate=tls.client_cert_der if tls else None,
    )


def spoken(asked: Asked, answer: Answer) -> Answer:
    """The answer as IMAP: an outage fault speaks HTTP, which no mail client understands."""
    if answer.status < 500:
        return answer
    return replace(answer, body=said(asked.tag, "NO", f"fault asked of the sandbox ({answer.status})", "UNAVAILABLE"))
