"""Signing one element where it stands, for our own clients."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Literal

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree

from simulators.core.xml import NAMESPACES
from simulators.core.xml.canonical import canonical
from simulators.core.xmldsig.names import (
    DIGESTS,
    DS,
    ENVELOPED,
    EXCLUSIVE,
    HASHES,
    IDS,
    RSA_SHA1,
    RSA_SHA256,
    SHA1,
    SHA256,
    SIGNATURE,
)

_ISSUER = f"{{{NAMESPACES['saml2']}}}Issuer"
_NAMED = {"rsa-sha1": (RSA_SHA1, SHA1), "rsa-sha256": (RSA_SHA256, SHA256)}


def sign_enveloped(
    element: etree._Element,
    key: RSAPrivateKey,
    certificate_der: bytes,
    *,
    algorithm: Literal["rsa-sha256", "rsa-sha1"] = "rsa-sha256",
    before: int | None = None,
    prefixes: Sequence[str] = (),
) -> etree._Element:
    """Sign ``element``, which bears an ID, where it stands; insert and return the Signature.

    ``before``: index of the child the Signature goes before; by default after a leading saml2:Issuer, else first.
    Moving the element to another tree afterwards may rename prefixes and break the signature: sign last.
    ``ValueError`` without an ID.
    """
    name = next((name for name in IDS if element.get(name)), None)
    if name is None:
        raise ValueError("the element to sign bears no ID")
    signature_algorithm, digest_algorithm = _NAMED[algorithm]
    digest = DIGESTS[digest_algorithm](canonical(element, prefixes=prefixes)).digest()
    signature = _unsigned(f"#{element.get(name)}", signature_algorithm, digest_algorithm, digest, prefixes)
    element.insert(_after_issuer(element) if before is None else before, signature)
    value = key.sign(canonical(signature[0]), padding.PKCS1v15(), HASHES[signature_algorithm]())
    _put(signature, "SignatureValue").text = b64encode(value).decode()
    data = _put(_put(signature, "KeyInfo"), "X509Data")
    _put(data, "X509Certificate").text = b64encode(certificate_der).decode()
    return signature


def _unsigned(
    uri: str, signature_algorithm: str, digest_algorithm: str, digest: bytes, prefixes: Sequence[str]
) -> etree._Element:
    signature = etree.Element(SIGNATURE, nsmap={"ds": DS})
    signed_info = _put(signature, "SignedInfo")
    _put(signed_info, "CanonicalizationMethod", Algorithm=EXCLUSIVE)
    _put(signed_info, "SignatureMethod", Algorithm=signature_algorithm)
    reference = _put(signed_info, "Reference", URI=uri)
    transforms = _put(reference, "Transforms")
    _put(transforms, "Transform", Algorithm=ENVELOPED)
    exclusive = _put(transforms, "Transform", Algorithm=EXCLUSIVE)
    if prefixes:
        listed = etree.SubElement(exclusive, f"{{{EXCLUSIVE}}}InclusiveNamespaces", nsmap={"ec": EXCLUSIVE})
        listed.set("PrefixList", " ".join(prefixes))
    _put(reference, "DigestMethod", Algorithm=digest_algorithm)
    _put(reference, "DigestValue").text = b64encode(digest).decode()
    return signature


def _put(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{DS}}}{name}", attributes)


def _after_issuer(element: etree._Element) -> int:
    first = next(element.iterchildren(tag=etree.Element), None)
    return element.index(first) + 1 if first is not None and first.tag == _ISSUER else 0
