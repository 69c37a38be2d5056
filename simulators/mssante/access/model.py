"""What a client shows to open a mailbox, and what it is given. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from simulators.core.listeners.environ import TlsFacts


@dataclass(frozen=True, slots=True)
class Credentials:
    """One finished SASL exchange. ``address`` is the mailbox named, empty when none; ``raw`` the last response as it
    came, decoded from base64."""

    mechanism: str
    address: str
    token: str = ""
    password: str = ""
    raw: bytes = b""

    @property
    def by_token(self) -> bool:
        """XOAUTH2 or OAUTHBEARER."""
        return self.mechanism in {"XOAUTH2", "OAUTHBEARER"}


@dataclass(frozen=True, slots=True)
class Attempt:
    """Credentials and the connection they came by; ``protocol`` is ``smtp`` or ``imap``."""

    protocol: str
    listener: str
    peer: tuple[str, int]
    tls: TlsFacts | None
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class Access:
    """An opened mailbox: ``world`` is the name of its world, ``who`` what the journal says of the client, ``expires``
    the end of the token's life (wire time)."""

    world: str
    address: str
    who: Mapping[str, str] = field(default_factory=dict)
    expires: datetime | None = None
