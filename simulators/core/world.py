"""Worlds: isolated test universes.

A connection or session is given its world once (see :mod:`simulators.core.routing`); what it then
carries is a :class:`World` value with the epoch it was given, so that a writer that outlives a reset
fails instead of writing into the new life of the world.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from simulators.core import snapshots
from simulators.core.clock import Now, from_us, system_now, to_us
from simulators.core.errors import ClockMovesForwardOnly, SandboxError, WorldGone
from simulators.core.rules import Policy
from simulators.core.store import schema
from simulators.core.store.api import Store, Tx
from simulators.core.store.schema import PSEUDO_WORLD

MAIN = "main"
SEED = "seed"
_WORLD = select(schema.worlds).where(schema.worlds.c.world == bindparam("name"))
_OPEN = ("pending", "claimed")
_FIRST = (
    select(schema.due.c.world.label("of"), func.min(schema.due.c.at_us).label("first_us"))
    .where(schema.due.c.state.in_(_OPEN))
    .group_by(schema.due.c.world)
    .subquery()
)
_DUE = select(schema.worlds, _FIRST.c.first_us).join(_FIRST, _FIRST.c.of == schema.worlds.c.world)
_WAITING = select(schema.outbox.c.world).where(schema.outbox.c.state.in_(_OPEN)).distinct()
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}|-selfcheck|-")


@dataclass(frozen=True)
class World:
    """One world as it was when the caller was given it."""

    name: str
    epoch: int
    seed: int
    offset: timedelta
    frozen: datetime | None
    policy: Policy = field(default_factory=Policy)

    def wire(self, wall: datetime) -> datetime:
        """What a counterpart validates: the wall clock, or the frozen instant."""
        return self.frozen or wall

    def business(self, wall: datetime) -> datetime:
        """What legal delays and schedules look at."""
        return self.wire(wall) + self.offset


Seeder = Callable[[Tx, World], None]


class Worlds:
    """The registry: creates, resets, snapshots and deletes worlds, and moves their clocks."""

    def __init__(self, store: Store, now: Now = system_now, seeders: Sequence[Seeder] = ()) -> None:
        self.store = store
        self.now = now
        self._seeders = tuple(seeders)

    def create(self, name: str, *, seed: int = 0, policy: Policy | None = None) -> World:
        """A fresh, seeded world. Raises ``ValueError`` (name) and ``SandboxError`` (exists)."""
        if not NAME.fullmatch(name):
            raise ValueError(f"world name {name!r}: lower-case letters, digits, . _ - (at most 40)")
        with self.store.admin(name) as connection:
            if _row(connection, name) is not None:
                raise SandboxError(f"world {name} exists")
            values = _world_row(name, seed or seed_of(name), policy or Policy(), to_us(self.now()))
            values["epoch"] = _last_epoch(connection, name) + 1
            connection.execute(insert(schema.worlds), [values])
            world = _world(_row(connection, name))
            tx = Tx(connection, name, self.store.notify)
            for seeder in self._seeders:
                seeder(tx, world)
            snapshots.save(tx, SEED, self.now())
        tx.committed()
        return world

    def get(self, name: str) -> World:
        """Raises :class:`WorldGone`."""
        with self.store.read(name) as tx:
            return load(tx)

    def names(self, *, hidden: bool = False) -> list[str]:
        """World names in order; the hidden ones begin with ``-``."""
        with self.store.peek() as connection:
            found = connection.execute(select(schema.worlds.c.world).order_by(schema.worlds.c.world)).scalars().all()
        return [n for n in found if hidden or not n.startswith("-")]

    def with_work(self) -> list[str]:
        """The worlds where a due row's instant has come, or a message of the outbox waits: two statements, however many
        worlds there are."""
        now = self.now()
        with self.store.peek() as connection:
            waiting = set(connection.execute(_WAITING).scalars())
            due = connection.execute(_DUE).all()
        return sorted(waiting | {row.world for row in due if row.first_us <= to_us(_world(row).business(now))})

    def ensure(self, name: str, *, seed: int = 0, policy: Policy | None = None) -> World:
        """The world, created when it is missing."""
        with suppress(WorldGone):
            return self.get(name)
        try:
            return self.create(name, seed=seed, policy=policy)
        except SandboxError:  # another process was quicker
            return self.get(name)

    def reset(self, name: str) -> World:
        """Back to the seed snapshot; late writers fail."""
        return self.restore(name, SEED)

    def snapshot(self, name: str, label: str) -> None:
        """A copy of the world's rows under a name nobody speaks to."""
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,40}", label):
            raise ValueError(f"snapshot name {label!r}: letters, digits, . _ - (at most 40)")
        with self.store.write(name) as tx:
            snapshots.save(tx, label, self.now())

    def snapshots(self, name: str) -> list[str]:
        with self.store.read(name) as tx:
            return [row.name for row in tx.find(schema.snapshots)]

    def restore(self, name: str, label: str) -> World:
        """Puts a snapshot back and begins a new epoch. Raises ``KeyError`` when it is unknown."""
        with self.store.write(name) as tx:
            kept = snapshots.restore(tx, label)
            _update(tx, epoch=schema.worlds.c.epoch + 1, **kept)
            for channel in ("world", "due", "journal"):
                tx.announce(f"{channel}:{name}")
            return load(tx)

    def delete(self, name: str) -> None:
        """Removes everything, journal included. ``main`` and the pseudo-world stay."""
        if name in {MAIN, PSEUDO_WORLD}:
            raise SandboxError(f"world {name} cannot be deleted")
        with self.store.write(name) as tx:
            _remember_epoch(tx.connection, name, load(tx).epoch)
            snapshots.wipe(tx)
            tx.connection.execute(delete(schema.routing).where(schema.routing.c.world == name))
            tx.connection.execute(delete(schema.worlds).where(schema.worlds.c.world == name))

    def set_policy(self, name: str, policy: Policy) -> World:
        return self._change(name, lambda world, now: {"policy": json.dumps(policy.as_json())})

    def business(self, name: str) -> datetime:
        """Business time of a world, now."""
        return self.get(name).business(self.now())

    def move(self, name: str, to: datetime) -> World:
        """Moves business time forward to ``to``. Raises :class:`ClockMovesForwardOnly`."""

        def moved(world: World, now: datetime) -> dict[str, Any]:
            here = world.business(now)
            if to < here:
                raise ClockMovesForwardOnly(f"business time is {here.isoformat()}, asked for {to.isoformat()}")
            return {"offset_us": _us(world.offset + (to - here))}

        return self._change(name, moved)

    def reach(self, name: str, to: datetime) -> World:
        """As :meth:`move`; nothing moves when business time, which the wall drives too, is past ``to``."""
        return self._change(name, lambda world, now: {"offset_us": _us(max(world.offset, to - world.wire(now)))})

    def freeze(self, name: str, at: datetime | None) -> World:
        """Freezes the world's wire time. ``None`` thaws it: business time then goes on from where it
        stands, never behind the wall. Business time never goes back by either."""

        def frozen(world: World, now: datetime) -> dict[str, Any]:
            here = world.business(now)
            if at is None:
                return {"frozen_us": None, "offset_us": _us(max(timedelta(0), here - now))}
            return {"frozen_us": to_us(at), "offset_us": _us(max(world.offset, here - at))}

        return self._change(name, frozen)

    def _change(self, name: str, values: Callable[[World, datetime], dict[str, Any]]) -> World:
        """One transaction from reading the world to writing it: clocks are moved by several threads."""
        with self.store.write(name) as tx:
            _update(tx, **values(load(tx), self.now()))
            tx.announce(f"world:{name}")
            return load(tx)


def load(tx: Tx) -> World:
    """The world of an open transaction."""
    return _world(tx.world_row if tx.world_row is not None else _row(tx.connection, tx.world))


def born(tx: Tx) -> datetime:
    """The wire time of the world's creation."""
    row = tx.world_row if tx.world_row is not None else _row(tx.connection, tx.world)
    if row is None:
        raise WorldGone(tx.world)
    return from_us(row.created_us)


def identifier(tx: Tx, name: str = "id") -> uuid.UUID:
    """The next identifier of the world's seeded generator (a version 4 shape, deterministic)."""
    number = tx.counter(f"generator:{name}")
    digest = hashlib.sha256(f"{load(tx).seed}:{tx.world}:{name}:{number}".encode()).digest()
    return uuid.UUID(bytes=digest[:16], version=4)


def seed_of(name: str) -> int:
    """The seed of a world that was given none: a stable number of its name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")


def _update(tx: Tx, **values: Any) -> None:
    tx.connection.execute(update(schema.worlds).where(schema.worlds.c.world == tx.world).values(**values))
    tx.world_row = None


def _us(duration: timedelta) -> int:
    return duration // timedelta(microseconds=1)


def _last_epoch(connection: Connection, name: str) -> int:
    """The last epoch of a deleted world of that name, whose late writers must not enter the new one."""
    meta = schema.meta
    found = connection.execute(select(meta.c.value).where(meta.c.name == f"epoch:{name}")).scalar()
    return int(found) if found is not None else 0


def _remember_epoch(connection: Connection, name: str, epoch: int) -> None:
    meta = schema.meta
    connection.execute(delete(meta).where(meta.c.name == f"epoch:{name}"))
    connection.execute(insert(meta), [{"name": f"epoch:{name}", "value": str(epoch)}])


def _row(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(_WORLD, {"name": name}).first()


def _world(row: Row[Any] | None) -> World:
    if row is None:
        raise WorldGone("unknown world")
    frozen = from_us(row.frozen_us) if row.frozen_us is not None else None
    policy = Policy.from_json(json.loads(row.policy))
    return World(row.world, row.epoch, row.seed, timedelta(microseconds=row.offset_us), frozen, policy)


def _world_row(name: str, seed: int, policy: Policy, now_us: int) -> dict[str, Any]:
    return {
        "world": name,
        "seed": seed,
        "offset_us": 0,
        "frozen_us": None,
        "policy": json.dumps(policy.as_json()),
        "created_us": now_us,
    }
