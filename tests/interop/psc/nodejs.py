"""Checks written for Node.js: packages installed outside the repository, each check run by Node's own test runner."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

from tests.interop.psc import room as rooms
from tests.interop.psc.room import Room

SOURCES = rooms.HERE / "node"
OLDEST = 18
WEB_CRYPTO = 19
"""First major version whose global object has the Web Crypto API without a flag."""


def project(folder: Path, *more: Path) -> Path:
    """The checks of Pro Santé Connect and of the folders ``more``, beside the packages that package.json pins."""
    pinned = hashlib.sha256((SOURCES / "package.json").read_bytes()).hexdigest()[:12]
    installed = rooms.cached(f"node-{pinned}")
    if not (installed / "done").is_file():
        shutil.copy(SOURCES / "package.json", installed)
        npm = [rooms.tool("npm", "it comes with Node.js, or Debian package npm"), "install", "--ignore-scripts"]
        done = rooms.run([*npm, "--no-package-lock", "--no-audit", "--no-fund"], installed)
        if done.returncode != 0:
            rooms.missing(f"npm did not install the packages:\n{done.stdout}")
        (installed / "done").touch()
    for source in (SOURCES, *more):
        shutil.copytree(source, folder, dirs_exist_ok=True)
    (folder / "node_modules").symlink_to(installed / "node_modules")
    return folder


def check(project: Path, name: str, room: Room, folder: Path) -> None:
    """Runs one file of checks in a room; none may fail or be skipped."""
    node, environment = _node()
    command = [node, "--test", "--test-reporter=tap", name]
    done = rooms.run(command, project, 300, SEGUR_INTEROP_ROOM=str(room.write(folder)), **environment)
    counted = dict(re.findall(r"^# (tests|pass|fail|cancelled|skipped|todo) (\d+)$", done.stdout, re.MULTILINE))
    assert done.returncode == 0, done.stdout
    assert int(counted["pass"]) == int(counted["tests"]) > 0, done.stdout


def _node() -> tuple[str, dict[str, str]]:
    """The program, and the environment it needs at its age."""
    node = rooms.tool("node", f"Node.js {OLDEST} or later (Debian package nodejs)")
    major = int(rooms.run([node, "--version"], SOURCES).stdout.strip().lstrip("v").partition(".")[0])
    if major < OLDEST:
        rooms.missing(f"Node.js {major} is too old: {OLDEST} or later (Debian package nodejs)")
    return node, {} if major >= WEB_CRYPTO else {"NODE_OPTIONS": "--experimental-global-webcrypto"}
