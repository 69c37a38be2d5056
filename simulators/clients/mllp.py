"""Speaking MLLP to a named host: one frame, one acknowledgement, never inside a transaction.

A frame is never sent twice: what an answer that does not come means is for the caller to say.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit

from simulators.clients.outbound import check_call, check_host, hosts_of
from simulators.core.errors import SandboxError
from simulators.core.exchange import Runtime
from simulators.core.listeners.mllp import MllpFramer, frame
from simulators.core.listeners.session import Frame, Violation
from simulators.core.pki import Trust, client_context
from simulators.core.store.guard import refuse_wire
from simulators.core.world import World

PATIENCE_S = 30.0
"""A hospital record integrates a document before it answers (facts pfi §6)."""
LARGEST_ANSWER = 4 * 1024 * 1024
Cause = Literal["refused", "tls", "timeout", "closed", "cut", "framing"]


class MllpProblem(SandboxError):
    """No acknowledgement came. ``sent``: whether the frame had left, so that it may have been handled; ``got`` are the
    octets of a partial answer."""

    def __init__(self, cause: Cause, text: str, *, sent: bool, got: bytes = b"") -> None:
        self.cause, self.sent, self.got = cause, sent, got
        super().__init__(f"{cause}: {text}")


@dataclass(frozen=True)
class MllpServer:
    """``url`` is ``mllp://host:port`` or ``mllps://host:port``; ``context`` is needed for the latter; ``named`` are
    hosts that somebody named."""

    url: str
    context: ssl.SSLContext | None = None
    timeout: float = PATIENCE_S
    named: Collection[str] = ()

    @property
    def address(self) -> tuple[str, int]:
        """Raises ``ValueError``."""
        parts = urlsplit(self.url)
        if parts.scheme not in {"mllp", "mllps"} or not parts.hostname or parts.port is None:
            raise ValueError(f"{self.url!r}: write mllp://host:port or mllps://host:port")
        return parts.hostname, parts.port

    @property
    def secure(self) -> bool:
        return urlsplit(self.url).scheme == "mllps"


class MllpLine:
    """One persistent connection."""

    def __init__(self, server: MllpServer) -> None:
        """Raises :class:`MllpProblem`, ``OutboundDenied``, ``ValueError``, ``WireInsideTransaction``."""
        refuse_wire("MLLP")
        self._server = server
        host, port = server.address
        check_host(host, server.named)
        self._framer = MllpFramer(LARGEST_ANSWER)
        try:
            raw = socket.create_connection((host, port), server.timeout)
        except OSError as problem:
            raise MllpProblem("refused", str(problem), sent=False) from problem
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = self._secured(raw, host)

    def exchange(self, message: bytes) -> bytes:
        """The octets of the acknowledgement. Raises :class:`MllpProblem`, ``WireInsideTransaction``."""
        refuse_wire("MLLP")
        end = time.monotonic() + self._server.timeout
        try:
            self._socket.sendall(frame(message))
        except OSError as problem:
            raise MllpProblem("closed", str(problem), sent=False) from problem
        while True:
            unit = self._framer.next_unit()
            if isinstance(unit, Frame):
                return unit.payload
            if isinstance(unit, Violation):
                raise MllpProblem("framing", unit.reason.en, sent=True, got=unit.raw)
            self._receive(end)

    def close(self) -> None:
        """Idempotent."""
        with contextlib.suppress(OSError):
            self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _secured(self, raw: socket.socket, host: str) -> socket.socket:
        if not self._server.secure:
            return raw
        if self._server.context is None:
            raw.close()
            raise ValueError(f"{self._server.url}: TLS needs a context")
        try:
            return self._server.context.wrap_socket(raw, server_hostname=host)
        except (OSError, ssl.SSLError) as problem:
            raw.close()
            raise MllpProblem("tls", str(problem), sent=False) from problem

    def _receive(self, end: float) -> None:
        left = end - time.monotonic()
        try:
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)
            data = self._socket.recv(65_536)
        except TimeoutError:
            text = f"no acknowledgement within {self._server.timeout:g} s"
            raise MllpProblem("timeout", text, sent=True, got=self._framer.begun()) from None
        except OSError as problem:
            raise MllpProblem("closed", str(problem), sent=True, got=self._framer.begun()) from problem
        if not data:
            got = self._framer.begun()
            raise MllpProblem("cut" if got else "closed", "the peer closed without an answer", sent=True, got=got)
        self._framer.feed(data)


def send_once(server: MllpServer, message: bytes) -> bytes:
    """One connection for one exchange. Raises as :class:`MllpLine` does."""
    with MllpLine(server) as line:
        return line.exchange(message)


def server_of(
    runtime: Runtime, trust: Callable[[datetime], Trust], world: World, url: str, structure: str, patience_s: float
) -> MllpServer:
    """A counterpart that a world names: over TLS it is called with the AUTH_CLI of ``structure``; ``trust`` judges its
    own. Raises ``OutboundDenied``, ``ValueError``."""
    server = MllpServer(url, timeout=patience_s, named=(*runtime.allow_hosts, *hosts_of(world.policy)))
    check_call(server.address[0], world.policy, runtime.allow_hosts)
    if not server.secure:
        return server
    issued = runtime.identity(world.name, structure) if runtime.identity is not None else None
    return replace(server, context=client_context(trust(runtime.now()), issued))
