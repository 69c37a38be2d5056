"""Who holds the connection: TLS alerts for what a handshake can know, Faults for the rest, headers never believed."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote

import pytest

from tests.e2e.bad_input.bench import PSEUDO, Bench, alert, fault
from tests.support.raw_http import Letter, Place, Talk, converse

HANDSHAKE = "CORE-HANDSHAKE-FAILED"
LEGAL_PERSON = "Erreur d'authentification de la personne morale"

ALERTS = {
    "expired": ("CERTIFICATE_EXPIRED", "certificate_expired"),
    "not-yet-valid": ("BAD_CERTIFICATE", "certificate_not_yet_valid"),
    "revoked": ("CERTIFICATE_REVOKED", "certificate_revoked"),
    "foreign": ("UNKNOWN_CA", "certificate_unknown_ca"),
    "sign-email-for-tls": ("UNSUPPORTED_CERTIFICATE", "certificate_wrong_purpose"),
}


@pytest.mark.parametrize("name", ALERTS)
def test_a_certificate_the_handshake_refuses(bench: Bench, name: str) -> None:
    """A TLS alert, and a row in the pseudo-world: nobody was identified."""
    words, cause = ALERTS[name]
    letter, certificate = bench.letter("TD0.2"), bench.bad(name)
    row = bench.refused(
        lambda: bench.post(letter, certificate), alert(words), HANDSHAKE, world=PSEUDO, outcome="incident"
    )
    assert row["status"] == cause
    (finding,) = row["verdict"]["findings"]
    assert len(finding["found"].split(" / ")) == 2, "the reason in both languages"
    assert "127.0.0.1" in row["who"]["address"]


def test_a_chain_without_its_intermediate_is_enough(bench: Bench) -> None:
    """Our intermediates are known here: a product that sends the leaf alone is served."""
    bench.still_serves()
    leaf = bench.held("auth_cli")
    alone = type(leaf)(leaf.certificate, leaf.key, ())
    assert bench.post(bench.letter("TD0.2"), alone).status == 200


@pytest.mark.parametrize("operation", ["TD0.2", "TD0.3", "TD2.1", "TD3.1", "TD3.2", "TD3.3c"])
def test_no_certificate(bench: Bench, operation: str) -> None:
    letter = bench.letter(operation)
    bench.refused(
        lambda: bench.post_without_certificate(letter),
        fault("soap:DMPInvalidCertificate", "DMP-TLS-CERTIFICATE"),
        "DMP-TLS-CERTIFICATE",
    )


def test_the_declared_structure_alone_leads_to_its_world(bench: Bench) -> None:
    """Without certificate nor prefix, the row goes where the structure belongs."""
    letter = bench.letter("TD0.2")
    bare = letter.but(path=letter.path.removeprefix(bench.prefix))
    row = bench.refused(
        lambda: bench.post_without_certificate(bare),
        fault("soap:DMPInvalidCertificate", "DMP-TLS-CERTIFICATE"),
        "DMP-TLS-CERTIFICATE",
    )
    assert row["marks"]["world_by"] == "declared:structure"


def test_a_signature_certificate_on_the_connection(bench: Bench) -> None:
    letter = bench.letter("TD0.2")
    bench.refused(
        lambda: bench.post(letter, bench.bad("sign-for-tls")),
        fault("soap:DMPInvalidCertificate", "DMP-TLS-USAGE"),
        "DMP-TLS-USAGE",
    )


def test_the_certificate_of_another_structure(bench: Bench) -> None:
    letter, certificate = bench.letter("TD0.2"), bench.bad("ou-mismatch")
    bench.refused(
        lambda: bench.post(letter, certificate),
        fault("wsse:FailedAuthentication", "DMP-VIHF-STRUCTURE-CERTIFICATE", LEGAL_PERSON),
        "DMP-VIHF-STRUCTURE-CERTIFICATE",
    )


def test_a_token_that_names_another_structure(bench: Bench) -> None:
    letter = bench.letter("TD0.2", vihf__Identifiant_Structure="10B0999025")
    bench.refused(
        lambda: bench.post(letter),
        fault("wsse:FailedAuthentication", "DMP-VIHF-STRUCTURE-CERTIFICATE", LEGAL_PERSON),
        "DMP-VIHF-STRUCTURE-CERTIFICATE",
    )


def spoofed(bench: Bench, letter: Letter) -> Letter:
    """Every way reverse proxies have to tell a back end who its client is."""
    good = bench.held("auth_cli")
    pem, dn = good.pem().decode(), good.certificate.subject.rfc4514_string()
    der = b64encode(good.der()).decode()
    headers = {
        "SSL-Client-Cert": quote(pem),
        "X-SSL-Client-Cert": quote(pem),
        "X-Client-Cert": der,
        "X-ARR-ClientCert": der,
        "Client-Cert": f":{der}:",
        "X-Forwarded-Client-Cert": f'Hash={good.fingerprint};Cert="{quote(pem)}";Subject="{dn}"',
        "X-SSL-Client-Verify": "SUCCESS",
        "Ssl-Client-Verify": "SUCCESS",
        "X-SSL-Client-S-DN": dn.encode("ascii", "replace").decode(),
        "Segur-Client-Cert-Der": der,
        "segur.client_cert_der": der,
        "X-Forwarded-For": "10.0.0.1",
        "Forwarded": "for=10.0.0.1;proto=https",
        "Authorization": "Bearer x",
    }
    return letter.but(headers=(*letter.headers, *headers.items()))


def test_a_certificate_in_a_header_is_no_certificate(bench: Bench) -> None:
    letter = spoofed(bench, bench.letter("TD0.2"))
    row = bench.refused(
        lambda: bench.post_without_certificate(letter),
        fault("soap:DMPInvalidCertificate", "DMP-TLS-CERTIFICATE"),
        "DMP-TLS-CERTIFICATE",
    )
    assert "certificate" not in row["who"]
    assert row["who"]["address"].startswith("127.0.0.1:")


def test_a_header_does_not_replace_the_certificate_of_the_connection(bench: Bench) -> None:
    letter, certificate = spoofed(bench, bench.letter("TD0.2")), bench.bad("ou-mismatch")
    row = bench.refused(
        lambda: bench.post(letter, certificate),
        fault("wsse:FailedAuthentication", "DMP-VIHF-STRUCTURE-CERTIFICATE"),
        "DMP-VIHF-STRUCTURE-CERTIFICATE",
    )
    assert row["who"]["certificate"] == certificate.fingerprint


def test_a_resumed_session_does_not_outlive_a_revocation(fresh_bench: Bench) -> None:
    """The same connection certificate, accepted, then revoked: the ticket of before opens nothing."""
    bench = fresh_bench
    certificate = bench.sandbox.pki.issue_auth_cli(bench.structure, "SIMULATION", now=bench.sandbox.now())
    context = bench.context(certificate)
    place = Place.of(bench.url, context)
    assert converse(place, [bench.letter("TD0.2").raw(bench.host)]).status == 200
    with place.open() as sock:
        sock.sendall(bench.letter("TD0.2").raw(bench.host))
        assert sock.recv(12)[9:12] == b"200"
        session = sock.session  # type: ignore[attr-defined]
    bench.sandbox.revoke(certificate.serial)
    letter = bench.letter("TD0.2")
    row = bench.refused(
        lambda: converse(place.resuming(session), [letter.raw(bench.host)]),
        alert("CERTIFICATE_REVOKED"),
        HANDSHAKE,
        world=PSEUDO,
        outcome="incident",
    )
    assert row["status"] == "certificate_revoked"


def test_an_open_connection_does_not_outlive_a_revocation(fresh_bench: Bench) -> None:
    """No handshake any more to refuse it: the next request on the same connection is answered by a Fault."""
    bench = fresh_bench
    certificate = bench.sandbox.pki.issue_auth_cli(bench.structure, "SIMULATION", now=bench.sandbox.now())
    first, second = bench.letter("TD0.2"), bench.letter("TD0.2")
    with Talk(Place.of(bench.url, bench.context(certificate))) as talk:
        assert talk.say(first.raw(bench.host)).status == 200
        bench.sandbox.revoke(certificate.serial)
        bench.refused(
            lambda: talk.say(second.raw(bench.host)),
            fault("soap:DMPInvalidCertificate", "DMP-TLS-CHAIN"),
            "DMP-TLS-CHAIN",
        )
