"""A running sandbox as a product's test bench sees it: rooms, each a world with what a product needs of it, as JSON.

Nothing of the sandbox's code is used: endpoints.json says where it is, its control API gives the rest.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.interop import endpoints

TIMEOUT_S = 60
HERE = Path(__file__).resolve().parent
CHANGES: tuple[tuple[str, dict[str, str]], ...] = (("/clock", {"advance": "P6M"}), ("/psc/keys/rotate", {}))
"""Calls under a world after which a product that works must go on working, untouched."""


class Bench:
    """The control API of a running sandbox."""

    def __init__(self, found: endpoints.Endpoints) -> None:
        self.control = {"url": found.control_url.rstrip("/"), "token": found.control_token}
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {found.control_token}"

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One request of the control API; anything but success fails the test with what was answered."""
        answer = self._session.request(method, self.control["url"] + path, json=body, timeout=TIMEOUT_S)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        return answer.json()

    def page(self, path: str) -> requests.Response:
        """A page of the console, which stands beside the control API."""
        base = self.control["url"].removesuffix("/_sandbox")
        return self._session.get(base + path, timeout=TIMEOUT_S)


@dataclass(frozen=True)
class Room:
    """One world; ``facts`` is what the clients read: services, client, professional, structure, roots, control."""

    bench: Bench
    facts: dict[str, Any]

    @property
    def world(self) -> str:
        return str(self.facts["world"])

    @property
    def psc(self) -> dict[str, str]:
        """Addresses of Pro Santé Connect by name."""
        found: dict[str, str] = self.facts["services"]["pro_sante_connect"]
        return found

    @property
    def client(self) -> dict[str, Any]:
        found: dict[str, Any] = self.facts["client"]
        return found

    @property
    def professional(self) -> str:
        return str(self.facts["professional"])

    @property
    def certificate(self) -> tuple[str, str]:
        """Certificate and key files of the structure's AUTH_CLI."""
        files = self.facts["structure"]["certificates"]["auth_cli"]
        return files["certificate"], files["key"]

    def settings(self, **values: str | None) -> None:
        """Sets the world's settings, ``psc_code_seconds`` for ``psc.code-seconds``; None takes one away."""
        named = {name.replace("_", ".", 1).replace("_", "-"): value for name, value in values.items()}
        self.bench.call("PATCH", f"/worlds/{self.world}/policy", {"settings": named})

    def write(self, folder: Path) -> Path:
        """The facts as a file."""
        file = folder / f"room-{self.world}.json"
        file.write_text(json.dumps(self.facts), "utf-8")
        return file


def missing(what: str) -> None:
    """Says what is missing: skip, or fail where ``SEGUR_REQUIRE=1`` asks that nothing be skipped."""
    if os.environ.get("SEGUR_REQUIRE") == "1":
        pytest.fail(f"{what} (SEGUR_REQUIRE=1)")
    pytest.skip(what)


def tool(name: str, of: str, where: str | None = None) -> str:
    """The path of a program, in the folder ``where`` if given; ``of`` says what would bring it."""
    found = shutil.which(name, path=where)
    if found is None:
        missing(f"no {name} on this machine: {of}")
    assert found is not None
    return found


def run(command: list[str], folder: Path, limit: int = 300, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end; both outputs as one text."""
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=limit,
        check=False,
    )


def fetched(url: str) -> bytes:
    """What a plain HTTP address gives."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(url, timeout=TIMEOUT_S)
    assert answer.ok, f"{url}: {answer.status_code}"
    return answer.content


def cached(name: str) -> Path:
    """A folder outside the repository for what a package manager brings."""
    base = os.environ.get("SEGUR_INTEROP_CACHE") or Path.home() / ".cache" / "segur-interop"
    folder = Path(base) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    """A sandbox of the tests' own, with a key cache of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder.parent / "cache"))
        with endpoints.sandbox(folder) as found:
            yield Bench(found)


def room(bench: Bench, world: str) -> Room:
    """``main`` at the production paths; any other world is made, and reached under its prefix."""
    document = bench.call("GET", "/endpoints")
    if world == "main":
        found = document["worlds"]["main"]
        services = document["services"]
    else:
        found = bench.call("POST", "/worlds", {"name": world, "certificates": True, "files": True})
        services = found["services"]
    facts = {
        "world": world,
        "control": bench.control,
        "roots": document["trust"]["roots"],
        "services": services,
        "client": next(c for c in found["clients"] if c["provider"] == "pro_sante_connect" and not c["adopted"]),
        "professional": next(person["id"] for person in found["professionals"] if person["id"].startswith("8")),
        "structure": next(structure for structure in found["structures"] if "certificates" in structure),
    }
    return Room(bench, facts)


def later(bench: Bench, world: str) -> Room:
    """A world whose business time is six months ahead."""
    found = room(bench, world)
    bench.call("POST", f"/worlds/{world}/clock", {"advance": "P6M"})
    return found


def lists(bench: Bench, world: str) -> Room:
    """A world whose discovery document has the lists of the national one, which are those of its engine."""
    found = room(bench, world)
    found.settings(psc_discovery="national")
    return found


def national(bench: Bench, world: str) -> Room:
    """The same, and under the national name only."""
    found = lists(bench, world)
    found.settings(psc_standard_discovery="false")
    return found
