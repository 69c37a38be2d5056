"""Handing messages to the PFI: one attempt a row of the outbox, the same MSH-10 each time, again on business time.

AA and AE end it. AR, no answer, half an answer or one about another message are tried again; whoever validated the
document waits for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from simulators.clients.mllp import MllpProblem, send_once, server_of
from simulators.clients.outbound import OutboundDenied
from simulators.core import journal
from simulators.core.clock import add_period
from simulators.core.due import DueRow, schedule
from simulators.core.exchange import Runtime
from simulators.core.hl7 import read_message
from simulators.core.pki import Trust
from simulators.core.rules import Text
from simulators.core.store.api import Tx
from simulators.core.world import World
from simulators.documents.hl7.model import Action
from simulators.dpi import produced
from simulators.dpi.answers import Outcome, outcome_of
from simulators.dpi.house import Moment, NoSuch, hospital
from simulators.dpi.names import NAME, PFI_LISTENER, RETRY
from simulators.dpi.produced import Sending, State, Version
from simulators.dpi.sending import depart, hand_over
from simulators.dpi.settings import GIVE_UP_AFTER, PATIENCE, PFI, RETRY_EVERY

_WAITING: Final = frozenset({State.QUEUED, State.SENT})


class Outgoing:
    """Sender of the outbox rows and handler of the due rows. ``trust`` as in the other services."""

    def __init__(self, trust: Callable[[datetime], Trust]) -> None:
        self._trust = trust
        self._runtime: Runtime | None = None

    def stand_on(self, runtime: Runtime) -> None:
        """What it runs on, known once the listeners are made and before anything is sent."""
        self._runtime = runtime

    @property
    def runtime(self) -> Runtime:
        if self._runtime is None:
            raise RuntimeError("the record does not listen yet")
        return self._runtime

    def leave(self, tx: Tx, row: DueRow, world: World) -> None:
        """The end of a deferral: what was held or cancelled meanwhile stays."""
        version = produced.version_of(tx, row.payload["document"], row.payload["version"])
        if version is None or version.state is not State.VALIDATED:
            return
        moment = Moment.of(world, self.runtime.now())
        try:
            depart(tx, replace(moment, business=max(row.at, moment.business)), version)
        except NoSuch as missing:
            reason = Text(f"le message n'a pu être écrit : {missing}", f"the message could not be made: {missing}")
            produced.save(tx, replace(version, state=State.REFUSED, reasons=(reason,)))

    def try_again(self, tx: Tx, row: DueRow, world: World) -> None:
        """The next attempt goes into the outbox."""
        hand_over(tx, row.payload["msh10"], row.payload["attempt"])

    def send(self, world: str, name: str, payload: Mapping[str, Any]) -> None:
        """One attempt, its journal row and its consequence."""
        runtime, here = self.runtime, self.runtime.worlds.get(world)
        with runtime.store.write(world, here.epoch) as tx:
            sending = _begun(tx, payload["msh10"], payload["attempt"])
            if sending is None:
                return
            message = tx.blob_bytes(sending.blob)
            holder = hospital(tx, here.policy).struct_idnat.value
        url, outcome = self._attempt(here, holder, message, sending.msh10)
        with runtime.store.write(world, here.epoch) as tx:
            _conclude(tx, Moment.of(here, runtime.now()), sending, outcome)
            journal.record(tx, here, runtime.now(), _entry(tx, sending, url, message, outcome))

    def _attempt(self, world: World, holder: str, message: bytes, msh10: str) -> tuple[str, Outcome]:
        try:
            url = PFI.text(world.policy) or self.runtime.local(PFI_LISTENER)
        except KeyError:
            return "", Outcome(problem=f"this sandbox plays no PFI: name one by the setting {PFI.name}", sent=False)
        patience = float(PATIENCE.number(world.policy))
        try:
            answer = send_once(server_of(self.runtime, self._trust, world, url, holder, patience), message)
        except MllpProblem as problem:
            return url, Outcome(problem=str(problem), sent=problem.sent, raw=problem.got)
        except (OutboundDenied, ValueError) as problem:
            return url, Outcome(problem=str(problem), sent=False)
        return url, outcome_of(answer, msh10)


def _begun(tx: Tx, msh10: str, attempt: int) -> Sending | None:
    """The sending if this attempt is the one to make. From here on its octets may have left."""
    sending = produced.sending(tx, msh10)
    if sending is None or not sending.open or sending.attempts > attempt:
        return None
    begun = replace(sending, attempts=attempt, left=True)
    produced.save_sending(tx, begun)
    return begun


def _conclude(tx: Tx, moment: Moment, sending: Sending, outcome: Outcome) -> None:
    left = outcome.sent and outcome.ack != "AR"
    known = replace(sending, ack=outcome.ack, errors=outcome.errors, problem=outcome.problem, left=left)
    until = add_period(sending.since, GIVE_UP_AFTER.text(moment.policy))
    if not outcome.final and moment.business >= until:
        known = replace(known, given_up=True)
    elif not outcome.final:
        at = min(add_period(moment.business, RETRY_EVERY.text(moment.policy)), until)
        order = {"msh10": sending.msh10, "attempt": sending.attempts + 1}
        schedule(tx, RETRY, at, order, id=f"{RETRY}:{sending.msh10}:{sending.attempts + 1}")
    produced.save_sending(tx, known)
    version = produced.version_of(tx, sending.document, sending.version)
    if version is not None and version.state in _WAITING:
        produced.save(tx, _after(version, known))


def _after(version: Version, sending: Sending) -> Version:
    """Where a version stands once the attempt is over."""
    if sending.ack == "AA":
        deleted = sending.action is Action.DELETE
        return replace(version, state=State.DELETED if deleted else State.ACKED, accepted=True)
    if sending.open:
        return replace(version, state=State.SENT if sending.left else State.QUEUED)
    told = "; ".join(sending.errors) or sending.problem
    reason = Text(f"refusé par le PFI : {told}", f"refused by the PFI: {told}")
    if sending.given_up:
        reason = Text(f"abandonné faute d'acquittement : {told}", f"given up, no acknowledgement: {told}")
    # A deletion or a repetition that is refused takes nothing away from what the PFI has accepted before.
    state = State.ACKED if version.accepted else State.REFUSED
    return replace(version, state=state, action=version.first_action, reasons=(*version.reasons, reason))


def _entry(tx: Tx, sending: Sending, url: str, message: bytes, outcome: Outcome) -> journal.Entry:
    version = produced.version_of(tx, sending.document, sending.version)
    keys = [f"hl7:{sending.msh10}"]
    if version is not None:
        keys += [f"document:{version.document_id}", f"patient:{version.patient}"]
    told = {"attempt": sending.attempts, "action": sending.action.value}
    return journal.Entry(
        protocol=NAME,
        operation=f"{NAME}.out.{read_message(message).kind}",
        direction="out",
        who={"address": url},
        outcome={"AA": "accepted", "AE": "refused", "AR": "refused"}.get(outcome.ack, "failed"),
        status=outcome.ack or "no answer",
        marks={**told, **({"problem": outcome.problem} if outcome.problem else {}), "errors": list(outcome.errors)},
        keys=tuple(keys),
        request_head=url,
        request=message,
        answer=outcome.raw,
    )
