from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.core.pki import Holder, IssuedCertificate, KeyPool, Pki
from simulators.core.pki.revocation import answer_ocsp


def ask(issued: IssuedCertificate, algorithm: hashes.HashAlgorithm | None = None, nonce: bytes | None = None) -> bytes:
    builder = ocsp.OCSPRequestBuilder().add_certificate(issued.certificate, issued.chain[0], algorithm or hashes.SHA1())
    if nonce:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(serialization.Encoding.DER)


def test_a_revocation_outlives_the_process_and_keeps_its_first_date(
    new_pki: Pki, pool: KeyPool, tmp_path: Path, now: datetime
) -> None:
    when = now.replace(microsecond=0)
    assert new_pki.revoke(42, now) == when
    assert new_pki.revoke(42, now + timedelta(days=1)) == when
    again = Pki.open(tmp_path / "pki", pool, now)
    assert again.revoked == {42: when}


def test_the_crl_of_each_authority_is_signed_and_lists_the_serial(new_pki: Pki, holder: Holder, now: datetime) -> None:
    issued = new_pki.issue_auth_cli(holder.struct_idnat, holder.name, now=now)
    before = x509.load_der_x509_crl(new_pki.crl("organisations-1", now))
    new_pki.revoke(issued.serial, now)
    for name, der in new_pki.crls(now + timedelta(minutes=1), timedelta(days=2)).items():
        crl = x509.load_der_x509_crl(der)
        authority = new_pki.authorities[name].certificate
        key = authority.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        assert crl.is_signature_valid(key) and crl.issuer == authority.subject
        entry = crl.get_revoked_certificate_by_serial_number(issued.serial)
        assert entry is not None and entry.revocation_date_utc == now.replace(microsecond=0)
        assert crl.last_update_utc < now < (crl.next_update_utc or now)
    assert before.get_revoked_certificate_by_serial_number(issued.serial) is None
    later = x509.load_der_x509_crl(new_pki.crl("organisations-1", now + timedelta(minutes=1)))
    number = x509.CRLNumber
    assert (
        later.extensions.get_extension_for_class(number).value.crl_number
        > before.extensions.get_extension_for_class(number).value.crl_number
    )


def test_an_unknown_crl_is_a_key_error(pki: Pki, now: datetime) -> None:
    with pytest.raises(KeyError):
        pki.crl("organisations-9", now)


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256()])
def test_ocsp_says_good_then_revoked(
    new_pki: Pki, holder: Holder, now: datetime, algorithm: hashes.HashAlgorithm
) -> None:
    issued = new_pki.issue_sign(holder.struct_idnat, holder.name, now=now)
    request = ask(issued, algorithm, nonce=b"0123456789abcdef")
    good = ocsp.load_der_ocsp_response(new_pki.ocsp_response(request, now))
    assert good.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert good.serial_number == issued.serial
    assert good.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"0123456789abcdef"
    new_pki.revoke(issued.serial, now)
    revoked = ocsp.load_der_ocsp_response(new_pki.ocsp_response(request, now))
    assert revoked.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert revoked.revocation_time_utc == now.replace(microsecond=0)
    key = issued.chain[0].public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(revoked.signature, revoked.tbs_response_bytes, padding.PKCS1v15(), hashes.SHA256())


def test_ocsp_knows_nothing_of_another_authority(new_pki: Pki, holder: Holder, now: datetime) -> None:
    issued = new_pki.issue_auth_cli(holder.struct_idnat, holder.name, now=now, hierarchy=new_pki.foreign(now))
    new_pki.revoke(issued.serial, now)
    answer = ocsp.load_der_ocsp_response(new_pki.ocsp_response(ask(issued), now))
    assert answer.certificate_status is ocsp.OCSPCertStatus.UNKNOWN


@pytest.mark.parametrize("request_der", [b"", b"\x30\x00", b"GET / HTTP/1.1", b"\x30" * 20_000])
def test_ocsp_answers_malformed_request(pki: Pki, now: datetime, request_der: bytes) -> None:
    answer = ocsp.load_der_ocsp_response(pki.ocsp_response(request_der, now))
    assert answer.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, 200), flip=st.integers(0, 255), data=st.data())
def test_ocsp_never_raises_on_damaged_requests(
    pki: Pki, auth_cli: IssuedCertificate, now: datetime, cut: int, flip: int, data: st.DataObject
) -> None:
    damaged = bytearray(ask(auth_cli, nonce=b"nonce"))
    damaged[data.draw(st.integers(0, len(damaged) - 1))] = flip
    answer = answer_ocsp(bytes(damaged[: len(damaged) - cut]), pki.authorities.values(), {}, now)
    assert ocsp.load_der_ocsp_response(answer)
