"""Namespaces and algorithm identifiers of the lot signature (facts dmp-messages.md 6.1)."""

from __future__ import annotations

import hashlib
from typing import Final

from cryptography.hazmat.primitives import hashes

from simulators.core.xmldsig import DS, RSA_SHA1, RSA_SHA256, SHA1, SHA256

XADES: Final = "http://uri.etsi.org/01903/v1.1.1#"
MANIFEST_TYPE: Final = f"{DS}Manifest"
PROPERTIES_TYPE: Final = f"{XADES}SignedProperties"
MANIFEST_ID: Final = "IHEManifest"
PROPERTIES_ID: Final = "S0-SignedProperties"
C14N: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
C14N_WITH_COMMENTS: Final = f"{C14N}#WithComments"
EXC_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
EXC_C14N_WITH_COMMENTS: Final = f"{EXC_C14N}WithComments"
NOT_DIGESTED: Final = b"\x00"
"""The digest of the submission set's reference: one zero byte, ``AA==``."""

CANONICAL: Final = {
    C14N: (False, False),
    C14N_WITH_COMMENTS: (False, True),
    EXC_C14N: (True, False),
    EXC_C14N_WITH_COMMENTS: (True, True),
}
"""Canonicalisation URI → (exclusive, with comments)."""

SIGNATURE_HASHES: Final[dict[str, type[hashes.HashAlgorithm]]] = {RSA_SHA1: hashes.SHA1, RSA_SHA256: hashes.SHA256}
DIGESTS: Final = {SHA1: "sha1", SHA256: "sha256"}
"""Digest URI → hashlib name."""


def digest(algorithm: str, data: bytes) -> bytes:
    """``algorithm`` is a hashlib name; SHA-1 is what the profile prescribes, not a protection of ours."""
    return hashlib.new(algorithm, data, usedforsecurity=False).digest()


def ds(name: str) -> str:
    """Clark name in the XML Signature namespace."""
    return f"{{{DS}}}{name}"


def xades(name: str) -> str:
    """Clark name in the XAdES 1.1.1 namespace."""
    return f"{{{XADES}}}{name}"
