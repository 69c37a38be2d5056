"""The families of this room, and members one by one: who was adopted, promotion, edits, export."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from simulators.core import snapshots
from simulators.core.errors import SandboxError
from simulators.core.store.api import Tx
from simulators.core.world import SEED
from simulators.population.exchange_formats.cells import ABSENT, CellRefused, unguarded
from simulators.population.exchange_formats.family import Family, overlay, put
from simulators.population.exchange_formats.patients import PATIENTS
from simulators.population.exchange_formats.planning import names_of
from simulators.population.exchange_formats.professionals import PROFESSIONALS
from simulators.population.exchange_formats.remarks import Notes
from simulators.population.exchange_formats.schemas import Shape
from simulators.population.exchange_formats.structures import STRUCTURES
from simulators.population.json_form import Json

OWN_FAMILIES: Final = (PATIENTS, PROFESSIONALS, STRUCTURES)


class NoSuchMember(SandboxError):
    """The world has nobody of that identifier in that family."""


@dataclass(frozen=True)
class Adopted:
    """One member that the wire brought."""

    family: Family
    key: str
    member: Any

    def as_json(self) -> Json:
        return {"family": self.family.name, "id": self.key, "member": self.family.dump(self.member)}


def every_family(further: Iterable[Family] = ()) -> tuple[Family, ...]:
    """Patients, professionals, structures, and those that simulators add."""
    return (*OWN_FAMILIES, *further)


def adopted(tx: Tx, families: Iterable[Family]) -> Iterator[Adopted]:
    """Whoever the wire brought and nobody declared since."""
    for family in families:
        for member in family.every(tx):
            if getattr(member, "adopted", False):
                yield Adopted(family, family.key(family.dump(member)), member)


def promote(tx: Tx, family: Family, key: str, cells: Mapping[str, str]) -> Json:
    """Makes a member an ordinary one that survives a reset, edited by ``cells`` (CSV column → cell); what it is now.

    Identifiers with a wrong key are kept as received. Raises ``NoSuchMember``, and ``ValueError`` for an edit that
    cannot be: unknown column, wrong cell, another identifier, a name already borne.
    """
    found = None if "\0" in key else family.find(tx, key)  # a NUL cannot be asked of PostgreSQL
    if found is None:
        raise NoSuchMember(f"world {tx.world} has no {key} among its {family.name}")
    member = overlay(family.dump(found), {"adopted": False})
    wrong = not all(validity for _, validity in family.identifiers(member))
    member = overlay(member, {"as_received": True} if wrong else {})
    member = overlay(member, _edits(family, cells))
    made = _checked(family, member, key)
    seed = snapshots.shadow(tx, SEED)
    for place in (tx, seed):
        _refuse_taken_name(place, family, member, key)
        family.keep(place, made)
    return family.dump(made)


def _edits(family: Family, cells: Mapping[str, str]) -> Json:
    given: Json = {}
    for name, cell in cells.items():
        column = family.column(name)
        if column is None:
            known = ", ".join(column.name for column in family.columns)
            raise ValueError(f"{family.name} have no column {name!r}: {known}")
        if family.spread[1] and column.field.startswith(f"{family.spread[1]}/"):
            raise ValueError(f"{column.name} cannot be edited one by one: import the member again")
        cell = unguarded(cell)
        try:
            value = column.kind.read(cell) if cell else column.kind.blank
        except CellRefused as refused:
            raise ValueError(f"{column.name}: expected {refused}, found {cell!r}") from None
        if value is ABSENT:
            raise ValueError(f"{column.name}: a value is required")
        put(given, column.field, value)
    family.settle(given, Notes())
    return given


def _checked(family: Family, member: Json, key: str) -> Any:
    if family.key(member) != key:
        raise ValueError("an identifier cannot be edited: import the member under the other one")
    notes = Notes(family.place)
    Shape(family).check(member, notes)
    if notes.refused:
        told = "; ".join(f"{r.column}: found {r.found!r}, expected {r.expected}" for r in notes.remarks)
        raise ValueError(told)
    return family.load(member)


def _refuse_taken_name(place: Tx, family: Family, member: Json, key: str) -> None:
    if family.reference:
        name = member[family.reference]
        holder = names_of(place, family).get(name, key)
        if holder != key:
            raise ValueError(f"another member already bears the reference name {name!r}")


def wanted(families: Sequence[Family], name: str) -> Family:
    """The family of that name. Raises ``ValueError``."""
    for family in families:
        if family.name == name:
            return family
    raise ValueError(f"there is no family {name!r}: {', '.join(family.name for family in families)}")
