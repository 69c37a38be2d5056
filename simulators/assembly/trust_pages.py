"""The plain HTTP port: CRL and OCSP (RFC 5280 §4.2.1.13, RFC 6960 appendix A), and the trust kit below ``/kit/``."""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from cryptography import x509

from simulators.assembly.trust_kit.index import index_page
from simulators.assembly.trust_kit.kit import ARCHIVE, archive, kit
from simulators.core.clock import Now
from simulators.core.pki import Pki
from simulators.core.pki.issued import pem_of
from simulators.core.service import WSGIApp

OCSP_LIMIT = 16 * 1024
_PLAIN = "text/plain; charset=utf-8"
_TYPES = {
    "pem": "application/x-pem-file",
    "cer": "application/pkix-cert",
    "p12": "application/x-pkcs12",
    "zip": "application/zip",
}
_HTML_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "Vary": "Accept-Language"}

Said = tuple[str, str, bytes, Mapping[str, str]]
"""Status, media type, body, further headers."""

_MOVED: Said = ("302 Found", _PLAIN, b"kit/\n", {"Location": "kit/"})
_NOTHING: Said = ("404 Not Found", _PLAIN, b"CRL: /crl/, OCSP: /ocsp, /roots.pem, /kit/\n", {})


def trust_app(pki: Pki, now: Now, *, with_kit: bool = True) -> WSGIApp:
    """``/crl/<authority>.crl``, ``/ocsp`` (POST and GET), ``/roots.pem`` and ``/kit/``; anything else is 404 or 405.

    ``with_kit=False`` for an authority that nobody should install in passing.
    """
    served = _Kit(pki) if with_kit else None

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        status, kind, body, more = _answer(pki, served, now, environ)
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), "X-Content-Type-Options": "nosniff", **more}
        start_response(status, list(headers.items()))
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]

    return app


class _Kit:
    """The kit of the present roots, made at first use: another process may found one more."""

    def __init__(self, pki: Pki) -> None:
        self._pki = pki
        self._lock = threading.Lock()
        self._made: tuple[tuple[x509.Certificate, ...], dict[str, bytes]] = ((), {})

    def files(self) -> dict[str, bytes]:
        """Content by file name, the archive of all included."""
        with self._lock:
            roots = self._pki.roots
            if self._made[0] != roots:
                files = kit(roots, self._pki.url_base, self._pki.authorities)
                self._made = (roots, {**files, ARCHIVE: archive(files)})
            return self._made[1]


def _answer(pki: Pki, served: _Kit | None, now: Now, environ: dict[str, Any]) -> Said:
    path, method = str(environ.get("PATH_INFO", "")), str(environ.get("REQUEST_METHOD", "GET"))
    allowed = ("GET", "HEAD", "POST") if path == "/ocsp" else ("GET", "HEAD")
    if method not in allowed:
        return "405 Method Not Allowed", _PLAIN, f"{method} ?\n".encode(), {"Allow": ", ".join(allowed)}
    if path == "/ocsp" or path.startswith("/ocsp/"):
        asked = _ocsp_request(environ, path, method)
        return "200 OK", "application/ocsp-response", pki.ocsp_response(asked, now()), {}
    if path.startswith("/crl/") and path.endswith(".crl") and path[5:-4] in pki.authorities:
        return "200 OK", "application/pkix-crl", pki.crl(path[5:-4], now()), {}
    if path == "/roots.pem":
        return "200 OK", _TYPES["pem"], b"".join(map(pem_of, pki.roots)), {}
    return (_kit_page(pki, served, path, environ) if served else None) or _NOTHING


def _kit_page(pki: Pki, served: _Kit, path: str, environ: Mapping[str, Any]) -> Said | None:
    if path in {"", "/", "/kit"}:
        return _MOVED
    if path == "/kit/":
        return _index(pki, served, environ)
    name = path.removeprefix("/kit/")
    if name == path or name not in served.files():
        return None
    return "200 OK", _TYPES.get(name.rpartition(".")[2], _PLAIN), served.files()[name], {}


def _index(pki: Pki, served: _Kit, environ: Mapping[str, Any]) -> Said:
    names = sorted(served.files(), key=lambda name: (name != ARCHIVE, name != "README.txt"))
    page = index_page(_language(environ), names, pki.roots, pki.authorities, pki.url_base)
    return "200 OK", "text/html; charset=utf-8", page, _HTML_HEADERS


def _language(environ: Mapping[str, Any]) -> str:
    """``?lang=``, else the first language of the browser that is one of ours, else French."""
    asked = parse_qs(str(environ.get("QUERY_STRING", ""))).get("lang", [])
    accepted = str(environ.get("HTTP_ACCEPT_LANGUAGE", "")).split(",")
    found = (code for code in (text.strip()[:2].lower() for text in (*asked, *accepted)) if code in {"fr", "en"})
    return next(found, "fr")


def _ocsp_request(environ: dict[str, Any], path: str, method: str) -> bytes:
    if method == "POST":
        data: bytes = environ["wsgi.input"].read(OCSP_LIMIT)
        return data
    try:
        return base64.b64decode(unquote(path.removeprefix("/ocsp/")), validate=True)
    except (binascii.Error, ValueError):
        return b""
