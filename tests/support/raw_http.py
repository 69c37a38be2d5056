"""HTTP as bytes: whatever is written goes out as it is, and whatever comes back is told, TLS alerts included.

No library stands between a test and the wire: an ordinary client would mend the message or hide the alert.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from simulators.clients.transport import HttpAnswer

PATIENCE_S = 20.0


@dataclass(frozen=True)
class Place:
    """Where to connect; ``context`` is None for a plain connection."""

    host: str
    port: int
    context: ssl.SSLContext | None = None
    session: ssl.SSLSession | None = None

    def resuming(self, session: ssl.SSLSession | None) -> Place:
        """The same, presenting a TLS session of before."""
        return replace(self, session=session)

    @classmethod
    def of(cls, url: str, context: ssl.SSLContext | None = None) -> Place:
        """The place of ``scheme://host:port/...``."""
        parts = urlsplit(url)
        return cls(parts.hostname or "localhost", parts.port or 0, context)

    def open(self) -> socket.socket:
        """A connected socket, after the TLS handshake if there is one. Raises ``OSError``."""
        sock = socket.create_connection((self.host, self.port), PATIENCE_S)
        if self.context is None:
            return sock
        try:
            return self.context.wrap_socket(sock, server_hostname=self.host, session=self.session)
        except BaseException:
            sock.close()
            raise


@dataclass(frozen=True)
class RawAnswer:
    """What came: an HTTP answer (``status`` above 0), or a TLS ``alert`` in OpenSSL's words, or how it was ``cut``."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    alert: str = ""
    cut: str = ""

    @property
    def http(self) -> HttpAnswer:
        """As our own client sees it."""
        return HttpAnswer(self.status, self.headers, self.body)


@dataclass(frozen=True)
class Letter:
    """A POST about to be sent: change what you like, byte by byte."""

    path: str
    body: bytes
    headers: tuple[tuple[str, str], ...]

    def but(self, **changes: object) -> Letter:
        return replace(self, **changes)  # type: ignore[arg-type]

    def swap(self, old: bytes, new: bytes) -> Letter:
        """The body with the one ``old`` replaced; ``AssertionError`` unless it stands there once."""
        assert self.body.count(old) == 1, f"{old!r} stands {self.body.count(old)} times in the message"
        return replace(self, body=self.body.replace(old, new))

    def typed(self, content_type: str) -> Letter:
        """With another Content-Type."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != "content-type")
        return replace(self, headers=(*kept, ("Content-Type", content_type)))

    @property
    def content_type(self) -> str:
        return next(value for name, value in self.headers if name.lower() == "content-type")

    def raw(self, host: str, length: int | None = None) -> bytes:
        """The request as it goes out; ``length`` is what Content-Length announces, true unless given."""
        announced = len(self.body) if length is None else length
        lines = [f"POST {self.path} HTTP/1.1", f"Host: {host}", *(f"{n}: {v}" for n, v in self.headers)]
        return "\r\n".join([*lines, f"Content-Length: {announced}", "", ""]).encode("latin-1") + self.body


class Talk:
    """Several requests on one connection."""

    def __init__(self, place: Place) -> None:
        self._sock = place.open()

    def say(self, *pieces: bytes) -> RawAnswer:
        """One request, cut as you like, and its answer."""
        return _spoken(self._sock, pieces, finish=False)

    def __enter__(self) -> Talk:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()


def converse(place: Place, pieces: Iterable[bytes], *, finish: bool = False) -> RawAnswer:
    """Sends ``pieces`` on a new connection and reads one answer.

    ``finish`` closes our half after the last piece; over TLS, where Python has no half-closing, it hangs up.
    """
    try:
        sock = place.open()
    except ssl.SSLError as error:
        return RawAnswer(alert=error.reason or str(error))
    except OSError as error:
        return RawAnswer(cut=type(error).__name__)
    with sock:
        return _spoken(sock, pieces, finish)


def _spoken(sock: socket.socket, pieces: Iterable[bytes], finish: bool) -> RawAnswer:
    try:
        for piece in pieces:
            sock.sendall(piece)
        if finish:
            sock.shutdown(socket.SHUT_WR)
            if isinstance(sock, ssl.SSLSocket):
                return RawAnswer(cut="hung up")
    except OSError as error:
        # The server may answer and close before it has read everything: its answer is still there to be read.
        failed = _told(error)
        if failed.alert:
            return failed
    return _read(sock)


def _read(sock: socket.socket) -> RawAnswer:
    answer = http.client.HTTPResponse(sock, method="POST")
    try:
        answer.begin()
        body = answer.read()
    except http.client.IncompleteRead as cut:
        return RawAnswer(cut=type(cut).__name__, body=cut.partial)
    except (OSError, http.client.HTTPException) as error:
        return _told(error)
    finally:
        answer.close()
    return RawAnswer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)


def _told(error: OSError | http.client.HTTPException) -> RawAnswer:
    if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
        return RawAnswer(alert=error.reason or "")
    return RawAnswer(cut=type(error).__name__)
