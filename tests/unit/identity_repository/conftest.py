"""A hospital for each test."""

from __future__ import annotations

import pytest

from simulators.core.store import Store
from tests.unit.identity_repository.hospital import Hospital


@pytest.fixture
def either_hospital(either_store: Store) -> Hospital:
    """On each of the two databases."""
    return Hospital(either_store)


@pytest.fixture
def hospital(memory_store: Store) -> Hospital:
    return Hospital(memory_store)
