"""The signature of a lot: XAdES 1.1.1 with a detached manifest, built and read.

Reading gives facts (what is referenced, which digests match and in which form, whether the RSA value
holds), never a verdict: published material itself breaks most checks. Source: facts dmp-messages.md
6, XML Signature (2nd ed.), XAdES 1.1.1 (ETSI TS 101 903), IHE ITI Document Digital Signature.
"""

from __future__ import annotations

from simulators.documents.signature.build import SignedDocument, build_signature
from simulators.documents.signature.digests import DigestForm, document_digests
from simulators.documents.signature.model import (
    CertificateDigest,
    InternalReference,
    LotSignature,
    ManifestReference,
    SignatureValue,
)
from simulators.documents.signature.read import read_signature

__all__ = [
    "CertificateDigest",
    "DigestForm",
    "InternalReference",
    "LotSignature",
    "ManifestReference",
    "SignatureValue",
    "SignedDocument",
    "build_signature",
    "document_digests",
    "read_signature",
]
