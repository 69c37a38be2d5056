"""The statements behind :class:`~simulators.core.store.api.Tx`, each built once.

An exchange runs dozens of them: building one anew costs more than running it. Every one is limited to a
world by its parameter ``world_is``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Delete, Insert, Select, Table, Update, bindparam, delete, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from simulators.core.store.schema import counters

KEPT = 2048
Names = tuple[str, ...]


def by(values: Mapping[str, Any]) -> tuple[Names, Names]:
    """The columns to compare with a parameter, and those that must be null."""
    return tuple(n for n, v in values.items() if v is not None), tuple(n for n, v in values.items() if v is None)


def parameters(world: str, values: Mapping[str, Any], new: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What :func:`selecting`, :func:`updating` and :func:`deleting` are run with."""
    compared = {f"key_{name}": value for name, value in values.items() if value is not None}
    return {"world_is": world, **compared, **{f"new_{name}": value for name, value in (new or {}).items()}}


@lru_cache(KEPT)
def selecting(table: Table, names: Names, nulls: Names, ordered: bool) -> Select[Any]:
    statement = select(table).where(*_conditions(table, names, nulls))
    return statement.order_by(*table.primary_key.columns) if ordered else statement


@lru_cache(KEPT)
def inserting(table: Table) -> Insert:
    return insert(table)


@lru_cache(KEPT)
def updating(table: Table, names: Names, nulls: Names, new: Names) -> Update:
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in new}
    return update(table).where(*_conditions(table, names, nulls)).values(values)


@lru_cache(KEPT)
def deleting(table: Table, names: Names, nulls: Names) -> Delete:
    return delete(table).where(*_conditions(table, names, nulls))


def _conditions(table: Table, names: Names, nulls: Names) -> list[ColumnElement[bool]]:
    compared = [table.c[name] == bindparam(f"key_{name}") for name in names]
    return [table.c.world == bindparam("world_is"), *compared, *(table.c[name].is_(None) for name in nulls)]


COUNTING: Final = (
    update(counters)
    .where(*_conditions(counters, ("name",), ()))
    .values(value=counters.c.value + bindparam("new_step"))
    .returning(counters.c.value)
)
"""One step of a counter, and where it then stands; no row when there is no such counter."""
