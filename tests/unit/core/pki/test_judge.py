from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.core.pki import (
    CertificateUnreadable,
    ChainReason,
    HandshakeReason,
    Holder,
    IssuedCertificate,
    KeyPool,
    Pki,
    Usage,
    chain_verdict,
    read_certificate,
)
from simulators.core.pki.profiles import AUTH_CLI, Template, sign


def test_a_good_certificate_has_no_reason_against_it(pki: Pki, auth_cli: IssuedCertificate, now: datetime) -> None:
    found = read_certificate(auth_cli.der())
    assert chain_verdict(found, pki.trust(now), now, Usage.TLS_CLIENT) is None
    assert chain_verdict(found, pki.trust(now), now, Usage.SIGNATURE) is ChainReason.WRONG_USAGE
    assert found.fingerprint == auth_cli.fingerprint and found.serial == auth_cli.serial
    assert found.subject_dn.startswith("CN=SIMULATION CENTRE FICTIF,OU=10B0999009,O=SIMULATION CENTRE FICTIF,O=")
    assert found.subject_dn.endswith("O=SIMULATION SEGUR SANDBOX,C=FR")


def test_dates_are_judged_at_the_second(pki: Pki, auth_cli: IssuedCertificate, now: datetime) -> None:
    found, trust = read_certificate(auth_cli.der()), pki.trust(now)
    second = timedelta(seconds=1)
    assert chain_verdict(found, trust, found.not_after) is None
    assert chain_verdict(found, trust, found.not_after + second) is ChainReason.EXPIRED
    assert chain_verdict(found, trust, found.not_before - second) is ChainReason.NOT_YET_VALID


def test_a_revoked_authority_condemns_what_it_issued(new_pki: Pki, holder: Holder, now: datetime) -> None:
    found = read_certificate(new_pki.issue_auth_cli(holder.struct_idnat, holder.name, now=now).der())
    trust = new_pki.trust(now)
    issuing = new_pki.authorities["organisations-1"].certificate
    pair = (issuing.issuer.public_bytes(), issuing.serial_number)
    assert chain_verdict(found, trust, now) is None
    assert chain_verdict(found, replace(trust, revoked=frozenset({pair})), now) is (ChainReason.REVOKED)


def test_a_signature_by_a_namesake_is_a_bad_signature(pki: Pki, pool: KeyPool, now: datetime) -> None:
    issuing = pki.authorities["organisations-1"].certificate
    key = pool.key("leaf-0")
    template = Template(issuing.subject, key.public_key(), AUTH_CLI, 1, now - timedelta(1), now + timedelta(1))
    forged = sign(template, issuing.subject, pool.key("leaf-1"))
    found = read_certificate(IssuedCertificate(forged, key, ()).der())
    assert chain_verdict(found, pki.trust(now), now) is ChainReason.BAD_SIGNATURE


def test_a_leaf_cannot_issue(pki: Pki, auth_cli: IssuedCertificate, now: datetime) -> None:
    key = auth_cli.key
    subject = auth_cli.certificate.subject
    template = Template(subject, key.public_key(), AUTH_CLI, 7, now - timedelta(1), now + timedelta(1))
    below = IssuedCertificate(sign(template, subject, key), key, ())
    verdict = chain_verdict(
        read_certificate(below.der()), pki.trust(now), now, presented=[read_certificate(auth_cli.der())]
    )
    assert verdict is ChainReason.FOREIGN_ISSUER


def test_a_presented_chain_that_bites_its_tail_ends(new_pki: Pki, holder: Holder, now: datetime) -> None:
    foreign = new_pki.issue_auth_cli(holder.struct_idnat, holder.name, now=now, hierarchy=new_pki.foreign(now))
    above = [read_certificate(c.public_bytes(serialization.Encoding.DER)) for c in foreign.chain]
    verdict = chain_verdict(read_certificate(foreign.der()), new_pki.trust(now), now, presented=above)
    assert verdict is ChainReason.FOREIGN_ISSUER


def test_the_vendors_own_authority_may_be_trusted(new_pki: Pki, holder: Holder, now: datetime) -> None:
    theirs = new_pki.foreign(now)
    found = read_certificate(new_pki.issue_auth_cli(holder.struct_idnat, holder.name, now=now, hierarchy=theirs).der())
    trust = new_pki.trust(now)
    assert chain_verdict(found, trust, now) is ChainReason.FOREIGN_ISSUER
    wider = trust.plus([theirs.root.certificate])
    assert not wider.crls_complete
    assert chain_verdict(found, wider, now) is ChainReason.FOREIGN_ISSUER
    issuing = read_certificate(theirs.organisations.certificate.public_bytes(serialization.Encoding.DER))
    assert chain_verdict(found, wider, now, presented=[issuing]) is None
    assert chain_verdict(found, trust.plus([theirs.root.certificate], [theirs.organisations.certificate]), now) is None


def test_a_certificate_without_extensions_may_authenticate_but_not_sign(pool: KeyPool) -> None:
    key = pool.key("leaf-0")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "essai")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    bare = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(start).not_valid_after(start + timedelta(1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    found = read_certificate(IssuedCertificate(bare, key, ()).der())
    assert found.key_usages is None and found.ekus is None and not found.is_ca
    assert found.is_auth_profile and not found.is_signature_profile
    assert found.struct_idnat is None and found.title is None


@pytest.mark.parametrize("der", [b"", b"not a certificate", b"\x30\x03\x02\x01\x01", b"\x30" * 70_000])
def test_bytes_that_are_no_certificate_are_refused(der: bytes) -> None:
    with pytest.raises(CertificateUnreadable):
        read_certificate(der)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), value=st.integers(0, 255))
def test_a_damaged_certificate_is_read_or_refused_never_a_crash(
    auth_cli: IssuedCertificate, pki: Pki, now: datetime, data: st.DataObject, value: int
) -> None:
    der = bytearray(auth_cli.der())
    der[data.draw(st.integers(0, len(der) - 1))] = value
    try:
        found = read_certificate(bytes(der))
    except CertificateUnreadable:
        return
    verdict = chain_verdict(found, pki.trust(now), now)
    assert verdict is not None or bytes(der) == auth_cli.der()


@pytest.mark.parametrize("reason", [*ChainReason, *HandshakeReason])
def test_every_reason_is_said_in_both_languages(reason: ChainReason | HandshakeReason) -> None:
    assert reason.words.say("fr-FR") == reason.words.fr and reason.words.say("en") == reason.words.en
    assert reason.words.fr != reason.words.en
    assert reason.words.fr.endswith(".") and reason.words.en.endswith(".")
