"""Real TLS handshakes, in memory. Times are the wall's: TLS knows no other."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from simulators.core.listeners.tls_reasons import handshake_reason
from simulators.core.pki import (
    CATALOGUE,
    NATIONAL_SUITES,
    ChainReason,
    ContextSource,
    HandshakeReason,
    Holder,
    IssuedCertificate,
    Pki,
    Trust,
    Validity,
    chain_verdict,
    client_context,
    explain_handshake,
    read_certificate,
    server_context,
)
from simulators.core.pki.bad import FORBIDDEN_HOST
from simulators.core.pki.profiles import AUTH_CLI
from tests.support.vendor_ca import VendorCa, dn
from tests.unit.core.pki.wire import Outcome, handshake


@pytest.fixture(params=["1.3", "1.2"])
def version(request: pytest.FixtureRequest) -> ssl.TLSVersion:
    """Both versions: in TLS 1.3 the client ends its handshake before the server has judged its certificate."""
    return ssl.TLSVersion.TLSv1_2 if request.param == "1.2" else ssl.TLSVersion.TLSv1_3


def call(
    pki: Pki,
    server: IssuedCertificate,
    now: datetime,
    client: IssuedCertificate | None,
    version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    trust: Trust | None = None,
) -> Outcome:
    context = client_context(pki.trust(now), client)
    context.maximum_version = version
    return handshake(server_context(server, trust or pki.trust(now), verify="optional"), context)


def refusal(outcome: Outcome) -> ChainReason | HandshakeReason:
    assert outcome.server_error is not None
    return explain_handshake(outcome.server_error)


def alert(outcome: Outcome) -> str:
    assert outcome.client_error is not None
    return str(outcome.client_error.reason)


def test_a_good_client_passes(
    pki: Pki, server: IssuedCertificate, auth_cli: IssuedCertificate, now: datetime, version: ssl.TLSVersion
) -> None:
    outcome = call(pki, server, now, auth_cli, version)
    assert outcome.ok and outcome.version == version.name.replace("v1_", "v1.")
    assert outcome.peer == auth_cli.der()


def test_a_client_that_sends_only_its_leaf_passes(
    pki: Pki, server: IssuedCertificate, auth_cli: IssuedCertificate, now: datetime
) -> None:
    bare = IssuedCertificate(auth_cli.certificate, auth_cli.key, auth_cli.chain[1:])
    assert bare.presented_pem().count(b"BEGIN") == 1
    assert call(pki, server, now, bare).ok


def test_a_professional_passes(pki: Pki, server: IssuedCertificate, now: datetime) -> None:
    issued = pki.issue_person_auth("899700000013", "FICTIF", "CAMILLE", "Médecin", now=now)
    assert call(pki, server, now, issued).peer == issued.der()


def test_no_certificate_is_accepted_when_optional_and_refused_when_required(
    pki: Pki, server: IssuedCertificate, now: datetime, version: ssl.TLSVersion
) -> None:
    outcome = call(pki, server, now, None, version)
    assert outcome.ok and outcome.peer is None
    outcome = handshake(server_context(server, pki.trust(now), verify="required"), client_context(pki.trust(now)))
    assert refusal(outcome) is HandshakeReason.CERTIFICATE_REQUIRED


def test_a_server_that_verifies_nobody_asks_for_nothing(
    pki: Pki, server: IssuedCertificate, auth_cli: IssuedCertificate, now: datetime
) -> None:
    outcome = handshake(server_context(server), client_context(pki.trust(now), auth_cli))
    assert outcome.ok and outcome.peer is None
    with pytest.raises(ValueError, match="without a trust"):
        server_context(server, verify="optional")


@pytest.mark.parametrize(
    ("name", "reason", "tls_alert"),
    [
        ("expired", ChainReason.EXPIRED, "CERTIFICATE_EXPIRED"),
        ("not-yet-valid", ChainReason.NOT_YET_VALID, "BAD_CERTIFICATE"),
        ("revoked", ChainReason.REVOKED, "CERTIFICATE_REVOKED"),
        ("foreign", ChainReason.FOREIGN_ISSUER, "UNKNOWN_CA"),
        ("sign-email-for-tls", ChainReason.WRONG_USAGE, "UNSUPPORTED_CERTIFICATE"),
    ],
)
def test_bad_clients_are_refused_with_the_right_alert(
    pki: Pki,
    server: IssuedCertificate,
    holder: Holder,
    now: datetime,
    version: ssl.TLSVersion,
    name: str,
    reason: ChainReason,
    tls_alert: str,
) -> None:
    outcome = call(pki, server, now, CATALOGUE[name].make(pki, holder, now), version)
    assert refusal(outcome) is reason
    assert tls_alert in alert(outcome)


@pytest.mark.parametrize("name", ["sign-for-tls", "ou-mismatch"])
def test_wrong_usage_of_the_right_authority_gets_through_to_be_answered(
    pki: Pki, server: IssuedCertificate, holder: Holder, now: datetime, version: ssl.TLSVersion, name: str
) -> None:
    issued = CATALOGUE[name].make(pki, holder, now)
    outcome = call(pki, server, now, issued, version)
    assert outcome.ok and outcome.peer == issued.der()


def test_a_revocation_counts_once_the_context_is_refreshed_even_for_a_resumed_session(
    new_pki: Pki, holder: Holder, now: datetime, version: ssl.TLSVersion
) -> None:
    server = new_pki.issue_server(["localhost"], now=now)
    client = new_pki.issue_auth_cli(holder.struct_idnat, holder.name, now=now)
    source = ContextSource(lambda: server_context(server, new_pki.trust(now), verify="optional"))
    context = client_context(new_pki.trust(now), client)
    context.maximum_version = version
    first = handshake(source.current, context)
    assert first.ok
    assert handshake(source.current, context, session=first.session).resumed
    new_pki.revoke(client.serial, now)
    assert handshake(source.current, context).ok
    source.refresh()
    assert refusal(handshake(source.current, context, session=first.session)) is ChainReason.REVOKED


def test_a_failed_refresh_keeps_the_old_context(pki: Pki, server: IssuedCertificate) -> None:
    contexts = iter([server_context(server)])
    source = ContextSource(lambda: next(contexts))
    kept = source.current
    with pytest.raises(StopIteration):
        source.refresh()
    assert source.current is kept


def test_an_outdated_crl_is_named_as_our_own_fault(
    pki: Pki, server: IssuedCertificate, auth_cli: IssuedCertificate, now: datetime
) -> None:
    trust = pki.trust(now - timedelta(days=2), crl_validity=timedelta(days=1))
    assert refusal(call(pki, server, now, auth_cli, trust=trust)) is HandshakeReason.OUR_CRL_OUTDATED


def test_a_vendors_authority_without_crl_is_accepted_and_ours_is_left_to_the_judge(
    new_pki: Pki, holder: Holder, now: datetime
) -> None:
    server = new_pki.issue_server(["localhost"], now=now)
    theirs = new_pki.foreign(now)
    trust = new_pki.trust(now).plus([theirs.root.certificate])
    foreign = new_pki.issue_auth_cli(holder.struct_idnat, holder.name, now=now, hierarchy=theirs)
    assert call(new_pki, server, now, foreign, trust=trust).ok
    revoked = CATALOGUE["revoked"].make(new_pki, holder, now)
    trust = new_pki.trust(now).plus([theirs.root.certificate])
    outcome = call(new_pki, server, now, revoked, trust=trust)
    assert outcome.peer is not None
    assert chain_verdict(read_certificate(outcome.peer), trust, now) is ChainReason.REVOKED


def test_a_vendors_authority_with_its_crl_is_checked_in_the_handshake(new_pki: Pki, now: datetime) -> None:
    server, theirs = new_pki.issue_server(["localhost"], now=now), VendorCa.root()
    good, bad = theirs.leaf(dn(CN="POSTE-12")), theirs.leaf(dn(CN="POSTE-13"))
    trust = new_pki.trust(now).plus([theirs.certificate], crls=[theirs.crl([bad.serial])])
    assert trust.crls_complete
    assert call(new_pki, server, now, good, trust=trust).ok
    assert refusal(call(new_pki, server, now, bad, trust=trust)) is ChainReason.REVOKED


def test_an_authority_that_is_not_in_the_folder_has_no_crl(new_pki: Pki, now: datetime) -> None:
    server, theirs = new_pki.issue_server(["localhost"], now=now), VendorCa.root()
    below = theirs.below("AC INTERMEDIAIRE")
    trust = new_pki.trust(now).plus([theirs.certificate], crls=[theirs.crl()])
    outcome = call(new_pki, server, now, below.leaf(dn(CN="POSTE-12")), trust=trust)
    assert isinstance(outcome.server_error, ssl.SSLCertVerificationError)
    assert handshake_reason(outcome.server_error).cause == "crl_missing"
    assert not trust.plus([], [below.certificate]).crls_complete
    assert call(new_pki, server, now, below.leaf(dn(CN="P")), trust=trust.plus([], [below.certificate])).ok


def test_an_authority_too_weak_for_openssl_is_said_to_be(new_pki: Pki, now: datetime) -> None:
    server, theirs = new_pki.issue_server(["localhost"], now=now), VendorCa.root(bits=1024)
    context = server_context(server, new_pki.trust(now).plus([theirs.certificate]), verify="optional")
    context.set_ciphers("DEFAULT@SECLEVEL=2")  # Debian's default, not everybody's
    outcome = handshake(context, client_context(new_pki.trust(now), theirs.leaf(dn(CN="POSTE-12"))))
    assert isinstance(outcome.server_error, ssl.SSLCertVerificationError)
    assert handshake_reason(outcome.server_error).cause == "certificate_key_too_weak"


@pytest.mark.parametrize("host", ["localhost", "dmp.test", "127.0.0.1"])
def test_our_server_is_accepted_by_a_strict_client(
    pki: Pki, server: IssuedCertificate, now: datetime, host: str
) -> None:
    client = client_context(pki.trust(now), check_crl=True)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    assert handshake(server_context(server), client, host).ok


def test_a_client_that_installed_only_the_root_accepts_us(pki: Pki, server: IssuedCertificate, now: datetime) -> None:
    assert handshake(server_context(server), client_context(Trust(roots=pki.roots))).ok


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("server-expired", "expired"),
        ("server-revoked", "revoked"),
        ("server-foreign", "issuer certificate"),
        ("server-wrong-usage", "purpose"),
        ("server-wrong-name", "localhost"),
        ("server-forbidden-name", "permitted subtree violation"),
    ],
)
def test_bad_servers_are_refused_by_a_careful_client(
    pki: Pki, holder: Holder, now: datetime, name: str, message: str
) -> None:
    bad = CATALOGUE[name].make(pki, holder, now)
    outcome = handshake(server_context(bad), client_context(pki.trust(now), check_crl=True))
    assert isinstance(outcome.client_error, ssl.SSLCertVerificationError)
    assert message in outcome.client_error.verify_message
    assert refusal(outcome) is HandshakeReason.PEER_REFUSED_US


@pytest.mark.parametrize(("hosts", "ips"), [([FORBIDDEN_HOST], []), (["localhost"], ["203.0.113.5"])])
def test_name_constraints_hold_for_dns_and_ip(pki: Pki, now: datetime, hosts: list[str], ips: list[str]) -> None:
    issued = pki.issue_server(hosts, ips, now=now, hierarchy=pki.hierarchies[0])
    outcome = handshake(server_context(issued), client_context(Trust(roots=pki.roots)), hosts[0])
    assert isinstance(outcome.client_error, ssl.SSLCertVerificationError)
    assert outcome.client_error.verify_message == "permitted subtree violation"


def test_name_constraints_hold_for_the_subject(pki: Pki, server: IssuedCertificate, now: datetime) -> None:
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "HOPITAL")]
    )
    issued = pki.issue(subject, AUTH_CLI, server.key, Validity.since(now, timedelta(days=1)))
    assert refusal(call(pki, server, now, issued)) is HandshakeReason.NAME_NOT_PERMITTED


def test_the_second_root_serves_its_name(new_pki: Pki, now: datetime) -> None:
    first = new_pki.trust(now)
    issued = new_pki.issue_server(["sandbox.chu.example"], now=now)
    assert handshake(server_context(issued), client_context(new_pki.trust(now)), "sandbox.chu.example").ok
    assert not handshake(server_context(issued), client_context(first), "sandbox.chu.example").ok


def test_a_compose_service_name_gets_a_root_for_itself_alone(new_pki: Pki, now: datetime) -> None:
    issued = new_pki.issue_server(["sandbox", "localhost"], now=now)
    trust = new_pki.trust(now)
    assert len(new_pki.hierarchies) == 2
    assert handshake(server_context(issued), client_context(trust), "sandbox").ok
    bad = new_pki.issue_server(["dmp.sandbox"], now=now, hierarchy=new_pki.hierarchies[1])
    outcome = handshake(server_context(bad), client_context(trust), "dmp.sandbox")
    assert isinstance(outcome.client_error, ssl.SSLCertVerificationError)
    assert outcome.client_error.verify_message == "excluded subtree violation"


@pytest.mark.parametrize("suite", NATIONAL_SUITES)
def test_strict_tls_speaks_each_national_suite(
    pki: Pki, server: IssuedCertificate, auth_cli: IssuedCertificate, now: datetime, suite: str
) -> None:
    client = client_context(pki.trust(now), auth_cli)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    client.set_ciphers(suite)
    outcome = handshake(server_context(server, pki.trust(now), verify="optional", strict_tls=True), client)
    assert (outcome.version, outcome.cipher) == ("TLSv1.2", suite)


@pytest.mark.parametrize(
    "suite", ["ECDHE-RSA-AES128-SHA256", "AES256-GCM-SHA384", "DHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-SHA"]
)
def test_strict_tls_refuses_other_suites(pki: Pki, server: IssuedCertificate, now: datetime, suite: str) -> None:
    client = client_context(pki.trust(now))
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    client.set_ciphers(suite)
    assert refusal(handshake(server_context(server, strict_tls=True), client)) is HandshakeReason.NO_COMMON_CIPHER


def test_strict_tls_refuses_tls_1_3_only(pki: Pki, server: IssuedCertificate, now: datetime) -> None:
    client = client_context(pki.trust(now))
    client.minimum_version = ssl.TLSVersion.TLSv1_3
    outcome = handshake(server_context(server, strict_tls=True), client)
    assert refusal(outcome) is HandshakeReason.NO_COMMON_VERSION
    assert not handshake(server_context(server), client_context(pki.trust(now), strict_tls=True)).server_error


def test_a_strict_context_offers_exactly_four_suites(server: IssuedCertificate) -> None:
    context = server_context(server, strict_tls=True)
    usable = {suite["name"] for suite in context.get_ciphers() if suite["protocol"] != "TLSv1.3"}
    assert usable == set(NATIONAL_SUITES)
    assert context.maximum_version is ssl.TLSVersion.TLSv1_2


def feed(server: IssuedCertificate, data: bytes, *, eof: bool = False) -> ChainReason | HandshakeReason:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    incoming.write(data)
    if eof:
        incoming.write_eof()
    with pytest.raises(ssl.SSLError) as caught:
        server_context(server).wrap_bio(incoming, outgoing, server_side=True).do_handshake()
    return explain_handshake(caught.value)


def test_what_is_no_tls_is_named(server: IssuedCertificate) -> None:
    assert feed(server, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") is HandshakeReason.PLAIN_HTTP
    assert feed(server, b"\x0bMSH|^~\\&|A|B|C|D|20260105||ADT^A01|1|P|2.5\r") is HandshakeReason.NOT_TLS
    assert feed(server, b"", eof=True) is HandshakeReason.PEER_LEFT


def test_other_failures_are_not_misnamed() -> None:
    assert explain_handshake(ConnectionResetError()) is HandshakeReason.PEER_LEFT
    assert explain_handshake(ssl.SSLError(1, "odd")) is HandshakeReason.OTHER


def test_crl_checking_is_refused_when_the_trust_has_no_crl(pki: Pki) -> None:
    with pytest.raises(ValueError, match="lacks a CRL"):
        client_context(Trust(roots=pki.roots), check_crl=True)
