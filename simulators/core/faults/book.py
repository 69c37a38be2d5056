"""Where triggers are kept: rows of the world they act in, read again at each call.

Nothing is remembered between two calls, so that two processes on one PostgreSQL see the same triggers. Counters of
"nth call" commit in a transaction of their own, before the operation's: a refused or rolled back call still counts.
"""

from __future__ import annotations

import difflib
import json
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from simulators.core.clock import Now, system_now
from simulators.core.faults import effects
from simulators.core.faults.fault import Fault
from simulators.core.faults.match import Match
from simulators.core.rules import Catalogue, Example
from simulators.core.store import schema
from simulators.core.store.api import Store, Tx

if TYPE_CHECKING:
    from simulators.core.exchange import Call

log = logging.getLogger("simulators")
FAULT, REFUSAL = "fault", "refusal"


@dataclass(frozen=True)
class Trigger:
    """One row. ``kind`` is ``fault`` (``params`` are the fault's) or ``refusal`` (``name`` is a rule id and ``params``
    the example quoted, empty for the rule's own). ``calls`` counts the calls that matched, when ``nth`` is asked."""

    world: str
    id: str
    kind: str
    name: str
    match: Match
    params: Mapping[str, Any]
    calls: int = 0

    def as_json(self) -> dict[str, Any]:
        """The JSON shape of ``fault list``, ``refuse list`` and the control API."""
        shown = {"world": self.world, "id": self.id, "kind": self.kind, "name": self.name}
        counted = {"calls": self.calls} if self.match.nth is not None else {}
        return {**shown, "match": self.match.as_json(), "params": dict(self.params), **counted}

    @property
    def passed(self) -> bool:
        """Whether its nth call has come and gone."""
        return self.match.nth is not None and self.calls >= self.match.nth


class TriggerBook:
    """The :class:`~simulators.core.exchange.FaultBook` of the sandbox, and what commands call to fill it.

    ``operations``, when given, are all the names that ``on`` may mean: a trigger that could never fire is refused.
    """

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue[Any],
        faults: Mapping[str, Fault],
        *,
        now: Now = system_now,
        operations: Collection[str] = (),
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._faults = faults
        self._now = now
        self._operations = tuple(operations)

    # --- asked by the exchange and by the listeners

    def plan(self, call: Call) -> Sequence[effects.Planned]:
        """The faults and refusals due for ``call``, oldest first; counts it. Raises ``LateWriter``, ``WorldGone``."""
        due = self._due(
            call.world.name, call.world.epoch, lambda t: self._hook(t) != "on_accept" and t.match.holds(call)
        )
        return [planned for trigger in due for planned in self._planned(trigger, call)]

    def accept_plan(self, listener: str) -> Sequence[effects.Planned]:
        """The faults due for a connection that ``listener`` has just accepted; counts it.

        One read of the database: for a worker or an accept thread, never for the asyncio loop.
        """
        now = self._now()
        due = self._due(
            schema.PSEUDO_WORLD, None, lambda t: self._hook(t) == "on_accept" and t.match.holds_at(listener, now)
        )
        return [planned for trigger in due for planned in self._planned(trigger, None)]

    # --- asked by commands, scenarios and the control API

    def add_fault(
        self, world: str, name: str, match: Mapping[str, Any], params: Mapping[str, object] | None = None
    ) -> str:
        """Adds a trigger and returns its id. Raises ``ValueError`` in plain words, ``WorldGone``."""
        fault = self._faults.get(name)
        if fault is None:
            raise ValueError(f"no fault named {name!r}{_nearest(name, self._faults)}")
        wanted = Match.from_json(match)
        if fault.reach == "world":
            self._check_operation(wanted.on)
        else:
            _check_listener(fault, world, wanted)
        return self._add(world, FAULT, name, wanted, fault.values(params or {}))

    def add_refusal(self, world: str, rule_id: str, match: Mapping[str, Any], example: Example | None = None) -> str:
        """Forces the refusal of a rule, quoting ``example`` or else the rule's own; returns the trigger's id.

        Raises ``ValueError`` in plain words, ``WorldGone``.
        """
        rule = self._catalogue.get(rule_id)
        if rule is not None and (rule.form == "none" or rule.id.startswith("SIM-")):
            raise ValueError(f"rule {rule_id} is no verdict on a message: ask for a fault instead")
        if rule is None:
            raise ValueError(f"no rule {rule_id!r}{_nearest(rule_id, [rule.id for rule in self._catalogue])}")
        wanted = Match.from_json(match)
        self._check_operation(wanted.on)
        quoted = {"where": example.where, "found": example.found, "expected": example.expected} if example else {}
        return self._add(world, REFUSAL, rule_id, wanted, quoted)

    def list(self, world: str, kind: str | None = None) -> Sequence[Trigger]:
        """The triggers of ``world`` (of one kind), oldest first. Raises ``WorldGone``."""
        return [trigger for trigger in self._triggers(world) if kind in {None, trigger.kind}]

    def remove(self, world: str, id: str) -> bool:
        """Takes one trigger away; false when there is none of that id. Raises ``WorldGone``."""
        with self._store.write(world) as tx:
            return _remove(tx, id)

    def clear(self, world: str, kind: str | None = None) -> int:
        """Takes every trigger away (of one kind) and returns how many. Raises ``WorldGone``."""
        with self._store.write(world) as tx:
            rows = tx.find(schema.triggers) if kind is None else tx.find(schema.triggers, kind=kind)
            return sum(_remove(tx, row.id) for row in rows)

    # --- inside

    def _due(self, world: str, epoch: int | None, holds: Callable[[Trigger], bool]) -> Sequence[Trigger]:
        due: Sequence[Trigger] = [t for t in self._triggers(world) if not t.passed and holds(t)]
        if any(trigger.match.nth is not None for trigger in due):
            due = self._counted(world, epoch, due)
        return [trigger for trigger in due if trigger.match.nth in {None, trigger.calls}]

    def _counted(self, world: str, epoch: int | None, due: Sequence[Trigger]) -> Sequence[Trigger]:
        kept = []
        with self._store.write(world, epoch) as tx:
            for trigger in due:
                if trigger.match.nth is None:
                    kept.append(trigger)
                # It may have been removed since it was read; its counter must not come back to life.
                elif tx.get(schema.triggers, id=trigger.id) is not None:
                    kept.append(replace(trigger, calls=tx.counter(_counter(trigger.id))))
        return kept

    def _triggers(self, world: str) -> Sequence[Trigger]:
        with self._store.read(world) as tx:
            rows = sorted(tx.find(schema.triggers), key=lambda row: row.seq)
            return [_trigger(tx, row) for row in rows]

    def _add(self, world: str, kind: str, name: str, match: Match, params: Mapping[str, Any]) -> str:
        with self._store.write(world) as tx:
            seq = tx.counter("trigger")
            id = f"{kind[0].upper()}{seq}"
            values = {"seq": seq, "kind": kind, "name": name}
            tx.insert(
                schema.triggers, id=id, **values, match=json.dumps(match.as_json()), params=json.dumps(dict(params))
            )
        return id

    def _hook(self, trigger: Trigger) -> str:
        fault = self._faults.get(trigger.name) if trigger.kind == FAULT else None
        return fault.hook if fault is not None else "on_request"

    def _planned(self, trigger: Trigger, call: Call | None) -> Sequence[effects.Planned]:
        rule = self._catalogue.get(trigger.name) if trigger.kind == REFUSAL else None
        fault = self._faults.get(trigger.name) if trigger.kind == FAULT else None
        if rule is not None:
            example = Example(**trigger.params) if trigger.params else None
            return [effects.Planned(trigger.name, "on_request", effects.Refuse(rule.forced(example)))]
        if fault is not None:
            return [effects.Planned(fault.name, fault.hook, fault.effect(trigger.params, call))]
        log.warning("world %s: trigger %s names %s, unknown here", trigger.world, trigger.id, trigger.name)
        return []

    def _check_operation(self, on: str) -> None:
        if "." not in on and "*" not in on:
            raise ValueError(f"on: {on!r} is no operation; say {on}.* for all those of a simulator")
        if self._operations and not Match(on).meets_any(self._operations):
            raise ValueError(f"on: no operation is named {on!r}{_nearest(on, self._operations)}")


def _check_listener(fault: Fault, world: str, match: Match) -> None:
    if world != schema.PSEUDO_WORLD:
        raise ValueError(
            f"{fault.name} acts on a listener before any world is known, so on every world: "
            f"add it in the world {schema.PSEUDO_WORLD!r}"
        )
    if match.structure or match.patient or match.professional:
        raise ValueError(f"{fault.name} acts before anybody is identified: on, nth and between only")


def _trigger(tx: Tx, row: Any) -> Trigger:
    match = Match.from_json(json.loads(row.match))
    counter = tx.get(schema.counters, name=_counter(row.id)) if match.nth is not None else None
    calls = int(counter.value) if counter is not None else 0
    return Trigger(row.world, row.id, row.kind, row.name, match, json.loads(row.params), calls)


def _remove(tx: Tx, id: str) -> bool:
    tx.delete(schema.counters, name=_counter(id))
    return tx.delete(schema.triggers, id=id) == 1


def _counter(id: str) -> str:
    return f"trigger:{id}"


def _nearest(word: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=3, cutoff=0.5)
    return f"; did you mean {', '.join(near)}?" if near else ""
