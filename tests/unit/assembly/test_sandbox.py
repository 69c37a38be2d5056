"""The façade: ready or not at all, stopped without a trace, and what it notes of identifiers."""

from __future__ import annotations

import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from simulators.assembly.readiness import SELF_CHECK, prove
from simulators.assembly.settings import Settings
from simulators.core.errors import EnvironmentProblem, StoreError, WorldGone
from simulators.core.store import Store
from simulators.core.world import Worlds
from simulators.population.ins import Ins
from simulators.sandbox import Sandbox, _identifiers
from tests.unit.assembly.conftest import NOW

PRODUCTION = "1.2.250.1.213.1.4.8"


def settings(cache: Path, **more: Any) -> Settings:
    return Settings(environment={"XDG_CACHE_HOME": str(cache)}, publish=False, readiness=False, **more)


def test_a_sandbox_that_never_started_stops() -> None:
    Sandbox(Settings(environment={}), services=()).stop()


def test_a_start_that_fails_leaves_no_port_and_no_memory(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        base = taken.getsockname()[1] - 1  # the port of CRL and OCSP
        sandbox = Sandbox(settings(tmp_path, base_port=base), services=())
        with pytest.raises(EnvironmentProblem, match="in use"):
            sandbox.start()
    assert not sandbox.folder.exists()
    assert not sandbox.ready
    with pytest.raises(StoreError):
        sandbox.worlds.names()
    sandbox.stop()


def test_the_memory_goes_with_the_stop_and_the_cache_stays(tmp_path: Path) -> None:
    with Sandbox(settings(tmp_path, random_ports=True), services=()) as sandbox:
        memory = sandbox.folder
        assert memory.is_dir()
        assert sandbox.ready
        assert sandbox.describe("main")["structures"][0]["certificates"]
    assert sandbox.stopping
    assert not memory.exists()
    assert (tmp_path / "segur-sandbox" / "keys").is_dir()


def test_a_data_folder_stays(tmp_path: Path) -> None:
    kept = tmp_path / "data"
    kept.mkdir()
    (kept / "mine.txt").write_text("a user's own file", "utf-8")
    for _ in range(2):
        with Sandbox(settings(tmp_path, random_ports=True, data=kept), services=()) as sandbox:
            sandbox.worlds.ensure("w")
    assert (kept / "mine.txt").read_text("utf-8") == "a user's own file"
    assert (kept / "sandbox.sqlite").is_file()


def test_a_service_that_nobody_proves_is_not_ready(memory_store: Store) -> None:
    worlds = Worlds(memory_store, lambda: NOW)
    services = [SimpleNamespace(name="new")]
    sandbox: Any = SimpleNamespace(store=memory_store, worlds=worlds, services=services, delete_world=worlds.delete)
    with pytest.raises(EnvironmentProblem, match="not ready: no exchange is known that proves new"):
        prove(sandbox)
    with pytest.raises(WorldGone):
        worlds.get(SELF_CHECK)


def test_identifiers_that_begin_alike_have_keys_of_their_own() -> None:
    matricules = [Ins.of_payload(f"18501009990{order}", PRODUCTION).matricule for order in (77, 78)]
    body = " ".join(f"{matricule}^^^&{PRODUCTION}&ISO^NH" for matricule in (*matricules, matricules[0])).encode()
    keys, masks = zip(*_identifiers(body), strict=True)
    assert len(set(keys)) == 2
    assert set(masks) == {"1850*******"}
    assert not any(matricule in key for key in keys for matricule in matricules)
