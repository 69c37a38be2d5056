"""A TLS handshake in memory: two SSLObjects and four buffers, no socket, no thread."""

from __future__ import annotations

import ssl
from dataclasses import dataclass


@dataclass
class Outcome:
    """What each side saw. ``peer`` is the client certificate the server received, DER."""

    server_error: ssl.SSLError | None = None
    client_error: ssl.SSLError | None = None
    version: str | None = None
    cipher: str | None = None
    peer: bytes | None = None
    session: ssl.SSLSession | None = None
    resumed: bool = False

    @property
    def ok(self) -> bool:
        return self.server_error is None and self.client_error is None


@dataclass
class _Side:
    tls: ssl.SSLObject
    done: bool = False
    error: ssl.SSLError | None = None

    def step(self) -> None:
        """Handshake, then read, so that a TLS 1.3 client sees the alert that follows its own Finished."""
        if self.error is not None:
            return
        try:
            if not self.done:
                self.tls.do_handshake()
                self.done = True
                self.tls.write(b"x")
            self.tls.read(1)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.error = error


def handshake(
    server: ssl.SSLContext,
    client: ssl.SSLContext,
    host: str = "localhost",
    session: ssl.SSLSession | None = None,
) -> Outcome:
    """Run a handshake and one byte each way; errors are returned, not raised."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    left = _Side(client.wrap_bio(to_client, to_server, server_hostname=host, session=session))
    right = _Side(server.wrap_bio(to_server, to_client, server_side=True))
    for _ in range(8):
        left.step()
        right.step()
    outcome = Outcome(right.error, left.error)
    if outcome.ok:
        assert left.done and right.done
        outcome.version = right.tls.version()
        outcome.cipher = (right.tls.cipher() or ("",))[0]
        outcome.peer = right.tls.getpeercert(binary_form=True)
        outcome.session = left.tls.session
        outcome.resumed = bool(left.tls.session_reused)
    return outcome
