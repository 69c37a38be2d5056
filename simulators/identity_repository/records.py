"""The identities of a world: those of its population from the start, and what the commands made of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Text

from simulators.core.clock import from_us, to_us
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.core.store.text import storable
from simulators.identity_repository.errors import UnknownPatient
from simulators.identity_repository.model import Record
from simulators.population import registry
from simulators.population.model import Patient

_records: Final = world_table(
    "identity_records", Column("ipp", Text), Column("data", Text, nullable=False), key=("ipp",)
)
_events: Final = world_table(
    "identity_events",
    Column("number", BigInteger),
    Column("ipp", Text, nullable=False),
    Column("command", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    key=("number",),
)


@dataclass(frozen=True, slots=True)
class Told:
    """One command of the past; ``at`` is business time."""

    number: int
    ipp: str
    command: str
    event: str
    at: datetime

    def to_json(self) -> dict[str, Any]:
        return {"number": self.number, "command": self.command, "event": self.event, "at": self.at.isoformat()}


def every(tx: Tx) -> Iterator[Record]:
    """By IPP; a patient that was only adopted from somebody's message is none of this hospital's."""
    own = _own(tx)
    found = {one.ipp: one for one in _of_population(own, registry.patients(tx))} | {one.ipp: one for one in own}
    yield from (found[ipp] for ipp in sorted(found))


def find(tx: Tx, name: str) -> Record:
    """By IPP, INS or reference name. Raises :class:`UnknownPatient`."""
    found = known(tx, name)
    if found is None:
        raise UnknownPatient(f"world {tx.world} has no identity {name!r}: give an IPP, an INS or a reference name")
    return found


def known(tx: Tx, name: str) -> Record | None:
    """The same, or None. The whole population is only read for a reference name, or a number nobody has used yet."""
    if not name or name != storable(name):
        return None
    own, patient = _own(tx), registry.patient(tx, name)
    by_ins = _of_population(own, [patient]) if patient is not None else ()
    others = (one for one in _of_population(own, registry.patients(tx)) if name in {one.ipp, one.slug})
    names = {name, patient.slug} if patient is not None else {name}  # also by an INS that was taken away since
    mine = [one for one in own if names & {one.ipp, one.ins, one.slug}]
    return next(chain(mine, by_ins, others), None)


def save(tx: Tx, record: Record) -> None:
    tx.put(_records, ipp=record.ipp, data=json.dumps(record.to_json(), ensure_ascii=False, separators=(",", ":")))


def renumber(tx: Tx, record: Record, ipp: str) -> None:
    """The identity leaves its former number, and its history follows."""
    tx.delete(_records, ipp=ipp)
    tx.update(_events, {"ipp": record.ipp}, ipp=ipp)


def note(tx: Tx, ipp: str, command: str, event: str, at: datetime) -> int:
    """Writes a command into the history; its number."""
    number = tx.counter("identity.events")
    tx.insert(_events, number=number, ipp=ipp, command=command, event=event, at_us=to_us(at))
    return number


def history(tx: Tx, ipp: str) -> list[Told]:
    """What was commanded for this identity, in order."""
    return [Told(row.number, row.ipp, row.command, row.event, from_us(row.at_us)) for row in tx.find(_events, ipp=ipp)]


def _own(tx: Tx) -> list[Record]:
    return [Record.from_json(json.loads(row.data)) for row in tx.find(_records)]


def _of_population(own: Iterable[Record], patients: Iterable[Patient]) -> Iterator[Record]:
    """Those that no command has touched yet."""
    own = tuple(own)
    slugs, matricules = {one.slug for one in own}, {one.ins for one in own}
    for patient in patients:
        if not patient.adopted and patient.slug not in slugs and patient.ins.matricule not in matricules:
            yield Record.of_population(patient)
