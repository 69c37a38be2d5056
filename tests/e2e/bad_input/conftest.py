"""A bench on the running sandbox: one world for each test module."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from simulators.clients.control import Control
from simulators.sandbox import Sandbox
from tests.e2e.bad_input.bench import Bench

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def bench(sandbox: Sandbox, control: Control) -> Bench:
    """One world for the module: nothing that its tests send may change it."""
    return make_bench(sandbox, control)


@pytest.fixture
def fresh_bench(sandbox: Sandbox, control: Control) -> Bench:
    """A world for one test that changes it."""
    return make_bench(sandbox, control)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys and PKI of the sandboxes that these tests start as processes: made once."""
    return tmp_path_factory.mktemp("processes")


def make_bench(sandbox: Sandbox, control: Control) -> Bench:
    name = f"bad{next(_numbers)}"
    sandbox.create_world(name)
    return Bench(sandbox, control, name)
