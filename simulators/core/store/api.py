"""What every room sees of the store.

A :class:`Tx` belongs to one world and adds ``world = ...`` to every statement it builds, so that no
query can forget it. :class:`Store` is the seam: SQLite and PostgreSQL differ only behind it.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, bindparam, select
from sqlalchemy.sql.elements import ColumnElement

from simulators.core.errors import LateWriter, WorldGone
from simulators.core.store import guard, schema, statements
from simulators.core.store.bell import Bell

# Asked at the beginning of every transaction: building the statement each time costs more than running it.
_WORLD = select(schema.worlds).where(schema.worlds.c.world == bindparam("name"))


class Tx:
    """One open transaction on one world. Not shared between threads."""

    def __init__(
        self,
        connection: Connection,
        world: str,
        notify: Callable[[Connection, str], None],
        row: Row[Any] | None = None,
    ) -> None:
        self.connection = connection
        self.world = world
        self.world_row = row  # as the transaction found it; None once it was changed
        self._notify = notify
        self._later: list[Callable[[], None]] = []

    def select(self, table: Table, *columns: ColumnElement[Any]) -> Select[Any]:
        """A SELECT already limited to this world; add ``.where``, ``.order_by``, ``.limit``."""
        return select(*(columns or (table,))).where(table.c.world == self.world)

    def rows(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        return self.connection.execute(statement).fetchall()

    def first(self, statement: Select[Any]) -> Row[Any] | None:
        return self.connection.execute(statement).first()

    def get(self, table: Table, **key: Any) -> Row[Any] | None:
        """The row with these column values, or ``None``."""
        statement = statements.selecting(table, *statements.by(key), ordered=False)
        return self.connection.execute(statement, statements.parameters(self.world, key)).first()

    def find(self, table: Table, **values: Any) -> Sequence[Row[Any]]:
        """All rows with these column values, in primary key order."""
        statement = statements.selecting(table, *statements.by(values), ordered=True)
        return self.connection.execute(statement, statements.parameters(self.world, values)).fetchall()

    def insert(self, table: Table, **values: Any) -> None:
        """Raises ``sqlalchemy.exc.IntegrityError`` when the key exists; PostgreSQL then only lets the
        transaction be rolled back, so let it pass, and use :meth:`add` or :meth:`put` otherwise."""
        self.connection.execute(statements.inserting(table), [self._own(values)])

    def insert_many(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Every row or none. Raises ``sqlalchemy.exc.IntegrityError`` when a key exists."""
        if rows:
            self.connection.execute(statements.inserting(table), [self._own(row) for row in rows])

    def put(self, table: Table, **values: Any) -> None:
        """Inserts, or replaces the row that has the same key."""
        key = {name: values[name] for name in table.info["key"]}
        if self.update(table, {k: v for k, v in values.items() if k not in key}, **key) == 0:
            self.insert(table, **values)

    def add(self, table: Table, **values: Any) -> bool:
        """Inserts unless the key exists; says whether it inserted."""
        key = {name: values[name] for name in table.info["key"]}
        if self.get(table, **key) is not None:
            return False
        self.insert(table, **values)
        return True

    def update(self, table: Table, values: Mapping[str, Any], **key: Any) -> int:
        """Updates the rows with these column values; the number of rows touched."""
        if not values:
            return len(self.find(table, **key))
        self._own(values)
        statement = statements.updating(table, *statements.by(key), tuple(values))
        return self.connection.execute(statement, statements.parameters(self.world, key, values)).rowcount

    def delete(self, table: Table, **key: Any) -> int:
        statement = statements.deleting(table, *statements.by(key))
        return self.connection.execute(statement, statements.parameters(self.world, key)).rowcount

    def counter(self, name: str, step: int = 1) -> int:
        """The next value of a counter row: no gap is ever seen by a follower."""
        value = self._counted(name, step)
        if value is None:
            self.insert(schema.counters, name=name, value=step)
        return step if value is None else value

    def _counted(self, name: str, step: int) -> int | None:
        """The counter after one more step, None when it does not exist yet."""
        if self.connection.dialect.update_returning:
            given = statements.parameters(self.world, {"name": name}, {"step": step})
            value: int | None = self.connection.execute(statements.COUNTING, given).scalar()
            return value
        row = self.get(schema.counters, name=name)  # SQLite before 3.35
        if row is not None:
            self.update(schema.counters, {"value": row.value + step}, name=name)
        return None if row is None else int(row.value) + step

    def blob(self, data: bytes) -> str:
        """Stores bytes once under their SHA-256 and returns it (hex)."""
        import hashlib

        digest = hashlib.sha256(data).hexdigest()
        self.add(schema.blobs, sha256=digest, data=data)
        return digest

    def blob_bytes(self, sha256: str) -> bytes:
        row = self.get(schema.blobs, sha256=sha256)
        if row is None:
            raise KeyError(sha256)
        return bytes(row.data)

    def announce(self, channel: str) -> None:
        """A hint to waiters, rung after the commit; they re-read."""
        self._notify(self.connection, channel)

    def after_commit(self, action: Callable[[], None]) -> None:
        """``action`` is called once the rows are committed, outside the transaction."""
        self._later.append(action)

    def committed(self) -> None:
        """Called by whoever opened the transaction, after its commit."""
        for action in self._later:
            action()

    def _own(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Raises ``ValueError`` when a row copied from another world still names it."""
        if values.get("world", self.world) != self.world:
            raise ValueError(f"a transaction on world {self.world} was given a row of {values['world']}")
        return {**values, "world": self.world}


class Store(abc.ABC):
    """The seam. Transactions of one world are serial; worlds run side by side on PostgreSQL.

    Once closed, every transaction raises :class:`~simulators.core.errors.StoreClosed`.
    """

    bell: Bell
    url: str

    @abc.abstractmethod
    def begin(self, *, write: bool, worlds: Sequence[str]) -> AbstractContextManager[Connection]:
        """Opens a transaction; a write one holds the turn of each named world until its end, the
        other one cannot write. ``connection.info["rung"]`` collects what is rung after the commit."""

    @abc.abstractmethod
    def exclusive(self, name: str) -> AbstractContextManager[None]:
        """A named lock across threads and processes; freed when its process dies. Not reentrant.

        Raises :class:`WireInsideTransaction`: waiting for it inside a transaction could deadlock.
        """

    @abc.abstractmethod
    def _come_alive(self, worker: str) -> None:
        """Ties the life of ``worker``, a name never used before, to this process."""

    @abc.abstractmethod
    def alive(self, worker: str) -> bool:
        """Whether the process that enlisted ``worker`` still lives and has its store open."""

    @abc.abstractmethod
    def close(self) -> None:
        """Ends threads and connections, after the last writer; idempotent."""

    def notify(self, connection: Connection, channel: str) -> None:
        """Rings ``channel`` after the commit of ``connection``, here and in other processes."""
        connection.info.setdefault("rung", []).append(channel)

    def enlist(self, worker: str) -> str:
        """Declares a worker living in this process and returns its full name.

        The name is new in the life of the database: after a crash and a restart, the claims of the
        former life must not look alive.
        """
        with self.write(schema.PSEUDO_WORLD) as tx:
            name = f"{worker}#{tx.counter('workers')}"
        self._come_alive(name)
        return name

    @contextmanager
    def read(self, world: str) -> Iterator[Tx]:
        """A consistent view of one world, which refuses to write. Raises :class:`WorldGone`."""
        with guard.transaction(), self.begin(write=False, worlds=()) as connection:
            yield Tx(connection, world, self.notify, self._checked(connection, world, None))

    @contextmanager
    def write(self, world: str, epoch: int | None = None) -> Iterator[Tx]:
        """Commits at the end of the block, rolls everything back on any exception.

        ``epoch`` is the one the caller was given with its world. Raises :class:`WorldGone`,
        :class:`LateWriter`.
        """
        with guard.transaction(), self.begin(write=True, worlds=(world,)) as connection:
            tx = Tx(connection, world, self.notify, self._checked(connection, world, epoch))
            yield tx
        tx.committed()

    @contextmanager
    def admin(self, *worlds: str) -> Iterator[Connection]:
        """A write transaction over several worlds, for the registry and the due rows only."""
        with guard.transaction(), self.begin(write=True, worlds=tuple(sorted(worlds))) as connection:
            yield connection

    @contextmanager
    def peek(self) -> Iterator[Connection]:
        """A consistent view over all worlds, for the registry and the router only."""
        with guard.transaction(), self.begin(write=False, worlds=()) as connection:
            yield connection

    def wait(self, channel: str, seen: int, timeout: float) -> int:
        """Waits until ``channel`` has rung after ``seen`` or ``timeout`` seconds; the new count.

        Raises :class:`WireInsideTransaction`.
        """
        guard.refuse_wire("waiting")
        return self.bell.wait(channel, seen, timeout)

    @staticmethod
    def _checked(connection: Connection, world: str, epoch: int | None) -> Row[Any]:
        found = connection.execute(_WORLD, {"name": world}).first()
        if found is None:
            raise WorldGone(world)
        if epoch is not None and found.epoch != epoch:
            raise LateWriter(f"world {world} is at epoch {found.epoch}, the caller was given {epoch}")
        return found
