"""One connected, non-blocking socket, with or without TLS. Nothing here ever waits.

``WouldBlock`` says which event to wait for; waiting is the selector's business.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
from typing import Any

from simulators.core.listeners.by_name import NamedSocket
from simulators.core.listeners.environ import DisconnectMode, TlsFacts
from simulators.core.listeners.sockets import close_will_reset

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
# OpenSSL must be offered the same slice again after a refused write, so slices are fixed and small.
_SLICE = 64 * 1024


class WouldBlock(Exception):
    """The operation must be tried again once ``event`` (selector event mask) happens."""

    def __init__(self, event: int) -> None:
        super().__init__(event)
        self.event = event


class Wire:
    """Octets in and out of one accepted socket.

    ``closed`` says that we closed it, ``failed`` that sending proved the peer gone, ``pending`` how many octets are
    queued and not sent.
    """

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.tls: TlsFacts | None = None
        self.closed = False
        self.failed = False
        self._out: list[memoryview] = []
        self.pending = 0
        self._refused_slice = False

    def fileno(self) -> int:
        """The descriptor, for selectors."""
        return self.sock.fileno()

    def peek(self, size: int) -> bytes:
        """What has come, left in place (before TLS only). Raises ``WouldBlock``; empty means end of stream."""
        try:
            return self.sock.recv(size, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            raise WouldBlock(READ) from None

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Wrap the socket; the handshake itself is done by ``handshake``."""
        self.sock = context.wrap_socket(
            self.sock, server_side=True, do_handshake_on_connect=False, suppress_ragged_eofs=True
        )

    def handshake(self) -> None:
        """Go on with the handshake. Raises ``WouldBlock`` or what ``ssl`` raises."""
        tls = self._tls_socket()
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            raise WouldBlock(READ) from None
        except ssl.SSLWantWriteError:
            raise WouldBlock(WRITE) from None
        cipher = tls.cipher()
        asked = tls.asked if isinstance(tls, NamedSocket) else None
        certificate = tls.getpeercert(binary_form=True)
        self.tls = TlsFacts(tls.version() or "", cipher[0] if cipher else "", certificate, asked)

    @property
    def refused_name(self) -> str | None:
        """The name asked for in a handshake that failed because nobody here is called so."""
        return self.sock.asked if isinstance(self.sock, NamedSocket) and self.sock.refused else None

    def receive(self, size: int = _SLICE) -> bytes:
        """Next octets, empty at the end of stream. Raises ``WouldBlock`` or ``OSError``."""
        try:
            return self.sock.recv(size)
        except (BlockingIOError, InterruptedError, ssl.SSLWantReadError):
            raise WouldBlock(READ) from None
        except ssl.SSLWantWriteError:
            raise WouldBlock(WRITE) from None

    def queue(self, data: bytes) -> None:
        """Add ``data`` to what must be sent."""
        if data:
            self._out.append(memoryview(data))
            self.pending += len(data)

    def flush(self) -> None:
        """Send what is queued. Raises ``WouldBlock`` or ``OSError``."""
        self._join_small()
        while self._out:
            sent = self._send(self._out[0][:_SLICE])
            self.pending -= sent
            if sent == len(self._out[0]):
                self._out.pop(0)
            else:
                self._out[0] = self._out[0][sent:]

    def say_goodbye(self) -> None:
        """Announce the end of our octets (close_notify, FIN) and keep a bare socket, so that a late answer is read."""
        with contextlib.suppress(OSError, ValueError):
            if isinstance(self.sock, ssl.SSLSocket):
                with contextlib.suppress(ssl.SSLError, OSError):
                    self.sock.unwrap()
                self.sock = socket.socket(fileno=self.sock.detach())
                self.sock.setblocking(False)
            self.sock.shutdown(socket.SHUT_WR)

    def break_off(self) -> None:
        """Stop the traffic from another thread: the owner's next operation fails."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def close(self, mode: DisconnectMode = "close") -> None:
        """Close without TLS goodbye; ``reset`` makes the peer see a TCP RST instead of a FIN."""
        self.closed = True
        self._out.clear()
        with contextlib.suppress(OSError):
            if mode == "reset":
                close_will_reset(self.sock)
            self.sock.close()

    def _join_small(self) -> None:
        # One head and one small body in one segment: half the system calls and TLS records.
        if len(self._out) > 1 and self.pending <= _SLICE and not self._refused_slice:
            self._out = [memoryview(b"".join(self._out))]

    def _send(self, data: memoryview) -> int:
        try:
            sent = self.sock.send(data)
        except (BlockingIOError, InterruptedError, ssl.SSLWantWriteError):
            self._refused_slice = True
            raise WouldBlock(WRITE) from None
        except ssl.SSLWantReadError:
            self._refused_slice = True
            raise WouldBlock(READ) from None
        except OSError:
            self.failed = True
            raise
        self._refused_slice = False
        return sent

    def _tls_socket(self) -> ssl.SSLSocket:
        sock: Any = self.sock
        if not isinstance(sock, ssl.SSLSocket):
            raise TypeError("handshake on a socket without TLS")
        return sock
