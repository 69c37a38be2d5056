"""Where ``endpoints.json`` and the certificate files go, and who takes them away."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from simulators.assembly import endpoints as module
from simulators.assembly.endpoints import (
    certificate_files,
    targets,
    withdraw_endpoints,
    world_folder,
    write_endpoints,
)
from simulators.assembly.holders import Holders
from simulators.assembly.settings import ENDPOINTS_VARIABLE, Settings
from simulators.core.errors import EnvironmentProblem
from simulators.core.pki import KeyPool, Pki
from simulators.core.store import Store
from simulators.core.world import Worlds
from tests.unit.assembly.conftest import NOW


def sandbox(tmp_path: Path, token: str = "t", **settings: Any) -> Any:
    """What the module asks of a sandbox."""
    environment = {"XDG_CACHE_HOME": str(tmp_path / "cache"), **settings.pop("environment", {})}
    made = Settings(environment=environment, **settings)
    return SimpleNamespace(settings=made, folder=tmp_path / "data", token=token)


@pytest.fixture(autouse=True)
def document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "endpoints", lambda s: {"control": {"url": "u", "token": s.token}, "name": "é"})


def test_the_file_is_written_in_its_three_places_for_its_owner_only(tmp_path: Path) -> None:
    asked = tmp_path / "deep" / "asked.json"
    one = sandbox(tmp_path, endpoints=asked)
    write_endpoints(one)
    default = tmp_path / "cache" / "segur-sandbox" / "run" / "endpoints.json"
    assert targets(one) == (asked, default, tmp_path / "data" / "endpoints.json")
    for path in targets(one):
        assert json.loads(path.read_text("utf-8"))["name"] == "é"
        if os.name == "posix":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [found.name for found in path.parent.iterdir() if found.is_file()] == [path.name]


def test_the_variable_takes_the_place_of_the_default_folder(tmp_path: Path) -> None:
    named = tmp_path / "named.json"
    one = sandbox(tmp_path, environment={ENDPOINTS_VARIABLE: str(named)})
    assert targets(one) == (named, tmp_path / "data" / "endpoints.json")


def test_a_private_sandbox_writes_nowhere_but_where_it_is_asked(tmp_path: Path) -> None:
    assert targets(sandbox(tmp_path, publish=False)) == ()
    asked = tmp_path / "asked.json"
    assert targets(sandbox(tmp_path, publish=False, endpoints=asked)) == (asked,)


def test_the_stop_takes_away_our_files_and_no_others(tmp_path: Path) -> None:
    first, second = sandbox(tmp_path, "one"), sandbox(tmp_path, "two")
    second.folder = tmp_path / "other"
    write_endpoints(first)
    write_endpoints(second)  # the default place is the second's now
    withdraw_endpoints(first)
    assert not (first.folder / "endpoints.json").exists()
    assert all(path.exists() for path in targets(second))
    targets(second)[0].write_bytes(b"{")
    withdraw_endpoints(second)
    assert targets(second)[0].exists()
    assert not targets(second)[1].exists()


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EnvironmentProblem, match="cannot be written"):
        write_endpoints(sandbox(tmp_path, endpoints=tmp_path / "file" / "e.json"))


@pytest.fixture
def held(tmp_path: Path, memory_store: Store, pki: Pki, keys: KeyPool) -> Any:
    Worlds(memory_store, lambda: NOW).create("w")
    one = sandbox(tmp_path)
    one.holders = Holders(memory_store, pki, keys, lambda: NOW)
    return one


def test_key_files_are_for_their_owner_and_bundles_on_demand(held: Any) -> None:
    files = certificate_files(held, "w", "10B0000019")
    assert set(files) == {"auth_cli", "sign"}
    assert set(files["sign"]) == {"certificate", "key", "chain", "der", "fingerprint"}
    bundles = certificate_files(held, "w", "10B0000019", bundles=True)
    assert {"pkcs12", "pkcs12_legacy"} <= set(bundles["auth_cli"])
    assert bundles["password"]
    for form in ("key", "pkcs12", "pkcs12_legacy"):
        path = Path(bundles["auth_cli"][form])
        assert path.parent == world_folder(held, "w") / "10B0000019"
        if os.name == "posix":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("holder", ["../../../evil", "/etc/x", "a/b", "..", ".", "a\\b", "C:x", "é", "x" * 41, "CON "])
def test_no_structure_id_leads_out_of_the_folder(held: Any, holder: str) -> None:
    files = certificate_files(held, "w", holder)
    for use in ("auth_cli", "sign"):
        for form, path in files[use].items():
            if form != "fingerprint":
                assert Path(path).resolve().parent.parent == world_folder(held, "w").resolve()


def test_two_odd_ids_have_two_folders(held: Any) -> None:
    folders = {Path(certificate_files(held, "w", holder)["sign"]["key"]).parent for holder in ("a/b", "a/c", "a_b")}
    assert len(folders) == 3
