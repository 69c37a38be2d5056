"""Telling the subscribers: the head of a queue, one attempt after the other, again on business time.

AA and AE end a message, and the next one leaves. AR, no answer, half an answer or one about another message hold the
queue until it is tried again: what follows may build upon it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from simulators.clients.mllp import MllpProblem, send_once, server_of
from simulators.clients.outbound import OutboundDenied
from simulators.core import journal
from simulators.core.clock import add_period
from simulators.core.due import DueRow, schedule
from simulators.core.exchange import Runtime
from simulators.core.hl7 import Segment, acknowledged
from simulators.core.pki import Trust
from simulators.core.store.api import Tx
from simulators.core.world import World
from simulators.identity_repository import deliveries
from simulators.identity_repository.deliveries import Delivery, State, Subscriber
from simulators.identity_repository.names import CHANNEL, NAME, RETRY
from simulators.identity_repository.scene import Scene
from simulators.identity_repository.settings import GIVE_UP_AFTER, PATIENCE, RETRY_EVERY

_STATES: Final = {"AA": State.ACCEPTED, "AE": State.REFUSED}


@dataclass(frozen=True, slots=True)
class Outcome:
    """``ack`` is AA, AE or AR, empty when nothing usable came; ``told`` are the errors, or why none came."""

    url: str
    ack: str = ""
    told: tuple[str, ...] = ()
    raw: bytes = b""


class Teller:
    """Sender of the outbox rows and handler of the due rows. ``trust`` judges the certificates of the subscribers."""

    def __init__(self, trust: Callable[[datetime], Trust]) -> None:
        self._trust = trust
        self._runtime: Runtime | None = None

    def stand_on(self, runtime: Runtime) -> None:
        """What it runs on, known once the listeners are made and before anything is sent."""
        self._runtime = runtime

    @property
    def runtime(self) -> Runtime:
        if self._runtime is None:
            raise RuntimeError("the identity repository does not listen yet")
        return self._runtime

    def try_again(self, tx: Tx, row: DueRow, world: World) -> None:
        """The next attempt goes into the outbox."""
        deliveries.wake(tx, row.payload["url"], row.id)

    def send(self, world: str, name: str, payload: Mapping[str, Any]) -> None:
        """Whatever waits for this subscriber and may leave."""
        while self._one(world, payload["url"]):
            pass

    def _one(self, world: str, url: str) -> bool:
        """The head of the queue; whether the next one may follow."""
        runtime = self.runtime
        here = runtime.worlds.get(world)
        with runtime.store.read(world) as tx:
            delivery = deliveries.head(tx, url)
            if delivery is None or delivery.next > here.business(runtime.now()):
                return False
            message = tx.blob_bytes(delivery.blob)
            holder = Scene.of(tx, here, runtime.now()).hospital.struct_idnat.value
        outcome = self._attempt(here, holder, delivery, message)
        with runtime.store.write(world, here.epoch) as tx:
            after = _concluded(tx, here, runtime.now(), delivery, outcome)
            journal.record(tx, here, runtime.now(), _entry(after, message, outcome))
            tx.announce(f"{CHANNEL}:{world}")
        return after.state is not State.WAITING

    def _attempt(self, world: World, holder: str, delivery: Delivery, message: bytes) -> Outcome:
        listener = Subscriber(delivery.subscriber, delivery.url).listener
        try:
            url = self.runtime.local(listener) if listener else delivery.url
        except KeyError:
            return Outcome(delivery.url, told=(f"this sandbox has no listener {listener}",))
        patience = float(PATIENCE.number(world.policy))
        try:
            answer = send_once(server_of(self.runtime, self._trust, world, url, holder, patience), message)
        except MllpProblem as problem:
            return Outcome(url, told=(str(problem),), raw=problem.got)
        except (OutboundDenied, ValueError) as problem:
            return Outcome(url, told=(str(problem),))
        return outcome_of(url, answer, delivery.msh10)


def outcome_of(url: str, answer: bytes, msh10: str) -> Outcome:
    """What the octets of an answer say to the message ``msh10``; never raises."""
    said = acknowledged(answer, msh10, _words)
    return Outcome(url, said.code, said.errors or ((said.problem,) if said.problem else ()), answer)


def _words(err: Segment) -> str:
    place = "^".join(filter(None, (err.get(2, number) for number in range(1, 7))))
    # Some put their reason into the fifth component, the alternate text (facts pfi §2.3).
    codes = [" ".join(filter(None, (err.get(field, part) for part in (1, 2, 5)))) for field in (3, 5)]
    return " · ".join(filter(None, (place, *codes, err.get(8).strip(), err.get(7).strip())))


def _concluded(tx: Tx, world: World, wall: datetime, delivery: Delivery, outcome: Outcome) -> Delivery:
    policy, business = world.policy, world.business(wall)
    known = replace(delivery, attempts=delivery.attempts + 1, ack=outcome.ack, told=outcome.told)
    until = add_period(delivery.since, GIVE_UP_AFTER.text(policy))
    if outcome.ack in _STATES:
        known = replace(known, state=_STATES[outcome.ack])
    elif business >= until:
        known = replace(known, state=State.GIVEN_UP)
    else:
        at = min(add_period(business, RETRY_EVERY.text(policy)), until)
        known = replace(known, next=at)
        schedule(tx, RETRY, at, {"url": delivery.url}, id=f"{RETRY}:{delivery.msh10}:{known.attempts}")
    deliveries.save(tx, known)
    return known


def _entry(delivery: Delivery, message: bytes, outcome: Outcome) -> journal.Entry:
    keys = [f"hl7:{delivery.msh10}", *([f"patient:{delivery.ins}"] if delivery.ins else [])]
    return journal.Entry(
        protocol=NAME,
        operation=f"{NAME}.out.ADT^{delivery.event}",
        direction="out",
        who={"address": outcome.url, "application": delivery.subscriber},
        outcome={"AA": "accepted", "AE": "refused", "AR": "refused"}.get(outcome.ack, "failed"),
        status=outcome.ack or "no answer",
        marks={"attempt": delivery.attempts, "errors": list(outcome.told)},
        keys=tuple(keys),
        request_head=outcome.url,
        request=message,
        answer=outcome.raw,
    )
