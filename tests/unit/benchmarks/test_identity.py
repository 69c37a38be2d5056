"""The table says which counterpart is not on this machine."""

from __future__ import annotations

import contextlib
import shutil
import sys
from pathlib import Path

import pytest

from benchmarks import identity_servers
from benchmarks.identity import counterparts
from benchmarks.table import render


def said(folder: Path) -> list[str]:
    with contextlib.ExitStack() as stack:
        rows = [row for row, running in counterparts(folder, stack) if running is None]
    return render(rows).splitlines()[2:]


def test_a_tool_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert said(tmp_path) == [
        "| oidc-provider (counterpart) | not measured: no node on this machine |  |",
        "| mock-oauth2-server (counterpart) | not measured: no java on this machine |  |",
    ]


def test_a_package_that_cannot_be_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python stands for every tool: it knows neither npm's nor Maven's arguments."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(shutil, "which", lambda name: sys.executable)
    assert ["not measured" in line and " failed: " in line for line in said(tmp_path)] == [True, True]


def test_a_process_that_ends_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no room')"]
    with (
        identity_servers._process(command, tmp_path) as process,
        pytest.raises(identity_servers.Missing, match="no room"),
    ):
        identity_servers._wait(process, tmp_path, lambda: "")
