"""Hostile ZIP bytes → files in memory, within limits, or :class:`ArchiveRefused`.

Everything that can be known without expanding is checked on the central directory first: number of
entries, names, kinds, encryption, methods, declared sizes and ratio, overlaps. Expansion then streams
and stops at the declared size, which the limits already bound. An archive inside the archive is
refused too, office documents included. Source: PKWARE APPNOTE 6.3.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from simulators.documents.errors import ArchiveRefused
from simulators.documents.xdm.model import ArchiveLimits

_END_RECORD = struct.Struct("<4s4H2LH")
_END_MAGIC = b"PK\x05\x06"
_LOCAL_MAGIC = b"PK\x03\x04"
_LOCATOR_MAGIC, _LOCATOR_SIZE = b"PK\x06\x07", 20
_LOCAL_HEADER = 30
_CENTRAL_HEADER = 46
_CHUNK = 64 * 1024
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_NESTED = (_LOCAL_MAGIC, _END_MAGIC, b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"BZh", b"\xfd7zXZ\x00")
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    UnicodeError,
    ValueError,
)
ENCRYPTED: Final = "an encrypted entry"
"""The reason told for an archive that nobody can look into."""
_BAD_NAME = re.compile(r"[\x00-\x1f\x7f\\:*?\"<>|]")


def expand(data: bytes, limits: ArchiveLimits) -> Mapping[str, bytes]:
    """Every file of the archive by name, in the archive's order; folders are left out.

    Raises :class:`ArchiveRefused`; ``where`` is the entry's name when one is to blame.
    """
    _check_frame(data, limits)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            _check_directory(infos, limits)
            return MappingProxyType({i.filename: _read(archive, i) for i in infos if not i.is_dir()})
    except ArchiveRefused:
        raise
    except _DAMAGE as error:
        raise ArchiveRefused(f"damaged archive: {str(error)[:200]}") from None


def _check_frame(data: bytes, limits: ArchiveLimits) -> None:
    """The end record, before the library turns each announced entry into an object."""
    if len(data) > limits.archive:
        raise ArchiveRefused(f"the archive has {len(data)} bytes; the limit is {limits.archive}")
    if data[:4] not in (_LOCAL_MAGIC, _END_MAGIC):
        raise ArchiveRefused("not a ZIP archive")
    at = data.rfind(_END_MAGIC)
    if at < 0 or at + _END_RECORD.size > len(data):
        raise ArchiveRefused("the archive is cut: no end of central directory")
    if data[max(at - _LOCATOR_SIZE, 0) : at].startswith(_LOCATOR_MAGIC):
        raise ArchiveRefused("a ZIP64 archive; nothing of this size is expected")
    _, disk, first_disk, here, total, size, offset, _ = _END_RECORD.unpack_from(data, at)
    if disk or first_disk or here != total:
        raise ArchiveRefused("an archive in several volumes")
    if total == 0xFFFF or 0xFFFFFFFF in (size, offset):
        raise ArchiveRefused("a ZIP64 archive; nothing of this size is expected")
    if total > limits.entries or size > limits.entries * (_CENTRAL_HEADER + 2 * limits.name):
        raise ArchiveRefused(f"{total} entries in {size} bytes of directory; the limit is {limits.entries} entries")


def _check_directory(infos: list[zipfile.ZipInfo], limits: ArchiveLimits) -> None:
    if len(infos) > limits.entries:
        raise ArchiveRefused(f"{len(infos)} entries; the limit is {limits.entries}")
    seen: set[str] = set()
    for info in infos:
        _check_name(info, limits)
        _check_kind(info)
        _check_size(info, limits)
        key = info.filename.rstrip("/").casefold()
        if key in seen:
            raise ArchiveRefused("two entries of the same name", info.filename)
        seen.add(key)
    total = sum(info.file_size for info in infos)
    if total > limits.total:
        raise ArchiveRefused(f"{total} bytes once expanded; the limit is {limits.total}")
    _check_overlaps(infos)


def _check_name(info: zipfile.ZipInfo, limits: ArchiveLimits) -> None:
    name = info.orig_filename  # before the library cuts it at a NUL or turns separators over
    if len(name) > limits.name:
        raise ArchiveRefused(f"an entry name of {len(name)} characters; the limit is {limits.name}", name[:80])
    if _BAD_NAME.search(name):
        raise ArchiveRefused("a control character, backslash, colon or wildcard in an entry name", repr(name)[1:-1])
    parts = name.removesuffix("/").split("/")
    if any(part in ("", ".", "..") or part != part.rstrip(" .") for part in parts):
        raise ArchiveRefused("an entry name that leaves its folder or names nothing", name)


def _check_kind(info: zipfile.ZipInfo) -> None:
    if info.flag_bits & _ENCRYPTED:
        raise ArchiveRefused(ENCRYPTED, info.filename)
    if info.compress_type not in _METHODS:
        raise ArchiveRefused(f"compression method {info.compress_type}; only store and deflate are read", info.filename)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveRefused("a link or special file", info.filename)


def _check_size(info: zipfile.ZipInfo, limits: ArchiveLimits) -> None:
    if info.file_size > limits.entry:
        raise ArchiveRefused(f"{info.file_size} bytes once expanded; the limit is {limits.entry}", info.filename)
    if info.is_dir() and info.file_size:
        raise ArchiveRefused("a folder with a content", info.filename)
    if info.file_size > limits.ratio_floor and info.file_size > limits.ratio * max(info.compress_size, 1):
        raise ArchiveRefused(f"expands more than {limits.ratio} times", info.filename)


def _check_overlaps(infos: list[zipfile.ZipInfo]) -> None:
    """Entries that share compressed bytes make a small archive expand without end."""
    end = 0
    for info in sorted(infos, key=lambda one: one.header_offset):
        if info.header_offset < end:
            raise ArchiveRefused("entries that share the same bytes", info.filename)
        end = info.header_offset + _LOCAL_HEADER + len(info.orig_filename) + info.compress_size


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Streams one entry. The library never gives more than the declared size, then compares the CRC."""
    with archive.open(info) as stream:
        content = b"".join(iter(lambda: stream.read(_CHUNK), b""))
    if len(content) != info.file_size:
        raise ArchiveRefused(f"expands to {len(content)} bytes instead of {info.file_size}", info.filename)
    if content.startswith(_NESTED):
        raise ArchiveRefused("an archive inside the archive", info.filename)
    return content
