from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal
from xml.etree import ElementTree

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

from simulators.core.xml import XmlRefused, locate, parse
from simulators.documents.errors import CannotBuild, UnreadableSignature
from simulators.documents.signature import (
    DigestForm,
    LotSignature,
    SignedDocument,
    build_signature,
    document_digests,
    read_signature,
)
from simulators.documents.signature.digests import canonical
from simulators.documents.signature.names import C14N, C14N_WITH_COMMENTS, EXC_C14N, ds

CDA = b'<?xml version="1.0"?>\r\n<!-- c --><a xmlns:u="urn:u" z="1" b="2"><?p x?><b/></a>\n'
PDF = b"%PDF-1.4 \x00\xff"
SIGNED_AT = datetime(2026, 1, 5, 9, 30, tzinfo=timezone(timedelta(hours=1)))
Algorithm = Literal["sha1", "sha256"]


@dataclass(frozen=True)
class Signer:
    certificate: bytes
    key: rsa.RSAPrivateKey

    def build(self, algorithm: Algorithm = "sha1", **changes: Any) -> bytes:
        digest = hashes.SHA1() if algorithm == "sha1" else hashes.SHA256()
        arguments: dict[str, Any] = {
            "signature_id": "1.2.250.1.999.9.1.3.1",
            "submission_set_id": "1.2.250.1.999.9.1.1.1",
            "documents": [SignedDocument("1.2.250.1.999.9.1.2.1", CDA), SignedDocument("1.2.3", PDF, is_xml=False)],
            "certificates": [self.certificate],
            "sign": lambda data: self.key.sign(data, PKCS1v15(), digest),
            "signed_at": SIGNED_AT,
            "algorithm": algorithm,
        }
        return build_signature(**(arguments | changes))


def _certificate(key: Any) -> bytes:
    parts = ((NameOID.COUNTRY_NAME, "FR"), (NameOID.COMMON_NAME, "SIMULATION"))
    name = x509.Name([x509.NameAttribute(kind, value) for kind, value in parts])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(17).not_valid_before(start).not_valid_after(start + timedelta(days=900))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.fixture(scope="module")
def signer() -> Signer:
    key = rsa.generate_private_key(65537, 2048)
    return Signer(_certificate(key), key)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_what_is_built_holds_in_every_respect(algorithm: Algorithm, signer: Signer) -> None:
    found = read_signature(signer.build(algorithm))
    assert found.value.ok is True
    assert [reference.holds for reference in found.references] == [True, True]
    assert found.manifest_signed
    assert found.purpose == "1.2.840.10065.1.12.1.14"
    assert found.signing_time == SIGNED_AT
    assert found.id == "1.2.250.1.999.9.1.3.1"
    assert found.certificate is not None
    assert found.certificate.serial == 17
    (cert,) = found.certificate_digests
    assert (cert.of_signer, cert.serial, cert.issuer) == (True, "17", "CN=SIMULATION,C=FR")
    submission_set, cda, pdf = found.manifest
    assert submission_set.unique_id == "1.2.250.1.999.9.1.1.1"
    assert submission_set.not_digested
    assert cda.matches(document_digests(CDA)) == (DigestForm(C14N_WITH_COMMENTS, algorithm),)
    assert cda.transforms == (C14N_WITH_COMMENTS,)
    assert pdf.matches(document_digests(PDF)) == (DigestForm("raw", algorithm),)
    assert pdf.transforms == ()
    assert found.reference_to("1.2.3") is pdf
    assert found.reference_to("1.2.4") is None


def _fragment(data: bytes, name: str, namespace: str) -> str:
    """An element cut out of the bytes, made a document, in the canonical form of the standard library."""
    match = re.search(rf"<{name}[ >].*</{name}>", data.decode())
    assert match is not None
    alone = match.group().replace(f"<{name}", f'<{name} xmlns="{namespace}"', 1)
    return ElementTree.canonicalize(alone)


def test_digests_and_value_agree_with_another_canonicaliser(signer: Signer) -> None:
    data = signer.build()
    dsig = "http://www.w3.org/2000/09/xmldsig#"
    digests = re.findall(r"<DigestValue>([^<]*)<", data.decode())
    for digest, name, namespace in zip(
        digests[:2], ("Manifest", "SignedProperties"), (dsig, "http://uri.etsi.org/01903/v1.1.1#"), strict=True
    ):
        assert base64.b64decode(digest) == hashlib.sha1(_fragment(data, name, namespace).encode()).digest()
    value = re.search(r"<SignatureValue>([^<]*)<", data.decode())
    assert value is not None
    signed = _fragment(data, "SignedInfo", dsig).encode()
    signer.key.public_key().verify(base64.b64decode(value.group(1)), signed, PKCS1v15(), hashes.SHA1())


def test_an_inherited_default_namespace_is_written_once() -> None:
    """What lxml itself gets wrong: it adds xmlns="" to the grandchildren."""
    root = etree.fromstring(
        '<S xmlns="urn:d" xmlns:u="urn:u" xml:lang="fr"><I b="1" a="2"><R><D/><!-- c --></R></I></S>'
    )
    opening = '<I xmlns="urn:d" xmlns:u="urn:u" a="2" b="1" xml:lang="fr"><R><D></D>'
    assert canonical(root[0], exclusive=False, comments=False).decode() == f"{opening}</R></I>"
    assert canonical(root[0], exclusive=False, comments=True).decode() == f"{opening}<!-- c --></R></I>"
    exclusive = '<I xmlns="urn:d" a="2" b="1"><R><D></D></R></I>'
    assert canonical(root[0], exclusive=True, comments=False).decode() == exclusive


def test_another_document_matches_nothing(signer: Signer) -> None:
    reference = read_signature(signer.build()).reference_to("1.2.250.1.999.9.1.2.1")
    assert reference is not None
    assert reference.matches(document_digests(CDA.replace(b"\r\n", b"\n"))) != ()
    assert reference.matches(document_digests(CDA.replace(b'b="2"', b'b="3"'))) == ()


def test_the_forms_of_a_document() -> None:
    digests = document_digests(CDA)
    assert digests[DigestForm("raw", "sha1")] == hashlib.sha1(CDA).digest()
    assert digests[DigestForm("raw+lf", "sha256")] == hashlib.sha256(CDA + b"\n").digest()
    assert (
        digests[DigestForm(C14N, "sha1")] == hashlib.sha1(b'<a xmlns:u="urn:u" b="2" z="1"><?p x?><b></b></a>').digest()
    )
    with_comments = b'<!-- c -->\n<a xmlns:u="urn:u" b="2" z="1"><?p x?><b></b></a>'
    assert digests[DigestForm(C14N_WITH_COMMENTS, "sha1")] == hashlib.sha1(with_comments).digest()
    for data in (b"", PDF, b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'):
        assert {form.form for form in document_digests(data)} == {"raw", "raw+lf"}


def _edited(data: bytes, edit: Callable[[etree._Element], object]) -> LotSignature:
    root = parse(data)
    edit(root)
    return read_signature(etree.tostring(root))


def _first(root: etree._Element, name: str) -> etree._Element:
    return next(root.iter(ds(name)))


def _drop(element: etree._Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def test_a_changed_manifest_breaks_its_digest_not_the_value(signer: Signer) -> None:
    found = _edited(signer.build(), lambda root: _first(root, "Manifest")[1].set("URI", "urn:oid:1.9"))
    assert found.value.ok is True
    assert [reference.holds for reference in found.references] == [False, True]
    assert not found.manifest_signed
    assert found.reference_to("1.9") is not None


def test_a_changed_signed_info_breaks_the_value(signer: Signer) -> None:
    found = _edited(signer.build(), lambda root: _first(root, "Reference").set("Type", "other"))
    assert found.value.ok is False
    assert found.manifest_signed


def test_a_second_manifest_is_never_taken_for_the_signed_one(signer: Signer) -> None:
    def add(identifier: str) -> Callable[[etree._Element], object]:
        def edit(root: etree._Element) -> None:
            holder = etree.Element(ds("Object"))
            forged = etree.SubElement(holder, ds("Manifest"), {"Id": identifier})
            etree.SubElement(forged, ds("Reference"), {"URI": "urn:oid:6.6.6"})
            root.insert(0, holder)

        return edit

    beside = _edited(signer.build(), add("Other"))
    assert beside.manifest_signed
    assert beside.reference_to("6.6.6") is None
    same_name = _edited(signer.build(), add("IHEManifest"))
    assert not same_name.manifest_signed
    assert not same_name.references[0].resolved
    assert same_name.manifest == ()


def test_what_is_missing_is_a_fact(signer: Signer) -> None:
    data = signer.build()
    without_key = _edited(data, lambda root: _drop(_first(root, "KeyInfo")))
    assert without_key.certificate is None
    assert (without_key.value.ok, without_key.value.problem) == (None, "no readable certificate")
    assert not without_key.certificate_digests[0].of_signer
    without_value = _edited(data, lambda root: _drop(_first(root, "SignatureValue")))
    assert (without_value.value.ok, without_value.value.problem) == (None, "no signature value")
    without_manifest = _edited(data, lambda root: _drop(_first(root, "Manifest")))
    assert (without_manifest.manifest, without_manifest.manifest_signed) == ((), False)
    unreadable = _edited(data, lambda root: setattr(_first(root, "X509Certificate"), "text", "AAAA"))
    assert unreadable.certificate is None
    no_base64 = _edited(data, lambda root: setattr(_first(root, "DigestValue"), "text", "!!"))
    assert not no_base64.references[0].holds


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [("SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"), ("CanonicalizationMethod", "urn:none")],
)
def test_an_unknown_algorithm_gives_no_answer(name: str, algorithm: str, signer: Signer) -> None:
    found = _edited(signer.build(), lambda root: _first(root, name).set("Algorithm", algorithm))
    assert found.value.ok is None
    assert found.value.problem


def test_a_key_that_is_not_rsa_gives_no_answer(signer: Signer) -> None:
    other = base64.b64encode(_certificate(ec.generate_private_key(ec.SECP256R1()))).decode()
    found = _edited(signer.build(), lambda root: setattr(_first(root, "X509Certificate"), "text", other))
    assert (found.value.ok, found.value.problem) == (None, "no RSA key in the certificate")
    assert not found.certificate_digests[0].of_signer


def test_a_digest_of_the_element_alone_is_recognised(signer: Signer) -> None:
    """A client digests before putting the manifest under namespaces it does not use."""

    def edit(root: etree._Element) -> None:
        digest = hashlib.sha1(canonical(_first(root, "Manifest"), exclusive=True, comments=False)).digest()
        _first(root, "DigestValue").text = base64.b64encode(digest).decode()

    data = signer.build().replace(b"<Signature ", b'<Signature xmlns:xsi="urn:x" ', 1)
    found = _edited(data, edit)
    assert EXC_C14N in found.references[0].matches
    assert C14N not in found.references[0].matches


def test_the_purpose_may_stand_in_no_namespace(signer: Signer) -> None:
    def edit(root: etree._Element) -> None:
        found = _first(root, "SignatureProperty")
        parent = found.getparent()
        assert parent is not None
        etree.SubElement(parent, "SignatureProperty").text = found.text
        _drop(found)

    assert _edited(signer.build(), edit).purpose == "1.2.840.10065.1.12.1.14"


def test_every_place_exists(signer: Signer) -> None:
    data = signer.build()
    found, root = read_signature(data), parse(data)
    places = [found.where, found.manifest_where, found.certificate_where, found.value.where]
    places += [one.where for one in (*found.references, *found.manifest, *found.certificate_digests)]
    for place in places:
        assert locate(root, place) is not None, place


@pytest.mark.parametrize(
    "data",
    [b"<x/>", b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>', b"<Signature><SignedInfo/></Signature>"],
)
def test_what_is_no_signature_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableSignature):
        read_signature(data)


def test_hostile_bytes_are_refused() -> None:
    with pytest.raises(XmlRefused):
        read_signature(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')


def test_an_empty_signature_reads_without_a_fall() -> None:
    found = read_signature(b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo/></Signature>')
    assert found.references == found.manifest == found.certificate_digests == ()
    assert found.signing_time is None
    assert found.purpose == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"documents": []},
        {"certificates": []},
        {"certificates": [b"no certificate"]},
        {"signed_at": datetime(2026, 1, 5)},
        {"documents": [SignedDocument("1.2", PDF)]},
    ],
)
def test_what_cannot_be_signed_is_refused(changes: dict[str, Any], signer: Signer) -> None:
    with pytest.raises(CannotBuild):
        signer.build(**changes)
