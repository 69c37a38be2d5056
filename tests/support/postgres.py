"""One database of this pytest process on the server named by ``SEGUR_TEST_POSTGRESQL``.

``scripts/test_postgres.py start DIR`` makes such a server. The database sorts text as French people do,
so that a query that leans on the server's collation gives itself away.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import make_url

if TYPE_CHECKING:
    import psycopg

SERVER = "SEGUR_TEST_POSTGRESQL"
REQUIRE = "SEGUR_REQUIRE_POSTGRESQL"


class TestDatabase:
    """``url`` is empty of tables after each :meth:`empty`."""

    __test__ = False

    def __init__(self, server: str) -> None:
        self._server = server
        self._name = f"segur_test_{os.getpid()}"
        self.url = make_url(server).set(database=self._name).render_as_string(hide_password=False)
        self.drop()
        with _connected(server) as connection:
            connection.execute(
                f"CREATE DATABASE {self._name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'fr'"
            )

    def empty(self) -> str:
        """Drops every table, once nobody holds it any more; the URL."""
        with _connected(self.url) as connection:
            connection.execute("SET client_min_messages = warning; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        return self.url

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """One statement past the store, as another program on the database would."""
        with _connected(self.url) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def connections(self) -> int:
        """How many sessions other than ours are open on the database."""
        with _connected(self._server) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'",
                [self._name],
            ).fetchone()
        assert row is not None
        return int(row[0])

    def cut(self) -> None:
        """Ends every session on the database, as a restart of the server would."""
        with _connected(self._server) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [self._name]
            )

    def drop(self) -> None:
        with _connected(self._server) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)")


def _connected(url: str) -> psycopg.Connection[Any]:
    import psycopg  # only where a server is named: the driver is an extra

    return psycopg.connect(url, autocommit=True)


def server_or_skip() -> str:
    """The server's URL; without one the test is skipped, or fails where PostgreSQL is required."""
    server = os.environ.get(SERVER, "")
    if server:
        return server
    why = f"no PostgreSQL server: set {SERVER} (scripts/test_postgres.py start DIR prints one)"
    if os.environ.get(REQUIRE) == "1":
        pytest.fail(why)
    pytest.skip(why)
