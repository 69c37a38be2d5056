"""The roots as PKCS#12 trust stores for Java (RFC 7292)."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12Certificate, serialize_java_truststore

from simulators.assembly.trust_kit.scripts import root_id
from simulators.core.pki.issued import pkcs12_encryption


def truststore(roots: Sequence[x509.Certificate], password: str, *, legacy: bool = False) -> bytes:
    """Each root as a trusted certificate entry (with Oracle's trusted-key-usage attribute, which Java asks for).

    ``legacy``: PBE-SHA1-3DES, MAC SHA-1, for Java 8 before update 301. Raises ValueError for an empty password.
    """
    entries = [PKCS12Certificate(root, f"segur-sandbox-{root_id(root)}".encode()) for root in roots]
    return serialize_java_truststore(entries, pkcs12_encryption(password, legacy=legacy))
