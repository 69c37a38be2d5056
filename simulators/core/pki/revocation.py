"""Revoked serial numbers, CRL (RFC 5280 §5) and OCSP answers (RFC 6960)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from simulators.core.pki.files import create_once
from simulators.core.pki.hierarchy import Authority, utc

# A product whose clock is a little behind ours must not find the CRL "not yet valid".
CLOCK_TOLERANCE = timedelta(hours=1)
CRL_LIFE = timedelta(days=7)
OCSP_LIFE = timedelta(hours=1)
OCSP_REQUEST_LIMIT = 10_000


class Revocations:
    """The revoked serials of one PKI folder: one small file per serial, so that processes never overwrite each other.

    The serial numbers of a PKI are unique over all its authorities (:class:`~.authority.Pki` draws them all).
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, serial: int, when: datetime) -> datetime:
        """Record a revocation and return its date: the first one given for this serial stays."""
        text = utc(when).astimezone(UTC).isoformat()
        return datetime.fromisoformat(create_once(self._folder / f"{serial:x}", text.encode()).decode())

    def all(self) -> dict[int, datetime]:
        """Return date of revocation by serial, as the folder says now."""
        if not self._folder.is_dir():
            return {}
        files = sorted(path for path in self._folder.iterdir() if not path.name.startswith("."))
        return {int(path.name, 16): datetime.fromisoformat(path.read_text()) for path in files}


def build_crl(authority: Authority, revoked: Mapping[int, datetime], now: datetime, validity: timedelta) -> bytes:
    """Return the authority's full CRL, DER. ``now`` and ``validity`` give nextUpdate; thisUpdate is an hour earlier."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(utc(now) - CLOCK_TOLERANCE)
        .next_update(utc(now) + validity)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
        .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
    )
    for serial, when in revoked.items():
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def answer_ocsp(
    request_der: bytes, authorities: Iterable[Authority], revoked: Mapping[int, datetime], now: datetime
) -> bytes:
    """Answer one OCSP request, DER in and DER out; never raises for hostile bytes.

    Good or revoked for a certificate of one of ``authorities``, signed by that authority itself; unknown, signed by
    the first one, for any other issuer. Bytes that are no request of one certificate give malformedRequest. We keep
    no list of issued serials, so a serial never issued is good, as RFC 6960 §2.2 allows.
    """
    known = tuple(authorities)
    try:
        if len(request_der) > OCSP_REQUEST_LIMIT:
            raise ValueError("request too large")
        request = ocsp.load_der_ocsp_request(request_der)
        issuer = next((one for one in known if _is_issuer(one.certificate, request)), None)
        nonce = _nonce(request)
    except Exception:  # the parser raises several unrelated types, and NotImplementedError for lists
        return _unsuccessful(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
    builder = _single_answer(request, issuer, revoked, now)
    signer = issuer or known[0]
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
    if nonce is not None:
        builder = builder.add_extension(nonce, critical=False)
    return builder.sign(signer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _unsuccessful(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(serialization.Encoding.DER)


def _nonce(request: ocsp.OCSPRequest) -> x509.OCSPNonce | None:
    try:
        return request.extensions.get_extension_for_class(x509.OCSPNonce).value
    except x509.ExtensionNotFound:
        return None


def _is_issuer(certificate: x509.Certificate, request: ocsp.OCSPRequest) -> bool:
    """Compare both hashes of a CertID (RFC 6960 §4.1.1) with those of an authority."""
    return request.issuer_name_hash == _hash(request.hash_algorithm, certificate.subject.public_bytes()) and (
        request.issuer_key_hash == _hash(request.hash_algorithm, _key_bits(certificate))
    )


def _key_bits(certificate: x509.Certificate) -> bytes:
    """Return the subjectPublicKey bits; for RSA they are the PKCS#1 form."""
    return certificate.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)


def _hash(algorithm: hashes.HashAlgorithm, data: bytes) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(data)
    return digest.finalize()


def _single_answer(
    request: ocsp.OCSPRequest, issuer: Authority | None, revoked: Mapping[int, datetime], now: datetime
) -> ocsp.OCSPResponseBuilder:
    when = revoked.get(request.serial_number) if issuer else None
    status = ocsp.OCSPCertStatus.UNKNOWN
    if issuer is not None:
        status = ocsp.OCSPCertStatus.REVOKED if when else ocsp.OCSPCertStatus.GOOD
    return ocsp.OCSPResponseBuilder().add_response_by_hash(
        issuer_name_hash=request.issuer_name_hash,
        issuer_key_hash=request.issuer_key_hash,
        serial_number=request.serial_number,
        algorithm=request.hash_algorithm,
        cert_status=status,
        this_update=utc(now) - CLOCK_TOLERANCE,
        next_update=utc(now) + OCSP_LIFE,
        revocation_time=when,
        revocation_reason=None,
    )
