"""What a protocol room and the stream host say to each other: units in, actions out. No I/O.

A room (MLLP, SMTP, IMAP) is a ``Session`` written without sockets: the host hands it one complete unit at a time, in a
worker, and carries out the actions it gives back. Calls of one session never overlap, so that it needs no lock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from simulators.core.listeners.environ import TlsFacts
from simulators.core.listeners.incident import Reason

# -- units: what came ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Frame:
    """One MLLP block, without its start and end octets."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Line:
    """One line, without its CR LF."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Data:
    """One message after DATA, dots unstuffed, every line ended by CR LF, without the final dot."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class LiteralOffered:
    """An IMAP client waits for leave to send ``size`` octets; ``so_far`` is the command up to and including {n}."""

    so_far: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Command:
    """One IMAP command: text and literals alternate, text first; the last text has lost its CR LF.

    ``raw`` is the whole as it came.
    """

    parts: tuple[bytes, ...]
    raw: bytes


@dataclass(frozen=True, slots=True)
class Violation:
    """Octets that break the framing. ``fatal``: the framing is lost, the host closes after the session's actions."""

    reason: Reason
    raw: bytes
    fatal: bool = False


Unit = Frame | Line | Data | LiteralOffered | Command | Violation

# -- actions: what to do ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Send:
    """Put octets on the wire."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Expect:
    """Change what the framer reads next: ``data`` (SMTP after 354), ``literal`` or ``no_literal`` (IMAP offers);
    ``messages`` (IMAP): from now on literals may be as large as a message."""

    what: Literal["data", "literal", "no_literal", "messages"]


@dataclass(frozen=True, slots=True)
class StartTls:
    """Begin TLS once what precedes has been sent; the session hears of it by ``secured``."""


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection once what precedes has been sent; ``reset`` cuts at once with a TCP RST."""

    reset: bool = False


@dataclass(frozen=True, slots=True)
class Later:
    """Call ``then`` after a delay, in a worker, and carry out its actions (latency fault, an answer in pieces);
    units wait meanwhile. A peer that does not read what was sent before is waited for too."""

    delay_seconds: float
    then: Callable[[], Sequence[Action]]


Action = Send | Expect | StartTls | Close | Later

# -- the two sides ---------------------------------------------------------------------------------------------------


class Link(Protocol):
    """What a session knows of its connection; ``wake`` may be called from any thread."""

    @property
    def listener(self) -> str: ...
    @property
    def peer(self) -> tuple[str, int]: ...
    @property
    def tls(self) -> TlsFacts | None: ...
    def wake(self) -> None:
        """Have ``Session.woken`` called soon (an IMAP IDLE that must tell news); several wakes may become one."""


class Session(Protocol):
    """One connection of one protocol. Every method runs in a worker."""

    def opened(self) -> Sequence[Action]:
        """The peer is there (after the handshake where TLS starts at once): the greeting."""

    def receive_unit(self, unit: Unit) -> Sequence[Action]:
        """One complete unit."""

    def secured(self, tls: TlsFacts) -> Sequence[Action]:
        """TLS is established after ``StartTls``; forget what was learnt in clear text (RFC 3207 §4.2)."""

    def woken(self) -> Sequence[Action]:
        """Someone called ``Link.wake``."""

    def closed(self) -> None:
        """The connection is over, whoever ended it. Called once, last."""


SessionFactory = Callable[[Link], Session]


class Framer(Protocol):
    """Cuts octets into units. Pulled, because what follows a command may depend on the answer to it."""

    def feed(self, data: bytes) -> None:
        """Take octets."""

    def next_unit(self) -> Unit | None:
        """The next complete unit, None if octets are missing."""

    def expect(self, what: str) -> None:
        """Carry out ``Expect``; raises ``ValueError`` for what this framing does not know."""

    def discard(self) -> bytes:
        """Forget octets not yet cut into units and give them back (STARTTLS injection)."""

    @property
    def buffered(self) -> int:
        """Octets held that are no complete unit yet, as far as is known."""

    def begun(self) -> bytes:
        """First octets of the unfinished unit, to explain an interruption; empty between two units."""
