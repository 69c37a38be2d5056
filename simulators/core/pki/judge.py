"""Reading a presented certificate and saying, in plain words, what is wrong with it. No I/O."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID

from simulators.core.pki.dn import Dn, dn_of, format_dn
from simulators.core.pki.issued import fingerprint_of
from simulators.core.pki.profiles import KEY_USAGES
from simulators.core.pki.subjects import Subject, assigned
from simulators.core.pki.trust import Trust
from simulators.core.pki.words import Words

MAX_DER = 65_536
MAX_CHAIN = 8
UNREADABLE: Final = (
    ValueError,
    TypeError,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
    UnsupportedAlgorithm,
)
"""What the library raises for certificates and revocation lists that are none."""

_CN, _TITLE, _OU = "2.5.4.3", "2.5.4.12", "2.5.4.11"
_STRUCTURE = re.compile(r"\d[0-9A-Z]{8,24}|SIM-[A-Z0-9-]+")


class CertificateUnreadable(ValueError):
    """Bytes that are no X.509 certificate, or one with extensions that cannot be read."""


class Usage(enum.Enum):
    """What a certificate is presented for."""

    TLS_CLIENT = "tls-client"
    TLS_SERVER = "tls-server"
    SIGNATURE = "signature"


@dataclass(frozen=True)
class CertificateFacts:
    """What a certificate says.

    ``subject`` and ``issuer`` are RDNs in certificate order; ``key_usages`` None when the extension is absent, else
    names of :data:`.profiles.KEY_USAGES`; ``ekus`` dotted OIDs, None when absent; ``fingerprint`` SHA-256 of the
    DER in lower-case hexadecimal. ``struct_idnat`` is the first OU that has the form of a structure identifier, unless
    the vendor's own map assigned another (``assigned``, see :mod:`.subjects`).
    """

    certificate: x509.Certificate
    subject: Dn
    issuer: Dn
    serial: int
    not_before: datetime
    not_after: datetime
    fingerprint: str
    key_usages: frozenset[str] | None
    ekus: frozenset[str] | None
    is_ca: bool
    assigned: str = ""

    @property
    def subject_dn(self) -> str:
        """Subject as an RFC 4514 string, most specific RDN first."""
        return format_dn(reversed(self.subject))

    @property
    def issuer_dn(self) -> str:
        """Issuer as an RFC 4514 string, most specific RDN first."""
        return format_dn(reversed(self.issuer))

    def values(self, oid: str) -> tuple[str, ...]:
        """Every value of one attribute type of the subject, in certificate order."""
        return tuple(value for rdn in self.subject for kind, value in sorted(rdn) if kind == oid)

    @property
    def common_name(self) -> str | None:
        """The most specific CN."""
        return next(reversed(self.values(_CN)), None)

    @property
    def title(self) -> str | None:
        """Title of a professional."""
        return next(iter(self.values(_TITLE)), None)

    @property
    def struct_idnat(self) -> str | None:
        """The one assigned, else that of the OU: ``1`` + FINESS, ``3`` + SIRET, another national type, ``SIM-...``."""
        return self.assigned or next((ou for ou in self.values(_OU) if _STRUCTURE.fullmatch(ou)), None)

    @property
    def is_signature_profile(self) -> bool:
        """SIGN or a professional's signature certificate: contentCommitment present (facts §12.2); never the CN."""
        return "content_commitment" in (self.key_usages or ())

    @property
    def is_auth_profile(self) -> bool:
        """AUTH_CLI: digitalSignature without contentCommitment, and clientAuth where an EKU is given.

        A certificate without key usage extension is not restricted (a vendor's own test authority), so it passes.
        """
        usable = self.key_usages is None or "digital_signature" in self.key_usages
        return usable and not self.is_signature_profile and self.allows(ExtendedKeyUsageOID.CLIENT_AUTH)

    @property
    def is_server_profile(self) -> bool:
        """SSL_SERV: serverAuth where an EKU is given, and no signature profile."""
        return not self.is_signature_profile and self.allows(ExtendedKeyUsageOID.SERVER_AUTH)

    def allows(self, usage: x509.ObjectIdentifier) -> bool:
        """Say whether the extended key usage admits ``usage``: named, any, or no extension."""
        any_usage = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE.dotted_string
        return self.ekus is None or bool({usage.dotted_string, any_usage} & self.ekus)

    def suits(self, usage: Usage) -> bool:
        """Say whether the profile is the one for this use."""
        return {
            Usage.TLS_CLIENT: self.is_auth_profile,
            Usage.TLS_SERVER: self.is_server_profile,
            Usage.SIGNATURE: self.is_signature_profile,
        }[usage]


def read_certificate(der: bytes) -> CertificateFacts:
    """Read one DER certificate. Raises CertificateUnreadable, also above 64 KiB."""
    if len(der) > MAX_DER:
        raise CertificateUnreadable(f"certificate larger than {MAX_DER} bytes")
    try:
        return _facts(x509.load_der_x509_certificate(der), der)
    except UNREADABLE as problem:
        raise CertificateUnreadable(f"not a readable X.509 certificate: {problem}") from problem


def identified(facts: CertificateFacts, subjects: Iterable[Subject]) -> CertificateFacts:
    """The same certificate, known as the structure that the vendor's map (``Trust.subjects``) gives it to, if any."""
    return replace(facts, assigned=assigned(facts.subject, subjects))


def _facts(certificate: x509.Certificate, der: bytes) -> CertificateFacts:
    return CertificateFacts(
        certificate=certificate,
        subject=dn_of(certificate.subject),
        issuer=dn_of(certificate.issuer),
        serial=certificate.serial_number,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        fingerprint=fingerprint_of(der),
        key_usages=_key_usages(certificate),
        ekus=_ekus(certificate),
        is_ca=_is_ca(certificate),
    )


def _key_usages(certificate: x509.Certificate) -> frozenset[str] | None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
    return frozenset(name for name in KEY_USAGES if getattr(usage, name))


def _ekus(certificate: x509.Certificate) -> frozenset[str] | None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return None
    return frozenset(oid.dotted_string for oid in usage)


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


class ChainReason(enum.Enum):
    """Why a certificate is not accepted, most telling cause first."""

    FOREIGN_ISSUER = "foreign-issuer"
    BAD_SIGNATURE = "bad-signature"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    WRONG_USAGE = "wrong-usage"

    @property
    def words(self) -> Words:
        """The cause and its mend, in both languages."""
        return _WORDS[self]


_WORDS = {
    ChainReason.FOREIGN_ISSUER: Words(
        "Le certificat n'a pas été émis par une autorité connue de ce bac à sable : présentez un certificat émis par "
        "lui (segur-sandbox cert issue), ou déclarez votre autorité de test (--trust-ca, racine et intermédiaires).",
        "No authority known to this sandbox issued the certificate: present one it issued (segur-sandbox cert issue), "
        "or declare your own test authority (--trust-ca, root and intermediates).",
    ),
    ChainReason.BAD_SIGNATURE: Words(
        "Le certificat porte le nom d'une autorité connue mais pas sa signature : fichier altéré, ou autorité "
        "homonyme d'une autre installation ; émettez-le à nouveau.",
        "The certificate names a known authority but does not carry its signature: altered file, or an authority of "
        "the same name from another installation; issue it again.",
    ),
    ChainReason.NOT_YET_VALID: Words(
        "Le certificat n'est pas encore valide : sa date de début est dans le futur ; vérifiez l'horloge ou changez "
        "de certificat.",
        "The certificate is not valid yet: it starts in the future; check the clock or use another certificate.",
    ),
    ChainReason.EXPIRED: Words(
        "Le certificat est expiré : renouvelez-le.",
        "The certificate has expired: renew it.",
    ),
    ChainReason.REVOKED: Words(
        "Le certificat est révoqué (il figure dans la CRL) : utilisez-en un autre.",
        "The certificate is revoked (it is on the CRL): use another one.",
    ),
    ChainReason.WRONG_USAGE: Words(
        "Le certificat vient de la bonne autorité mais n'est pas prévu pour cet usage : AUTH_CLI pour la connexion "
        "TLS, SIGN (contentCommitment) pour signer, SSL_SERV pour un serveur.",
        "The certificate comes from the right authority but is not meant for this use: AUTH_CLI for the TLS "
        "connection, SIGN (contentCommitment) to sign, SSL_SERV for a server.",
    ),
}


def chain_verdict(
    facts: CertificateFacts,
    trust: Trust,
    now: datetime,
    usage: Usage | None = None,
    presented: Sequence[CertificateFacts] = (),
) -> ChainReason | None:
    """Return the first reason to refuse the certificate at ``now`` (aware), or None.

    ``presented`` are intermediates the peer sent. The chain is followed by issuer name to a root of ``trust``; every
    certificate on it is checked for dates and revocation. Name constraints are left to TLS, which alone knows the
    host name wanted.
    """
    chain = _chain(facts.certificate, trust, presented)
    if isinstance(chain, ChainReason):
        return chain
    for certificate in chain:
        reason = _dated(certificate, now) or _revoked(certificate, trust)
        if reason is not None:
            return reason
    return None if usage is None or facts.suits(usage) else ChainReason.WRONG_USAGE


def _chain(
    leaf: x509.Certificate, trust: Trust, presented: Sequence[CertificateFacts]
) -> list[x509.Certificate] | ChainReason:
    chain = [leaf]
    authorities = (*trust.certificates, *(facts.certificate for facts in presented if facts.is_ca))
    while chain[-1] not in trust.roots:
        named = [c for c in authorities if c.subject == chain[-1].issuer]
        if not named or len(chain) == MAX_CHAIN:
            return ChainReason.FOREIGN_ISSUER
        signer = next((c for c in named if _issued(chain[-1], c)), None)
        if signer is None:
            known = any(c in trust.certificates for c in named)
            return ChainReason.BAD_SIGNATURE if known else ChainReason.FOREIGN_ISSUER
        chain.append(signer)
    return chain


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _dated(certificate: x509.Certificate, now: datetime) -> ChainReason | None:
    if now < certificate.not_valid_before_utc:
        return ChainReason.NOT_YET_VALID
    return ChainReason.EXPIRED if now > certificate.not_valid_after_utc else None


def _revoked(certificate: x509.Certificate, trust: Trust) -> ChainReason | None:
    pair = (certificate.issuer.public_bytes(), certificate.serial_number)
    return ChainReason.REVOKED if pair in trust.revoked else None
