"""A room of the operator for each test."""

from __future__ import annotations

import pytest

from simulators.core.store import Store
from simulators.mssante.access import introspection
from tests.unit.mssante.smtp_room import Room


@pytest.fixture
def smtp_room(memory_store: Store, monkeypatch: pytest.MonkeyPatch) -> Room:
    room = Room(memory_store)
    monkeypatch.setattr(introspection, "introspect", room.introspected)
    return room
