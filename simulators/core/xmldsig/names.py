"""Names of algorithms, and why a signature is refused.

Sources: XML Signature (2nd ed.) §6, RFC 6931 §2.3.2; which ones the field uses: facts dmp-messages §2.1.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from cryptography.hazmat.primitives import hashes

from simulators.core.errors import SandboxError
from simulators.core.xml import NAMESPACES

DS = NAMESPACES["ds"]
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


SIGNATURE = f"{{{DS}}}Signature"
# Any attribute of these local names is an ID, in no namespace or in any.
IDS = ("ID", "Id", "id")
DIGESTS = {SHA1: hashlib.sha1, SHA256: hashlib.sha256}
HASHES: dict[str, type[hashes.HashAlgorithm]] = {RSA_SHA1: hashes.SHA1, RSA_SHA256: hashes.SHA256}


class Reason(StrEnum):
    """Why a signature is refused."""

    NO_ID = "no-id"
    NO_SIGNATURE = "no-signature"
    SIGNATURE_NOT_CHILD = "signature-not-child"
    SEVERAL_SIGNATURES = "several-signatures"
    DUPLICATE_ID = "duplicate-id"
    ANOTHER_ELEMENT = "another-element"
    UNSIGNED_CONTENT = "unsigned-content"
    MALFORMED = "malformed"
    SEVERAL_REFERENCES = "several-references"
    REFERENCE_ELSEWHERE = "reference-elsewhere"
    REFERENCE_UNRESOLVED = "reference-unresolved"
    TRANSFORMS = "transforms"
    ALGORITHM = "algorithm"
    NO_CERTIFICATE = "no-certificate"
    UNREADABLE_CERTIFICATE = "unreadable-certificate"
    VALUE_MISMATCH = "value-mismatch"
    DIGEST_MISMATCH = "digest-mismatch"


class SignatureRefused(SandboxError):
    """``where`` is an XPath in the message; ``found`` and ``expected`` are raw values, in no language."""

    def __init__(self, reason: Reason, where: str, found: str = "", expected: str = "") -> None:
        super().__init__(f"{reason.value} at {where}")
        self.reason = reason
        self.where = where
        self.found = found
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Algorithms:
    """The signature and digest algorithm URIs that are accepted."""

    signatures: frozenset[str] = frozenset({RSA_SHA1, RSA_SHA256})
    digests: frozenset[str] = frozenset({SHA1, SHA256})


BOTH_FAMILIES = Algorithms()
SHA256_ONLY = Algorithms(frozenset({RSA_SHA256}), frozenset({SHA256}))
