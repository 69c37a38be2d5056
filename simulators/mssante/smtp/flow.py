"""One command as one exchange. An accepted command without anything to tell leaves no row: the row of the message tells
its envelope; a refusal, a warning or a world with triggers takes the whole funnel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from simulators.core.errors import Refused, StoreError
from simulators.core.exchange import Answer, Arrival, Call, Runtime, exchange
from simulators.core.routing import Clue, resolve
from simulators.core.rules import Verdict
from simulators.core.store import schema
from simulators.core.world import load
from simulators.mssante.names import NAME
from simulators.mssante.replies import coded

Perform = Callable[[Call], Answer]


@dataclass(frozen=True)
class Command:
    """``perform`` judges and acts in ``call.tx``; a command that writes is not ``quiet``."""

    operation: str
    arrival: Arrival
    perform: Perform
    clues: Sequence[Clue] = ()
    who: Mapping[str, str] = field(default_factory=dict)
    keys: Sequence[str] = ()
    quiet: bool = True

    def note(self, call: Call) -> None:
        """What the session read already."""
        call.operation = self.operation
        call.who |= self.who
        call.keys |= set(self.keys)

    def clues_of(self) -> Sequence[Clue]:
        """The address first, as the exchange does."""
        world = self.arrival.address_world
        return [*([Clue("address", "world", world)] if world else []), *self.clues]


class _Flow:
    """What :func:`~simulators.core.exchange.exchange` asks, of one command."""

    name = NAME

    def __init__(self, command: Command) -> None:
        self._command = command

    def read(self, call: Call) -> Command:
        self._command.note(call)
        return self._command

    def clues(self, call: Call, request: Command | None) -> Sequence[Clue]:
        return self._command.clues

    def perform(self, call: Call, request: Command) -> Answer:
        return request.perform(call)

    def refuse(self, call: Call, request: Command | None, verdict: Verdict, href: str) -> Answer:
        status, text, _ = coded(verdict.refusing[0].rule, href)
        return Answer(status, f"{text}\r\n".encode("ascii"))


def run(runtime: Runtime, command: Command) -> Answer:
    """Never raises. The answer's body is the reply."""
    if command.quiet:
        answer = _quietly(runtime, command)
        if answer is not None:
            return answer
    return exchange(runtime, _Flow(command), command.arrival)


def _quietly(runtime: Runtime, command: Command) -> Answer | None:
    """The answer if nothing is to be told, read-only; None when the funnel is needed."""
    try:
        route = resolve(runtime.store, command.clues_of())
        with runtime.store.read(route.world) as tx:
            world = load(tx)
            if tx.find(schema.triggers):
                return None
            call = Call(runtime, command.arrival, world, runtime.now(), command.operation, _tx=tx)
            command.note(call)
            if route.by is not None:
                call.marks["world_by"] = f"{route.by.source}:{route.by.kind}"
            answer = command.perform(call)
            return None if call.verdict.findings else answer
    except (Refused, StoreError):
        return None
