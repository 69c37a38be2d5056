"""Binding a listening socket the same way on every platform."""

from __future__ import annotations

import socket
import struct
import sys
from typing import Protocol

_BACKLOG = 1_024


def bound_socket(bind: str, port: int) -> socket.socket:
    """A TCP socket bound to ``bind`` (address or host name) and ``port``, not listening yet; raises ``OSError``.

    Port 0 lets the system choose; the choice is read from the bound socket and never made beforehand, because a port
    picked and then bound may be taken in between.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        bind, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    sock = socket.socket(family, kind, protocol)
    try:
        _set_options(sock)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def listen(sock: socket.socket) -> None:
    """Let connections come, without ever blocking the one who accepts them."""
    sock.listen(_BACKLOG)
    sock.setblocking(False)


class HasOptions(Protocol):
    """A socket, or what asyncio gives in its place."""

    def setsockopt(self, level: int, name: int, value: bytes, /) -> None: ...


def close_will_reset(sock: HasOptions) -> None:
    """Make the coming close a TCP RST: lingering on, for zero seconds."""
    # Windows has two shorts where POSIX has two ints.
    layout = "hh" if sys.platform == "win32" else "ii"
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(layout, 1, 0))


def address_of(raw: object) -> tuple[str, int]:
    """(ip, port) out of a socket address of either family."""
    if isinstance(raw, tuple) and len(raw) >= 2:
        return str(raw[0]), int(raw[1])
    return "", 0


def _set_options(sock: socket.socket) -> None:
    # On Windows SO_REUSEADDR lets another process steal the port, and SO_EXCLUSIVEADDRUSE is the wanted meaning.
    if sys.platform == "win32":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
