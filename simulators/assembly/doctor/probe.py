"""Small connections that look at one thing and leave politely: no exchange, no incident in anybody's journal.

A TLS port is always asked for a page after the handshake: a connection that leaves right after it would be told as one
whose peer did not trust the certificate.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult

from simulators.core.rules import Text
from simulators.core.store.guard import refuse_wire

PATIENCE_S = 5.0
# X509_V_FLAG_NO_CHECK_TIME: dates are a check of their own, one cause must give one light.
_NO_CHECK_TIME = 0x200000
PORTS = {"http": 80, "https": 443, "mllp": 2575, "mllps": 2575, "smtp": 25, "smtps": 465}
SECURE = frozenset({"https", "mllps", "smtps"})


@dataclass(frozen=True)
class Seen:
    """What a server showed: its certificate (DER), the TLS version, the status and the ``Date`` of its answer."""

    certificate: bytes = b""
    tls: str = ""
    status: int = 0
    date: datetime | None = None


def place(url: SplitResult) -> tuple[str, int]:
    """Host and port of a URL, its scheme's port by default."""
    return url.hostname or "", url.port or PORTS[url.scheme]


@contextlib.contextmanager
def connected(host: str, port: int) -> Iterator[socket.socket]:
    """A TCP connection. Raises ``OSError``, ``WireInsideTransaction``."""
    refuse_wire("doctor")
    with socket.create_connection((host, port), PATIENCE_S) as sock:
        yield sock


def addresses(host: str) -> tuple[str, ...]:
    """What a name resolves to here. Raises ``OSError``."""
    refuse_wire("doctor")
    return tuple(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)))


def get(url: SplitResult, context: ssl.SSLContext | None, host: str = "") -> Seen:
    """One GET, no redirection and no proxy; ``host`` is the address to connect to when it is not the URL's.

    Raises ``OSError`` (``ssl.SSLError`` for the handshake) and ``http.client.HTTPException``.
    """
    name, port = place(url)
    with connected(host or name, port) as plain:
        sock = context.wrap_socket(plain, server_hostname=name) if context is not None else plain
        with sock:
            return _asked(sock, f"{url.path or '/'}{'?' + url.query if url.query else ''}", url.netloc)


def handshake(host: str, port: int, context: ssl.SSLContext) -> Seen:
    """A handshake alone, for what speaks no HTTP. Raises ``OSError``."""
    with connected(host, port) as plain, context.wrap_socket(plain, server_hostname=host) as sock:
        return Seen(sock.getpeercert(binary_form=True) or b"", sock.version() or "")


def _asked(sock: socket.socket, target: str, netloc: str) -> Seen:
    request = f"GET {target} HTTP/1.1\r\nHost: {netloc.rpartition('@')[2]}\r\nConnection: close\r\n\r\n"
    # A TLS 1.3 server refuses after the handshake: its alert is to be read, although the request is not taken.
    with contextlib.suppress(ConnectionError, ssl.SSLEOFError):
        sock.sendall(request.encode())
    answer = http.client.HTTPResponse(sock, method="GET")
    answer.begin()
    secured = sock if isinstance(sock, ssl.SSLSocket) else None
    return Seen(
        (secured.getpeercert(binary_form=True) or b"") if secured else b"",
        (secured.version() or "") if secured else "",
        answer.status,
        date_of(answer.getheader("Date")),
    )


def date_of(header: str | None) -> datetime | None:
    """An HTTP date, None when absent, unreadable or without a zone."""
    try:
        found = parsedate_to_datetime(header) if header else None
    except (ValueError, TypeError):
        return None
    return found if found is not None and found.tzinfo is not None else None


def anybody() -> ssl.SSLContext:
    """Looks at whatever certificate is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def trusting(pem: str, *, system: bool = False, dates_and_name: bool = True) -> ssl.SSLContext:
    """Trusts the certificates of ``pem``, and the system's with ``system``. Raises ``ssl.SSLError``."""
    context = ssl.create_default_context() if system else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if pem:
        context.load_verify_locations(cadata=pem)
    if not dates_and_name:
        context.check_hostname = False
        context.verify_flags |= _NO_CHECK_TIME
    return context


def network_reason(problem: BaseException) -> Text:
    """A connection that failed, in plain words."""
    if isinstance(problem, ConnectionRefusedError):
        return Text("personne n'écoute sur ce port (connexion refusée)", "nobody listens on this port (refused)")
    if isinstance(problem, TimeoutError):
        return Text(
            "rien ne répond dans le délai (pare-feu, mauvaise adresse ?)",
            "nothing answers in time (firewall, wrong address?)",
        )
    if isinstance(problem, socket.gaierror):
        return Text("le nom est inconnu ici", "the name is unknown here")
    if isinstance(problem, ConnectionError):
        return Text("la connexion est coupée", "the connection is cut")
    return Text(f"échec : {problem}", f"failure: {problem}")
