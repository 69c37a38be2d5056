"""A ZIP archive encrypted in the traditional way, which every program opens with its password.

Source: PKWARE APPNOTE 6.3 section 6.1. Weak by design and of no use but to show what an operator cannot look into.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

PASSWORD = b"simulation"
_FLAG = 0x1
_HEADER = 12
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")


def locked(archive: bytes, password: bytes = PASSWORD) -> bytes:
    """The same files, each encrypted; folders are left out. Bytes depend only on the arguments."""
    out, directory, count = io.BytesIO(), b"", 0
    with zipfile.ZipFile(io.BytesIO(archive)) as plain:
        for info in plain.infolist():
            if info.is_dir():
                continue
            name, crc, data = info.filename.encode(), info.CRC, plain.read(info)
            body = _encrypted(data, crc, password)
            offset, count = out.tell(), count + 1
            day = (info.date_time[0] - 1980) << 9 | info.date_time[1] << 5 | info.date_time[2]
            time = info.date_time[3] << 11 | info.date_time[4] << 5 | info.date_time[5] // 2
            shared = (20, _FLAG, 0, time, day, crc, len(body), len(data), len(name), 0)
            out.write(_LOCAL.pack(b"PK\x03\x04", *shared) + name + body)
            directory += _CENTRAL.pack(b"PK\x01\x02", 20, *shared, 0, 0, 0, 0, offset) + name
    start = out.tell()
    end = _END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), start, 0)
    return out.getvalue() + directory + end


def _encrypted(data: bytes, crc: int, password: bytes) -> bytes:
    """Stored, not deflated. The last byte of the header lets a reader check the password."""
    keys = [0x12345678, 0x23456789, 0x34567890]
    for byte in password:
        _turn(keys, byte)
    out = bytearray()
    for byte in bytes(_HEADER - 1) + bytes([crc >> 24]) + data:
        seed = (keys[2] | 2) & 0xFFFF
        out.append(byte ^ ((seed * (seed ^ 1)) >> 8 & 0xFF))
        _turn(keys, byte)
    return bytes(out)


def _turn(keys: list[int], byte: int) -> None:
    keys[0] = _crc(keys[0], byte)
    keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
    keys[2] = _crc(keys[2], keys[1] >> 24)


def _crc(key: int, byte: int) -> int:
    """One step of CRC-32 without its first and last complement."""
    return zlib.crc32(bytes([byte]), key ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
