"""Mending cases of the envelope and of the seal."""

from __future__ import annotations

from functools import partial

from simulators.core.rules import Policy, Rule
from simulators.dmp.rules import seal, transport
from simulators.dmp.rules.making import ASSERTION, BODY
from tests.support.dmp_messages import AIR, assertion, td02
from tests.support.mending import Breaker, Case, change, insert, remove, rename

HEADER = "/soap:Envelope/soap:Header"
SIGNED = "/soap:Envelope/soap:Header/wsse:Security/saml2:Assertion/ds:Signature"
STRICT = Policy(profile="strict")
UNKNOWN_HEADER = (
    '<x:Inconnu xmlns:x="urn:autre" xmlns:soap="http://www.w3.org/2003/05/soap-envelope" soap:mustUnderstand="true"/>'
)
MD5 = "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"


def case(rule: Rule, breaker: Breaker, policy: Policy | None = None) -> Case:
    return Case(rule, td02, breaker, policy or Policy())


sealed = partial(Case, good=td02, sealed=True)

CASES = [
    case(transport.ENVELOPE, insert(BODY, -1, '<id xmlns="urn:hl7-org:v3"/>')),
    case(transport.MUST_UNDERSTAND, insert(HEADER, -1, UNKNOWN_HEADER)),
    case(transport.OPERATION, rename(f"{BODY}/hl7:PRPA_IN201307UV02", "hl7:PRPA_IN201311UV02")),
    case(transport.ADDRESSING, remove(f"{HEADER}/wsa:To")),
    case(transport.ACTION, change(f"{HEADER}/wsa:Action", "urn:autre")),
    case(transport.REPLY_TO, remove(f"{HEADER}/wsa:ReplyTo"), STRICT),
    case(seal.MISSING, remove(ASSERTION)),
    sealed(seal.UNSIGNED, breaker=remove(SIGNED)),
    sealed(seal.VALUE, breaker=change(f"{SIGNED}/ds:SignatureValue", "AAAA")),
    sealed(
        seal.DIGEST,
        breaker=change(f"{SIGNED}/ds:SignedInfo/ds:Reference/ds:DigestValue", "AAAA"),
        options={"revalued": True},
    ),
    sealed(seal.WRAPPING, breaker=insert(f"{HEADER}/wsse:Security", -1, assertion(AIR.but(id="_autre")))),
    sealed(seal.SHAPE, breaker=change(f"{SIGNED}/ds:SignedInfo/ds:Reference/@URI", "#autre")),
    sealed(seal.ALGORITHM, breaker=change(f"{SIGNED}/ds:SignedInfo/ds:SignatureMethod/@Algorithm", MD5)),
    sealed(seal.KEY_INFO, breaker=change(f"{SIGNED}/ds:KeyInfo/ds:X509Data/ds:X509Certificate", "AAAA")),
]
