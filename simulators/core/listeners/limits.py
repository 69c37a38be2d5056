"""Every limit of the listeners, as values: large in service, tiny in tests.

Source of the defaults: settled details, "Listeners". Seconds are monotonic seconds, sizes are octets.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, Final

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one HTTP listener, and of the pools of workers that all of them share.

    ``request_seconds`` runs from the first byte of a request to the last byte of its body and never restarts, so that
    a body of one byte a second cannot last; ``answer_seconds`` does the same for the sending of one answer. The time
    spent inside the application is counted in neither.
    """

    first_byte_seconds: float = 10.0
    handshake_seconds: float = 5.0
    headers_seconds: float = 10.0
    request_seconds: float = 120.0
    answer_seconds: float = 120.0
    keep_alive_seconds: float = 60.0
    linger_seconds: float = 2.0
    head_bytes: int = 64 * 1024
    body_bytes: int = 100 * MIB
    body_in_memory_bytes: int = MIB
    answer_buffer_bytes: int = 16 * MIB
    open_connections: int = 2_000
    incident_raw_bytes: int = 4_096
    workers_least: int = 4
    workers_most: int = 64


def changed(limits: Limits, assignments: Iterable[str]) -> Limits:
    """``limits`` with these ``NAME=VALUE``: seconds may have a fraction, all else is whole. Raises ``ValueError``."""
    wanted: dict[str, Any] = {}
    for text in assignments:
        name, sign, value = text.partition("=")
        default = {field.name: field.default for field in fields(limits)}.get(name)
        if not sign or default is None:
            names = ", ".join(field.name for field in fields(limits))
            raise ValueError(f"{text!r} is no limit: give NAME=VALUE, NAME one of {names}")
        wanted[name] = _number(text, value, float if isinstance(default, float) else int)
    found = replace(limits, **wanted)
    if found.workers_least > found.workers_most:
        raise ValueError(f"workers_least={found.workers_least} is more than workers_most={found.workers_most}")
    return found


def _number(text: str, value: str, kind: type[float] | type[int]) -> float | int:
    try:
        number = kind(value)
    except ValueError:
        number = 0
    if not number > 0 or math.isinf(number):
        raise ValueError(f"{text!r}: a limit is a number above zero{'' if kind is float else ', without a fraction'}")
    return number


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """Limits of one stream listener (MLLP, SMTP, IMAP).

    ``first_byte_seconds`` holds on ports where the peer must speak first, that is where TLS starts at once;
    ``idle_seconds`` runs between two units (a persistent peer may be silent that long; ``None`` = for ever),
    ``unit_seconds`` from the first byte of a unit to its last, ``write_seconds`` for a peer that stops reading.
    """

    first_byte_seconds: float = 10.0
    handshake_seconds: float = 5.0
    idle_seconds: float | None = 1_800.0
    unit_seconds: float = 120.0
    write_seconds: float = 120.0
    read_ahead_bytes: int = 256 * 1024
    open_connections: int = 2_000
    incident_raw_bytes: int = 4_096


_IN_A_STREAM: Final = {
    "first_byte_seconds": "first_byte_seconds",
    "handshake_seconds": "handshake_seconds",
    "keep_alive_seconds": "idle_seconds",
    "request_seconds": "unit_seconds",
    "answer_seconds": "write_seconds",
    "open_connections": "open_connections",
    "incident_raw_bytes": "incident_raw_bytes",
}


def of_stream(own: StreamLimits, limits: Limits) -> StreamLimits:
    """A stream port's ``own`` limits, with those of ``limits`` that somebody changed."""
    usual = Limits()
    said = {name: getattr(limits, name) for name in _IN_A_STREAM if getattr(limits, name) != getattr(usual, name)}
    return replace(own, **{_IN_A_STREAM[name]: value for name, value in said.items()})
