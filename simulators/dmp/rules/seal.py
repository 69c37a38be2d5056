"""The seal of the token: presence, signature, and no room for a second reading.

A broken seal is the end of the matter: nothing is read from an assertion that does not verify, so these rules are
guards and cannot be switched off.
"""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Finding, Rule
from simulators.core.xmldsig import Reason, SignatureRefused
from simulators.dmp.rules.making import (
    ASSERTION,
    BAD_TOKEN,
    INFERRED,
    SAMPLES,
    SOURCED,
    STANDARD,
    TOKEN_FAILED,
    VIHF_MAPPING,
    WSS,
    rule,
)

FAILED: Final = "wsse:FailedCheck"
SIGNATURE: Final = f"{ASSERTION}/ds:Signature"
KEY: Final = f"{SIGNATURE}/ds:KeyInfo/ds:X509Data/ds:X509Certificate"

MISSING = rule(
    "SEC-MISSING",
    "wsse:Security/saml2:Assertion",
    "aucun jeton VIHF dans l'en-tête wsse:Security",
    "no VIHF in the wsse:Security header",
    "placez l'assertion SAML signée dans l'en-tête wsse:Security de chaque requête",
    "put the signed SAML assertion in the wsse:Security header of every request",
    source=WSS,
    grade=STANDARD,
    code="wsse:InvalidSecurity",
    national=TOKEN_FAILED,
    switchable=False,
    example=Example(ASSERTION, "", "saml2:Assertion"),
)
UNSIGNED = rule(
    "SEC-UNSIGNED",
    "saml2:Assertion/ds:Signature",
    "l'assertion n'est pas signée",
    "the assertion is not signed",
    "signez l'assertion (signature enveloppée) avec le certificat de signature de la structure",
    "sign the assertion (enveloped signature) with the structure's signature certificate",
    source=VIHF_MAPPING,
    grade=SOURCED,
    code=FAILED,
    national=TOKEN_FAILED,
    switchable=False,
    example=Example(SIGNATURE, "", "ds:Signature"),
)
VALUE = rule(
    "SEC-SIGNATURE",
    "ds:SignatureValue",
    "la valeur de signature n'est pas celle de la clé du certificat joint",
    "the signature value was not made by the key of the enclosed certificate",
    "signez en dernier, avec la clé privée du certificat placé dans ds:KeyInfo, et ne réécrivez plus ds:SignedInfo",
    "sign last, with the private key of the certificate in ds:KeyInfo, and do not rewrite ds:SignedInfo afterwards",
    source=WSS,
    grade=STANDARD,
    code=FAILED,
    national=TOKEN_FAILED,
    switchable=False,
    example=Example(f"{SIGNATURE}/ds:SignatureValue", "", "the value made by the key of ds:X509Certificate"),
)
DIGEST = rule(
    "SEC-DIGEST",
    "ds:DigestValue",
    "l'assertion a changé depuis sa signature (l'empreinte ne correspond pas)",
    "the assertion changed after it was signed (the digest does not match)",
    "ne modifiez ni ne réindentez l'assertion après l'avoir signée ; vérifiez accents et encodage UTF-8",
    "neither change nor re-indent the assertion after signing; check accents and UTF-8 encoding",
    source=WSS,
    grade=STANDARD,
    code=FAILED,
    national=TOKEN_FAILED,
    switchable=False,
    example=Example(
        f"{SIGNATURE}/ds:SignedInfo/ds:Reference/ds:DigestValue", "", "the digest of the assertion as received"
    ),
)
WRAPPING = rule(
    "SEC-WRAPPING",
    "position of the assertion and of its signature",
    "l'assertion lue et l'assertion signée ne sont pas sans ambiguïté le même élément",
    "the assertion read and the assertion signed are not beyond doubt the same element",
    "une seule assertion dans le message, enfant de wsse:Security, avec sa seule signature pour enfant direct",
    "one assertion in the message, child of wsse:Security, its only signature being its direct child",
    source=WSS,
    grade=STANDARD,
    code=FAILED,
    national=TOKEN_FAILED,
    switchable=False,
    example=Example("/soap:Envelope/soap:Header/wsse:Security/saml2:Assertion[2]", "", "one saml2:Assertion"),
)
SHAPE = rule(
    "SEC-SHAPE",
    "ds:SignedInfo",
    "la signature n'a pas la forme attendue d'un VIHF",
    "the signature is not of the shape expected in a VIHF",
    "une référence « #ID de l'assertion », deux transformations (enveloped-signature puis exc-c14n), rien d'autre",
    "one reference to '#ID of the assertion', two transforms (enveloped-signature then exc-c14n), nothing else",
    source=SAMPLES,
    grade=SOURCED,
    code=FAILED,
    national=TOKEN_FAILED,
    switchable=False,
    example=Example(f"{SIGNATURE}/ds:SignedInfo/ds:Reference/@URI", "#autre", "#_00000000-0000-4000-8000-000000000003"),
)
ALGORITHM = rule(
    "SEC-ALGORITHM",
    "algorithms of the signature",
    "algorithme de signature ou d'empreinte hors de ceux acceptés",
    "signature or digest algorithm outside those accepted",
    "exc-c14n, rsa-sha256 (ou rsa-sha1) et sha256 (ou sha1)",
    "exc-c14n, rsa-sha256 (or rsa-sha1) and sha256 (or sha1)",
    source=SAMPLES,
    grade=INFERRED,
    code="wsse:UnsupportedAlgorithm",
    national=TOKEN_FAILED,
    switchable=False,
    example=Example(
        f"{SIGNATURE}/ds:SignedInfo/ds:SignatureMethod/@Algorithm",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1 http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    ),
)
KEY_INFO = rule(
    "SEC-KEYINFO",
    "ds:KeyInfo/ds:X509Data/ds:X509Certificate",
    "le certificat du signataire est absent ou illisible",
    "the signer's certificate is missing or unreadable",
    "placez le certificat de signature (DER, base64) dans ds:KeyInfo/ds:X509Data/ds:X509Certificate",
    "put the signature certificate (DER, base64) in ds:KeyInfo/ds:X509Data/ds:X509Certificate",
    source=SAMPLES,
    grade=SOURCED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    switchable=False,
    example=Example(KEY, "", "X.509 DER, base64"),
)
_FAMILIES: Final = {
    Reason.NO_SIGNATURE: UNSIGNED,
    Reason.VALUE_MISMATCH: VALUE,
    Reason.DIGEST_MISMATCH: DIGEST,
    Reason.ALGORITHM: ALGORITHM,
    Reason.NO_CERTIFICATE: KEY_INFO,
    Reason.UNREADABLE_CERTIFICATE: KEY_INFO,
    Reason.SIGNATURE_NOT_CHILD: WRAPPING,
    Reason.SEVERAL_SIGNATURES: WRAPPING,
    Reason.DUPLICATE_ID: WRAPPING,
    Reason.ANOTHER_ELEMENT: WRAPPING,
    Reason.UNSIGNED_CONTENT: WRAPPING,
    Reason.REFERENCE_ELSEWHERE: WRAPPING,
}


def refusal_of(refused: SignatureRefused) -> Finding:
    """The finding of a signature that does not verify.

    Digests and values go to the facts, not to the wire: they depend on keys, a forced refusal must equal a true one.
    """
    chosen = _FAMILIES.get(refused.reason, SHAPE)
    facts = {"reason": refused.reason.value, "found": refused.found, "expected": refused.expected}
    if chosen in (SHAPE, ALGORITHM):
        return Finding(chosen, refused.where, refused.found, refused.expected, facts)
    place = f"{refused.where}/ds:Signature" if chosen is UNSIGNED else refused.where
    return Finding(chosen, place, "", chosen.example.expected if chosen.example else "", facts)


RULES: Final[tuple[Rule, ...]] = (MISSING, UNSIGNED, VALUE, DIGEST, WRAPPING, SHAPE, ALGORITHM, KEY_INFO)
