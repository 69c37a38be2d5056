from __future__ import annotations

import io
import stat
import struct
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.documents.errors import ArchiveRefused
from simulators.documents.xdm.model import ArchiveLimits
from simulators.documents.xdm.read import read_archive
from simulators.documents.xdm.unzip import expand

MIB = 1024 * 1024
LIMITS = ArchiveLimits(archive=2 * MIB, entries=20, entry=4 * MIB, total=6 * MIB, ratio=100, ratio_floor=MIB)
CENTRAL = b"PK\x01\x02"


def _zip(*files: tuple[str, bytes], prepare: Callable[[zipfile.ZipInfo], None] | None = None) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")
        for name, content in files:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if prepare is not None:
                prepare(info)
            archive.writestr(info, content)
    return out.getvalue()


def _patch(data: bytes, after: bytes, offset: int, value: bytes, *, last: bool = False) -> bytes:
    at = (data.rfind if last else data.find)(after) + offset
    return data[:at] + value + data[at + len(value) :]


def _named(name: bytes) -> bytes:
    """An entry whose name is ``name`` in both headers; the library would not write some of them."""
    return _zip(("?" * len(name), b"x")).replace(b"?" * len(name), name)


def _symlink(info: zipfile.ZipInfo) -> None:
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def _bzip2(info: zipfile.ZipInfo) -> None:
    info.compress_type = zipfile.ZIP_BZIP2


def _overlapping() -> bytes:
    """Two directory records that lead to one entry."""
    data = _zip(("aaaa", b"x" * 50), ("aaab", b"x" * 50))
    return _patch(data, CENTRAL, 42, struct.pack("<L", 0), last=True)


def _lying(size: int) -> bytes:
    """3 MiB of zeros declared as ``size`` bytes, in both headers."""
    data = _zip(("bomb", bytes(3 * MIB)))
    data = _patch(data, b"PK\x03\x04", 22, struct.pack("<L", size))
    return _patch(data, CENTRAL, 24, struct.pack("<L", size))


ZIP64_LOCATOR = b"PK\x06\x07" + bytes(16)
HOSTILE = {
    "no archive": b"<html/>",
    "empty": b"",
    "above the size": b"PK\x03\x04" + bytes(LIMITS.archive),
    "no end": _zip(("a", b"x"))[:-22],
    "too many entries": _zip(*((f"f{number}", b"") for number in range(LIMITS.entries + 1))),
    "announced entries": _patch(_zip(("a", b"x")), b"PK\x05\x06", 8, struct.pack("<2H", 60000, 60000)),
    "zip64 sentinel": _patch(_zip(("a", b"x")), b"PK\x05\x06", 8, struct.pack("<2H", 0xFFFF, 0xFFFF)),
    "zip64 locator": _zip(("a", b"x")).replace(b"PK\x05\x06", ZIP64_LOCATOR + b"PK\x05\x06"),
    "volumes": _patch(_zip(("a", b"x")), b"PK\x05\x06", 4, struct.pack("<H", 3)),
    "parent": _named(b"../evil.txt"),
    "parent inside": _named(b"IHE_XDM/../../e"),
    "absolute": _named(b"/etc/passwd"),
    "drive": _named(b"C:evil.txt"),
    "backslash": _named(b"..\\evil.txt"),
    "nul": _named(b"a.txt\x00.exe"),
    "line feed": _named(b"a\nb"),
    "double slash": _named(b"IHE_XDM//a"),
    "trailing dot": _named(b"IHE_XDM/a."),
    "long name": _zip(("a" * 300, b"x")),
    "same name": _zip(("a", b"x"), ("a", b"y")),
    "same name by case": _zip(("IHE_XDM/a", b"x"), ("ihe_xdm/A", b"y")),
    "file and folder": _zip(("IHE_XDM", b"x"), ("IHE_XDM/", b"")),
    "link": _zip(("a", b"/etc/passwd"), prepare=_symlink),
    "encrypted": _patch(_patch(_zip(("a", b"x")), b"PK\x03\x04", 6, b"\x01"), CENTRAL, 8, b"\x01"),
    "method": _zip(("a", b"x" * 100), prepare=_bzip2),
    "one big entry": _zip(("bomb", bytes(5 * MIB))),
    "big together": _zip(*((f"b{number}", bytes(MIB - 1)) for number in range(7))),
    "ratio": _zip(("bomb", bytes(3 * MIB))),
    "overlap": _overlapping(),
    "lying small": _lying(1000),
    "lying big": _lying(MIB - 1),
    "checksum": _patch(_zip(("a", b"x")), CENTRAL, 16, b"\x00\x00\x00\x00"),
    "zip in zip": _zip(("a.zip", _zip(("b", b"x")))),
    "gzip in zip": _zip(("a", b"\x1f\x8b\x08\x00rest")),
    "folder with content": _zip(("IHE_XDM/", b"content")),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_archives_are_refused_before_they_cost(data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ArchiveRefused) as caught:
            read_archive(data, LIMITS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert caught.value.reason
    assert peak < MIB + MIB // 2


@pytest.mark.parametrize(
    ("name", "where"), [("parent", "../evil.txt"), ("link", "a"), ("one big entry", "bomb"), ("zip in zip", "a.zip")]
)
def test_a_refusal_names_the_entry(name: str, where: str) -> None:
    with pytest.raises(ArchiveRefused) as caught:
        expand(HOSTILE[name], LIMITS)
    assert caught.value.where == where


def test_an_honest_archive_passes_the_same_limits() -> None:
    files = {"IHE_XDM/a.XML": b"x" * 1000, "é.txt": b"", ".hidden": bytes(MIB)}
    assert dict(expand(_zip(*files.items()), LIMITS)) == files


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_archive_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(_zip(("IHE_XDM/SUBSET01/METADATA.XML", b"<x/>"), ("README.TXT", b"hello")))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert len(expand(bytes(whole), LIMITS)) <= LIMITS.entries
    except ArchiveRefused as error:
        assert error.reason


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    for prefix in (b"", b"PK\x03\x04", b"PK\x05\x06"):
        with pytest.raises(ArchiveRefused):
            read_archive(prefix + data + b"!", LIMITS)
