"""Whether a root certificate is installed on this machine: in the system's store, in Java's, in a named bundle.

Membership is looked at, nothing is connected to: a refused handshake would end in the sandbox's journal as a failure.
"""

from __future__ import annotations

import contextlib
import re
import ssl
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

_PEM = re.compile(rb"-----BEGIN (?:TRUSTED )?CERTIFICATE-----.+?-----END (?:TRUSTED )?CERTIFICATE-----", re.DOTALL)
_SUFFIXES = frozenset({".pem", ".crt", ".cer", ".0", ".1"})
_JAVA = (("lib", "security", "cacerts"), ("jre", "lib", "security", "cacerts"))
_PASSWORD = b"changeit"
VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


def der_of(pem: str) -> tuple[bytes, ...]:
    """The certificates of a PEM text, as DER."""
    return tuple(c.public_bytes(Encoding.DER) for c in x509.load_pem_x509_certificates(pem.encode()))


def in_system(roots: Iterable[bytes]) -> bool:
    """Whether every root is in the store that OpenSSL (on Windows: the system) reads by default."""
    held = _windows() if sys.platform == "win32" else _openssl()
    return set(roots) <= held


def system_place() -> str:
    """Where that store is, for people."""
    paths = ssl.get_default_verify_paths()
    return "Windows ROOT" if sys.platform == "win32" else str(paths.capath or paths.cafile or paths.openssl_capath)


def java_stores(environment: Mapping[str, str]) -> list[Path]:
    """The cacerts of JAVA_HOME, when there is one."""
    home = environment.get("JAVA_HOME")
    return [found for parts in _JAVA if home and (found := Path(home).joinpath(*parts)).is_file()]


def in_java(store: Path, roots: Iterable[bytes]) -> bool | None:
    """Whether a cacerts (JKS, or PKCS#12 since Java 18) holds every root; None when it cannot be read."""
    try:
        data = store.read_bytes()
    except OSError:
        return None
    # JKS and a PKCS#12 without password hold certificates as they are.
    missing = [root for root in roots if root not in data]
    return not missing or (set(missing) <= _encrypted(data))


def in_bundle(path: Path, roots: Iterable[bytes]) -> bool | None:
    """The same for a PEM bundle."""
    try:
        return set(roots) <= _pem_file(path)
    except OSError:
        return None


def _encrypted(data: bytes) -> set[bytes]:
    try:
        found = pkcs12.load_pkcs12(data, _PASSWORD).additional_certs
    except ValueError:
        return set()
    return {entry.certificate.public_bytes(Encoding.DER) for entry in found}


def _openssl() -> set[bytes]:
    paths = ssl.get_default_verify_paths()
    files = [Path(paths.cafile)] if paths.cafile else []
    folder = Path(paths.capath) if paths.capath else None
    if folder is not None and folder.is_dir():
        # OpenSSL itself only looks at HASH.N; a bundle beside them holds the same certificates.
        files += [file for file in sorted(folder.iterdir()) if file.suffix in _SUFFIXES]
    held: set[bytes] = set()
    for file in files:
        with contextlib.suppress(OSError):
            held |= _pem_file(file)
    return held


def _pem_file(path: Path) -> set[bytes]:
    held = set()
    for block in _PEM.findall(path.read_bytes()):
        try:
            held.add(ssl.PEM_cert_to_DER_cert(block.decode("ascii")))
        except ValueError:
            continue
    return held


def _windows() -> set[bytes]:
    entries = getattr(ssl, "enum_certificates")("ROOT")  # noqa: B009 - absent from the type stubs of other systems
    return {certificate for certificate, _, _ in entries}
