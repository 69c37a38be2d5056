"""The WSGI environ of a request: what the application is told, and by whom.

Rule of this file: what identifies the peer (certificate, TLS, address) comes from the socket only. Header names that
proxies use to forward a client certificate are dropped, so that no application can mistake them for an identity; the
raw head keeps them for the journal.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Literal
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIEnvironment

from simulators.core.listeners.http_head import RequestHead

DisconnectMode = Literal["reset", "close"]

# "proxy" would become HTTP_PROXY, which client libraries obey (httpoxy); client-cert is RFC 9440.
_IDENTITY_LIKE = re.compile(
    rb"(x-)?(ssl|tls)-.*|x-(forwarded-)?(client-cert|tls-client|client-verify|client-dn).*|client-cert(-chain)?|proxy"
    rb"|x-arr-clientcert|x-amzn-mtls-.*"
)


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What one TLS handshake established; ``client_cert_der`` only if verified against the accepted authorities.

    ``server_name`` is the name the client asked for, where the port looks at it (see :mod:`.by_name`).
    """

    version: str
    cipher: str
    client_cert_der: bytes | None
    server_name: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came in: listener, its own address, the peer's address, TLS facts (None on a plain port)."""

    listener: str
    local: tuple[str, int]
    peer: tuple[str, int]
    tls: TlsFacts | None


@dataclass(frozen=True, slots=True)
class Levers:
    """What a fault may do to the exchange. ``disconnect`` acts at once; ``truncate_after`` counts body octets."""

    disconnect: Callable[[DisconnectMode], None]
    truncate_after: Callable[[int], None]


def build_environ(
    head: RequestHead, body: IO[bytes], body_size: int, origin: Origin, levers: Levers
) -> WSGIEnvironment:
    """The environ of PEP 3333 plus the ``segur.*`` keys.

    ``segur.client_cert_der`` (bytes or None), ``segur.tls_version``, ``segur.cipher``, ``segur.server_name`` (str or
    None),
    ``segur.listener`` (str), ``segur.peer`` ((ip, port)), ``segur.received`` (raw head octets),
    ``segur.ignored_headers`` (names not passed on), ``segur.disconnect``, ``segur.truncate_after``.
    """
    passed, ignored = _headers(head)
    environ: WSGIEnvironment = {
        **passed,
        "REQUEST_METHOD": head.method.decode("latin-1"),
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(head.path).decode("latin-1"),
        "QUERY_STRING": head.query.decode("latin-1"),
        "REQUEST_URI": head.target.decode("latin-1"),
        "SERVER_NAME": origin.local[0],
        "SERVER_PORT": str(origin.local[1]),
        "SERVER_PROTOCOL": f"HTTP/{head.version[0]}.{head.version[1]}",
        "REMOTE_ADDR": origin.peer[0],
        "REMOTE_PORT": str(origin.peer[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http" if origin.tls is None else "https",
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if head.chunked or head.values(b"content-length"):
        environ["CONTENT_LENGTH"] = str(body_size)
    environ.update(_segur_keys(head, origin, levers, ignored))
    return environ


def _segur_keys(head: RequestHead, origin: Origin, levers: Levers, ignored: tuple[str, ...]) -> WSGIEnvironment:
    tls = origin.tls
    return {
        "segur.listener": origin.listener,
        "segur.peer": origin.peer,
        "segur.client_cert_der": tls and tls.client_cert_der,
        "segur.tls_version": tls and tls.version,
        "segur.cipher": tls and tls.cipher,
        "segur.server_name": tls and tls.server_name,
        "segur.received": head.raw,
        "segur.ignored_headers": ignored,
        "segur.disconnect": levers.disconnect,
        "segur.truncate_after": levers.truncate_after,
    }


def _headers(head: RequestHead) -> tuple[dict[str, str], tuple[str, ...]]:
    passed: dict[str, str] = {}
    ignored: list[str] = []
    for name, value in head.headers:
        # An underscore would let one header pose as another once in the environ (Content_Length, SSL_Client_Cert).
        if b"_" in name or _IDENTITY_LIKE.fullmatch(name):
            ignored.append(name.decode("latin-1"))
            continue
        key = name.decode("latin-1").upper().replace("-", "_")
        if key == "CONTENT_LENGTH":
            continue
        key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
        joint = "; " if name == b"cookie" else ", "
        text = value.decode("latin-1")
        passed[key] = f"{passed[key]}{joint}{text}" if key in passed else text
    return passed, tuple(ignored)
