"""Enveloped XML signatures: one known element, one signature, one reference, and no room for a second reading.

The caller names the element it is going to consume and gets back the very content that was signed, never the document.
IDs are plain strings (facts dmp-messages §2.1: those in the field are not all NCNames).

Sources: XML Signature (2nd ed.) §3.2, §4, §6; SAML core §5.4; for the attacks, "On Breaking SAML" (Somorovsky et al.,
2012).
"""

from __future__ import annotations

from simulators.core.xmldsig.names import (
    BOTH_FAMILIES,
    DS,
    ENVELOPED,
    EXCLUSIVE,
    RSA_SHA1,
    RSA_SHA256,
    SHA1,
    SHA256,
    SHA256_ONLY,
    Algorithms,
    Reason,
    SignatureRefused,
)
from simulators.core.xmldsig.sign import sign_enveloped
from simulators.core.xmldsig.verify import SignedContent, verify_enveloped

__all__ = [
    "BOTH_FAMILIES",
    "DS",
    "ENVELOPED",
    "EXCLUSIVE",
    "RSA_SHA1",
    "RSA_SHA256",
    "SHA1",
    "SHA256",
    "SHA256_ONLY",
    "Algorithms",
    "Reason",
    "SignatureRefused",
    "SignedContent",
    "sign_enveloped",
    "verify_enveloped",
]
