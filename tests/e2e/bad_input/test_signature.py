"""The seal of the token on the wire: absent, wrong, moved, foreign."""

from __future__ import annotations

import re

import pytest
from lxml import etree

from tests.e2e.bad_input.bench import Bench, fault
from tests.support.raw_http import Letter
from tests.support.wrappings import wrappings

TOKEN_FAILED = "Vérification du jeton VIHF en échec"
SECURITY = re.compile(rb"<wsse:Security.*</wsse:Security>", re.DOTALL)
ASSERTION = re.compile(rb"<saml2:Assertion.*</saml2:Assertion>", re.DOTALL)
SIGNATURE = re.compile(rb"<ds:Signature .*</ds:Signature>|<ds:Signature>.*</ds:Signature>", re.DOTALL)
OPERATIONS = ("TD0.2", "TD0.3", "TD2.1", "TD3.1", "TD3.2", "TD3.3c")
POSITIONS = ("before", "after", "child", "around", "object", "advice", "header", "body")
PLACES = [f"{position}/{kind}" for position in POSITIONS for kind in ("same", "other")]
# A second bearer of the same ID, or a signature that is not where it must be, is seen before anything else.
BREAKS_THE_DIGEST = {"child/other", "advice/other"}


def without(letter: Letter, pattern: re.Pattern[bytes]) -> Letter:
    body, count = pattern.subn(b"", letter.body)
    assert count == 1
    return letter.but(body=body)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_security(bench: Bench, operation: str) -> None:
    letter = without(bench.letter(operation), SECURITY)
    bench.refused(
        lambda: bench.post(letter), fault("wsse:InvalidSecurity", "DMP-SEC-MISSING", TOKEN_FAILED), "DMP-SEC-MISSING"
    )


def test_no_assertion(bench: Bench) -> None:
    letter = without(bench.letter("TD0.2"), ASSERTION)
    bench.refused(lambda: bench.post(letter), fault("wsse:InvalidSecurity", "DMP-SEC-MISSING"), "DMP-SEC-MISSING")


def test_no_signature(bench: Bench) -> None:
    letter = without(bench.letter("TD0.2"), SIGNATURE)
    bench.refused(
        lambda: bench.post(letter), fault("wsse:FailedCheck", "DMP-SEC-UNSIGNED", TOKEN_FAILED), "DMP-SEC-UNSIGNED"
    )


@pytest.mark.parametrize("operation", OPERATIONS)
def test_one_wrong_byte_of_the_value(bench: Bench, operation: str) -> None:
    letter = bench.letter(operation, signature__SignatureValue="flip")
    bench.refused(
        lambda: bench.post(letter), fault("wsse:FailedCheck", "DMP-SEC-SIGNATURE", TOKEN_FAILED), "DMP-SEC-SIGNATURE"
    )


def test_one_byte_changed_after_signing(bench: Bench) -> None:
    letter = bench.letter("TD0.2").swap(b"<saml2:AttributeValue>3.0<", b"<saml2:AttributeValue>3.1<")
    bench.refused(
        lambda: bench.post(letter), fault("wsse:FailedCheck", "DMP-SEC-DIGEST", TOKEN_FAILED), "DMP-SEC-DIGEST"
    )


def test_the_algorithm_none_and_a_shared_secret(bench: Bench) -> None:
    for algorithm in (b"none", b"http://www.w3.org/2000/09/xmldsig#hmac-sha1"):
        body, count = re.subn(
            rb'(<ds:SignatureMethod Algorithm=")[^"]*', rb"\g<1>" + algorithm, bench.letter("TD0.2").body
        )
        assert count == 1
        letter = bench.letter("TD0.2").but(body=body)
        bench.refused(
            lambda sent=letter: bench.post(sent),  # type: ignore[misc]
            fault("wsse:UnsupportedAlgorithm", "DMP-SEC-ALGORITHM"),
            "DMP-SEC-ALGORITHM",
        )


@pytest.mark.parametrize("place", PLACES)
def test_a_moved_assertion(bench: Bench, place: str) -> None:
    """Sixteen forgeries around a genuine assertion: the one named in the forgery never gets through."""
    letter = bench.letter("TD0.2")
    forged = dict(wrappings(letter.body))[f"{place}-id"]
    rule = "DMP-SEC-DIGEST" if place in BREAKS_THE_DIGEST else "DMP-SEC-WRAPPING"
    row = bench.refused(
        lambda: bench.post(letter.but(body=forged)), fault("wsse:FailedCheck", rule, TOKEN_FAILED), rule
    )
    (finding,) = row["verdict"]["findings"]
    assert etree.fromstring(forged).xpath(finding["where"], namespaces=NAMES), finding["where"]


def test_every_operation_refuses_a_second_assertion(bench: Bench) -> None:
    for operation in ("TD0.3", "TD3.1", "TD3.2"):
        letter = bench.letter(operation)
        forged = dict(wrappings(letter.body))["before/other-id"]
        sent = letter.but(body=forged)
        bench.refused(
            lambda sent=sent: bench.post(sent),  # type: ignore[misc]
            fault("wsse:FailedCheck", "DMP-SEC-WRAPPING"),
            "DMP-SEC-WRAPPING",
        )


SIGNERS = {
    "sign-foreign": ("DMP-SIGN-FOREIGN", "soap:DMPInvalidCertificate"),
    "sign-expired": ("DMP-SIGN-DATES", "soap:DMPInvalidCertificate"),
    "sign-revoked": ("DMP-SIGN-REVOKED", "soap:DMPInvalidCertificate"),
    "auth-for-signing": ("DMP-SIGN-USAGE", "soap:DMPInvalidCertificate"),
    "sign-ou-mismatch": ("DMP-SIGN-HOLDER", "wsse:FailedAuthentication"),
}


@pytest.mark.parametrize("name", SIGNERS)
def test_a_signer_who_may_not_sign(bench: Bench, name: str) -> None:
    rule, code = SIGNERS[name]
    letter = bench.letter("TD0.2", cachet=bench.bad(name))
    bench.refused(lambda: bench.post(letter), fault(code, rule), rule)


NAMES = {
    "soap": "http://www.w3.org/2003/05/soap-envelope",
    "wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "saml2": "urn:oasis:names:tc:SAML:2.0:assertion",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "hl7": "urn:hl7-org:v3",
}
