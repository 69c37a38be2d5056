"""One room a test; a folder of its own is not needed."""

from __future__ import annotations

import pytest

from simulators.core.store import Store
from tests.unit.hospital_idp.room import Room


@pytest.fixture
def room(memory_store: Store) -> Room:
    return Room(memory_store)
