"""The plugin: light when pytest loads it, and what it asks the sandbox for."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from simulators.clients.bench import Bench
from simulators.clients.control import Control, Refusal
from simulators.core.errors import EnvironmentProblem
from simulators.core.world import NAME
from simulators.pytest_plugin import TITLE, _refusals, _wanted

HEAVY = ("flask", "lxml", "sqlalchemy", "cryptography", "yaml", "jsonschema", "spyne", "ssl", "simulators.core")


def test_loading_it_loads_nothing_heavy() -> None:
    # pytest itself is there already when it loads its plugins: what it brings does not count.
    code = (
        "import sys, pytest; before = set(sys.modules); import simulators.pytest_plugin;"
        f"print([m for m in {HEAVY!r} if m in set(sys.modules) - before])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "[]"


def asked(name: str, nodeid: str = "") -> dict[str, Any]:
    ini = {"segur_profile": "strict", "segur_unknown": "refuse"}
    node = SimpleNamespace(name=name, nodeid=nodeid or name)
    request: Any = SimpleNamespace(node=node, config=SimpleNamespace(getini=ini.__getitem__))
    return _wanted(request)


@pytest.mark.parametrize("name", ["test_a", "test_b[é-/..\x00]", "[", "x" * 300, "Test Upper", "-" * 60])
def test_any_test_has_a_world_that_can_be_named(name: str) -> None:
    assert NAME.fullmatch(asked(name)["name"])


def test_two_sessions_share_the_seed_and_not_the_name() -> None:
    one, two = asked("test_a", "f.py::test_a"), asked("test_a", "f.py::test_a")
    assert one["name"] != two["name"]
    assert one["seed"] == two["seed"] != asked("test_a", "g.py::test_a")["seed"]
    assert one["seed"] > 0
    assert (one["profile"], one["unknown"], one["certificates"]) == ("strict", "refuse", True)


@pytest.mark.parametrize("problem", [EnvironmentProblem("gone"), Refusal("no world", 404)])
def test_a_sandbox_that_is_gone_does_not_hide_the_tests_own_failure(problem: Exception) -> None:
    class Gone(Control):
        def call(self, *_: Any) -> Any:
            raise problem

    control = Gone({"control": {"url": "http://localhost:1", "token": "t"}})
    assert str(problem) in _refusals(Bench(control, {"name": "w"}), 0)
    assert "refused" in TITLE
