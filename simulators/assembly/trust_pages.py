"""CRL and OCSP on the plain HTTP port (RFC 5280 §4.2.1.13, RFC 6960 appendix A)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

from cryptography.hazmat.primitives.serialization import Encoding

from simulators.core.clock import Now
from simulators.core.pki import Pki
from simulators.core.service import WSGIApp

OCSP_LIMIT = 16 * 1024


def trust_app(pki: Pki, now: Now) -> WSGIApp:
    """``/crl/<authority>.crl``, ``/ocsp`` (POST and GET) and ``/roots.pem``."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        status, kind, body = _answer(pki, now, environ)
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]

    return app


def _answer(pki: Pki, now: Now, environ: dict[str, Any]) -> tuple[str, str, bytes]:
    path = environ.get("PATH_INFO", "")
    if path.startswith("/crl/") and path.endswith(".crl"):
        try:
            return "200 OK", "application/pkix-crl", pki.crl(path[5:-4], now())
        except KeyError:
            return "404 Not Found", "text/plain", b"no such authority\n"
    if path == "/roots.pem":
        pem = b"".join(root.public_bytes(Encoding.PEM) for root in pki.roots)
        return "200 OK", "application/x-pem-file", pem
    if path == "/ocsp" or path.startswith("/ocsp/"):
        return "200 OK", "application/ocsp-response", pki.ocsp_response(_ocsp_request(environ, path), now())
    return "404 Not Found", "text/plain", b"CRL, OCSP and roots of the simulation PKI\n"


def _ocsp_request(environ: dict[str, Any], path: str) -> bytes:
    if environ.get("REQUEST_METHOD") == "POST":
        data: bytes = environ["wsgi.input"].read(OCSP_LIMIT)
        return data
    try:
        return base64.b64decode(unquote(path.removeprefix("/ocsp/")), validate=True)
    except (binascii.Error, ValueError):
        return b""
