"""What the rows of a file would do to a world, decided over a reading of it: nothing is written here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulators.core.store.api import Tx
from simulators.population.exchange_formats import remarks
from simulators.population.exchange_formats.family import Family, overlay
from simulators.population.exchange_formats.reading import FileRead, FileRow
from simulators.population.exchange_formats.remarks import Notes
from simulators.population.exchange_formats.report import Outcome
from simulators.population.exchange_formats.schemas import Shape
from simulators.population.guard import mask, real_identifiers
from simulators.population.json_form import Json, kept_as_received
from simulators.population.samples import known_sample
from simulators.population.validity import Validity

Names = dict[str, str]
"""Identifier of the holder of each reference name of a family."""


@dataclass
class Candidate:
    """One member as the rows of a file tell it."""

    family: Family
    key: str
    rows: list[FileRow]

    @property
    def refused(self) -> bool:
        return any(row.notes.refused for row in self.rows)


@dataclass
class Decision:
    """What becomes of one candidate in one world, as the world stands."""

    candidate: Candidate
    before: Any
    notes: Notes
    member: Any = None
    shown: str = ""
    outcome: Outcome = "refused"

    @property
    def refused(self) -> bool:
        return self.candidate.refused or self.notes.refused


@dataclass
class Plan:
    """What one file would do: its decisions, the names they rest on, and the rows that are no member."""

    decisions: list[Decision] = field(default_factory=list)
    names: dict[str, list[Names]] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        return any(decision.refused for decision in self.decisions)


def candidates(file: FileRead) -> list[Candidate]:
    """The members of a file; rows of one member are joined as the format says, or the second one is refused."""
    found: dict[tuple[str, str], Candidate] = {}
    apart: list[Candidate] = []
    for row in file.rows:
        if row.family is None or row.ignored or row.notes.refused:
            continue
        key = row.family.key(row.given)
        first = found.get((row.family.name, key)) if key else None
        if first is None:
            made = Candidate(row.family, key, [row])
            apart.append(made)
            found[row.family.name, key] = made
        else:
            _join(file.format, first, row)
    return apart


def _join(kind: str, first: Candidate, row: FileRow) -> None:
    head = first.rows[0]
    if kind == "adt":  # a later message tells the later state
        head.given = overlay(head.given, row.given)
    elif kind == "csv" and first.family.merge is not None:
        head.given = first.family.merge(head.given, row.given, row.notes)
    else:
        row.notes.add(remarks.TWICE, found=f"{head.number}, {row.number}", expected=str(head.number))
    first.rows.append(row)


def decide(found: list[Candidate], *places: Tx) -> Plan:
    """What each candidate would do to the world of the first place; its name must be free in each."""
    plan = Plan(names=names_in(found, *places))
    shapes: dict[str, Shape] = {}
    named: dict[str, Names] = {name: {} for name in plan.names}
    for candidate in found:
        family = candidate.family
        if family.name not in shapes:
            shapes[family.name] = Shape(family)
        plan.decisions.append(
            _decided(places[0], candidate, shapes[family.name], plan.names[family.name], named[family.name])
        )
    return plan


def names_in(found: list[Candidate], *places: Tx) -> dict[str, list[Names]]:
    """For each family of the candidates, who bears each reference name in each place."""
    families = {candidate.family.name: candidate.family for candidate in found}
    return {name: [names_of(place, family) for place in places] for name, family in families.items()}


def names_of(tx: Tx, family: Family) -> Names:
    """Who bears each reference name; empty for a family without such names."""
    if not family.reference:
        return {}
    everyone = (family.dump(member) for member in family.every(tx))
    return {member[family.reference]: family.key(member) for member in everyone}


def _decided(tx: Tx, candidate: Candidate, shape: Shape, taken: list[Names], named: Names) -> Decision:
    family, row = candidate.family, candidate.rows[0]
    # A NUL cannot be asked of PostgreSQL; the shape refuses it just below.
    before = family.find(tx, candidate.key) if candidate.key and "\0" not in candidate.key else None
    decision = Decision(candidate, before, Notes(row.notes.place), shown=candidate.key)
    known = family.dump(before) if before is not None else {}
    member = overlay(overlay(row.fresh, known), {**dict.fromkeys(family.standing, False), **row.given})
    _guard(member, decision)
    if candidate.refused:
        return decision
    _take_name(member, decision, taken, named)
    build(family, member, shape, decision)
    if decision.member is not None:
        decision.outcome = "imported" if before is None else "replaced"
        if decision.member == before:
            decision.outcome = "unchanged"
    return decision


def build(family: Family, member: Json, shape: Shape, decision: Decision) -> None:
    """Shape, then keys, then the value itself; what is wrong is noted."""
    notes = decision.notes
    shape.check(member, notes)
    if notes.refused:
        return
    for where, validity in family.identifiers(member):
        if not validity and not kept_as_received(member):
            _judge_key(where, validity, notes)
    if notes.refused:
        return
    if any(remark.kind in {remarks.KEY, remarks.INS_SAMPLE} for remark in notes.remarks):
        member["as_received"] = True
    try:
        decision.member = family.load(member)
    except (ValueError, KeyError, TypeError) as problem:
        notes.at(remarks.CONTRADICTION, found=problem)


def _judge_key(where: str, validity: Validity, notes: Notes) -> None:
    if not validity.only_key_wrong:
        kind = remarks.VALUE
    elif validity.kind != "ins":
        kind = remarks.KEY
    else:
        kind = remarks.INS_SAMPLE if known_sample("ins", validity.value) else remarks.INS_KEY
    expected = f"…{validity.expected}" if validity.only_key_wrong else validity.expected
    notes.add(kind, where, found=validity.value, expected=expected)


def _guard(member: Json, decision: Decision) -> None:
    """Who looks real is told, and named by a mask; what has no shape yet quotes nothing."""
    family = decision.candidate.family
    try:
        found = real_identifiers(family.wire_text(member))
    except (KeyError, TypeError, AttributeError):
        return
    for identifier in found:
        decision.notes.at(remarks.REAL, found=identifier.masked, expected="INS .10, RPPS 997…")
    if any(identifier.value in decision.candidate.key for identifier in found):
        decision.shown = mask(decision.candidate.key)


def _take_name(member: Json, decision: Decision, taken: list[Names], named: Names) -> None:
    """Two members of one file may not bear one name; one that the world gave to another is replaced."""
    field, key = decision.candidate.family.reference, decision.candidate.key
    name = member.get(field) if field else None
    if not isinstance(name, str):
        return
    if named.setdefault(name, key) != key:
        decision.notes.add(remarks.NAME_TAKEN, field, found=name)
    elif any(table.get(name, key) != key for table in taken):
        free = named.setdefault(key, key) == key and all(table.get(key, key) == key for table in taken)
        decision.notes.add(remarks.NAME_ELSEWHERE if free else remarks.NAME_TAKEN, field, found=name)
        member[field] = key
