"""Builds the signature document of a lot. Source: facts dmp-messages.md 6.1."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, cast

from lxml import etree

from simulators.core.pki import CertificateUnreadable, read_certificate
from simulators.core.xml import XmlRefused, parse, serialize
from simulators.core.xmldsig import DS, RSA_SHA1, RSA_SHA256, SHA1, SHA256
from simulators.documents.errors import CannotBuild
from simulators.documents.signature.digests import canonical
from simulators.documents.signature.names import (
    C14N_WITH_COMMENTS,
    MANIFEST_ID,
    MANIFEST_TYPE,
    NOT_DIGESTED,
    PROPERTIES_ID,
    PROPERTIES_TYPE,
    XADES,
    digest,
    ds,
    xades,
)
from simulators.documents.xds.schemes import SIGNATURE_PURPOSE

_DEFAULT = cast("str", None)  # lxml takes None as the default prefix; its stubs do not
_SUITES = {"sha1": (RSA_SHA1, SHA1), "sha256": (RSA_SHA256, SHA256)}


@dataclass(frozen=True, slots=True)
class SignedDocument:
    """One document of the lot. XML is digested in canonical form, anything else as it is."""

    unique_id: str
    data: bytes = field(repr=False)
    is_xml: bool = True


def build_signature(
    *,
    signature_id: str,
    submission_set_id: str,
    documents: Sequence[SignedDocument],
    certificates: Sequence[bytes],
    sign: Callable[[bytes], bytes],
    signed_at: datetime,
    algorithm: Literal["sha1", "sha256"] = "sha1",
) -> bytes:
    """The signature document in UTF-8.

    ``submission_set_id`` and the documents' ids are OIDs (XDS uniqueIds); ``certificates`` are DER,
    the signer's first, then its chain; ``sign`` makes the RSA PKCS#1 v1.5 value of the bytes with the
    hash ``algorithm``, which also digests. Raises :class:`CannotBuild` without document or certificate,
    for an instant without time zone, a certificate or an XML document that cannot be read.
    """
    if not documents or not certificates or signed_at.tzinfo is None:
        raise CannotBuild("a lot signature needs documents, a certificate and an instant with its time zone")
    signature = etree.Element(ds("Signature"), {"Id": signature_id}, nsmap={_DEFAULT: DS})
    info = _signed_info(signature, algorithm)
    value = _ds(signature, "SignatureValue")
    key_info = _ds(_ds(signature, "KeyInfo"), "X509Data")
    _ds(key_info, "X509Certificate").text = _base64(certificates[0])
    _purpose(signature, signature_id)
    manifest = _manifest(signature, submission_set_id, documents, algorithm)
    properties = _properties(signature, signature_id, certificates, signed_at, algorithm)
    for reference, target in zip(info.findall(ds("Reference")), (manifest, properties), strict=True):
        form = canonical(target, exclusive=False, comments=False)
        _put_digest(reference, algorithm, digest(algorithm, form))
    value.text = _base64(sign(canonical(info, exclusive=False, comments=True)))
    return serialize(signature, declaration=True)


def _signed_info(signature: etree._Element, algorithm: str) -> etree._Element:
    info = _ds(signature, "SignedInfo")
    _ds(info, "CanonicalizationMethod", Algorithm=C14N_WITH_COMMENTS)
    _ds(info, "SignatureMethod", Algorithm=_SUITES[algorithm][0])
    _ds(info, "Reference", Type=MANIFEST_TYPE, URI=f"#{MANIFEST_ID}")
    _ds(info, "Reference", Type=PROPERTIES_TYPE, URI=f"#{PROPERTIES_ID}")
    return info


def _purpose(signature: etree._Element, signature_id: str) -> None:
    holder = _ds(_ds(signature, "Object"), "SignatureProperties")
    found = _ds(holder, "SignatureProperty", Id="purposeOfSignature", Target=f"#{signature_id}")
    found.text = SIGNATURE_PURPOSE


def _manifest(
    signature: etree._Element, submission_set_id: str, documents: Sequence[SignedDocument], algorithm: str
) -> etree._Element:
    manifest = _ds(_ds(signature, "Object"), "Manifest", Id=MANIFEST_ID)
    _put_digest(_ds(manifest, "Reference", URI=f"urn:oid:{submission_set_id}"), algorithm, NOT_DIGESTED)
    for document in documents:
        reference = _ds(manifest, "Reference", URI=f"urn:oid:{document.unique_id}")
        content = document.data
        if document.is_xml:
            _ds(_ds(reference, "Transforms"), "Transform", Algorithm=C14N_WITH_COMMENTS)
            content = _canonical_document(document)
        _put_digest(reference, algorithm, digest(algorithm, content))
    return manifest


def _canonical_document(document: SignedDocument) -> bytes:
    try:
        return canonical(parse(document.data).getroottree(), exclusive=False, comments=True)
    except (XmlRefused, etree.LxmlError) as error:
        raise CannotBuild(f"document {document.unique_id} is no XML to sign: {error}") from error


def _properties(
    signature: etree._Element, signature_id: str, certificates: Sequence[bytes], signed_at: datetime, algorithm: str
) -> etree._Element:
    holder = etree.SubElement(
        _ds(signature, "Object"), xades("QualifyingProperties"), {"Target": f"#{signature_id}"}, nsmap={_DEFAULT: XADES}
    )
    properties = _xades(holder, "SignedProperties", Id=PROPERTIES_ID)
    signed = _xades(properties, "SignedSignatureProperties")
    _xades(signed, "SigningTime").text = signed_at.isoformat(timespec="milliseconds")
    signing = _xades(signed, "SigningCertificate")
    for der in certificates:
        _certificate(signing, der, algorithm)
    _xades(_xades(signed, "SignaturePolicyIdentifier"), "SignaturePolicyImplied")
    _xades(properties, "SignedDataObjectProperties")
    return properties


def _certificate(signing: etree._Element, der: bytes, algorithm: str) -> None:
    try:
        facts = read_certificate(der)
    except CertificateUnreadable as error:
        raise CannotBuild(str(error)) from error
    cert = _xades(signing, "Cert")
    cert_digest = _xades(cert, "CertDigest")
    _xades(cert_digest, "DigestMethod", Algorithm=_SUITES[algorithm][1])
    _xades(cert_digest, "DigestValue").text = _base64(digest(algorithm, der))
    issuer = _xades(cert, "IssuerSerial")
    for name, value in (("X509IssuerName", facts.issuer_dn), ("X509SerialNumber", str(facts.serial))):
        etree.SubElement(issuer, ds(name), nsmap={_DEFAULT: DS}).text = value


def _put_digest(reference: etree._Element, algorithm: str, value: bytes) -> None:
    _ds(reference, "DigestMethod", Algorithm=_SUITES[algorithm][1])
    _ds(reference, "DigestValue").text = _base64(value)


def _ds(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, ds(name), attributes)


def _xades(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, xades(name), attributes)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
