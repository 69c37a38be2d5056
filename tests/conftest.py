"""Fixtures shared by every test: stores on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from simulators.core.store import Store, open_store
from tests.support.postgres import TestDatabase, server_or_skip
from tests.support.stores import borrowed, given_back

# A busy machine must not fail a property: speed is for benchmarks/.
settings.register_profile("no timing", deadline=None)
settings.load_profile("no timing")

SQLITE = ("sqlite-folder", "sqlite-memory")
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)


@pytest.fixture(scope="session")
def _postgres_database() -> Iterator[TestDatabase]:
    database = TestDatabase(server_or_skip())
    yield database
    database.drop()


@pytest.fixture
def postgres(_postgres_database: TestDatabase) -> TestDatabase:
    """A database without tables; skipped, saying so, without a server."""
    _postgres_database.empty()
    return _postgres_database


def _where(kind: str, request: pytest.FixtureRequest, folder: Path) -> str | Path | None:
    if kind == "postgresql":
        return str(request.getfixturevalue("postgres").url)
    return folder / "data" if kind == "sqlite-folder" else None


@pytest.fixture(params=[*SQLITE, POSTGRESQL])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store: a SQLite folder, SQLite in memory, PostgreSQL."""
    opened = open_store(_where(request.param, request, tmp_path))
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite-memory", POSTGRESQL])
def either_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store on each of the two databases, for what stands above the seam."""
    if request.param == "sqlite-memory":
        lent = borrowed()
        yield lent
        given_back(lent)
        return
    opened = open_store(_where(request.param, request, tmp_path))
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite-folder", POSTGRESQL])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """What ``--data`` says for a store that outlives its process: a folder, a PostgreSQL database."""
    return str(_where(request.param, request, tmp_path))


@pytest.fixture
def memory_store() -> Iterator[Store]:
    """The quickest store, for tests that are not about stores."""
    opened = borrowed()
    yield opened
    given_back(opened)
