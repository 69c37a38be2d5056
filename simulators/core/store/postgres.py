"""PostgreSQL: one advisory lock per world gives SQLite's serial writers, worlds run side by side.

A worker's life is a session-level advisory lock on a connection of its process: when the process is
killed the server frees it, and its claims can be taken over at once, without any timing.

Connections are few (a server takes 100 by default, shared by one process per simulator): a pool for
transactions, in which nobody waits for another transaction of this process; one connection aside for
workers' lives and notifications; one that listens; one per named lock while it is held.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from simulators.core.errors import StoreClosed
from simulators.core.store import guard
from simulators.core.store.api import Store
from simulators.core.store.bell import Bell
from simulators.core.store.named_locks import NamedLocks

CHANNEL = "segur_sandbox"
POOL = 8
LISTEN_S = 5.0  # how long the listener stays deaf to a closing it was not told of
RETRY_S = 0.5  # between two attempts to listen again after the server went away


class PostgresStore(Store):
    """``url`` is ``postgresql://...``; the driver (psycopg, extra ``pg``) is imported here only.

    ``durable`` insists on the flush of every commit; otherwise the server's own setting decides.
    """

    def __init__(self, url: str, *, durable: bool = False) -> None:
        import psycopg  # noqa: F401  so that a missing driver is an ImportError here

        self.url = url
        self._dsn = "postgresql://" + url.partition("://")[2]
        address = self._dsn.replace("postgresql://", "postgresql+psycopg://", 1)
        options = {"options": "-c synchronous_commit=on"} if durable else {}
        self._engine = create_engine(address, pool_size=POOL, max_overflow=POOL, connect_args=options)
        self._apart = create_engine(address, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self.bell = Bell()
        self._turns = NamedLocks()
        self._names = NamedLocks()
        self._workers: set[str] = set()
        self._aside: Connection | None = None
        self._aside_turn = threading.Lock()
        self._closed = threading.Event()
        self._listener: threading.Thread | None = None

    def follow(self) -> None:
        """Starts to pass on what other processes announce; called once the tables exist."""
        listening = self._listen_anew()
        self._listener = threading.Thread(target=self._listen, args=(listening,), name="store-listen", daemon=True)
        self._listener.start()

    def _listen_anew(self) -> Any:
        import psycopg

        listening = psycopg.connect(self._dsn, autocommit=True)
        listening.execute(f"LISTEN {CHANNEL}")
        return listening

    def _listen(self, listening: Any) -> None:
        import psycopg

        while not self._closed.is_set():
            try:
                with listening or self._listen_anew() as listening:
                    while not self._closed.is_set():
                        for note in listening.notifies(timeout=LISTEN_S, stop_after=1):
                            self.bell.ring(note.payload)
            except psycopg.Error:  # hints are lost meanwhile: waiters re-read after their timeout
                listening = None
                self._closed.wait(RETRY_S)

    @contextmanager
    def begin(self, *, write: bool, worlds: Sequence[str]) -> Iterator[Connection]:
        if self._closed.is_set():
            raise StoreClosed("the store was closed")
        if not write:
            with self._engine.connect() as opened:
                connection = opened.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                with connection.begin():
                    yield connection
            return
        rung: list[str] = []
        # The threads of this process queue up here, so that a queue takes no connection.
        with self._turns.held(*worlds), self._engine.connect() as connection:
            connection.info["rung"] = rung
            with connection.begin():
                for world in sorted(set(worlds)):
                    connection.execute(text("SELECT pg_advisory_xact_lock(:k)"), {"k": _key("world:" + world)})
                yield connection
        self._ring(list(dict.fromkeys(rung)))

    def _ring(self, channels: list[str]) -> None:
        """After the commit: inside it, PostgreSQL would make all notifying commits queue up."""
        for channel in channels:
            self.bell.ring(channel)
        if channels and not self._closed.is_set():
            statement = text("SELECT pg_notify(:c, p) FROM unnest(CAST(:p AS text[])) AS p")
            with suppress(DBAPIError):  # a hint is lost at worst
                self._say(statement, {"c": CHANNEL, "p": channels})

    @contextmanager
    def exclusive(self, name: str) -> Iterator[None]:
        guard.refuse_wire(f"waiting for {name}")
        with self._names.held(name), self._apart.connect() as connection:
            key = {"k": _key("name:" + name)}
            connection.execute(text("SELECT pg_advisory_lock(:k)"), key)
            try:
                yield
            finally:
                with suppress(DBAPIError):  # a lost connection has freed it
                    connection.execute(text("SELECT pg_advisory_unlock(:k)"), key)

    def _come_alive(self, worker: str) -> None:
        self._say(text("SELECT pg_advisory_lock(:k)"), {"k": _key("worker:" + worker)})
        self._workers.add(worker)

    def alive(self, worker: str) -> bool:
        if worker in self._workers:
            return True
        if self._closed.is_set():
            return False
        # Shared, so that two who ask at once do not take each other for the worker.
        probe = text("SELECT pg_try_advisory_xact_lock_shared(:k)")
        return not self._say(probe, {"k": _key("worker:" + worker)})

    def _say(self, statement: Any, values: dict[str, Any]) -> Any:
        """Runs one statement on the connection aside, which a broken server makes us open again."""
        with self._aside_turn:
            for attempt in (1, 2):
                try:
                    if self._aside is None:
                        self._aside = self._open_aside()
                    return self._aside.execute(statement, values).scalar()
                except DBAPIError:
                    self._drop_aside()
                    if attempt == 2:
                        raise
        raise AssertionError("unreachable")

    def _open_aside(self) -> Connection:
        opened = self._apart.connect()
        for worker in self._workers:
            opened.execute(text("SELECT pg_advisory_lock(:k)"), {"k": _key("worker:" + worker)})
        return opened

    def _drop_aside(self) -> None:
        if self._aside is not None:
            with suppress(DBAPIError):
                self._aside.close()
        self._aside = None

    def close(self) -> None:
        if self._closed.is_set():
            return
        guard.refuse_wire("closing the store")
        self._closed.set()
        with suppress(DBAPIError):
            self._say(text("SELECT pg_notify(:c, '')"), {"c": CHANNEL})  # wakes the listener
            self._say(text("SELECT pg_advisory_unlock_all()"), {})  # the server ends a session in its own time
        if self._listener is not None:
            self._listener.join(timeout=LISTEN_S + 1)
        with self._aside_turn:
            self._drop_aside()
            self._workers.clear()
        self._engine.dispose()


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
