"""Handing one message to an SMTP server, with TLS and the extensions it offers. Never inside a transaction."""

from __future__ import annotations

import smtplib
import ssl
from base64 import b64encode
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from simulators.clients.outbound import check_host
from simulators.core.pki import Comparison, read_certificate, same_dn
from simulators.core.store.guard import refuse_wire


@dataclass(frozen=True, slots=True)
class Sent:
    """The server's last word: ``code`` 0 when it never answered. ``dsn``: it offers RFC 3461, so it will report."""

    code: int
    text: str
    dsn: bool = False

    @property
    def accepted(self) -> bool:
        return 200 <= self.code < 300

    @property
    def temporary(self) -> bool:
        """Worth another try."""
        return not 500 <= self.code < 600


@dataclass(frozen=True)
class Server:
    """Where and how: ``context`` None only for a server that speaks in clear; ``implicit``: TLS at once; ``helo``: the
    name given in EHLO, this machine's own if empty; ``subjects``: the DNs (RFC 4514) one of which the server's
    certificate must bear, any if there are none."""

    host: str
    port: int
    context: ssl.SSLContext | None
    implicit: bool = False
    timeout: float = 10.0
    named: Collection[str] = ()
    helo: str = ""
    subjects: Collection[str] = ()


def send(
    server: Server,
    sender: str,
    recipients: Sequence[tuple[str, str]],
    message: bytes,
    *,
    options: str = "",
    external: str | None = None,
    bearer: str = "",
) -> Sent:
    """One transaction. ``recipients`` are (address, RCPT parameters of DSN), ``options`` those of MAIL; both are left
    out where the server does not offer DSN. ``external``: authenticate by certificate as that mailbox, where the server
    offers AUTH (one that does not judges the certificate of the TLS session alone); ``bearer``: by an access token of
    Pro Santé Connect, as ``sender``.

    Raises ``OutboundDenied``, ``WireInsideTransaction``; every other trouble is a :class:`Sent`.
    """
    refuse_wire("SMTP")
    check_host(server.host, server.named)
    try:
        login = _login(sender, external, bearer)
        return _transaction(server, sender, recipients, message, options, login, insist=bool(bearer))
    except smtplib.SMTPResponseException as refused:
        return Sent(refused.smtp_code, _plain(refused.smtp_error))
    except (OSError, smtplib.SMTPException) as problem:
        return Sent(0, f"{type(problem).__name__}: {problem}")


def _transaction(
    server: Server,
    sender: str,
    recipients: Sequence[tuple[str, str]],
    message: bytes,
    options: str,
    login: str,
    *,
    insist: bool,
) -> Sent:
    with _session(server) as smtp:
        if login and (insist or smtp.has_extn("auth")):
            answer = smtp.docmd("AUTH", login)
            # A refused token is told by a challenge first; the empty line asks for the reply (RFC 7628 §3.2.3).
            _expect(smtp.docmd("") if answer[0] == 334 else answer, 235)
        dsn = smtp.has_extn("dsn")
        eight = " BODY=8BITMIME" if smtp.has_extn("8bitmime") and not message.isascii() else ""
        _expect(smtp.docmd("MAIL", f"FROM:<{sender}>{eight}{options if dsn else ''}"), 250)
        for address, wanted in recipients:
            _expect(smtp.docmd("RCPT", f"TO:<{address}>{wanted if dsn else ''}"), 250, 251)
        code, text = smtp.data(message)
        return Sent(code, _plain(text), dsn)


def _login(sender: str, external: str | None, bearer: str) -> str:
    """What follows AUTH, empty for none."""
    if bearer:
        shown = f"user={sender}\x01auth=Bearer {bearer}\x01\x01"
        return f"XOAUTH2 {b64encode(shown.encode()).decode()}"
    return "" if external is None else f"EXTERNAL {b64encode(external.encode()).decode() or '='}"


@contextmanager
def _session(server: Server) -> Iterator[smtplib.SMTP]:
    """What is answered to QUIT changes nothing of what was said before."""
    smtp = _connected(server)
    try:
        yield smtp
    finally:
        with suppress(OSError, smtplib.SMTPException):
            smtp.quit()
        smtp.close()


def _connected(server: Server) -> smtplib.SMTP:
    if server.implicit:
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, server.helo or None, timeout=server.timeout, context=server.context
        )
        smtp.ehlo_or_helo_if_needed()
        return smtp
    smtp = smtplib.SMTP(server.host, server.port, server.helo or None, timeout=server.timeout)
    smtp.ehlo_or_helo_if_needed()
    if server.context is not None:
        smtp.starttls(context=server.context)
        _recognise(server, smtp.sock)
        smtp.ehlo_or_helo_if_needed()
    return smtp


def _recognise(server: Server, sock: object) -> None:
    """Raises ``SMTPResponseException``, a temporary one: the white list may be behind (RFC 3463, X.7.5)."""
    if not server.subjects or not isinstance(sock, ssl.SSLSocket):
        return
    dn = read_certificate(sock.getpeercert(binary_form=True) or b"").subject_dn
    if all(same_dn(listed, dn) is Comparison.DIFFERENT for listed in server.subjects):
        raise smtplib.SMTPResponseException(454, f"4.7.5 the white list does not name the certificate {dn}".encode())


def _expect(answer: tuple[int, bytes], *wanted: int) -> None:
    if answer[0] not in wanted:
        raise smtplib.SMTPResponseException(*answer)


def _plain(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text
