"""openid-client and oauth4webapi, the Node.js libraries, sign people in through Pro Santé Connect.

Their checks are under ``psc/node`` and run by Node's own test runner; this file installs the two packages outside the
repository, starts the sandbox as its own process and reads the verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.interop.psc import nodejs
from tests.interop.psc import room as rooms
from tests.interop.psc.room import Bench, Room

pytestmark = pytest.mark.interop

CHECKS = ("openid-client.test.mjs", "oauth4webapi.test.mjs", "ciba.test.mjs", "rotation.test.mjs")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with rooms.bench(tmp_path_factory.mktemp("psc-node")) as running:
        yield running


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nodejs.project(tmp_path_factory.mktemp("project"))


@pytest.mark.parametrize(
    ("world", "enter"),
    [("main", rooms.room), ("node-here", rooms.room), ("node-later", rooms.later), ("node-lists", rooms.lists)],
    ids=["at the production paths", "in a world of its own", "six months later", "by the national lists"],
)
@pytest.mark.parametrize("check", CHECKS)
def test_a_node_product(
    bench: Bench, project: Path, tmp_path: Path, check: str, world: str, enter: Callable[[Bench, str], Room]
) -> None:
    name = world if world == "main" else f"{world}-{check.partition('.')[0]}"
    nodejs.check(project, check, enter(bench, name), tmp_path)
