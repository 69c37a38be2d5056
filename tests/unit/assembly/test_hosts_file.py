"""The block of a hosts file comes and goes without touching another byte."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.assembly import hosts_file
from simulators.assembly.hosts_file import BEGIN, END, change, lines, with_block, without_block
from simulators.core.errors import EnvironmentProblem

WANTED = lines("127.0.0.1", ["dmp.localhost", "lps2.dmp.gouv.fr"])
CONTENTS = st.lists(
    st.sampled_from([b"127.0.0.1 localhost", b"# note \xe9", b"\n", b"\r\n", b"\r", b"", b"#", b"::1 x"]), max_size=8
).map(b"".join)


@given(CONTENTS)
def test_taken_away_the_file_is_as_before_byte_for_byte(content: bytes) -> None:
    added = with_block(content, WANTED)
    assert without_block(added) == content
    assert with_block(added, WANTED) == added
    assert added.count(BEGIN) == added.count(END) == 1
    assert b"127.0.0.1 lps2.dmp.gouv.fr" in added


@given(CONTENTS, CONTENTS)
def test_lines_written_after_the_block_stay(content: bytes, later: bytes) -> None:
    left = without_block(with_block(content, WANTED) + later)
    assert left.endswith(later)
    assert left.startswith(content)
    assert not later or content.endswith(b"\n") or not content or left == without_block(left)


def test_another_address_takes_the_place_of_the_first() -> None:
    first = with_block(b"a b\n", WANTED)
    second = with_block(first, lines("10.0.0.2", ["dmp.localhost"]))
    assert b"127.0.0.1" not in second
    assert b"10.0.0.2 dmp.localhost" in second
    assert without_block(second) == b"a b\n"


def test_the_ends_of_line_are_those_of_the_file() -> None:
    assert b"\n" not in with_block(b"a b\r\n", WANTED).replace(b"\r\n", b"")


@pytest.mark.parametrize("torn", [BEGIN + b"\n1 a\n", END + b"\n", BEGIN + b"\n" + BEGIN + b"\n" + END + b"\n"])
def test_marks_that_do_not_pair_are_not_guessed_at(torn: bytes) -> None:
    with pytest.raises(EnvironmentProblem, match="mend it by hand"):
        without_block(b"1 a\n" + torn)


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(b"127.0.0.1 localhost")
    path.chmod(0o640)
    assert change(path, with_block(path.read_bytes(), WANTED))
    assert not change(path, path.read_bytes())
    assert path.stat().st_mode & 0o777 == (0o640 if sys.platform != "win32" else path.stat().st_mode & 0o777)
    assert change(path, without_block(path.read_bytes()))
    assert path.read_bytes() == b"127.0.0.1 localhost"
    assert [found.name for found in tmp_path.iterdir()] == ["hosts"]


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "hosts"
    real.write_bytes(b"")
    link.symlink_to(real)
    change(link, b"x\n")
    assert link.is_symlink()
    assert real.read_bytes() == b"x\n"


def test_a_file_mounted_by_itself_is_written_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(b"a")

    def busy(self: Path, target: Path) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(Path, "replace", busy)
    assert change(path, b"b")
    assert path.read_bytes() == b"b"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_that_may_not_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", denied)
    with pytest.raises(EnvironmentProblem, match="administrator"):
        change(tmp_path / "hosts", b"x")


def test_where_the_file_is() -> None:
    assert hosts_file.system_file({}, windows=False) == Path("/etc/hosts")
    assert "drivers" in str(hosts_file.system_file({"SystemRoot": r"D:\Win"}, windows=True))
