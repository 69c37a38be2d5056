"""TLS contexts of the standard library for our servers and our clients.

What the handshake itself refuses (with an alert): a foreign issuer, an expired, not yet valid or revoked certificate,
a name outside the constraints, and a certificate whose key usage or extended key usage forbids TLS client
authentication. The last cannot be switched off in ``ssl``: OpenSSL gives every server the purpose "sslclient" and
Python offers neither a purpose nor a verify callback. See :mod:`.profiles` for how SIGN certificates get through.
"""

from __future__ import annotations

import ssl
import tempfile
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from simulators.core.pki.files import write_atomic
from simulators.core.pki.issued import IssuedCertificate, pem_of
from simulators.core.pki.trust import Trust

Verify = Literal["none", "optional", "required"]

# PDT-INF-579 v4 (facts dmp.md §1.2), IANA names in comments, OpenSSL names in the value.
NATIONAL_SUITES = (
    "ECDHE-RSA-AES256-GCM-SHA384",  # TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
    "ECDHE-RSA-AES128-GCM-SHA256",  # TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    "ECDHE-RSA-CHACHA20-POLY1305",  # TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
    "ECDHE-RSA-AES256-SHA384",  # TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384
)

_MODES = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}


def server_context(
    issued: IssuedCertificate,
    trust: Trust | None = None,
    *,
    verify: Verify = "none",
    strict_tls: bool = False,
) -> ssl.SSLContext:
    """Return a server context: TLS 1.2 and 1.3, or with ``strict_tls`` TLS 1.2 and the four national suites.

    ``trust`` holds the authorities of client certificates (needed unless ``verify`` is none). When its CRLs are
    complete, a revoked client is refused in the handshake; the CRLs are those of that moment, and an outdated CRL
    refuses everybody, so rebuild the context in time (:class:`ContextSource`). Raises ValueError, ssl.SSLError.
    """
    if verify != "none" and trust is None:
        raise ValueError("client certificates cannot be verified without a trust")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _versions(context, strict_tls)
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_NO_RENEGOTIATION
    _present(context, issued)
    if trust is not None and verify != "none":
        _trust(context, trust, check_crl=trust.crls_complete)
        context.verify_mode = _MODES[verify]
    return context


def client_context(
    trust: Trust,
    issued: IssuedCertificate | None = None,
    *,
    strict_tls: bool = False,
    check_crl: bool = False,
) -> ssl.SSLContext:
    """Return a client context that trusts only ``trust``, checks the host name, and presents ``issued`` if given.

    ``check_crl`` refuses a revoked server by the CRLs of ``trust``. Raises ValueError when there are none for all
    anchors, ssl.SSLError.
    """
    if check_crl and not trust.crls_complete:
        raise ValueError("revocation cannot be checked: the trust lacks a CRL")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _versions(context, strict_tls)
    _trust(context, trust, check_crl=check_crl)
    if issued is not None:
        _present(context, issued)
    return context


class ContextSource:
    """Holds the context in use and rebuilds it on demand (a revocation, a new root, a CRL about to lapse).

    Connections already open keep theirs. A new context has new ticket keys, so nobody resumes past a revocation.
    """

    def __init__(self, build: Callable[[], ssl.SSLContext]) -> None:
        """``build`` makes a context from the present state, for example from ``pki.trust(now)``."""
        self._build = build
        self._lock = threading.Lock()
        self._context = build()

    @property
    def current(self) -> ssl.SSLContext:
        """The context for the next connection."""
        return self._context

    def refresh(self) -> ssl.SSLContext:
        """Rebuild and return the context; when building raises, the old one stays in use."""
        with self._lock:
            self._context = self._build()
            return self._context


def _versions(context: ssl.SSLContext, strict_tls: bool) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if strict_tls:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(":".join(NATIONAL_SUITES))


def _trust(context: ssl.SSLContext, trust: Trust, *, check_crl: bool) -> None:
    context.load_verify_locations(cadata=_pem(trust.certificates))
    if check_crl:
        _load_crls(context, trust.crls)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF


def _pem(certificates: Iterable[x509.Certificate]) -> str:
    return b"".join(pem_of(certificate) for certificate in certificates).decode("ascii")


def _load_crls(context: ssl.SSLContext, crls: Iterable[bytes]) -> None:
    """Load CRLs through a short-lived file: ``cadata`` reads certificates only."""
    pem = b"".join(x509.load_der_x509_crl(crl).public_bytes(serialization.Encoding.PEM) for crl in crls)
    with tempfile.TemporaryDirectory(prefix="segur-") as folder:
        path = Path(folder) / "crls.pem"
        path.write_bytes(pem)
        context.load_verify_locations(cafile=path)


def _present(context: ssl.SSLContext, issued: IssuedCertificate) -> None:
    """Load certificate and key; ``load_cert_chain`` takes files only."""
    with tempfile.TemporaryDirectory(prefix="segur-") as folder:
        certificate, key = Path(folder) / "certificate.pem", Path(folder) / "key.pem"
        certificate.write_bytes(issued.presented_pem())
        write_atomic(key, issued.key_pem(), private=True)
        context.load_cert_chain(certificate, key)
