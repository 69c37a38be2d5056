"""What never became a request, told in plain words to whoever keeps the journal.

An incident has no wall clock and no world: nobody is identified yet, so it belongs to the listener (design 11). The
consumer of the callback stamps both times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Families of incidents; ``Incident.cause`` gives the finer machine-readable cause."""

    HANDSHAKE_FAILED = "handshake_failed"
    PLAIN_ON_TLS_PORT = "plain_on_tls_port"
    TLS_ON_PLAIN_PORT = "tls_on_plain_port"
    WRONG_PROTOCOL = "wrong_protocol"
    MALFORMED = "malformed"
    OVERSIZED = "oversized"
    TIMEOUT = "timeout"
    HUNG_UP = "hung_up"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    FRAMING = "framing"
    STARTTLS_INJECTION = "starttls_injection"
    MISDIRECTED = "misdirected"
    BUG = "bug"


@dataclass(frozen=True, slots=True)
class Reason:
    """A cause (stable lower-case word) with its sentence in French and in English."""

    cause: str
    fr: str
    en: str


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that happened to a connection outside any request.

    ``peer`` is (ip, port); ``raw`` holds the first octets received, capped by the limits; ``at_monotonic`` is in
    seconds of ``time.monotonic``.
    """

    kind: Kind
    listener: str
    peer: tuple[str, int]
    cause: str
    reason_fr: str
    reason_en: str
    at_monotonic: float
    raw: bytes = b""


IncidentSink = Callable[[Incident], None]


def incident(
    kind: Kind, listener: str, peer: tuple[str, int], reason: Reason, at_monotonic: float, raw: bytes = b""
) -> Incident:
    """An incident made from a ready reason."""
    return Incident(kind, listener, peer, reason.cause, reason.fr, reason.en, at_monotonic, raw)
