"""Reading a mailbox by IMAP over TLS, with the certificate as its credential: what a PFI does. Never in a transaction.

The standard library speaks; reading does not mark as seen, the caller does once it has kept what it read.
"""

from __future__ import annotations

import contextlib
import imaplib
import socket
import ssl
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from simulators.clients.outbound import check_host
from simulators.core.errors import SandboxError
from simulators.core.store.guard import refuse_wire


class ImapProblem(SandboxError):
    """The mailbox could not be opened or read."""


@dataclass(frozen=True)
class ImapServer:
    """``context`` presents the certificate; TLS begins at once. ``named``: hosts that somebody named."""

    host: str
    port: int
    context: ssl.SSLContext
    timeout: float = 10.0
    named: Collection[str] = ()


class Inbox:
    """The INBOX of ``mailbox`` (SASL EXTERNAL). ``validity`` is its UIDVALIDITY: with it a UID names one mail."""

    def __init__(self, server: ImapServer, mailbox: str) -> None:
        """Raises :class:`ImapProblem`, ``OutboundDenied``, ``WireInsideTransaction``."""
        refuse_wire("IMAP")
        check_host(server.host, server.named)
        self._imap: imaplib.IMAP4_SSL | None = None
        try:
            self._imap = imaplib.IMAP4_SSL(server.host, server.port, ssl_context=server.context, timeout=server.timeout)
            self._imap.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._imap.authenticate("EXTERNAL", lambda _: mailbox.encode())
            self._ok(self._imap.select("INBOX"))
            self.validity = int(str(self._imap.response("UIDVALIDITY")[1][-1], "ascii"))  # type: ignore[arg-type]
        except (OSError, imaplib.IMAP4.error, ValueError, TypeError) as problem:
            self.close()
            raise ImapProblem(f"{mailbox}: {_said(problem)}") from problem

    def unseen(self) -> list[int]:
        """UIDs of the mails nobody has marked as seen. Raises :class:`ImapProblem`."""
        found = self._told("SEARCH", "UNSEEN")
        return sorted(int(word) for line in found if isinstance(line, bytes) for word in line.split())

    def fetch(self, uid: int) -> bytes:
        """A whole mail, left unseen. Raises :class:`ImapProblem`."""
        parts = [part[1] for part in self._told("FETCH", str(uid), "(BODY.PEEK[])") if isinstance(part, tuple)]
        if not parts:
            raise ImapProblem(f"the server gave no mail for UID {uid}")
        return bytes(parts[0])

    def mark_seen(self, uids: Iterable[int]) -> None:
        """Raises :class:`ImapProblem`."""
        chosen = ",".join(map(str, uids))
        if chosen:
            self._told("STORE", chosen, "+FLAGS.SILENT", r"(\Seen)")

    def close(self) -> None:
        """Idempotent."""
        if self._imap is not None:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                self._imap.logout()
            self._imap = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _told(self, command: str, *words: str) -> Sequence[object]:
        refuse_wire("IMAP")
        if self._imap is None:
            raise ImapProblem("the mailbox is closed")
        try:
            return self._ok(self._imap.uid(command, *words))
        except (OSError, imaplib.IMAP4.error) as problem:
            raise ImapProblem(f"{command}: {_said(problem)}") from problem

    @staticmethod
    def _ok(answer: tuple[str, Sequence[object]]) -> Sequence[object]:
        status, found = answer
        if status != "OK":
            raise imaplib.IMAP4.error(f"{status} {found}")
        return found


def _said(problem: Exception) -> str:
    text = problem.args[0] if problem.args else problem
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else f"{type(problem).__name__}: {text}"
