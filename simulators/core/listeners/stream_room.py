"""What a stream listener is made of, and what its connections may ask of their host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from simulators.core.listeners.house import ContextSource, OnAccept
from simulators.core.listeners.incident import Kind, Reason
from simulators.core.listeners.limits import StreamLimits
from simulators.core.listeners.pool import WorkerPool
from simulators.core.listeners.session import Framer, SessionFactory


@dataclass(frozen=True, slots=True)
class StreamRoom:
    """One stream port: ``protocol`` names it in sentences ("MLLP", "SMTP", "IMAP").

    ``tls`` is asked for the context at each handshake, in a worker; with ``tls_at_once`` every connection begins with
    TLS, without it the session may order ``StartTls``. ``on_accept`` runs in a worker before the greeting and may
    return "close", "reset" or "silent" (an outage), None to let the peer in.
    """

    name: str
    bind: str
    port: int
    protocol: str
    framer: Callable[[], Framer]
    session: SessionFactory
    tls: ContextSource | None = None
    tls_at_once: bool = False
    limits: StreamLimits = field(default_factory=StreamLimits)
    on_accept: OnAccept | None = None

    def __post_init__(self) -> None:
        if self.tls_at_once and self.tls is None:
            raise ValueError(f"listener {self.name}: TLS at once needs a context")


class Leaver(Protocol):
    """A connection, as the host sees it when it stops."""

    @property
    def listener(self) -> str: ...
    def leave(self) -> None: ...
    def abort(self) -> None: ...


class StreamServices(Protocol):
    """The host, as its connections see it."""

    @property
    def pool(self) -> WorkerPool: ...
    def post(self, action: Callable[[], None]) -> bool:
        """Run ``action`` in the loop soon (any thread); False once the loop has ended."""

    def admit(self, connection: Leaver) -> bool:
        """Count a connection; False beyond the limit of its room."""

    def release(self, connection: Leaver) -> None:
        """The connection is over."""

    def tell(self, kind: Kind, listener: str, peer: tuple[str, int], reason: Reason, raw: bytes) -> None:
        """Report an incident (in a worker)."""
