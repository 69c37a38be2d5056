"""A record and a PFI in a world of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulators.sandbox import Sandbox
from tests.support.pfi_peer import Bench, Creator


@pytest.fixture
def creator() -> Iterator[Creator]:
    with Creator() as listening:
        yield listening


@pytest.fixture
def bench(sandbox: Sandbox, world: str, creator: Creator) -> Bench:
    made = Bench(sandbox, world)
    made.set(pfi_dpi=creator.url)
    return made
