"""A Node.js product on nodemailer and imapflow sends and reads a published XDM: tokens, certificate, refusals, IDLE.

Its checks are under ``mail/nodemailer`` and run by Node's own test runner; the packages are installed outside the
repository.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.mail.office import facts, office
from tests.interop.psc import room as rooms
from tests.interop.psc.room import Bench

pytestmark = pytest.mark.interop

SOURCES = Path(__file__).resolve().parent / "mail" / "nodemailer"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with rooms.bench(tmp_path_factory.mktemp("mail-node")) as running:
        yield running


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checks beside their packages, at the versions that package.json pins."""
    rooms.tool("node", "Node.js 20 or later (Debian package nodejs)")
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


@pytest.mark.parametrize(("world", "later"), [("main", False), ("node-here", False), ("node-later", True)])
def test_a_product_on_nodemailer_and_imapflow(
    bench: Bench, project: Path, tmp_path: Path, world: str, later: bool
) -> None:
    known = tmp_path / "facts.json"
    known.write_text(json.dumps(facts(office(bench, world, later=later), tmp_path)), "utf-8")
    command = [rooms.tool("node", "Node.js"), "--test", "--test-reporter=tap", "--test-timeout=30000", "mail.test.mjs"]
    done = rooms.run(command, project, 120, SEGUR_INTEROP_MAIL=str(known))
    counted = dict(re.findall(r"^# (tests|pass|fail|cancelled|skipped|todo) (\d+)$", done.stdout, re.MULTILINE))
    assert done.returncode == 0, done.stdout
    assert int(counted["pass"]) == int(counted["tests"]) > 0, done.stdout
