"""Hostile XDM archives given to ``segur-sandbox check``: refused by name, nothing written, nothing expanded."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path

import pytest

from tests.support.ledger_sandbox import run_command

MIB = 1 << 20
LOCAL, CENTRAL = b"PK\x03\x04", b"PK\x01\x02"


def zipped(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


def renamed(name: bytes) -> bytes:
    """An entry of that name in both headers: the library would not write some of them."""
    return zipped(("?" * len(name), b"x")).replace(b"?" * len(name), name)


def lying() -> bytes:
    """Zeros by the megabyte, declared as ten bytes in both headers."""
    data = bytearray(zipped(("IHE_XDM/SUBSET01/METADATA.XML", bytes(64 * MIB))))
    for magic, offset in ((LOCAL, 22), (CENTRAL, 24)):
        struct.pack_into("<L", data, data.find(magic) + offset, 10)
    return bytes(data)


HOSTILE = {
    "bomb": zipped(("IHE_XDM/SUBSET01/METADATA.XML", bytes(256 * MIB))),
    "lying-bomb": lying(),
    "nested-bomb": zipped(("IHE_XDM/SUBSET01/DOC.ZIP", zipped(("zeros", bytes(8 * MIB))))),
    "many-entries": zipped(*((f"IHE_XDM/{number}", b"") for number in range(20_000))),
    "parent": renamed(b"../../escaped-from-the-archive"),
    "parent-inside": renamed(b"IHE_XDM/../../../escaped-from-the-archive"),
    "absolute": renamed(b"/tmp/escaped-from-the-archive"),
    "drive": renamed(b"C:\\escaped-from-the-archive"),
    "entities": zipped(
        (
            "IHE_XDM/SUBSET01/METADATA.XML",
            b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
        )
    ),
}


@pytest.fixture(scope="module")
def verdicts(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """One ``check --json`` of them all, in an empty folder, by file name."""
    folder = tmp_path_factory.mktemp("archives") / "deep" / "deeper"
    folder.mkdir(parents=True)
    for name, content in HOSTILE.items():
        (folder / f"{name}.zip").write_bytes(content)
    before = sorted(path.name for path in folder.parents[1].rglob("*"))
    done = run_command(cache, "check", "--json", *(str(folder / f"{name}.zip") for name in HOSTILE))
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in folder.parents[1].rglob("*")) == before, "nothing was written"
    return {examined["name"].removesuffix(".zip"): examined for examined in json.loads(done.stdout)}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused(verdicts: dict[str, object], name: str) -> None:
    examined = verdicts[name]
    assert isinstance(examined, dict)
    (finding,) = examined["findings"]
    assert (finding["rule"], finding["level"]) == ("CHECK-UNREADABLE", "refuse")
    assert finding["found"]
    assert examined["inside"] == []
    assert not any(Path(root, "escaped-from-the-archive").exists() for root in ("/tmp", "/", ".."))


def test_a_good_archive_among_them_would_be_read(cache: Path, tmp_path: Path) -> None:
    """The refusals above are not those of a command that refuses everything."""
    path = tmp_path / "empty.zip"
    path.write_bytes(zipped(("README.TXT", b"SIMULATION"), ("IHE_XDM/SUBSET01/OTHER.TXT", b"")))
    done = run_command(cache, "check", str(path))
    assert "CHECK-UNREADABLE" not in done.stdout, done
    assert "[fact] no-subset" in done.stdout, done
