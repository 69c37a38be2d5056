"""SQLite: WAL, ``BEGIN IMMEDIATE`` behind one process lock, one process per folder.

The memory store is a file in a memory file system, never a shared ``:memory:`` connection (measured:
that loses acknowledged rows).
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from simulators.core.errors import StoreClosed
from simulators.core.store import guard
from simulators.core.store.api import Store
from simulators.core.store.bell import Bell
from simulators.core.store.lock import FolderLock, abandoned
from simulators.core.store.named_locks import NamedLocks

MEMORY_FILE_SYSTEM = Path("/dev/shm")  # absent outside Linux: then a temporary folder, synchronous off
MEMORY_PREFIX = "segur-sandbox-"
LOCK_NAME = "owner.lock"
LAST_WRITER_S = 10.0  # how long closing waits for the transaction under way


class SqliteStore(Store):
    """``durable`` adds power loss to kill -9 in what "acknowledged" means."""

    def __init__(self, folder: Path | None, *, durable: bool = False) -> None:
        self._temporary = folder is None
        self.folder = (folder or _memory_folder()).absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = FolderLock(self.folder / LOCK_NAME)
        self.bell = Bell()
        self._turn = threading.Lock()
        self._names = NamedLocks()
        self._workers: set[str] = set()
        self._closed = False
        self._synchronous = "OFF" if folder is None else "FULL" if durable else "NORMAL"
        address = URL.create("sqlite", database=str(self.folder / "sandbox.sqlite"))
        self.url = address.render_as_string()
        # A read that wrote would take SQLite's write lock outside the turn. Two pools, because a connection that serves
        # both must be told which it is at each change.
        self._writer = self._open(address, size=1, more=0)
        self._readers = self._open(address, size=8, more=120, query_only="ON")

    def _open(self, address: URL, *, size: int, more: int, query_only: str = "OFF") -> Engine:
        """Listens to the pool alone: an engine with one event of its own looks for more at each statement."""
        engine = create_engine(
            address, poolclass=QueuePool, pool_size=size, max_overflow=more, connect_args={"check_same_thread": False}
        )
        event.listen(engine, "connect", partial(self._on_connect, query_only))
        return engine

    def _on_connect(self, query_only: str, connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        chosen = (f"synchronous={self._synchronous}", "foreign_keys=ON", f"query_only={query_only}")
        for pragma in ("busy_timeout=5000", "journal_mode=WAL", *chosen):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @contextmanager
    def begin(self, *, write: bool, worlds: Sequence[str]) -> Iterator[Connection]:
        if not write:
            with self._connect(self._readers) as connection, connection.begin():
                connection.exec_driver_sql("BEGIN")
                yield connection
            return
        with self._turn, self._connect(self._writer) as connection:
            rung: list[str] = []
            connection.info["rung"] = rung
            with connection.begin():
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
        for channel in rung:
            self.bell.ring(channel)

    def _connect(self, engine: Engine) -> Connection:
        if self._closed:
            # The folder may belong to another process by now.
            raise StoreClosed(f"{self.folder} was closed")
        return engine.connect()

    @contextmanager
    def exclusive(self, name: str) -> Iterator[None]:
        guard.refuse_wire(f"waiting for {name}")
        with self._names.held(name):
            yield

    def _come_alive(self, worker: str) -> None:
        self._workers.add(worker)

    def alive(self, worker: str) -> bool:
        return worker in self._workers

    def close(self) -> None:
        if self._closed:
            return
        guard.refuse_wire("closing the store")
        waited = self._turn.acquire(timeout=LAST_WRITER_S)
        self._closed = True
        self._workers.clear()
        if waited:
            self._turn.release()
        self._readers.dispose()
        self._writer.dispose()
        self._lock.release()
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)


def _memory_folder() -> Path:
    base = MEMORY_FILE_SYSTEM if MEMORY_FILE_SYSTEM.is_dir() else Path(tempfile.gettempdir())
    _sweep(base)
    return Path(tempfile.mkdtemp(prefix=MEMORY_PREFIX, dir=base))


def _sweep(base: Path) -> None:
    """Frees the memory of stores whose process was killed."""
    for lock in base.glob(f"{MEMORY_PREFIX}*/{LOCK_NAME}"):
        if abandoned(lock):
            shutil.rmtree(lock.parent, ignore_errors=True)
