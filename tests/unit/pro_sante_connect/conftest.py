from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.psc_room import Room


@pytest.fixture
def room() -> Iterator[Room]:
    made = Room()
    made.client()
    try:
        yield made
    finally:
        made.close()
