"""A snapshot is a copy of a world's rows under a name nobody can speak to (``world@label``)."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Delete, Insert, Table, bindparam, delete, insert, select, update

from simulators.core.clock import to_us
from simulators.core.store import schema
from simulators.core.store.api import Tx

WORLD_STATE = ("offset_us", "frozen_us", "policy")


def tables(*, journal: bool = False) -> list[Table]:
    """Every table whose rows belong to a world; the journal only when asked."""
    found = [t for t in schema.metadata.sorted_tables if "snapshot" in t.info]
    return [t for t in found if journal or t.info["snapshot"]]


def save(tx: Tx, label: str, now: datetime) -> None:
    """Copies the world's rows to ``world@label``, replacing an earlier copy."""
    shadow = f"{tx.world}@{label}"
    _replace(tx, tx.world, shadow)
    for table in (schema.due, schema.outbox):
        # A claim belongs to a worker's present life: put back later, nobody would be working on it.
        claimed = update(table).where(table.c.world == shadow, table.c.state == "claimed")
        tx.connection.execute(claimed.values(state="pending", worker=None))
    state = tx.connection.execute(select(schema.worlds).where(schema.worlds.c.world == tx.world)).one()
    kept = {name: getattr(state, name) for name in WORLD_STATE}
    tx.put(schema.snapshots, name=label, created_us=to_us(now), **kept)


def restore(tx: Tx, label: str) -> dict[str, Any]:
    """Puts the copy back and returns the world's own columns. Raises ``KeyError``.

    The counter behind journal numbers is kept: a follower's cursor stays valid.
    """
    kept = tx.get(schema.snapshots, name=label)
    if kept is None:
        raise KeyError(f"world {tx.world} has no snapshot {label}")
    journal = tx.get(schema.counters, name="journal")
    _replace(tx, f"{tx.world}@{label}", tx.world)
    if journal is not None:
        tx.put(schema.counters, name="journal", value=journal.value)
    return {name: getattr(kept, name) for name in WORLD_STATE}


def shadow(tx: Tx, label: str) -> Tx:
    """The same transaction on the copy: what is written there comes back with it. Raises ``KeyError``.

    For rows only: a copy has no routing keys, no clock and no followers.
    """
    if tx.get(schema.snapshots, name=label) is None:
        raise KeyError(f"world {tx.world} has no snapshot {label}")
    return Tx(tx.connection, f"{tx.world}@{label}", lambda connection, channel: None)


def wipe(tx: Tx) -> None:
    """Deletes every row of the world and of its snapshots."""
    shadows = [f"{tx.world}@{row.name}" for row in tx.find(schema.snapshots)]
    for table in reversed(tables(journal=True)):
        tx.connection.execute(delete(table).where(table.c.world.in_([tx.world, *shadows])))


def _replace(tx: Tx, source: str, target: str) -> None:
    """Children go before their parents and come after them, for tables that refer to one another."""
    given = {"copy_source": source, "copy_target": target}
    for table in reversed(tables()):
        tx.connection.execute(_clearing(table), given)
    for table in tables():
        tx.connection.execute(_copying(table), given)


# Built once for each table, as in core/store/statements.py: a new world runs one of each for every table there is.


@cache
def _clearing(table: Table) -> Delete:
    return delete(table).where(table.c.world == bindparam("copy_target"))


@cache
def _copying(table: Table) -> Insert:
    target = bindparam("copy_target", type_=table.c.world.type)
    columns = [target if c.name == "world" else c for c in table.columns]
    names = [c.name for c in table.columns]
    return insert(table).from_select(names, select(*columns).where(table.c.world == bindparam("copy_source")))
