"""A family of data as a value: its columns, its JSON form, and where a world keeps its members.

The formats read and write any family; a simulator adds one of its own by listing it in its ``Service.families``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulators.core.rules import Text
from simulators.core.store.api import Tx
from simulators.population.exchange_formats.cells import CellKind
from simulators.population.exchange_formats.remarks import Notes
from simulators.population.json_form import Json
from simulators.population.validity import Validity

Row = Mapping[str, str]


@dataclass(frozen=True)
class Column:
    """One CSV column. ``field`` is its place in the JSON form, parts separated by ``/``; ``aliases`` are further names
    it may be given. Names are compared without case, accents and punctuation."""

    name: str
    field: str
    kind: CellKind
    meaning: Text
    example: str = ""
    required: bool = False
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> Iterator[str]:
        """Every name the column answers to, in comparable form."""
        return (comparable(name) for name in (self.name, self.field, *self.aliases))


def nothing_more(given: Json, notes: Notes) -> None:
    """The columns say all."""


def one_row(family: Family, member: Json) -> list[Row]:
    """One CSV row a member."""
    return [{column.name: column.kind.write(at(member, column.field)) for column in family.columns}]


def no_identifiers(member: Json) -> Iterable[tuple[str, Validity]]:
    """The family has no identifier with a key."""
    return ()


@dataclass(frozen=True)
class Family:
    """One family.

    ``schema`` gives the JSON schema of one member; ``load`` and ``dump`` go between JSON form and member (``load``
    raises ``ValueError``); ``key`` is the identifier a world finds it by; ``identifiers`` gives (field, verdict) of
    each national identifier; ``new`` the values a member takes that nothing else tells; ``settle`` completes what the
    cells of one CSV row gave; ``rows`` are the CSV rows of a member; ``merge`` joins two rows of one member, ``None``
    when a member has one row; ``reference`` is the field of the name unique in the family, if it has one; ``wire_text``
    quotes the member's identifiers as a message would, for the guard on real ones; ``keep`` writes a member's rows,
    ``claim`` makes its routing keys lead to the world (raises ``RoutingConflict``). ``spread`` names a list of the
    member that is spread over several CSV rows, and one element of it as the columns call it; ``standing`` are flags
    that are false unless a file says otherwise.
    """

    name: str
    title: Text
    columns: tuple[Column, ...]
    schema: Callable[[], Mapping[str, Any]]
    load: Callable[[Json], Any]
    dump: Callable[[Any], Json]
    key: Callable[[Json], str]
    find: Callable[[Tx, str], Any]
    keep: Callable[[Tx, Any], None]
    every: Callable[[Tx], Iterable[Any]]
    new: Callable[[Json], Json] = lambda given: {}
    settle: Callable[[Json, Notes], None] = nothing_more
    rows: Callable[[Family, Json], list[Row]] = one_row
    merge: Callable[[Json, Json, Notes], Json] | None = None
    reference: str = ""
    identifiers: Callable[[Json], Iterable[tuple[str, Validity]]] = no_identifiers
    wire_text: Callable[[Json], str] = lambda member: ""
    claim: Callable[[Tx, Any], None] | None = None
    spread: tuple[str, str] = ("", "")
    standing: tuple[str, ...] = ("adopted", "as_received")

    def column(self, name: str) -> Column | None:
        """The column that answers to a name."""
        wanted = comparable(name)
        return next((column for column in self.columns if wanted in column.names), None)

    def place(self, field: str) -> str:
        """The column a field of the JSON form stands in, by its longest beginning; else the field itself."""
        several, one = self.spread
        field = re.sub(rf"^{several}/[0-9]+(?=/|$)", one, field) if several else field
        fitting = [c for c in self.columns if field == c.field or field.startswith(f"{c.field}/")]
        within = [c for c in self.columns if c.field.startswith(f"{field}/")]
        chosen = max(fitting, key=lambda c: len(c.field)) if fitting else next(iter(within), None)
        return chosen.name if chosen else field


def comparable(name: str) -> str:
    """A column name without case, accents, spaces and punctuation: ``Date de naissance`` = ``date_de_naissance``."""
    bare = unicodedata.normalize("NFKD", name.strip().casefold())
    return re.sub(r"[^a-z0-9]+", "_", "".join(c for c in bare if not unicodedata.combining(c))).strip("_")


def at(member: Json, field: str) -> Any:
    """The value at a place of the JSON form, ``None`` where the way ends."""
    found: Any = member
    for part in field.split("/"):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def put(member: Json, field: str, value: Any) -> None:
    """Sets the value at a place of the JSON form, making the objects on the way."""
    *way, last = field.split("/")
    for part in way:
        member = member.setdefault(part, {})
    member[last] = value


def overlay(base: Json, given: Json) -> Json:
    """``base`` with what was given on top; objects are joined, lists and values replaced."""
    joined = dict(base)
    for name, value in given.items():
        below = joined.get(name)
        joined[name] = overlay(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return joined
