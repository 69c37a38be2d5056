from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulators.core.store import Store
from tests.support.imap_room import Room, imap_room


@pytest.fixture
def room(memory_store: Store) -> Iterator[Room]:
    """An IMAP server over SQLite in memory."""
    with imap_room(memory_store) as opened:
        yield opened


@pytest.fixture
def either_room(either_store: Store) -> Iterator[Room]:
    """An IMAP server on each database."""
    with imap_room(either_store) as opened:
        yield opened
