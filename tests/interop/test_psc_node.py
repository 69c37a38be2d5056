"""openid-client and oauth4webapi, the Node.js libraries, sign people in through Pro Santé Connect.

Their checks are under ``psc/node`` and run by Node's own test runner; this file installs the two packages outside the
repository, starts the sandbox as its own process and reads the verdict.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.interop.psc import room as rooms
from tests.interop.psc.room import Bench, Room

pytestmark = pytest.mark.interop

SOURCES = rooms.HERE / "node"
CHECKS = ("openid-client.test.mjs", "oauth4webapi.test.mjs", "ciba.test.mjs", "rotation.test.mjs")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with rooms.bench(tmp_path_factory.mktemp("psc-node")) as running:
        yield running


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checks beside their packages, at the versions that package.json pins."""
    node = rooms.tool("node", "Node.js 20 or later (Debian package nodejs)")
    major = int(rooms.run([node, "--version"], SOURCES).stdout.strip().lstrip("v").partition(".")[0])
    if major < 20:
        rooms.missing(f"Node.js {major} is too old: openid-client 6 needs 20")
    pinned = hashlib.sha256((SOURCES / "package.json").read_bytes()).hexdigest()[:12]
    installed = rooms.cached(f"node-{pinned}")
    if not (installed / "done").is_file():
        shutil.copy(SOURCES / "package.json", installed)
        npm = [rooms.tool("npm", "it comes with Node.js"), "install", "--ignore-scripts", "--no-package-lock"]
        done = rooms.run([*npm, "--no-audit", "--no-fund"], installed)
        if done.returncode != 0:
            rooms.missing(f"npm did not install the packages:\n{done.stdout}")
        (installed / "done").touch()
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(SOURCES, folder, dirs_exist_ok=True)
    (folder / "node_modules").symlink_to(installed / "node_modules")
    return folder


@pytest.mark.parametrize(
    ("world", "enter"),
    [("main", rooms.room), ("node-here", rooms.room), ("node-later", rooms.later)],
    ids=["at the production paths", "in a world of its own", "six months later"],
)
@pytest.mark.parametrize("check", CHECKS)
def test_a_node_product(
    bench: Bench, project: Path, tmp_path: Path, check: str, world: str, enter: Callable[[Bench, str], Room]
) -> None:
    name = world if world == "main" else f"{world}-{check.partition('.')[0]}"
    facts = enter(bench, name).write(tmp_path)
    command = [rooms.tool("node", "Node.js"), "--test", "--test-reporter=tap", check]
    done = rooms.run(command, project, SEGUR_INTEROP_ROOM=str(facts))
    counted = dict(re.findall(r"^# (tests|pass|fail|cancelled|skipped|todo) (\d+)$", done.stdout, re.MULTILINE))
    assert done.returncode == 0, done.stdout
    assert int(counted["pass"]) == int(counted["tests"]) > 0, done.stdout
