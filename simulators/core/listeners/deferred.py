"""An answer that comes later without holding a worker meanwhile (latency faults)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from wsgiref.types import WSGIApplication


@dataclass(frozen=True, slots=True)
class Deferred:
    """What an application returns instead of an iterable to be called again after ``delay_seconds``.

    ``then(environ, start_response)`` runs in a worker once the delay has passed, with the same environ; it may itself
    return a ``Deferred``. The object must reach the listener untouched: only the outermost application may return it.
    """

    delay_seconds: float
    then: WSGIApplication

    def __iter__(self) -> Iterator[bytes]:
        raise TypeError("a Deferred is understood by the listeners of simulators only, and only unwrapped")
