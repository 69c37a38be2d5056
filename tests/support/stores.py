"""Stores in memory that tests hand on: most of what a new one costs is its hundred tables."""

from __future__ import annotations

import atexit
import contextlib

from simulators.core.errors import StoreClosed
from simulators.core.store.api import Store
from simulators.core.store.open import first_rows, open_store
from simulators.core.store.schema import metadata

_idle: list[Store] = []


def borrowed() -> Store:
    """A store without a row, as one just opened in memory. Give it back."""
    return _idle.pop() if _idle else open_store(None)


def given_back(store: Store) -> None:
    """Takes every row away: the next borrower finds nothing."""
    with contextlib.suppress(StoreClosed):  # by a test that is about it
        with store.admin() as connection:
            for table in metadata.tables.values():
                connection.exec_driver_sql(f"DELETE FROM {table.name}")
            first_rows(connection)
        _idle.append(store)


@atexit.register
def _close() -> None:
    for store in _idle:
        store.close()
