"""One exchange, whatever its protocol: the same straight list for every simulator.

read → route (world, once) → faults on_request → one transaction {checks, effect, answer, journal,
faults before_commit} → faults after_commit_before_answer → faults on_answer → answer. A refusal rolls
the effect back and writes the journal row alone; an unforeseen exception takes the same funnel as the
rule ``SIM-BUG``, and when the funnel itself breaks the answer is plain text.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from simulators.core import journal
from simulators.core.clock import Now
from simulators.core.errors import LateWriter, Refused, WorldGone
from simulators.core.faults import effects
from simulators.core.own_rules import OWN_RULES as OWN_RULES
from simulators.core.own_rules import SIM_BUG as SIM_BUG
from simulators.core.own_rules import SIM_FAULT as SIM_FAULT
from simulators.core.own_rules import SIM_WORLD as SIM_WORLD
from simulators.core.pki.issued import IssuedCertificate
from simulators.core.pki.keys import fresh_key_pem
from simulators.core.routing import Clue, resolve
from simulators.core.rules import Catalogue, Check, Finding, Level, Rule, Verdict, judge
from simulators.core.store import schema
from simulators.core.store.api import Store, Tx
from simulators.core.world import MAIN, World, Worlds

log = logging.getLogger("simulators")
S = TypeVar("S")
_REAL = "world %s: %s looks like a real person's identifier; use test data"


@dataclass(frozen=True)
class Arrival:
    """What came in, before anybody is identified. ``address_world`` is the world of the address."""

    protocol: str
    listener: str
    peer: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    address_world: str | None = None
    certificate: bytes | None = None
    query: str = ""

    @property
    def head(self) -> str:
        """The request line and headers as text, for the journal."""
        target = f"{self.path}?{self.query}" if self.query else self.path
        lines = [f"{self.method} {target}", *(f"{name}: {value}" for name, value in self.headers.items())]
        return "\n".join(lines)


@dataclass(frozen=True)
class Answer:
    """What goes out. ``status`` is the protocol's own number; ``word`` its name where it has one (AA, AE)."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    disconnect: str | None = None
    truncate: int | None = None
    word: str = ""


class FaultBook(Protocol):
    """Where the triggers are kept. Counters of "nth call" commit in their own transaction."""

    def plan(self, call: Call) -> Sequence[effects.Planned]:
        """Every fault due for this call, asked once, when its world and operation are known."""


@dataclass(frozen=True)
class Runtime:
    """What a simulator is given to stand on.

    ``base(listener, host)`` is the public base URL of a listener for who came with this Host header,
    ``local(listener)`` the same by an address of this machine (``KeyError``: it does not run here); ``new_key`` makes
    an RSA private key, as PKCS#8 PEM; ``allow_hosts`` are the hosts that every world may call; ``identity(world,
    structure)`` is the AUTH_CLI certificate by which a structure of this sandbox calls others, ``cachet`` its SIGN one.
    """

    store: Store
    worlds: Worlds
    now: Now
    catalogue: Catalogue[Any]
    faults: FaultBook
    links: Callable[[str, int], str] = lambda world, number: f"/_sandbox/worlds/{world}/exchanges/{number}"
    identifier_guard: Callable[[bytes], Iterable[tuple[str, str]]] = lambda body: ()
    base: Callable[[str, str], str] = lambda listener, host: f"http://{listener}.test"
    new_key: Callable[[], bytes] = fresh_key_pem
    allow_hosts: Collection[str] = ()
    local: Callable[[str], str] = lambda listener: f"http://{listener}.test"
    identity: Callable[[str, str], IssuedCertificate] | None = None
    cachet: Callable[[str, str], IssuedCertificate] | None = None


@dataclass
class Call:
    """One exchange being handled: notes are taken here and end in its journal row.

    ``suspects`` are the real-looking identifiers of the message, as (key, masked); ``consequences`` see
    :meth:`if_refused`.
    """

    runtime: Runtime
    arrival: Arrival
    world: World
    wall: datetime
    operation: str
    who: dict[str, str] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    marks: dict[str, Any] = field(default_factory=dict)
    verdict: Verdict = field(default_factory=Verdict)
    plan: Sequence[effects.Planned] = ()
    suspects: Sequence[tuple[str, str]] = ()
    consequences: list[Callable[[Tx], None]] = field(default_factory=list)
    _tx: Tx | None = None

    @property
    def tx(self) -> Tx:
        """The open transaction of the operation."""
        if self._tx is None:
            raise RuntimeError("no transaction is open")
        return self._tx

    def planned(self, hook: str) -> list[effects.Effect]:
        """The effects of the faults due at ``hook``, in order."""
        return [fault.effect for fault in self.plan if fault.hook == hook]

    @property
    def wire_now(self) -> datetime:
        return self.world.wire(self.wall)

    @property
    def business_now(self) -> datetime:
        return self.world.business(self.wall)

    def judge(self, checks: Iterable[Check[S]], subject: S) -> None:
        """Runs checks under the world's policy, keeps the warnings, raises ``Refused``."""
        verdict = judge(self.world.policy, checks, subject)
        self.verdict = self.verdict + verdict
        if verdict.refused:
            raise Refused(self.verdict)

    def find(self, *findings: Finding) -> None:
        """As :meth:`judge`, for findings that a flow meets by itself."""
        self.judge([lambda _: findings], None)

    def refusal(self, finding: Finding) -> Refused:
        """What to raise for a finding that no policy switches off: there is nothing to go on with."""
        return Refused(self.verdict + Verdict((replace(finding, level=Level.REFUSE),)))

    def if_refused(self, consequence: Callable[[Tx], None]) -> None:
        """``consequence`` is committed with the journal row if this exchange ends refused: a replayed code ends its
        session though the exchange itself is rolled back."""
        self.consequences.append(consequence)

    def adopted(self, family: str, identifier: str) -> None:
        """Notes that an unknown structure, professional or patient was adopted."""
        self.marks.setdefault("adopted", []).append(f"{family}:{identifier}")


class ProtocolFlow(Protocol):
    """What a simulator's protocol gives the exchange. Plain functions over parsed values."""

    name: str

    def read(self, call: Call) -> Any:
        """Parses the arrival, sets ``call.operation``, ``who`` and ``keys``; raises ``Refused``."""

    def clues(self, call: Call, request: Any) -> Sequence[Clue]:
        """Credential and declared clues, in the protocol's order (the address comes before).

        ``request`` is None when the message could not be read: then give what the arrival alone tells (its
        certificate), so that the refusal is told in its sender's world.
        """

    def perform(self, call: Call, request: Any) -> Answer:
        """Checks and effect inside ``call.tx``; raises ``Refused``."""

    def refuse(self, call: Call, request: Any | None, verdict: Verdict, href: str) -> Answer:
        """The funnel: a refusing verdict as wire bytes."""


def exchange(runtime: Runtime, flow: ProtocolFlow, arrival: Arrival) -> Answer:
    """Handles one arrival from end to end; never raises. The answer leaves after the commit."""
    try:
        call = Call(runtime, arrival, _first_world(runtime, arrival), runtime.now(), f"{flow.name}.?")
        return _on_answer(call, _answer(call, flow))
    except Exception as bug:  # nothing can be journalled any more: the store fails, or a fault of ours does
        log.exception("SIM-BUG in %s, outside its journal", flow.name)
        return _plain(repr(bug))


def _answer(call: Call, flow: ProtocolFlow) -> Answer:
    request: Any = None
    try:
        # Before any transaction: looking through a large body must not hold the store.
        call.suspects = tuple(call.runtime.identifier_guard(call.arrival.body))
        request = flow.read(call)
        _route(call, flow, request)
        return _on_request(call) or _perform(call, flow, request)
    except Refused as refused:
        verdict = refused.verdict
    except (LateWriter, WorldGone) as gone:
        verdict = _verdict(SIM_WORLD, f"world {call.arrival.address_world or call.world.name}", str(gone))
    except Exception as bug:  # the funnel of last resort: the service stays up and says so
        verdict = _bug(call, bug)
    if request is None:
        _route_unread(call, flow)
    return _refused(call, flow, request, verdict)


def _bug(call: Call, bug: Exception) -> Verdict:
    log.exception("SIM-BUG in %s", call.operation)
    call.marks["traceback"] = traceback.format_exc(limit=12)
    return _verdict(SIM_BUG, call.operation, repr(bug))


def _verdict(rule: Rule, where: str, found: str) -> Verdict:
    return Verdict((replace(rule.finding(where, found=found), level=Level.REFUSE),))


def _plain(found: str) -> Answer:
    text = f"{SIM_BUG.id}: {SIM_BUG.sentence.en} / {SIM_BUG.sentence.fr}: {found}\n"
    return Answer(500, text.encode(), {"Content-Type": "text/plain; charset=utf-8"})


def _first_world(runtime: Runtime, arrival: Arrival) -> World:
    """Until the message is read. An address of no world must not be answered, nor journalled, by ``main``."""
    for name in (arrival.address_world or MAIN, schema.PSEUDO_WORLD):
        try:
            return runtime.worlds.get(name)
        except WorldGone:
            continue
    raise WorldGone(MAIN)


def _route(call: Call, flow: ProtocolFlow, request: Any) -> None:
    address = call.arrival.address_world
    first = [Clue("address", "world", address)] if address is not None else []
    route = resolve(call.runtime.store, [*first, *flow.clues(call, request)])
    if route.world != call.world.name:  # else it was read a moment ago
        call.world = call.runtime.worlds.get(route.world)
    if route.by is not None:
        call.marks["world_by"] = f"{route.by.source}:{route.by.kind}"
    if route.contradictions:
        call.marks["contradictions"] = [f"{c.source}:{c.kind}={c.key} -> {w}" for c, w in route.contradictions]


def _route_unread(call: Call, flow: ProtocolFlow) -> None:
    try:
        _route(call, flow, None)
    except Exception:  # a flow need not know how: the refusal is then told in the first world
        log.debug("no clue from an unread message of %s", flow.name, exc_info=True)


def _perform(call: Call, flow: ProtocolFlow, request: Any) -> Answer:
    store = call.runtime.store
    with store.write(call.world.name, call.world.epoch) as tx:
        call._tx = tx
        try:
            answer = flow.perform(call, request)
            for effect in call.planned("before_commit"):
                if isinstance(effect, effects.Fail):
                    raise Refused(call.verdict + _verdict(SIM_FAULT, call.operation, effect.reason))
                answer = _apply(answer, effect)
            answer = _shaped(call, "after_commit_before_answer", answer)  # known before: the row tells what was seen
            _guard_identifiers(call, tx)
            journal.record(tx, call.world, call.wall, _entry(call, "accepted", answer))
        finally:
            call._tx = None
    return answer


def _refused(call: Call, flow: ProtocolFlow, request: Any | None, verdict: Verdict) -> Answer:
    try:
        return _recorded(call, partial(flow.refuse, call, request), verdict)
    except Exception as bug:  # the funnel itself broke: the answer is plain, the row is written all the same
        found = repr(bug)
        return _recorded(call, lambda _, href: _plain(f"{found} {href}"), _bug(call, bug))


def _recorded(call: Call, render: Callable[[Verdict, str], Answer], verdict: Verdict) -> Answer:
    """Renders the refusal and writes its journal row alone."""
    own = {rule.id for rule in OWN_RULES}
    failed = any(f.rule.id in own for f in verdict.findings)
    call.verdict = verdict
    call.marks.pop("adopted", None)  # rolled back with the rest
    world = _still_there(call)
    with call.runtime.store.write(world.name) as tx:
        call._tx = tx  # a funnel may have to look something up: where an error may be sent to
        try:
            if not failed and not verdict.forced:
                for consequence in call.consequences:
                    consequence(tx)
            number = journal.next_number(tx)
            answer = render(verdict, call.runtime.links(world.name, number))
        finally:
            call._tx = None
        _guard_identifiers(call, tx)
        entry = _entry(call, "failed" if failed else "refused", answer)
        journal.record(tx, world, call.wall, entry, number)
    return answer


def _still_there(call: Call) -> World:
    try:
        call.world = call.runtime.worlds.get(call.world.name)
    except WorldGone:
        call.world = call.runtime.worlds.get(schema.PSEUDO_WORLD)
    return call.world


def _on_request(call: Call) -> Answer | None:
    """Forced refusals and faults that come instead of the operation; the latter are journalled."""
    call.plan = call.runtime.faults.plan(call)
    if call.plan:
        call.marks["faults"] = [fault.name for fault in call.plan]
    for effect in call.planned("on_request"):
        if isinstance(effect, effects.Refuse):
            call.marks["forced"] = True
            raise Refused(Verdict((effect.finding,), forced=True))
        if isinstance(effect, effects.Delay):
            continue
        answer = _apply(Answer(503, b""), effect)
        with call.runtime.store.write(call.world.name, call.world.epoch) as tx:
            _guard_identifiers(call, tx)
            journal.record(tx, call.world, call.wall, _entry(call, "failed", answer))
        return answer
    return None


def _on_answer(call: Call, answer: Answer) -> Answer:
    delays = sum(e.seconds for e in call.planned("on_request") if isinstance(e, effects.Delay))
    return _shaped(call, "on_answer", replace(answer, delay=answer.delay + delays))


def _shaped(call: Call, hook: str, answer: Answer) -> Answer:
    for effect in call.planned(hook):
        answer = _apply(answer, effect)
    return answer


def _apply(answer: Answer, effect: effects.Effect) -> Answer:
    if isinstance(effect, effects.Respond):
        return Answer(effect.status, effect.body, effect.headers)
    if isinstance(effect, effects.Delay):
        return replace(answer, delay=answer.delay + effect.seconds)
    if isinstance(effect, effects.Disconnect):
        return replace(answer, disconnect=effect.mode)
    if isinstance(effect, effects.Truncate):
        return replace(answer, truncate=effect.after)
    if isinstance(effect, effects.Tamper):
        return replace(answer, body=effect.change(answer.body), headers={**answer.headers, **effect.headers})
    return answer


def _guard_identifiers(call: Call, tx: Tx) -> None:
    """One WARNING per real-looking identifier and world; the bytes are never altered."""
    fresh = [m for key, m in call.suspects if tx.add(schema.settings, name=f"real-identifier:{key}", value=m)]
    call.marks.pop("real_identifiers", None)
    if fresh:
        call.marks["real_identifiers"] = fresh
    for masked in fresh:
        tx.after_commit(partial(log.warning, _REAL, tx.world, masked))


def _entry(call: Call, outcome: str, answer: Answer) -> journal.Entry:
    arrival = call.arrival
    return journal.Entry(
        protocol=arrival.protocol,
        operation=call.operation,
        who={"address": arrival.peer, **call.who},
        outcome=outcome,
        status=answer.disconnect or answer.word or str(answer.status),  # a connection cut shows its peer no status
        verdict=call.verdict,
        marks=call.marks,
        keys=tuple(call.keys),
        request_head=arrival.head,
        request=arrival.body,
        answer=answer.body,
    )
