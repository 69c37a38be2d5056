"""``hosts``: lines printed, written into a file, and taken away byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulators.cli.codes import ENVIRONMENT, INVALID, PASS
from simulators.cli.main import main

BEFORE = b"127.0.0.1\tlocalhost\r\n# caf\xe9"


def test_the_lines_are_printed_and_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "hosts"
    assert main(["hosts", "--file", str(path), "--public-host", "sandbox.test"]) == PASS
    told = capsys.readouterr().out
    assert "127.0.0.1 dmp.sandbox.test" in told
    assert "gouv.fr" not in told
    assert not path.exists()


def test_national_names_only_when_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(BEFORE)
    assert main(["hosts", "--add", "--file", str(path)]) == PASS
    assert b"gouv.fr" not in path.read_bytes()
    capsys.readouterr()
    assert main(["hosts", "--add", "--production-names", "--address", "10.9.0.1", "--file", str(path)]) == PASS
    assert "out of reach" in capsys.readouterr().out
    assert b"10.9.0.1 lps2.dmp.gouv.fr\r\n" in path.read_bytes()
    assert b"127.0.0.1 dmp" not in path.read_bytes()


def test_added_twice_and_removed_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(BEFORE)
    for _ in range(2):
        assert main(["hosts", "--add", "--file", str(path)]) == PASS
        added = path.read_bytes()
    assert added.count(b"BEGIN segur-sandbox") == 1
    for words in ("as before", "no line of ours"):
        assert main(["hosts", "--remove", "--file", str(path)]) == PASS
        assert words in capsys.readouterr().out.splitlines()[-1]
    assert path.read_bytes() == BEFORE


def test_what_cannot_be_done_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(b"# END segur-sandbox\n")
    assert main(["hosts", "--add", "--file", str(path)]) == ENVIRONMENT
    assert "mend it by hand" in capsys.readouterr().err
    assert main(["hosts", "--add", "--address", "sandbox", "--file", str(path)]) == INVALID
    assert main(["hosts", "--add", "--file", str(tmp_path / "none" / "hosts")]) == ENVIRONMENT
    assert path.read_bytes() == b"# END segur-sandbox\n"
