"""What a fault can do to one exchange. Values only: the funnel applies them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from simulators.core.rules import Finding


@dataclass(frozen=True)
class Refuse:
    """Force the verdict of one rule."""

    finding: Finding


@dataclass(frozen=True)
class Respond:
    """Answer these bytes instead of performing the operation."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Delay:
    """Answer ``seconds`` later; never holds a shared worker."""

    seconds: float


@dataclass(frozen=True)
class Disconnect:
    """Cut the connection instead of answering: ``reset`` (RST) or ``close``."""

    mode: str = "reset"


@dataclass(frozen=True)
class Truncate:
    """Send only the first ``after`` bytes of the answer's body, then close."""

    after: int


@dataclass(frozen=True)
class Tamper:
    """Send ``change(body)`` instead of the answer's body (corruption, wrong charset, empty...)."""

    change: Callable[[bytes], bytes]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fail:
    """Break off before the commit: everything is rolled back, the counterpart sees an error."""

    reason: str


@dataclass(frozen=True)
class Silence:
    """Keep an accepted connection open ``seconds`` without reading or saying a word, then close (on_accept)."""

    seconds: float


Effect = Refuse | Respond | Delay | Disconnect | Truncate | Tamper | Fail | Silence


@dataclass(frozen=True)
class Planned:
    """One fault due for a call: ``hook`` is where the funnel applies its effect."""

    name: str
    hook: str
    effect: Effect
