"""A vendor's own test authority, as a vendor makes one: no word of SIMULATION, no OU, no constraint of ours."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from simulators.core.pki import IssuedCertificate, Validity

_serials = itertools.count(0x7E57)
_DAY = timedelta(days=1)


def dn(**attributes: str) -> x509.Name:
    """``dn(O="EDITEUR", CN="POSTE-12")``."""
    oids = {"C": NameOID.COUNTRY_NAME, "O": NameOID.ORGANIZATION_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME}
    return x509.Name([x509.NameAttribute(oids.get(k, NameOID.COMMON_NAME), v) for k, v in attributes.items()])


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@dataclass(frozen=True)
class VendorCa:
    """An authority and those above it, root last."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey
    above: tuple[x509.Certificate, ...] = field(default=())

    @classmethod
    def root(cls, name: str = "AC TEST EDITEUR", bits: int = 2048) -> VendorCa:
        key, subject = rsa_key(bits), dn(C="FR", O="EDITEUR", CN=name)
        return cls(_sign(subject, key, subject, key, ca=True), key)

    def below(self, name: str) -> VendorCa:
        """An intermediate authority."""
        key = rsa_key()
        certificate = _sign(dn(C="FR", O="EDITEUR", CN=name), key, self.certificate.subject, self.key, ca=True)
        return VendorCa(certificate, key, (self.certificate, *self.above))

    def leaf(
        self, subject: x509.Name, *, sign: bool = False, key: rsa.RSAPrivateKey | None = None, expired: bool = False
    ) -> IssuedCertificate:
        """An authentication certificate, or with ``sign`` a signature one."""
        key = key or rsa_key()
        certificate = _sign(subject, key, self.certificate.subject, self.key, sign=sign, expired=expired)
        return IssuedCertificate(certificate, key, (self.certificate, *self.above))

    def crl(self, revoked: Iterable[int] = (), next_update: timedelta = 30 * _DAY) -> bytes:
        """DER."""
        now = datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(now - 60 * _DAY).next_update(now + next_update)
        for serial in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - _DAY).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


def _sign(
    subject: x509.Name,
    key: rsa.RSAPrivateKey,
    issuer: x509.Name,
    issuer_key: rsa.RSAPrivateKey,
    *,
    ca: bool = False,
    sign: bool = False,
    expired: bool = False,
) -> x509.Certificate:
    now = datetime.now(UTC)
    dates = Validity(now - 20 * _DAY, now - _DAY) if expired else Validity.since(now, 300 * _DAY)
    names = {"digital_signature": not ca, "content_commitment": sign, "key_cert_sign": ca, "crl_sign": ca}
    others = ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only")
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(next(_serials))
        .not_valid_before(dates.not_before)
        .not_valid_after(dates.not_after)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**names, **dict.fromkeys(others, False)), critical=True)
    )
    if not ca and not sign:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
