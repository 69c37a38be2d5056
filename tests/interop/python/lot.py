"""Signature of a lot: XAdES 1.1.1 with a detached manifest, made by hand (facts, dmp-messages 6).

signxml speaks a later XAdES, so this one is built element by element. Only default namespaces are declared, one per
subtree: the canonical form of a subtree is then the same with and without its context, and no verifier can differ.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import datetime
from typing import cast

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from lxml import etree

from tests.interop.python.names import DS, XAD, default, parse
from tests.interop.python.vihf import Credential

C14N_COMMENTS = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"
SHA1 = DS + "sha1"
PURPOSE = "1.2.840.10065.1.12.1.14"
NOT_DIGESTED = b64encode(b"\x00").decode()


def sign(signature_id: str, lot_id: str, documents: dict[str, bytes], credential: Credential, at: datetime) -> bytes:
    """The signature document of lot ``lot_id``.

    ``documents`` maps uniqueId to the bytes of a CDA; ``at`` carries its offset. UTF-8 with XML declaration.
    """
    root = etree.Element(f"{{{DS}}}Signature", {"Id": signature_id}, nsmap=default(DS))
    info = _ds(root, "SignedInfo")
    value = _ds(root, "SignatureValue")
    _certificate(_ds(_ds(_ds(root, "KeyInfo"), "X509Data"), "X509Certificate"), credential)
    _purpose(_ds(root, "Object"), signature_id)
    manifest = _manifest(_ds(root, "Object"), lot_id, documents)
    properties = _properties(_ds(root, "Object"), signature_id, credential, at)
    _ds(info, "CanonicalizationMethod", Algorithm=C14N_COMMENTS)
    _ds(info, "SignatureMethod", Algorithm=DS + "rsa-sha1")
    _reference(info, "#IHEManifest", _sha1(_subtree(manifest)), Type=DS + "Manifest")
    _reference(info, "#S0-SignedProperties", _sha1(_subtree(properties)), Type=XAD + "SignedProperties")
    key = cast(rsa.RSAPrivateKey, load_pem_private_key(credential.key.encode(), None))
    value.text = b64encode(key.sign(_subtree(info), padding.PKCS1v15(), hashes.SHA1())).decode()
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def canonical(content: bytes) -> bytes:
    """Canonical XML 1.0 with comments of a document, prolog included."""
    return etree.tostring(parse(content).getroottree(), method="c14n", exclusive=False, with_comments=True)


def document_digest(content: bytes) -> str:
    """Base64 SHA-1 of the canonical form of a CDA."""
    return _sha1(canonical(content))


def _subtree(node: etree._Element) -> bytes:
    # Written and read again: libxml2 puts spurious xmlns="" in the canonical form of a subtree it has built itself.
    return canonical(etree.tostring(node, with_tail=False))


def _manifest(holder: etree._Element, lot_id: str, documents: dict[str, bytes]) -> etree._Element:
    manifest = _ds(holder, "Manifest", Id="IHEManifest")
    _reference(manifest, f"urn:oid:{lot_id}", NOT_DIGESTED)
    for unique_id, content in documents.items():
        reference = _reference(manifest, f"urn:oid:{unique_id}", document_digest(content))
        transforms = etree.Element(f"{{{DS}}}Transforms")
        _ds(transforms, "Transform", Algorithm=C14N_COMMENTS)
        reference.insert(0, transforms)
    return manifest


def _purpose(holder: etree._Element, signature_id: str) -> None:
    properties = _ds(holder, "SignatureProperties")
    _ds(properties, "SignatureProperty", Id="purposeOfSignature", Target=f"#{signature_id}").text = PURPOSE


def _properties(holder: etree._Element, signature_id: str, credential: Credential, at: datetime) -> etree._Element:
    target = {"Target": f"#{signature_id}"}
    qualifying = etree.SubElement(holder, f"{{{XAD}}}QualifyingProperties", target, nsmap=default(XAD))
    signed = _xad(qualifying, "SignedProperties", Id="S0-SignedProperties")
    about = _xad(signed, "SignedSignatureProperties")
    _xad(about, "SigningTime").text = at.isoformat(timespec="milliseconds")
    certificate = _xad(_xad(about, "SigningCertificate"), "Cert")
    _digest(_xad(certificate, "CertDigest"), _sha1(credential.x509.public_bytes(Encoding.DER)), XAD)
    serial = _xad(certificate, "IssuerSerial")
    issuer = credential.x509.issuer.rfc4514_string()
    for tag, text in (("X509IssuerName", issuer), ("X509SerialNumber", str(credential.x509.serial_number))):
        etree.SubElement(serial, f"{{{DS}}}{tag}", nsmap=default(DS)).text = text
    _xad(_xad(about, "SignaturePolicyIdentifier"), "SignaturePolicyImplied")
    _xad(signed, "SignedDataObjectProperties")
    return signed


def _reference(parent: etree._Element, uri: str, digest: str, **attributes: str) -> etree._Element:
    reference = _ds(parent, "Reference", **attributes, URI=uri)
    _digest(reference, digest, DS)
    return reference


def _digest(parent: etree._Element, digest: str, namespace: str) -> None:
    etree.SubElement(parent, f"{{{namespace}}}DigestMethod", {"Algorithm": SHA1})
    etree.SubElement(parent, f"{{{namespace}}}DigestValue").text = digest


def _certificate(holder: etree._Element, credential: Credential) -> None:
    holder.text = b64encode(credential.x509.public_bytes(Encoding.DER)).decode()


def _sha1(data: bytes) -> str:
    return b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def _ds(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{DS}}}{tag}", attributes)


def _xad(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{XAD}}}{tag}", attributes)
