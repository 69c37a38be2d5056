"""The PFI without a socket: requests accepted as the flow does it, its work run by hand, a DMP that obeys the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from types import SimpleNamespace
from typing import Any

from simulators.clients.dmp.answers import DmpAnswer
from simulators.clients.dmp.client import NOT_FOUND
from simulators.clients.transport import HttpAnswer, WireProblem
from simulators.core.due import Due
from simulators.core.exchange import Arrival, Call, Runtime
from simulators.core.hl7 import acknowledge, read_message
from simulators.core.rules import Catalogue, Policy
from simulators.core.store.api import Store, Tx
from simulators.core.world import World, Worlds
from simulators.documents.hl7.model import Flags, Transmission
from simulators.pfi import orders, requests
from simulators.pfi.dmp_leg import DmpJob
from simulators.pfi.ground import Ground
from simulators.pfi.orders import Order
from simulators.pfi.runner import Runner, Spoken
from simulators.pfi.zam_leg import Notice, ZamJob
from simulators.population import registry
from simulators.population.reference import reference_population
from tests.support.hl7_documents import GOOD, SENDER, message

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
TO_DMP = Flags(destdmp=True, ack_reception=True)
_worlds = count()


class Killed(BaseException):
    """The process died here."""


@dataclass
class FakeDmp:
    """Registers what it is fed. ``moods`` are what happens at the next calls: ``down``, ``lost``, ``killed``,
    ``killed_after``, ``gateway``, ``closed``; ``well`` when there is none left."""

    moods: list[str] = field(default_factory=list)
    fed: list[str] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    asked: int = 0
    last_message_id: str = "urn:uuid:0"
    document: str = ""

    def __enter__(self) -> FakeDmp:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def feed(self, ins: object, documents: object, **_: object) -> tuple[DmpAnswer, str]:
        return self._acting(lambda: self.fed.append(self.document), self.document in self.fed), self.document

    def delete(self, ins: object, document: str) -> DmpAnswer:
        if document not in self.fed or document in self.deleted:
            return self._asked(DmpAnswer("refused", 200, NOT_FOUND, "unknown"))
        return self._acting(lambda: self.deleted.add(document), done=False)

    def reference(self, ins: object, document: str) -> DmpAnswer:
        found = ["urn:uuid:1"] if document in self.fed else []
        return self._asked(DmpAnswer("accepted", 200, values={"entries": found}))

    def in_force(self, ins: object, document: str) -> str | DmpAnswer:
        answer = self.reference(ins, document)
        return "urn:uuid:1" if answer.values["entries"] else DmpAnswer("refused", 200, NOT_FOUND, "unknown")

    def _acting(self, act: Callable[[], object], done: bool) -> DmpAnswer:
        mood = self._mood()
        if mood == "closed":
            return DmpAnswer("refused", 200, "XDSUnknownPatientId", "DMP fermé")
        if mood == "gateway":
            return DmpAnswer("refused", 503, "HTTP 503", "no XML")
        if mood in {"lost", "killed_after", "well"} and not done:
            act()
        if mood in {"killed", "killed_after"}:
            raise Killed
        if mood == "down":
            raise WireProblem("refused") from ConnectionRefusedError()
        if mood == "lost":
            raise WireProblem("cut") from ConnectionResetError()
        if done:
            return DmpAnswer("refused", 200, "XDSDuplicateUniqueIdInRegistry", "already there")
        return DmpAnswer("accepted", 200)

    def _asked(self, answer: DmpAnswer) -> DmpAnswer:
        self.asked += 1
        mood = self._mood()
        if mood in {"killed", "killed_after"}:
            raise Killed
        if mood in {"down", "lost"}:
            raise WireProblem("cut") from ConnectionResetError()
        return DmpAnswer("refused", 503, "HTTP 503", "no XML") if mood == "gateway" else answer

    def _mood(self) -> str:
        return self.moods.pop(0) if self.moods else "well"


class _Dmp(DmpJob):
    def __init__(self, ground: Ground, dmp: FakeDmp) -> None:
        super().__init__(ground)
        self._dmp = dmp

    def _client(self, world: World, prepared: Any, work: Any) -> Any:
        self._dmp.document = prepared.unique_id
        return SimpleNamespace(request=b"", head="", answer=HttpAnswer(200, {}, b"")), self._dmp

    def _base(self, world: World) -> str:
        return "https://dmp.test"


class _Zam(ZamJob):
    def __init__(self, ground: Ground, heard: list[tuple[str, bool]]) -> None:
        super().__init__(ground)
        self._heard = heard

    def speak(self, world: World, prepared: Notice, work: Any) -> Spoken:
        self._heard.append((prepared.receipt.name, prepared.receipt.accepted))
        ack = acknowledge(None, "AA", "1", NOW)
        return Spoken(self.operation, status="AA", value=read_message(ack))


class PfiRoom:
    """One world of its own on a store that may be shared."""

    def __init__(self, store: Store, **settings: str) -> None:
        self.store, self.name, self.now = store, f"pfi-{next(_worlds)}", NOW
        self.worlds = Worlds(store, lambda: self.now, [lambda tx, world: registry.populate(tx, reference_population())])
        self.worlds.create(self.name, policy=Policy(settings=settings))
        self.runtime = Runtime(store, self.worlds, lambda: self.now, Catalogue(), faults=None)  # type: ignore[arg-type]
        ground = Ground(lambda now: None)  # type: ignore[arg-type, return-value]
        ground.stand_on(self.runtime)
        self.dmp, self.zams = FakeDmp(), list[tuple[str, bool]]()
        jobs = (Runner(ground, _Dmp(ground, self.dmp), orders.before), Runner(ground, _Zam(ground, self.zams), _never))
        kinds = dict(zip(("pfi.dmp", "pfi.zam"), jobs, strict=True))
        self.due = Due(
            self.worlds,
            {kind: job.try_again for kind, job in kinds.items()},
            {kind: job.send for kind, job in kinds.items()},
            worker=self.name,
        )

    def accept(self, plan: Transmission) -> Call:
        """As the flow does it: one transaction. Raises ``Refused``."""
        arrival = Arrival("pfi", "pfi_mllp", "test", "MDM", "", {}, message(plan))
        world = self.worlds.get(self.name)
        with self.store.write(self.name) as tx:
            call = Call(self.runtime, arrival, world, self.now, f"pfi.MDM^{plan.action.event}", _tx=tx)
            orders.accept(call, plan)
        return call

    def work(self) -> None:
        """What is due now, whatever dies on the way."""
        while True:
            try:
                while self.due.work_once(self.name):
                    pass
            except Killed:
                continue
            return

    def advance(self, period: str) -> None:
        """Business time goes on, whatever dies on the way."""
        to = None
        while True:
            try:
                if to is None:
                    from simulators.core.clock import add_period

                    to = add_period(self.worlds.business(self.name), period)
                self.due.advance(self.name, to)
            except Killed:
                continue
            return

    def orders(self) -> list[Order]:
        with self.store.read(self.name) as tx:
            return orders.every(tx)

    def requests(self) -> list[requests.Request]:
        with self.store.read(self.name) as tx:
            return requests.every(tx)


def plan(control_id: str, document: str, **changes: Any) -> Transmission:
    """A request for the DMP alone, on a document of no size."""
    made = replace(GOOD, control_id=control_id, document_id=document, cda=b"x", flags=TO_DMP, participants=(SENDER,))
    return replace(made, mail_bodies={}, fin=False, **changes)


def _never(tx: Tx, name: str) -> str:
    return ""
