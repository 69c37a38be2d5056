"""Carries out the work of the queue: one attempt = begun (committed), wire, conclusion with its journal row.

Whatever happens on the wire, the work is either answered, or waits for its next attempt, or is given up: it is never
lost. An unforeseen error is one more reason to wait, told in the journal.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from simulators.clients.mllp import MllpProblem
from simulators.clients.outbound import OutboundDenied
from simulators.clients.transport import WireProblem
from simulators.core import journal
from simulators.core.due import DueRow
from simulators.core.errors import StoreError
from simulators.core.store.api import Tx
from simulators.core.world import World
from simulators.pfi import log, queue
from simulators.pfi.ground import Ground, NotReachable
from simulators.pfi.names import NAME
from simulators.pfi.queue import Work

_log = logging.getLogger("simulators")


@dataclass(frozen=True)
class Spoken:
    """What one attempt gave. ``trouble``: why there is no answer, empty when there is one; ``sure``: the counterpart
    cannot have acted. The rest goes to the journal; ``value`` to the conclusion."""

    operation: str
    address: str = ""
    trouble: str = ""
    sure: bool = False
    request: bytes = b""
    answer: bytes = b""
    head: str = ""
    status: str = ""
    accepted: bool = True
    keys: tuple[str, ...] = ()
    marks: Mapping[str, Any] = field(default_factory=dict)
    value: Any = None


class Job(Protocol):
    """One kind of work."""

    @property
    def kind(self) -> str: ...
    @property
    def operation(self) -> str: ...

    def prepare(self, tx: Tx, world: World, name: str) -> Any:
        """What :meth:`speak` needs, read in one view of the store."""

    def keys(self, prepared: Any) -> tuple[str, ...]:
        """Under which the journal finds the attempt again."""

    def speak(self, world: World, prepared: Any, work: Work) -> Spoken:
        """The wire. Troubles of transport may be raised."""

    def conclude(self, tx: Tx, world: World, prepared: Any, spoken: Spoken) -> None:
        """The consequences of an answer, or of a trouble when the work was given up."""


class Runner:
    """Sender of the outbox rows and handler of the due rows of one kind of work."""

    def __init__(self, ground: Ground, job: Job, held: Callable[[Tx, str], str]) -> None:
        """``held`` says why some work must not begin yet, empty when it may."""
        self._ground, self._job, self._held = ground, job, held

    def try_again(self, tx: Tx, row: DueRow, world: World) -> None:
        """The next attempt goes into the outbox."""
        queue.post(tx, self._job.kind, row.payload["name"], row.payload["attempt"])

    def send(self, world: str, message: str, payload: Mapping[str, Any]) -> None:
        """One attempt."""
        runtime = self._ground.runtime
        here = runtime.worlds.get(world)
        with runtime.store.write(world, here.epoch) as tx:
            work = queue.begin(tx, payload["name"], payload["attempt"])
            if work is None:
                return
            reason = self._held(tx, work.name)
            if reason:  # decided here: what it waits for cannot end between the look and the wait
                if self._waits(tx, here, work, reason, sure=True) is None:
                    never = Spoken(self._job.operation, trouble=reason)
                    self._job.conclude(tx, here, self._job.prepare(tx, here, work.name), never)
                return
        try:
            self._attempt(here, work)
        except StoreError:  # the world was reset or is gone: there is nothing to wait for
            raise
        except Exception as bug:  # the queue must outlive what nobody foresaw
            _log.exception("SIM-BUG in %s", self._job.operation)
            with runtime.store.write(world, here.epoch) as tx:
                self._waits(tx, here, work, f"SIM-BUG: {bug!r}", sure=False)

    def _attempt(self, world: World, work: Work) -> None:
        store = self._ground.runtime.store
        with store.read(world.name) as tx:  # reading a large message must not hold back who writes
            prepared = self._job.prepare(tx, world, work.name)
        spoken = self._spoken(world, prepared, work)
        with store.write(world.name, world.epoch) as tx:
            self._conclude(tx, world, prepared, work, spoken)

    def _spoken(self, world: World, prepared: Any, work: Work) -> Spoken:
        operation = self._job.operation
        try:
            return self._job.speak(world, prepared, work)
        except MllpProblem as problem:
            return Spoken(operation, trouble=str(problem), sure=not problem.sent, answer=problem.got)
        except (NotReachable, OutboundDenied) as problem:
            return Spoken(operation, trouble=str(problem), sure=True)
        except WireProblem as problem:
            return Spoken(operation, trouble=str(problem))
        except Exception as bug:  # told with its row in the journal
            _log.exception("SIM-BUG in %s", operation)
            marks = {"traceback": traceback.format_exc(limit=12)}
            return Spoken(operation, trouble=f"SIM-BUG: {bug!r}", marks=marks)

    def _conclude(self, tx: Tx, world: World, prepared: Any, work: Work, spoken: Spoken) -> None:
        now = self._ground.runtime.now()
        marks = {**spoken.marks, "attempt": work.attempt, "work": work.name}
        if not spoken.trouble:
            queue.done(tx, work)
            self._job.conclude(tx, world, prepared, spoken)
        else:
            at = self._waits(tx, world, work, spoken.trouble, sure=spoken.sure)
            marks |= {"trouble": spoken.trouble, **({"again": at.isoformat()} if at else {"given_up": True})}
            if at is None:
                self._job.conclude(tx, world, prepared, spoken)
        entry = journal.Entry(
            protocol=NAME,
            operation=spoken.operation,
            direction="out",
            who={"address": spoken.address},
            outcome="failed" if spoken.trouble else "accepted" if spoken.accepted else "refused",
            status=spoken.status or ("" if not spoken.trouble else "no answer"),
            marks=marks,
            keys=(*self._job.keys(prepared), *spoken.keys),
            request_head=spoken.head,
            request=spoken.request,
            answer=spoken.answer,
        )
        journal.record(tx, world, now, entry)

    def _waits(self, tx: Tx, world: World, work: Work, reason: str, *, sure: bool) -> datetime | None:
        """When it is tried again; None: given up."""
        now = world.business(self._ground.runtime.now())
        at = queue.wait(tx, work, reason, now, world.policy, sure=sure)
        then = f"again at {at.isoformat()}" if at is not None else "given up"
        event = log.WAITING if at is not None else log.FAILED
        log.write(tx, now, event, work.name, f"attempt {work.attempt}: {reason}; {then}")
        return at
