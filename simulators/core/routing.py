"""Which world a connection or session belongs to: given once, by the first that answers.

The order is one table per protocol: *address* (a listener bound to a world, or a ``/w/<world>/``
prefix), *credential* (certificate fingerprint, client_id, token, mail domain), *declared* structure
(VIHF, MSH-4), else ``main``. When a declaration contradicts a credential, the credential wins and
the contradiction is a finding in the caller's world.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, bindparam, delete, insert, select
from sqlalchemy.exc import IntegrityError

from simulators.core.errors import RoutingConflict
from simulators.core.store import schema
from simulators.core.store.api import Store, Tx
from simulators.core.store.text import index_key
from simulators.core.world import MAIN

# Asked at every exchange: building the statement each time costs more than running it.
_HOLDER = select(schema.routing.c.world).where(
    schema.routing.c.kind == bindparam("of_kind"), schema.routing.c.key == bindparam("of_key")
)
PREFIX = re.compile(r"/w/([a-z0-9][a-z0-9._-]{0,39})(/.*)?\Z", re.DOTALL)


@dataclass(frozen=True)
class Clue:
    """One thing that may name a world. ``source`` is ``address``, ``credential`` or ``declared``;
    an address names the world itself, the others are looked up by ``kind`` and ``key``."""

    source: str
    kind: str
    key: str


@dataclass(frozen=True)
class Route:
    """The answer: the world, the clue that gave it, and the later clues that disagree."""

    world: str
    by: Clue | None
    contradictions: tuple[tuple[Clue, str], ...] = ()


def split_prefix(path: str) -> tuple[str | None, str]:
    """``/w/<world>/rest`` gives ``(world, /rest)``; any other path ``(None, path)``."""
    match = PREFIX.match(path)
    return (match.group(1), match.group(2) or "/") if match else (None, path)


def resolve(store: Store, clues: Sequence[Clue], default: str = MAIN) -> Route:
    """Follows ``clues`` in the order given (the protocol's table)."""
    given: Route | None = None
    contradictions: list[tuple[Clue, str]] = []
    for clue, world in _led(store, clues):
        if world is None:
            continue
        if given is None:
            given = Route(world, clue)
        elif world != given.world:
            contradictions.append((clue, world))
    if given is None:
        return Route(default, None)
    return Route(given.world, given.by, tuple(contradictions))


def _led(store: Store, clues: Sequence[Clue]) -> list[tuple[Clue, str | None]]:
    """Where each clue leads, in one view of the store."""
    if all(clue.source == "address" for clue in clues):
        return [(clue, clue.key) for clue in clues]
    with store.peek() as connection:
        return [(c, c.key if c.source == "address" else _holder(connection, c.kind, c.key)) for c in clues]


def look_up(store: Store, kind: str, key: str) -> str | None:
    """The world a routing key leads to, or ``None``."""
    with store.peek() as connection:
        return _holder(connection, kind, key)


def holder(tx: Tx, kind: str, key: str) -> str | None:
    """As :func:`look_up`, inside a transaction."""
    return _holder(tx.connection, kind, key)


def claim(tx: Tx, kind: str, key: str) -> None:
    """Makes ``key`` lead to the world of ``tx``. Raises :class:`RoutingConflict`."""
    found = _holder(tx.connection, kind, key)
    if found is None:
        try:
            with tx.connection.begin_nested():
                row = {"kind": kind, "key": index_key(key), "world": tx.world}
                tx.connection.execute(insert(schema.routing), [row])
            return
        except IntegrityError:  # another world, whose turn is its own, claimed it meanwhile
            found = _holder(tx.connection, kind, key)
    if found != tx.world:
        raise RoutingConflict(f"{kind} {key} already leads to world {found}")


def release(tx: Tx, kind: str, key: str) -> None:
    """``key`` leads nowhere again; a key of another world is left alone."""
    tx.connection.execute(delete(schema.routing).where(*_is(kind, key), schema.routing.c.world == tx.world))


def routed_elsewhere(tx: Tx, kind: str, table: Table, column: str, **values: Any) -> Sequence[Row[Any]]:
    """Rows of the other worlds whose ``column`` is a routing key that leads to them, with these column values.

    Only for what an address without a world must show for all of them (public keys). Snapshots have no such keys.
    """
    route, here = schema.routing.c, table.c
    same = and_(route.kind == kind, route.key == here[column], route.world == here.world)
    chosen = [here[name] == value for name, value in values.items()]
    statement = select(table).join(schema.routing, same).where(here.world != tx.world, *chosen)
    return tx.connection.execute(statement).fetchall()


def held_anywhere(store: Store, table: Table) -> bool:
    """Whether any world has a row there, for what is told before a caller has a world."""
    with store.peek() as connection:
        return connection.execute(select(table.c.world).limit(1)).first() is not None


def _holder(connection: Connection, kind: str, key: str) -> str | None:
    return connection.execute(_HOLDER, {"of_kind": kind, "of_key": index_key(key)}).scalar()


def _is(kind: str, key: str) -> tuple[ColumnElement[bool], ...]:
    return schema.routing.c.kind == kind, schema.routing.c.key == index_key(key)
