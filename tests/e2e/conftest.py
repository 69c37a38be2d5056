"""One running sandbox for the whole session; a world of its own for each test."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.assembly.endpoints import endpoints
from simulators.assembly.settings import Settings
from simulators.clients.control import Control
from simulators.sandbox import Sandbox

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    with Sandbox(Settings(random_ports=True, environment=environment)) as running:
        yield running


@pytest.fixture(scope="session")
def control(sandbox: Sandbox) -> Control:
    return Control(endpoints(sandbox))


@pytest.fixture
def world(sandbox: Sandbox) -> str:
    """The name of a world made for this test."""
    name = f"t{next(_numbers)}"
    sandbox.create_world(name)
    return name


@pytest.fixture(scope="session")
def scenarios() -> Path:
    return Path(__file__).resolve().parents[2] / "scenarios"
