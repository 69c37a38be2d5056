from __future__ import annotations

import datetime
import threading
from base64 import b64encode
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from signxml import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConfiguration,
    SignatureMethod,
    SignatureReference,
    XMLSigner,
    XMLVerifier,
)
from signxml.exceptions import InvalidDigest

from simulators.core.xml import XmlRefused, locate, parse, serialize, text, where
from simulators.core.xml.canonical import _Canonicaliser, canonical
from simulators.core.xmldsig import (
    RSA_SHA1,
    RSA_SHA256,
    SHA1,
    SHA256,
    SHA256_ONLY,
    Reason,
    SignatureRefused,
    sign_enveloped,
    verify_enveloped,
)
from tests.support.wrappings import FORGED_NAME, wrappings

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
DS = "http://www.w3.org/2000/09/xmldsig#"
PATH = "/soap:Envelope/soap:Header/wsse:Security/saml2:Assertion"
SIGNATURE = f"{PATH}/ds:Signature"
VALUE = f"{SIGNATURE}/ds:SignatureValue"
HOLDER = f"{SIGNATURE}/ds:KeyInfo/ds:X509Data/ds:X509Certificate"

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "SIMULATION")])
    day = datetime.datetime(2026, 1, 1)
    builder = x509.CertificateBuilder(name, name, public, 7, day, day + datetime.timedelta(3650))
    return builder.sign(KEY, hashes.SHA256())


CERTIFICATE = certificate(KEY.public_key())
DER = CERTIFICATE.public_bytes(Encoding.DER)

ENVELOPE = """<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:xs="http://www.w3.org/2001/XMLSchema">
 <s:Header>
  <w:Security xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">
   <a:Assertion xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="IDENTIFIER" Version="2.0">
    <a:Issuer>CN=SIMULATION</a:Issuer>
    <a:Subject><a:NameID>899700<!-- cut -->000013</a:NameID></a:Subject>
    <a:AttributeStatement>
     <a:Attribute Name="one"><a:AttributeValue xmlns:i="http://www.w3.org/2001/XMLSchema-instance"
      i:type="xs:string">é&amp;</a:AttributeValue></a:Attribute>
     <a:Attribute Name="two"><a:AttributeValue><R xmlns="urn:hl7-org:v3" code="10"/></a:AttributeValue></a:Attribute>
    </a:AttributeStatement>
   </a:Assertion>
  </w:Security>
 </s:Header>
 <s:Body><x:x xmlns:x="urn:x" id="Document01"><y id="Document01"/></x:x></s:Body>
</s:Envelope>"""


def assertion_of(root: etree._Element) -> etree._Element:
    """The one a reader would consume: the first child of wsse:Security."""
    return next(root[0][0].iterchildren(f"{{{SAML}}}Assertion"))


def signed(identifier: str = "_1", algorithm: str = "rsa-sha256", prefixes: tuple[str, ...] = ()) -> bytes:
    root = parse(ENVELOPE.replace("IDENTIFIER", identifier).encode())
    sign_enveloped(assertion_of(root), KEY, DER, algorithm=algorithm, prefixes=prefixes)  # type: ignore[arg-type]
    return serialize(root)


SIGNED = signed()


def refused(root: etree._Element, **options: object) -> SignatureRefused:
    with pytest.raises(SignatureRefused) as caught:
        verify_enveloped(assertion_of(root), **options)  # type: ignore[arg-type]
    return caught.value


# --- accepted


@pytest.mark.parametrize("identifier", ["_1", "00000000-0000-4000-8000-000000000003", "VIHF-1", "é b"])
@pytest.mark.parametrize(("algorithm", "uris"), [("rsa-sha256", (RSA_SHA256, SHA256)), ("rsa-sha1", (RSA_SHA1, SHA1))])
def test_what_was_signed_is_given_back(identifier: str, algorithm: str, uris: tuple[str, str]) -> None:
    root = parse(signed(identifier, algorithm))
    content = verify_enveloped(assertion_of(root))
    assert content.certificate_der == DER
    assert (content.signature_algorithm, content.digest_algorithm) == uris
    assert content.element.get("ID") == identifier
    assert content.element.find(f"{{{DS}}}Signature") is None
    assert canonical(content.element) == content.signed_bytes


def test_the_signature_stands_after_the_issuer() -> None:
    assert [etree.QName(child).localname for child in assertion_of(parse(SIGNED))][:3] == [
        "Issuer",
        "Signature",
        "Subject",
    ]


def test_a_comment_does_not_cut_a_signed_text() -> None:
    name = verify_enveloped(assertion_of(parse(SIGNED))).element.find(f"*/{{{SAML}}}NameID")
    assert name is not None
    assert (name.text, text(name)) == ("899700000013", "899700000013")


def test_every_node_given_back_has_the_path_it_had_in_the_message() -> None:
    twice = SIGNED.replace(b"<w:Security", b"<w:Security xmlns:w='http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
                           b"-wssecurity-secext-1.0.xsd'/><w:Security", 1)  # fmt: skip
    root = parse(twice)
    original = next(root[0][1].iterchildren(f"{{{SAML}}}Assertion"))
    content = verify_enveloped(original)
    assert where(content.element).startswith("/soap:Envelope/soap:Header/wsse:Security[2]/")
    for node in content.element.iter():
        found = locate(root, where(node))
        assert isinstance(found, etree._Element)
        assert (found.tag, found.items()) == (node.tag, node.items())
        assert node is content.element or text(found) == text(node)


def test_nothing_unsigned_can_be_reached_from_what_is_given_back() -> None:
    top = verify_enveloped(assertion_of(parse(SIGNED))).element.getroottree().getroot()
    assert [etree.QName(node).localname for node in top.iter()][:4] == ["Envelope", "Header", "Security", "Assertion"]
    assert top.find("{*}Body") is None


@pytest.mark.parametrize("prefixes", [("xs",), ("ds", "a", "#default", "xs"), ("nowhere",)])
def test_a_prefix_list_is_honoured_whatever_thread_read_the_message(prefixes: tuple[str, ...]) -> None:
    data = signed(prefixes=prefixes)
    roots: list[etree._Element] = []
    reader = threading.Thread(target=lambda: roots.append(parse(data)))
    reader.start()
    reader.join()
    content = verify_enveloped(assertion_of(roots[0]))
    assert (b"XMLSchema" in content.signed_bytes.split(b">")[0]) == ("xs" in prefixes)


def test_any_certificate_of_a_chain_may_be_the_signer() -> None:
    root = parse(SIGNED)
    data = assertion_of(root)[1][2][0]
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    first = etree.SubElement(data, f"{{{DS}}}X509Certificate")
    first.text = b64encode(certificate(other.public_key()).public_bytes(Encoding.DER)).decode()
    data.insert(0, first)
    assert verify_enveloped(assertion_of(root)).certificate_der == DER


# --- against another implementation


@pytest.mark.parametrize("prefixes", [None, ["xs"]])
def test_signxml_signatures_are_verified(prefixes: list[str] | None) -> None:
    bound = '<a:Assertion xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    root = parse(ENVELOPE.replace("IDENTIFIER", "_1").replace("<a:Assertion", bound).encode())
    assertion = assertion_of(root)
    signer = XMLSigner(
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    # Enveloped, signxml never writes the list in the Transform: given to the digest too, its own signature is wrong.
    reference = SignatureReference(URI="#_1", inclusive_ns_prefixes=[])
    made = signer.sign(
        assertion, key=KEY, cert=[CERTIFICATE], reference_uri=[reference], inclusive_ns_prefixes=prefixes
    )
    root[0][0].replace(assertion, made)
    again = parse(serialize(root))
    for transforms in again.iter(f"{{{DS}}}Transforms"):
        assert len(transforms) == 2
    assert verify_enveloped(assertion_of(again)).certificate_der == DER


@pytest.mark.parametrize("algorithm", ["rsa-sha256", "rsa-sha1"])
@pytest.mark.parametrize("prefixes", [(), ("xs",)])
def test_signxml_verifies_ours(algorithm: str, prefixes: tuple[str, ...]) -> None:
    methods = frozenset({SignatureMethod.RSA_SHA1, SignatureMethod.RSA_SHA256})
    digests = frozenset({DigestAlgorithm.SHA1, DigestAlgorithm.SHA256})
    expected = SignatureConfiguration(signature_methods=methods, digest_algorithms=digests)
    assertion = assertion_of(parse(signed("_1", algorithm, prefixes)))
    result = XMLVerifier().verify(assertion, x509_cert=CERTIFICATE, expect_config=expected)
    assert result.signed_xml.get("ID") == "_1"
    with pytest.raises(InvalidDigest):
        assertion[2][0].text = "x"
        XMLVerifier().verify(assertion, x509_cert=CERTIFICATE, expect_config=expected)


# --- canonical form against libxml2

PREFIXED = st.sampled_from(["a", "b", "p:a", "p:b", "q:a"])
DECLARED = st.dictionaries(st.sampled_from(["", "p", "q"]), st.sampled_from(["urn:1", "urn:2"]), max_size=3)
CONTENT = st.sampled_from(["", "t", "&amp;&lt;&#13;\n\t", "<!--c-->", "<?p q?>", "<?p?>", "é"])
ATTRIBUTES = st.sets(st.sampled_from(["k", "p:k", "q:k", "xml:lang", "m"]), max_size=3)


@st.composite
def markup(draw: st.DrawFn, depth: int = 3) -> str:
    name, declared, attributes = draw(PREFIXED), draw(DECLARED), draw(ATTRIBUTES)
    head = "".join(f' xmlns{":" if p else ""}{p}="{u}"' for p, u in declared.items())
    head += "".join(f' {attribute}="&quot;&#10;{attribute}"' for attribute in sorted(attributes))
    children = draw(st.lists(markup(depth=depth - 1), max_size=2)) if depth else []
    return f"<{name}{head}>" + "".join(child + draw(CONTENT) for child in [draw(CONTENT), *children]) + f"</{name}>"


@settings(max_examples=100, deadline=None)
@given(markup(), st.sets(st.sampled_from(["", "p", "q"])))
def test_our_canonical_form_is_that_of_libxml2(xml: str, prefixes: set[str]) -> None:
    try:
        root = etree.fromstring(f'<r xmlns="urn:0" xmlns:p="urn:p" xmlns:q="urn:q">{xml}</r>')
    except etree.XMLSyntaxError:  # two attributes that are one once their prefixes are resolved
        return
    # lxml honours a word of the list only once its dictionary of names has met it.
    etree.HTML("<p #default='' p='' q=''></p>")
    listed = [prefix or "#default" for prefix in prefixes]
    theirs = etree.tostring(
        root[0], method="c14n", exclusive=True, inclusive_ns_prefixes=listed, with_comments=False, with_tail=False
    )
    assert _Canonicaliser(None, listed).render(root[0]) == theirs
    assert canonical(root[0], prefixes=listed) == theirs


def test_leaving_a_child_out_keeps_the_text_after_it() -> None:
    root = parse(b'<a xmlns="urn:a" xmlns:b="urn:a">1<!--c--><b:x/>2<y/>3<b:z/>4</a>')
    expected = b'<a xmlns="urn:a">12<y></y>3<b:z xmlns:b="urn:a"></b:z>4</a>'
    assert canonical(root, without=root[1]) == expected
    assert _Canonicaliser(root[1], ()).render(root) == expected
    assert canonical(root, without=root[3]).endswith(b"34</a>")


# --- wrapping

EXPECTED = {
    "before": (Reason.REFERENCE_ELSEWHERE, f"{PATH}[1]/ds:Signature/ds:SignedInfo/ds:Reference/@URI"),
    "after": (Reason.ANOTHER_ELEMENT, f"{PATH}[2]"),
    "child": (Reason.DIGEST_MISMATCH, f"{SIGNATURE}/ds:SignedInfo/ds:Reference/ds:DigestValue"),
    "around": (Reason.SIGNATURE_NOT_CHILD, f"{PATH}/saml2:Assertion/ds:Signature"),
    "object": (Reason.UNSIGNED_CONTENT, f"{SIGNATURE}/ds:Object"),
    "advice": (Reason.DIGEST_MISMATCH, f"{SIGNATURE}/ds:SignedInfo/ds:Reference/ds:DigestValue"),
    "header": (
        Reason.ANOTHER_ELEMENT,
        "/soap:Envelope/soap:Header/*[local-name()='Header' and namespace-uri()='urn:another']/saml2:Assertion",
    ),
    "body": (
        Reason.ANOTHER_ELEMENT,
        "/soap:Envelope/soap:Body/*[local-name()='x' and namespace-uri()='urn:x']/saml2:Assertion",
    ),
}


@pytest.mark.parametrize(("name", "data"), wrappings(SIGNED), ids=[name for name, _ in wrappings(SIGNED)])
def test_each_wrapping_is_refused_for_its_own_reason(name: str, data: bytes) -> None:
    place, kind = name.split("/")
    root = parse(data)
    assert FORGED_NAME.encode() in data
    error = refused(root)
    if kind == "same-id":
        assert error.reason is Reason.DUPLICATE_ID
        assert error.found == "_1"
    else:
        assert (error.reason, error.where) == EXPECTED[place]
    assert locate(root, error.where) is not None
    for assertion in root.iter(f"{{{SAML}}}Assertion"):
        with pytest.raises(SignatureRefused):
            verify_enveloped(assertion)


def test_there_are_eight_places_twice() -> None:
    assert len({data for _, data in wrappings(SIGNED)}) == 16
    assert {name.split("/")[0] for name, _ in wrappings(SIGNED)} == set(EXPECTED)


# --- every other reason


def child(root: etree._Element, *names: str) -> etree._Element:
    node = assertion_of(root)
    for name in names:
        node = next(node.iterchildren(f"{{{DS}}}{name}"))
    return node


def drop(*names: str) -> Callable[[etree._Element], object]:
    def edit(root: etree._Element) -> None:
        node = child(root, *names)
        parent = node.getparent()
        assert parent is not None
        parent.remove(node)

    return edit


def put(value: str, *names: str) -> Callable[[etree._Element], object]:
    return lambda root: setattr(child(root, *names), "text", value)


def give(value: str, attribute: str, *names: str) -> Callable[[etree._Element], object]:
    return lambda root: child(root, *names).set(attribute, value)


def double(*names: str) -> Callable[[etree._Element], object]:
    def edit(root: etree._Element) -> None:
        node = child(root, *names)
        parent = node.getparent()
        assert parent is not None
        parent.append(parse(serialize(node)))

    return edit


def move_signature(root: etree._Element) -> None:
    root[1].append(child(root, "Signature"))


SIGNED_INFO = ("Signature", "SignedInfo")
REFERENCE = (*SIGNED_INFO, "Reference")
CERT = ("Signature", "KeyInfo", "X509Data", "X509Certificate")
EC = certificate(ec.generate_private_key(ec.SECP256R1()).public_key()).public_bytes(Encoding.DER)
OTHER = certificate(rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key())

BROKEN: list[tuple[str, Callable[[etree._Element], object], Reason, str]] = [
    ("no ID", lambda root: assertion_of(root).attrib.pop("ID"), Reason.NO_ID, PATH),
    ("two IDs", lambda root: assertion_of(root).set("Id", "_2"), Reason.NO_ID, PATH),
    ("none", drop("Signature"), Reason.NO_SIGNATURE, PATH),
    ("moved", move_signature, Reason.SIGNATURE_NOT_CHILD, "/soap:Envelope/soap:Body/ds:Signature"),
    ("two", double("Signature"), Reason.SEVERAL_SIGNATURES, f"{SIGNATURE}[2]"),
    ("same id elsewhere", lambda root: root[1][0].set("id", "_1"), Reason.DUPLICATE_ID,
     "/soap:Envelope/soap:Body/*[local-name()='x' and namespace-uri()='urn:x']/@id"),
    ("same wsu:Id", lambda root: root[1].set("{urn:wsu}Id", "_1"), Reason.DUPLICATE_ID,
     "/soap:Envelope/soap:Body/@*[local-name()='Id' and namespace-uri()='urn:wsu']"),
    ("same xml:id", lambda root: root[1].set("{http://www.w3.org/XML/1998/namespace}id", "_1"), Reason.DUPLICATE_ID,
     "/soap:Envelope/soap:Body/@xml:id"),
    ("no SignedInfo", drop(*SIGNED_INFO), Reason.MALFORMED, SIGNATURE),
    ("no reference", drop(*REFERENCE), Reason.MALFORMED, f"{SIGNATURE}/ds:SignedInfo"),
    ("two references", double(*REFERENCE), Reason.SEVERAL_REFERENCES, f"{SIGNATURE}/ds:SignedInfo/ds:Reference[2]"),
    ("whole document", give("", "URI", *REFERENCE), Reason.REFERENCE_ELSEWHERE,
     f"{SIGNATURE}/ds:SignedInfo/ds:Reference/@URI"),
    ("nowhere", give("#_2", "URI", *REFERENCE), Reason.REFERENCE_UNRESOLVED,
     f"{SIGNATURE}/ds:SignedInfo/ds:Reference/@URI"),
    ("the body", give("#Document01", "URI", *REFERENCE), Reason.REFERENCE_ELSEWHERE,
     f"{SIGNATURE}/ds:SignedInfo/ds:Reference/@URI"),
    ("no transforms", drop(*REFERENCE, "Transforms"), Reason.MALFORMED, f"{SIGNATURE}/ds:SignedInfo/ds:Reference"),
    ("one transform", drop(*REFERENCE, "Transforms", "Transform"), Reason.TRANSFORMS,
     f"{SIGNATURE}/ds:SignedInfo/ds:Reference/ds:Transforms"),
    ("an XSLT", give("http://www.w3.org/TR/1999/REC-xslt-19991116", "Algorithm", *REFERENCE, "Transforms", "Transform"),
     Reason.TRANSFORMS, f"{SIGNATURE}/ds:SignedInfo/ds:Reference/ds:Transforms"),
    ("inclusive", give("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "Algorithm", *SIGNED_INFO,
                       "CanonicalizationMethod"),
     Reason.ALGORITHM, f"{SIGNATURE}/ds:SignedInfo/ds:CanonicalizationMethod/@Algorithm"),
    ("hmac", give("http://www.w3.org/2000/09/xmldsig#hmac-sha1", "Algorithm", *SIGNED_INFO, "SignatureMethod"),
     Reason.ALGORITHM, f"{SIGNATURE}/ds:SignedInfo/ds:SignatureMethod/@Algorithm"),
    ("md5", give("http://www.w3.org/2001/04/xmldsig-more#md5", "Algorithm", *REFERENCE, "DigestMethod"),
     Reason.ALGORITHM, f"{SIGNATURE}/ds:SignedInfo/ds:Reference/ds:DigestMethod/@Algorithm"),
    ("no KeyInfo", drop("Signature", "KeyInfo"), Reason.NO_CERTIFICATE, SIGNATURE),
    ("not base64", put("é", *CERT), Reason.UNREADABLE_CERTIFICATE, HOLDER),
    ("not DER", put("AAAA", *CERT), Reason.UNREADABLE_CERTIFICATE,
     HOLDER),
    ("an EC key", put(b64encode(EC).decode(), *CERT), Reason.ALGORITHM,
     HOLDER),
    ("another key", put(b64encode(OTHER.public_bytes(Encoding.DER)).decode(), *CERT), Reason.VALUE_MISMATCH,
     VALUE),
    ("another value", put("AAAA", "Signature", "SignatureValue"), Reason.VALUE_MISMATCH, VALUE),
    ("no base64 value", put("é", "Signature", "SignatureValue"), Reason.VALUE_MISMATCH, VALUE),
    ("another digest", put("AAAA", *REFERENCE, "DigestValue"), Reason.VALUE_MISMATCH, VALUE),
    ("tampered", lambda root: assertion_of(root).set("Version", "2.1"), Reason.DIGEST_MISMATCH,
     f"{SIGNATURE}/ds:SignedInfo/ds:Reference/ds:DigestValue"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "edit", "reason", "path"), BROKEN, ids=[row[0] for row in BROKEN])
def test_each_defect_is_refused_where_it_is(
    name: str, edit: Callable[[etree._Element], object], reason: Reason, path: str
) -> None:
    root = parse(SIGNED)
    edit(root)
    root = parse(serialize(root))
    error = refused(root)
    assert (error.reason, error.where) == (reason, path)


def test_every_reason_is_shown_by_a_test() -> None:
    assert {row[2] for row in BROKEN} | {reason for reason, _ in EXPECTED.values()} == set(Reason)


def test_sha1_is_refused_where_only_sha256_is_allowed() -> None:
    error = refused(parse(signed(algorithm="rsa-sha1")), algorithms=SHA256_ONLY)
    assert (error.reason, error.found, error.expected) == (Reason.ALGORITHM, RSA_SHA1, RSA_SHA256)


def test_another_element_of_the_name_is_accepted_on_request() -> None:
    data = dict(wrappings(SIGNED))["header/other-id"]
    assert verify_enveloped(assertion_of(parse(data)), alone=False).element.get("ID") == "_1"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_one_changed_character_is_never_accepted_as_another_content(data: st.DataObject) -> None:
    start, end = SIGNED.index(b"<a:Assertion"), SIGNED.index(b"</a:Assertion>")
    at = data.draw(st.integers(start, end))
    changed = SIGNED[:at] + bytes([SIGNED[at] ^ 1]) + SIGNED[at + 1 :]
    genuine = verify_enveloped(assertion_of(parse(SIGNED))).signed_bytes
    try:
        root = parse(changed)
        content = verify_enveloped(assertion_of(root))
    except (XmlRefused, SignatureRefused, StopIteration):
        return
    assert content.signed_bytes == genuine


def test_an_element_without_id_cannot_be_signed() -> None:
    with pytest.raises(ValueError, match="no ID"):
        sign_enveloped(parse(b"<a/>"), KEY, DER)


def test_the_signature_may_be_put_anywhere() -> None:
    root = parse(b'<a Id="x"><b/><c/></a>')
    sign_enveloped(root, KEY, DER, before=2)
    assert root[2].tag == f"{{{DS}}}Signature"
    assert [child.tag for child in verify_enveloped(parse(serialize(root))).element] == ["b", "c"]
