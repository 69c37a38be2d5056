"""What all connections of one HTTP listener share."""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Literal, Protocol
from wsgiref.types import WSGIApplication

from simulators.core.listeners.incident import IncidentSink, Kind, Reason, incident
from simulators.core.listeners.limits import Limits
from simulators.core.listeners.pool import WorkerPool
from simulators.core.listeners.waiting_room import WaitingRoom

_log = logging.getLogger(__name__)
# A number is that many seconds of silence, then an ordinary close; "silent" as long as a request may last.
AcceptDecision = Literal["reset", "close", "silent"] | float
ContextSource = Callable[[], ssl.SSLContext]
# What an outage fault may order for a connection before its first octet; None lets it in.
OnAccept = Callable[[tuple[str, int]], AcceptDecision | None]
# The same once the name asked for is known, on a port shared by several names.
OnName = Callable[[str], AcceptDecision | None]


class Tenant(Protocol):
    """A connection, as the listener sees it when it stops."""

    @property
    def idle(self) -> bool: ...
    def close(self) -> None: ...
    def break_off(self) -> None: ...


@dataclass(slots=True)
class House:
    """Settings and services; ``names`` are those of a shared port, ``tenants`` the open connections."""

    name: str
    app: WSGIApplication
    pool: WorkerPool
    limits: Limits
    tls: ContextSource | None
    on_incident: IncidentSink
    slow_pool: WorkerPool
    slow_paths: Callable[[str], bool]
    on_accept: OnAccept | None
    http_date: Callable[[], str] | None
    room: WaitingRoom
    names: Collection[str] = ()
    on_name: OnName | None = None
    local: tuple[str, int] = ("", 0)
    stopping: bool = False
    tenants: set[Tenant] = field(default_factory=set)
    vacated: threading.Event = field(default_factory=threading.Event)

    def forget(self, tenant: Tenant) -> None:
        """``tenant`` is closed."""
        self.tenants.discard(tenant)
        if self.stopping and not self.tenants:
            self.vacated.set()

    def tell(self, kind: Kind, peer: tuple[str, int], reason: Reason, raw: bytes = b"") -> None:
        """Report an incident; called in a worker, never in the waiting room's thread."""
        tell(self.on_incident, kind, self.name, peer, reason, raw[: self.limits.incident_raw_bytes])

    def date(self) -> str | None:
        """The value of the Date header, None to leave it out."""
        return self.http_date() if self.http_date else None


def tell(
    sink: IncidentSink, kind: Kind, listener: str, peer: tuple[str, int], reason: Reason, raw: bytes = b""
) -> None:
    """Give an incident to ``sink``; a sink that fails must not cost the connection its orderly end."""
    try:
        sink(incident(kind, listener, peer, reason, time.monotonic(), raw))
    except Exception:
        _log.exception("the incident sink of listener %s failed", listener)
