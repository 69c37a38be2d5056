"""The foreign client checked against itself being wrong: other canonicaliser, other MIME reader, known keys.

No sandbox is needed. C14N comes here from xml.etree (libxml2 made the signatures), RSA from cryptography, MIME from
the email package: none of them is what the client wrote with.
"""

from __future__ import annotations

import email
import hashlib
import random
import xml.etree.ElementTree as StdlibTree
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from email import policy
from xml.dom import minidom

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from lxml import etree

from tests.interop.python import cda, identity, lot, metadata, mtom, soap, td02, td21, vihf
from tests.interop.python.names import ACTION_TD02, DS, SAML, XAD, XOP
from tests.interop.python.samples import ARCHIVES, LIAISON_LETTER, archive

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def credential() -> vihf.Credential:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"), x509.NameAttribute(NameOID.COMMON_NAME, "SEAL")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 7, now, now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return vihf.Credential(made.public_bytes(pem).decode(), secret.decode())


@pytest.fixture
def who() -> identity.Identity:
    return identity.new_identity(random.Random(1))


def _find(data: bytes, namespace: str, tag: str) -> minidom.Element:
    (found,) = minidom.parseString(data).getElementsByTagNameNS(namespace, tag)
    return found


def _canonical(element: minidom.Element, *, without: str | None = None) -> bytes:
    """C14N 2.0 of a subtree with its prefixes: the output of exclusive C14N 1.0 on these documents."""
    ancestor = element.parentNode
    while isinstance(ancestor, minidom.Element):
        for name, value in ancestor.attributes.items():
            if name.startswith("xmlns") and not element.hasAttribute(name):
                element.setAttribute(name, value)
        ancestor = ancestor.parentNode
    excluded = [without] if without else None
    return StdlibTree.canonicalize(element.toxml(), with_comments=True, exclude_tags=excluded).encode()


def _text(element: minidom.Element, tag: str) -> str:
    return element.getElementsByTagNameNS(DS, tag)[0].firstChild.data  # type: ignore[union-attr]


def _verify(data: bytes, credential: vihf.Credential, algorithm: hashes.HashAlgorithm) -> None:
    public = credential.x509.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    value = b64decode(_text(_find(data, DS, "Signature"), "SignatureValue"))
    public.verify(value, _canonical(_find(data, DS, "SignedInfo")), padding.PKCS1v15(), algorithm)


def test_keys_of_known_identifiers() -> None:
    assert identity.luhn_key("0B099900") == "9"
    assert identity.luhn_key("0B099902") == "5"
    assert identity.luhn_key("9970000001") == "3"
    assert identity.luhn_key("0123456789") == "7"
    assert identity.ins_key("1850100999001") == "71"
    assert identity.ins_key("2790351215189") == "89"


@pytest.mark.parametrize(("algorithm", "method"), [("sha256", hashes.SHA256()), ("sha1", hashes.SHA1())])
def test_vihf_verifies_inside_the_envelope_it_travels_in(
    algorithm: str, method: hashes.HashAlgorithm, credential: vihf.Credential, who: identity.Identity
) -> None:
    raw = vihf.unsigned(who, vihf.AIR, credential.distinguished_name, lifetime=timedelta(hours=1))
    signed = vihf.signed(raw, credential, algorithm)
    _, data = soap.envelope("https://localhost/", ACTION_TD02, signed, td02.request(who))

    _verify(data, credential, method)
    assertion = _find(data, SAML, "Assertion")
    assert [one.localName for one in assertion.childNodes][:2] == ["Issuer", "Signature"]
    digest = hashlib.new(algorithm, _canonical(assertion, without=f"{{{DS}}}Signature")).digest()
    assert b64decode(_text(assertion, "DigestValue")) == digest


def test_lot_signature_verifies_and_covers_the_documents(credential: vihf.Credential) -> None:
    document = b'<?xml version="1.0"?>\r\n<?p q?><!--c-->\r\n<a  b = "1" xmlns:z="urn:z"><c/></a>'
    data = lot.sign("seal-1", "2.25.1", {"2.25.2": document}, credential, datetime.now(UTC))

    _verify(data, credential, hashes.SHA1())
    references = _find(data, DS, "Signature").getElementsByTagNameNS(DS, "Reference")
    digests = {one.getAttribute("URI"): _text(one, "DigestValue") for one in references}
    for uri, namespace, tag in (("#IHEManifest", DS, "Manifest"), ("#S0-SignedProperties", XAD, "SignedProperties")):
        assert b64decode(digests[uri]) == hashlib.sha1(_canonical(_find(data, namespace, tag))).digest()
    assert digests["urn:oid:2.25.1"] == "AA=="
    expected = b'<?p q?>\n<!--c-->\n<a xmlns:z="urn:z" b="1"><c></c></a>'
    assert b64decode(digests["urn:oid:2.25.2"]) == hashlib.sha1(expected).digest()


def test_a_lot_names_its_parts_once_and_keeps_its_oids_short(
    credential: vihf.Credential, who: identity.Identity
) -> None:
    published = archive(LIAISON_LETTER)
    documents = [(metadata.from_archive(published.metadata), published.document)]
    lot_of_one = td21.build(who, documents, credential)

    assert all(len(oid) <= 64 for oid in (lot_of_one.lot_id, lot_of_one.signature_id))
    named = [one.get("id") for one in lot_of_one.body.iter("{*}*") if one.get("id")]
    assert len(named) - len(set(named)) == 2, "only Document@id repeats ExtrinsicObject@id"
    hrefs = [one.get("href", "") for one in lot_of_one.body.iter(f"{{{XOP}}}Include")]
    assert hrefs == [f"cid:{cid}" for cid in lot_of_one.attachments]


def test_multipart_reads_the_same_with_the_email_package() -> None:
    payload = bytes(range(256)) + b"\r\n--voyageur\r\n" + b"\n\n"
    frame = mtom.compose(b"<e/>", {"one@x": payload, "two@x": b""}, "urn:a")

    whole = b"MIME-Version: 1.0\r\nContent-Type: " + frame.content_type.encode() + b"\r\n\r\n" + frame.body
    message = email.message_from_bytes(whole, policy=policy.HTTP)
    parts = [part.get_payload(decode=True) for part in message.iter_parts()]
    assert message.get_content_type() == "multipart/related"
    assert parts == [b"<e/>", payload, b""]

    own = mtom.split(frame.content_type, frame.body)
    assert (own.root, own.attachments) == (b"<e/>", {"one@x": payload, "two@x": b""})


def test_answer_reader_percent_decodes_content_ids_and_refuses_broken_frames() -> None:
    body = b"--u\r\nContent-ID: <r>\r\n\r\n<e/>\r\n--u\r\nContent-ID: <a@urn:x>\r\n\r\n\x00\r\n\r\n--u--\r\n"
    parts = mtom.split('multipart/related; boundary="u"; start="<r>"', body)
    holder = etree.fromstring(f'<d><i:Include xmlns:i="{XOP}" href="cid:a@urn%3Ax"/></d>')
    assert mtom.resolve(holder, parts) == b"\x00\r\n"
    for broken in (body[:-8], b"", body.replace(b"<r>", b"<s>")):
        with pytest.raises(mtom.MimeError):
            mtom.split('multipart/related; boundary="u"; start="<r>"', broken)


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_borrowed_document_becomes_the_products_own(name: str, who: identity.Identity) -> None:
    published = archive(name)
    base = metadata.from_archive(published.metadata)
    content = cda.rewrite(published.document, who, "2.25.1")
    entry = metadata.from_cda(content, base, who)

    assert base.measured(published.document).sha1 == (base.sha1 or "").lower(), "the archive is what was published"
    assert (entry.unique_id, entry.patient_id) == ("2.25.1", who.patient.cx)
    assert {one.person for one in entry.authors} == {who.professional.xcn} == {entry.legal_authenticator}
    assert {one.institution for one in entry.authors} == {who.structure.xon}
    assert b"279035121518989" not in content and b"relatedDocument" not in content
    times = (entry.creation, entry.start, entry.stop)
    assert times == (base.creation, base.start, base.stop), "UTC times of ANS and ours agree"
