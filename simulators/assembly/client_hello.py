"""What a TLS client asks for in its first message, read with indulgence: for an explanation, never for a decision.

Sources: RFC 8446 §4.1.2 and §4.2.1 (supported_versions), RFC 6066 §3 (server_name), RFC 7301 §3.1 (ALPN).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_HANDSHAKE, _CLIENT_HELLO = 0x16, 0x01
_SERVER_NAME, _ALPN, _VERSIONS = 0, 16, 43
_NAMES = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}


@dataclass(frozen=True)
class ClientHello:
    """``server_name`` is None when the client announced none; ``versions`` newest first; ``protocols`` are ALPN's."""

    server_name: str | None
    versions: tuple[str, ...]
    protocols: tuple[str, ...] = ()


def read_hello(octets: bytes) -> ClientHello | None:
    """The ClientHello that ``octets`` (a TLS record, perhaps cut short) begin with; None when they hold none whole."""
    try:
        return _hello(_Reader(octets))
    except (IndexError, struct.error):
        return None


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def take(self, size: int) -> bytes:
        if len(self._data) < size:
            raise IndexError(size)
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def vector(self, size: int) -> _Reader:
        """What follows its own length, written in ``size`` octets."""
        return _Reader(self.take(self.number(size)))

    def __bool__(self) -> bool:
        return bool(self._data)


def _hello(record: _Reader) -> ClientHello | None:
    if record.number(1) != _HANDSHAKE or record.number(2) >> 8 != 3:
        return None
    message = record.vector(2)
    if message.number(1) != _CLIENT_HELLO:
        return None
    body = message.vector(3)
    legacy = body.number(2)
    body.take(32)
    for size in (1, 2, 1):  # session, cipher suites, compression methods
        body.vector(size)
    extensions = _extensions(body)
    versions = [legacy] if _VERSIONS not in extensions else _numbers(_Reader(extensions[_VERSIONS]).vector(1))
    named = tuple(_NAMES[v] for v in sorted(set(versions), reverse=True) if v in _NAMES)
    return ClientHello(_server_name(extensions.get(_SERVER_NAME)), named, _protocols(extensions.get(_ALPN)))


def _extensions(body: _Reader) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    rest = body.vector(2) if body else body
    while rest:
        kind = rest.number(2)
        found[kind] = rest.take(rest.number(2))
    return found


def _numbers(reader: _Reader) -> list[int]:
    found = []
    while reader:
        found.append(reader.number(2))
    return found


def _server_name(extension: bytes | None) -> str | None:
    if not extension:
        return None
    names = _Reader(extension).vector(2)
    while names:
        kind, name = names.number(1), names.take(names.number(2))
        if kind == 0:
            return name.decode("ascii", "backslashreplace")
    return None


def _protocols(extension: bytes | None) -> tuple[str, ...]:
    found: list[str] = []
    names = _Reader(extension).vector(2) if extension else _Reader(b"")
    while names:
        found.append(names.take(names.number(1)).decode("ascii", "backslashreplace"))
    return tuple(found)
