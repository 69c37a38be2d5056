"""HTTP to a named host and nothing else: no proxy, no redirection, never inside a transaction."""

from __future__ import annotations

import http.client
import selectors
import socket
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from simulators.clients.outbound import check_host
from simulators.core.errors import SandboxError
from simulators.core.store.guard import refuse_wire

LARGEST = 256 * 1024 * 1024


class WireProblem(SandboxError):
    """The counterpart could not be reached, cut the connection or spoke no HTTP."""


@dataclass(frozen=True)
class HttpAnswer:
    """Status, headers (lower-case names) and exact body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Channel:
    """One keep-alive connection to one base URL (``https://host:port/prefix``).

    A request is never sent twice: a fault that cuts the connection must be seen. A connection that the counterpart
    closed while it was idle is opened anew before the next request.
    """

    def __init__(
        self, base: str, context: ssl.SSLContext | None, timeout: float = 30.0, named: Collection[str] = ()
    ) -> None:
        """``named``: hosts the user named. Raises :class:`OutboundDenied` for any other that is not this machine."""
        parts = urlsplit(base)
        check_host(parts.hostname or "localhost", named)
        self._prefix = parts.path.rstrip("/")
        host, port = parts.hostname or "localhost", parts.port
        self._connection: http.client.HTTPConnection
        if parts.scheme == "https":
            self._connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
        else:
            self._connection = http.client.HTTPConnection(host, port, timeout=timeout)

    def get(self, path: str, headers: Mapping[str, str]) -> HttpAnswer:
        """One GET. Raises :class:`WireProblem`, ``WireInsideTransaction``."""
        return self._send("GET", path, None, headers)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        """One POST. Raises :class:`WireProblem`, ``WireInsideTransaction``."""
        return self._send("POST", path, body, headers)

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> HttpAnswer:
        refuse_wire("HTTP")
        try:
            if self._connection.sock is not None and _readable(self._connection.sock):
                self._connection.close()
            self._connection.request(method, self._prefix + path, body, dict(headers))
            answer = self._connection.getresponse()
            content = answer.read(LARGEST + 1)
            if answer.length and len(content) <= LARGEST:
                raise http.client.IncompleteRead(content, answer.length)
        except (OSError, http.client.HTTPException) as problem:
            self._connection.close()
            raise WireProblem(f"{type(problem).__name__}: {problem}") from problem
        if len(content) > LARGEST:
            self._connection.close()
            raise WireProblem(f"the answer is larger than {LARGEST} bytes")
        return HttpAnswer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, content)

    def close(self) -> None:
        self._connection.close()


def _readable(sock: socket.socket) -> bool:
    """An idle connection has nothing to read, unless its end was announced."""
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        return bool(selector.select(0))
