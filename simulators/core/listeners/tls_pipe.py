"""TLS without a socket: ciphered octets in, clear octets out, and back. For the asyncio loop, which owns the socket."""

from __future__ import annotations

import ssl

from simulators.core.listeners.environ import TlsFacts

_READ = 256 * 1024


class TlsPipe:
    """Server side of one TLS connection on memory buffers. Errors are those of ``ssl``."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.facts: TlsFacts | None = None
        self.ended = False

    def feed(self, ciphered: bytes) -> bytes:
        """Take what came from the wire; give the clear octets it holds. Raises ``ssl.SSLError``.

        Whatever the outcome, ``outgoing`` may hold octets to send (handshake, alert).
        """
        self._incoming.write(ciphered)
        if self.facts is None and not self._handshake():
            return b""
        clear = []
        while (octets := self._read()) is not None:
            clear.append(octets)
        return b"".join(clear)

    def feed_eof(self) -> None:
        """The wire ended."""
        self._incoming.write_eof()

    def encrypt(self, clear: bytes) -> None:
        """Cipher ``clear`` into ``outgoing``."""
        if clear:
            self._tls.write(clear)

    def outgoing(self) -> bytes:
        """Octets to put on the wire now."""
        return self._outgoing.read()

    def close(self) -> None:
        """Write our close_notify into ``outgoing``."""
        try:
            self._tls.unwrap()
        except (ssl.SSLError, OSError):
            # Wanting to read the peer's close_notify is the ordinary case: nobody waits for it.
            return

    def _handshake(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        cipher = self._tls.cipher()
        self.facts = TlsFacts(
            self._tls.version() or "", cipher[0] if cipher else "", self._tls.getpeercert(binary_form=True)
        )
        return True

    def _read(self) -> bytes | None:
        try:
            octets = self._tls.read(_READ)
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLZeroReturnError:
            octets = b""
        self.ended = not octets
        return octets or None
