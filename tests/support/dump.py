"""Every row of a world, its snapshots and its routing keys included, as a value two of which can be compared."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select

from simulators.core.store import Store, metadata, schema

Dump = dict[str, list[tuple[Any, ...]]]


def dump(store: Store, world: str) -> Dump:
    """``{table: rows}``, rows sorted; read past the store's own limits to one world."""
    found: Dump = {}
    with store.peek() as connection:
        for name, table in metadata.tables.items():
            if "world" in table.c:
                shadow = table.c.world.startswith(f"{world}@", autoescape=True)
                statement = select(table).where(or_(table.c.world == world, shadow))
            else:
                statement = select(table).where(table.c.name == f"epoch:{world}")
            found[name] = sorted((tuple(row) for row in connection.execute(statement)), key=repr)
    return found


def state(store: Store, world: str) -> Dump:
    """What a snapshot keeps of a world: claims undone, the journal's own counter left aside."""
    found: Dump = {}
    with store.read(world) as tx:
        for name, table in metadata.tables.items():
            if table.info.get("snapshot"):
                rows = [dict(row._mapping) for row in tx.find(table)]
                for row in rows:
                    if table in (schema.due, schema.outbox) and row["state"] == "claimed":
                        row.update(state="pending", worker=None)
                found[name] = sorted(
                    (tuple(row.values()) for row in rows if not (name == "counters" and row["name"] == "journal")),
                    key=repr,
                )
    return found
