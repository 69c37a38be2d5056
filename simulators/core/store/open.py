"""Opens a store from what ``--data``, ``--memory`` and ``--durable`` say."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, insert, inspect, select
from sqlalchemy.exc import DBAPIError

from simulators.core.errors import EnvironmentProblem, SchemaMismatch
from simulators.core.store import schema
from simulators.core.store.api import Store
from simulators.core.store.schema import PSEUDO_WORLD
from simulators.core.store.sqlite import SqliteStore

__all__ = ["PSEUDO_WORLD", "open_store"]


def open_store(data: str | Path | None, *, durable: bool = False) -> Store:
    """``data``: ``None`` (memory), a folder, or ``postgresql://...``.

    Every module that declares tables must have been imported before. Raises
    :class:`~simulators.core.errors.StoreLocked`, :class:`~simulators.core.errors.SchemaMismatch`,
    :class:`~simulators.core.errors.EnvironmentProblem` (no such server, folder or driver).
    """
    if isinstance(data, str) and data.startswith(("postgresql://", "postgresql+psycopg://", "postgres://")):
        return _postgres(data, durable)
    if isinstance(data, str) and "://" in data:
        raise EnvironmentProblem(f"{data.partition('://')[0]}://: expected a folder or postgresql://...")
    try:
        store = SqliteStore(Path(data) if data is not None else None, durable=durable)
    except OSError as problem:
        raise EnvironmentProblem(f"the data folder cannot be used: {problem}") from problem
    return _ready(store)


def _postgres(url: str, durable: bool) -> Store:
    try:
        from simulators.core.store.postgres import PostgresStore

        store = PostgresStore(url, durable=durable)
    except ImportError as problem:
        raise EnvironmentProblem("PostgreSQL needs its driver: pip install 'segur-sandbox[pg]'") from problem
    _ready(store)
    store.follow()
    return store


def _ready(store: Store) -> Store:
    try:
        _prepare(store)
    except DBAPIError as problem:
        store.close()
        raise EnvironmentProblem(f"the database cannot be used: {problem.orig}") from problem
    except BaseException:
        store.close()
        raise
    return store


def _prepare(store: Store) -> None:
    with store.exclusive("schema"), store.admin() as connection:
        if inspect(connection).has_table("meta"):
            found = connection.execute(select(schema.meta.c.value).where(schema.meta.c.name == "schema")).scalar()
            if found != schema.SCHEMA_VERSION:
                raise SchemaMismatch(
                    f"the data are of schema {found}, this version speaks {schema.SCHEMA_VERSION}: "
                    "start with an empty folder or database"
                )
            schema.metadata.create_all(connection)
            return
        schema.metadata.create_all(connection)
        first_rows(connection)


def first_rows(connection: Connection) -> None:
    """What stands in a database before anything happens: the version of its schema, and the world of nobody."""
    connection.execute(insert(schema.meta), [{"name": "schema", "value": schema.SCHEMA_VERSION}])
    connection.execute(
        insert(schema.worlds),
        [{"world": PSEUDO_WORLD, "epoch": 1, "seed": 0, "offset_us": 0, "policy": "{}", "created_us": 0}],
    )
