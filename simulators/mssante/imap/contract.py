"""What the IMAP session asks of whoever knows the owners of mailboxes: one question per authentication.

Source: RFC 3501 §6.2, RFC 4422 (SASL), RFC 7628 §3.2.3 (the challenge of a refused bearer token), RFC 5530 (codes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from simulators.core.listeners.session import Link
from simulators.mssante.access.model import Access


@dataclass(frozen=True, slots=True)
class Refused:
    """A door that stays shut. ``code`` is an IMAP response code, ``text`` one ASCII sentence; ``challenge`` is what a
    bearer mechanism is told before it gives up (not yet in base64); ``abrupt`` drops the connection instead of NO."""

    text: str
    code: str = "AUTHENTICATIONFAILED"
    challenge: bytes = b""
    abrupt: bool = False


class Authenticator(Protocol):
    """Called in a worker, outside any transaction: it may ask Pro Santé Connect over the wire, and journals what it
    decided."""

    def mechanisms(self, link: Link, listener: str) -> tuple[str, ...]:
        """SASL names offered now, in order; none before TLS where TLS is required."""

    def check(self, mechanism: str, response: bytes, link: Link, listener: str) -> Access | Refused:
        """``mechanism`` in capitals; ``response`` decoded from base64. LOGIN comes as PLAIN
        (``\\0user\\0password``)."""
