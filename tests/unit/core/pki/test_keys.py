from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from simulators.core.pki.files import create_once, write_atomic
from simulators.core.pki.keys import KeyPool, default_cache_dir, key_pem


def test_the_same_name_gives_the_same_key_in_another_process(pool: KeyPool, cache: Path) -> None:
    first = pool.key("ca-root-1")
    assert key_pem(KeyPool(cache).key("ca-root-1")) == key_pem(first)
    assert pool.key("ca-root-1") is first
    assert first.key_size == 2048


def test_key_files_are_private(pool: KeyPool, cache: Path) -> None:
    pool.key("ca-root-1")
    mode = stat.S_IMODE((cache / "keys" / "ca-root-1.pem").stat().st_mode)
    assert mode == 0o600 or os.name == "nt"


def test_of_two_writers_the_first_wins_and_both_read_it(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    assert create_once(path, b"first") == b"first"
    assert create_once(path, b"second") == b"first"
    assert [entry.name for entry in tmp_path.iterdir()] == ["key.pem"]


def test_without_hard_links_the_file_is_still_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError("not supported")

    monkeypatch.setattr(os, "link", no_links)
    assert create_once(tmp_path / "a", b"content") == b"content"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError):
        write_atomic(tmp_path / "taken", b"content")
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]


def test_a_damaged_key_file_is_replaced(pool: KeyPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spare = pool.key("leaf-0")
    monkeypatch.setattr("simulators.core.pki.keys.rsa.generate_private_key", lambda **_: spare)
    path = tmp_path / "keys" / "leaf-1.pem"
    path.parent.mkdir()
    path.write_bytes(b"-----BEGIN PRIVATE KEY-----\nhalf a key")
    assert key_pem(KeyPool(tmp_path).key("leaf-1")) == path.read_bytes() == key_pem(spare)


def test_one_holder_never_signs_with_the_key_it_authenticates_with(pool: KeyPool) -> None:
    for holder in ("10B0999009", "SIM-ANY", "899700000013"):
        assert pool.leaf(holder, "authentication") is not pool.leaf(holder, "signature")
        assert pool.leaf(holder, "signature") is pool.leaf(holder, "signature")


def test_warm_makes_the_leaf_keys_in_the_background(
    pool: KeyPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spare = pool.key("leaf-0")
    monkeypatch.setattr("simulators.core.pki.keys.rsa.generate_private_key", lambda **_: spare)
    KeyPool(tmp_path, leaf_keys=4).warm(99).join()
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == [f"leaf-{n}.pem" for n in range(4)]


@pytest.mark.parametrize("name", ["", "../root", "A", "a/b", ".hidden"])
def test_a_key_name_cannot_leave_the_folder(pool: KeyPool, name: str) -> None:
    with pytest.raises(ValueError, match="not a key name"):
        pool.key(name)


@pytest.mark.parametrize("number", [0, 1, 3])
def test_the_number_of_leaf_keys_is_even(tmp_path: Path, number: int) -> None:
    with pytest.raises(ValueError, match="even"):
        KeyPool(tmp_path, leaf_keys=number)


def test_the_cache_folder_follows_the_platform(tmp_path: Path) -> None:
    xdg, local, home = tmp_path / "xdg", tmp_path / "local", tmp_path / "home"
    every = {"XDG_CACHE_HOME": str(xdg), "LOCALAPPDATA": str(local), "HOME": str(home)}
    assert default_cache_dir(every) == xdg / "segur-sandbox"
    assert default_cache_dir({**every, "XDG_CACHE_HOME": "relative"}) == local / "segur-sandbox"
    assert default_cache_dir({"HOME": str(home)}) == home / ".cache" / "segur-sandbox"
    assert default_cache_dir({"USERPROFILE": str(home)}) == home / ".cache" / "segur-sandbox"
