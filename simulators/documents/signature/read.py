"""Reads a lot signature into facts.

An ``#x`` is resolved by comparing strings (identifiers in the field are not NCNames) and only when one
element bears it. The manifest is the very element SignedInfo refers to, so that a second one added
beside it is never taken for the signed one.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from lxml import etree

from simulators.core.pki import CertificateFacts, CertificateUnreadable, read_certificate
from simulators.core.xml import XmlLimits, parse, text, where
from simulators.documents.errors import UnreadableSignature
from simulators.documents.signature.digests import canonical, element_digests
from simulators.documents.signature.model import (
    CertificateDigest,
    InternalReference,
    LotSignature,
    ManifestReference,
    SignatureValue,
)
from simulators.documents.signature.names import (
    CANONICAL,
    DIGESTS,
    MANIFEST_ID,
    MANIFEST_TYPE,
    PROPERTIES_ID,
    PROPERTIES_TYPE,
    SIGNATURE_HASHES,
    digest,
    ds,
    xades,
)

DEFAULT_LIMITS = XmlLimits(bytes=5 * 1024 * 1024)

_IDS = ("Id", "ID", "id")


def read_signature(data: bytes, *, limits: XmlLimits = DEFAULT_LIMITS) -> LotSignature:
    """Reads one signature document. Raises ``XmlRefused``, and :class:`UnreadableSignature` unless the root
    is a ``ds:Signature`` with one ``SignedInfo``."""
    root = parse(data, limits=limits)
    if root.tag != ds("Signature"):
        raise UnreadableSignature(f"the root is {root.tag}, not ds:Signature", where(root))
    infos = root.findall(ds("SignedInfo"))
    if len(infos) != 1:
        raise UnreadableSignature(f"{len(infos)} SignedInfo elements instead of one", where(root))
    info = infos[0]
    references = tuple(_internal(root, element) for element in info.findall(ds("Reference")))
    manifest, signed = _manifest(root, references)
    properties = _referenced(root, references, PROPERTIES_TYPE, PROPERTIES_ID, xades("SignedProperties"))
    holder = root.find(f"{ds('KeyInfo')}/{ds('X509Data')}/{ds('X509Certificate')}")
    der = b"" if holder is None else _decoded(holder)
    certificate = _certificate(der)
    return LotSignature(
        id=root.get("Id", ""),
        canonicalization=_algorithm(info, "CanonicalizationMethod"),
        signature_method=_algorithm(info, "SignatureMethod"),
        references=references,
        manifest=() if manifest is None else tuple(_reference(one) for one in manifest.findall(ds("Reference"))),
        manifest_signed=signed,
        value=_value(root, info, certificate),
        certificate=certificate,
        certificate_digests=tuple(_certificate_digest(cert, der) for cert in _below(root, properties, "Cert")),
        purpose=_purpose(root),
        signing_time=_signing_time(next(_below(root, properties, "SigningTime"), None)),
        where=where(root),
        manifest_where=where(root if manifest is None else manifest),
        certificate_where=where(root if holder is None else holder),
    )


def _internal(root: etree._Element, element: etree._Element) -> InternalReference:
    uri, method = element.get("URI", ""), _algorithm(element, "DigestMethod")
    target = _resolve(root, uri)
    return InternalReference(
        uri=uri,
        type=element.get("Type", ""),
        digest_method=method,
        resolved=target is not None,
        matches=() if target is None else _matching(target, method, _digest_value(element)),
        where=where(element),
    )


def _matching(target: etree._Element, method: str, expected: bytes) -> tuple[str, ...]:
    algorithm = DIGESTS.get(method)
    if algorithm is None or not expected:
        return ()
    try:
        return tuple(uri for uri, found in element_digests(target, algorithm) if found == expected)
    except etree.LxmlError:
        return ()


def _manifest(root: etree._Element, references: tuple[InternalReference, ...]) -> tuple[etree._Element | None, bool]:
    """The manifest SignedInfo points at and whether its digest holds, else the only one there is, unsigned."""
    found = _referenced(root, references, MANIFEST_TYPE, MANIFEST_ID, ds("Manifest"))
    if found is not None:
        return found
    every = list(root.iter(ds("Manifest")))
    return (every[0] if len(every) == 1 else None), False


def _referenced(
    root: etree._Element, references: tuple[InternalReference, ...], kind: str, identifier: str, tag: str
) -> tuple[etree._Element, bool] | None:
    """The element of that name a reference points at, by type or by its usual identifier, and whether it holds."""
    for reference in references:
        if reference.type == kind or reference.uri == f"#{identifier}":
            target = _resolve(root, reference.uri)
            if target is not None and target.tag == tag:
                return target, reference.holds
    return None


def _below(root: etree._Element, properties: tuple[etree._Element, bool] | None, name: str) -> Iterator[etree._Element]:
    """XAdES elements of that name, of the referenced properties only when there are some."""
    return (root if properties is None else properties[0]).iter(xades(name))


def _resolve(root: etree._Element, uri: str) -> etree._Element | None:
    if not uri.startswith("#") or len(uri) < 2:
        return None
    found = [element for element in root.iter(etree.Element) if uri[1:] in {element.get(name) for name in _IDS}]
    return found[0] if len(found) == 1 else None


def _reference(element: etree._Element) -> ManifestReference:
    return ManifestReference(
        uri=element.get("URI", ""),
        digest_method=_algorithm(element, "DigestMethod"),
        digest=_digest_value(element),
        transforms=tuple(found.get("Algorithm", "") for found in element.iter(ds("Transform"))),
        where=where(element),
    )


def _value(root: etree._Element, info: etree._Element, certificate: CertificateFacts | None) -> SignatureValue:
    element = root.find(ds("SignatureValue"))
    place = where(root if element is None else element)
    algorithm = SIGNATURE_HASHES.get(_algorithm(info, "SignatureMethod"))
    form = CANONICAL.get(_algorithm(info, "CanonicalizationMethod"))
    if element is None or certificate is None:
        return SignatureValue(None, "no signature value" if element is None else "no readable certificate", place)
    if algorithm is None or form is None:
        return SignatureValue(None, "an algorithm that is not supported", place)
    exclusive, comments = form
    try:
        key = certificate.certificate.public_key()
        if not isinstance(key, RSAPublicKey):
            return SignatureValue(None, "no RSA key in the certificate", place)
        signed = canonical(info, exclusive=exclusive, comments=comments)
        key.verify(_decoded(element), signed, PKCS1v15(), algorithm())
    except InvalidSignature:
        return SignatureValue(False, "", place)
    except (UnsupportedAlgorithm, ValueError, etree.LxmlError) as error:
        return SignatureValue(None, str(error)[:200], place)
    return SignatureValue(True, "", place)


def _certificate(der: bytes) -> CertificateFacts | None:
    try:
        return read_certificate(der) if der else None
    except CertificateUnreadable:
        return None


def _certificate_digest(cert: etree._Element, der: bytes) -> CertificateDigest:
    method = cert.find(f"{xades('CertDigest')}/{xades('DigestMethod')}")
    value = cert.find(f"{xades('CertDigest')}/{xades('DigestValue')}")
    uri = "" if method is None else method.get("Algorithm", "")
    expected = b"" if value is None else _decoded(value)
    algorithm = DIGESTS.get(uri)
    return CertificateDigest(
        digest_method=uri,
        digest=expected,
        issuer=_text(cert, f"{xades('IssuerSerial')}/{ds('X509IssuerName')}"),
        serial=_text(cert, f"{xades('IssuerSerial')}/{ds('X509SerialNumber')}"),
        of_signer=bool(algorithm and der and digest(algorithm, der) == expected),
        where=where(cert),
    )


def _purpose(root: etree._Element) -> str:
    """In the field the property stands in the XML Signature namespace or in none."""
    for tag in (ds("SignatureProperty"), "SignatureProperty"):
        for found in root.iter(tag):
            return text(found).strip()
    return ""


def _signing_time(found: etree._Element | None) -> datetime | None:
    try:
        instant = None if found is None else datetime.fromisoformat(text(found).strip())
    except ValueError:
        return None
    return instant if instant is not None and instant.tzinfo else None


def _algorithm(parent: etree._Element, name: str) -> str:
    found = parent.find(ds(name))
    return "" if found is None else found.get("Algorithm", "")


def _digest_value(parent: etree._Element) -> bytes:
    found = parent.find(ds("DigestValue"))
    return b"" if found is None else _decoded(found)


def _text(parent: etree._Element, path: str) -> str:
    found = parent.find(path)
    return "" if found is None else text(found).strip()


def _decoded(element: etree._Element) -> bytes:
    """The bytes of a base64 text, line breaks allowed; ``b""`` when it is none."""
    try:
        return base64.b64decode("".join(text(element).split()), validate=True)
    except (binascii.Error, ValueError):
        return b""
