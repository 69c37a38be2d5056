"""Which living worker handles which kinds of rows.

Simulators in separate processes share worlds on PostgreSQL: a row is left to the process that knows its
kind, and a row nobody living knows holds back nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select

from simulators.core.store import schema
from simulators.core.store.api import Store

_PREFIX = "worker:"


def register(store: Store, worker: str, kinds: Iterable[str]) -> None:
    """Says what ``worker`` (already enlisted) handles; forgets the workers that died."""
    meta = schema.meta
    with store.admin() as connection:
        for other in _registered(connection):
            if not store.alive(other):
                connection.execute(delete(meta).where(meta.c.name == _PREFIX + other))
        connection.execute(insert(meta), [{"name": _PREFIX + worker, "value": json.dumps(sorted(kinds))}])


def served(store: Store, connection: Connection) -> frozenset[str]:
    """The kinds some living worker handles."""
    registered = _registered(connection)
    return frozenset(kind for worker, kinds in registered.items() if store.alive(worker) for kind in kinds)


def _registered(connection: Connection) -> dict[str, list[str]]:
    meta = schema.meta
    rows = connection.execute(select(meta).where(meta.c.name.startswith(_PREFIX)).order_by(meta.c.name))
    return {row.name.removeprefix(_PREFIX): json.loads(row.value) for row in rows}
