"""Certificate profiles of the simulator (facts dmp-messages §12.3, grade inferred) and their signing.

SIGN carries no extended key usage by default. The standard library's TLS server always applies OpenSSL's "sslclient"
purpose: a certificate whose EKU lacks clientAuth, or whose KU lacks digitalSignature, never gets through the
handshake, and no ``ssl`` flag lifts that (anyExtendedKeyUsage does not help either). Without EKU, and with
digitalSignature beside contentCommitment, a product that presents its SIGN certificate is let in and can be answered
with the SOAP Fault that explains its mistake. SIGN_EMAIL is the shape measured on the published certificates.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)


@dataclass(frozen=True, slots=True)
class Profile:
    """Key usages (names of :data:`KEY_USAGES`), extended key usages (empty = no extension), and CA or not."""

    key_usages: frozenset[str]
    extended: tuple[x509.ObjectIdentifier, ...] = ()
    is_ca: bool = False


AUTHORITY = Profile(frozenset({"key_cert_sign", "crl_sign"}), is_ca=True)
AUTH_CLI = Profile(frozenset({"digital_signature"}), (ExtendedKeyUsageOID.CLIENT_AUTH,))
SIGN = Profile(frozenset({"digital_signature", "content_commitment"}))
SIGN_EMAIL = Profile(SIGN.key_usages, (ExtendedKeyUsageOID.EMAIL_PROTECTION,))
SSL_SERV = Profile(frozenset({"digital_signature", "key_encipherment"}), (ExtendedKeyUsageOID.SERVER_AUTH,))
NOT_SERVER = Profile(SSL_SERV.key_usages, (ExtendedKeyUsageOID.CLIENT_AUTH,))


@dataclass(frozen=True, slots=True)
class Template:
    """What a certificate will say, besides who signs it."""

    subject: x509.Name
    public_key: rsa.RSAPublicKey
    profile: Profile
    serial: int
    not_before: datetime
    not_after: datetime
    dns_names: Sequence[str] = ()
    ips: Sequence[ipaddress.IPv4Address | ipaddress.IPv6Address] = ()
    constraints: x509.NameConstraints | None = None
    crl_url: str | None = None
    ocsp_url: str | None = None


def sign(template: Template, issuer: x509.Name, issuer_key: rsa.RSAPrivateKey) -> x509.Certificate:
    """Return the certificate, sha256WithRSAEncryption."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(template.subject)
        .issuer_name(issuer)
        .public_key(template.public_key)
        .serial_number(template.serial)
        .not_valid_before(template.not_before)
        .not_valid_after(template.not_after)
    )
    for extension, critical in _extensions(template, issuer_key.public_key()):
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, hashes.SHA256())


def _extensions(template: Template, issuer_key: rsa.RSAPublicKey) -> list[tuple[x509.ExtensionType, bool]]:
    profile = template.profile
    found: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=profile.is_ca, path_length=None), True),
        (_key_usage(profile.key_usages), True),
        (x509.SubjectKeyIdentifier.from_public_key(template.public_key), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), False),
    ]
    if profile.extended:
        found.append((x509.ExtendedKeyUsage(profile.extended), False))
    if template.dns_names or template.ips:
        found.append((_alternative_names(template), False))
    if template.constraints is not None:
        # Critical would be the letter of RFC 5280 §4.2.1.10, and every Go program (Traefik, Caddy...) would refuse our
        # roots: crypto/x509 knows no directoryName constraint. OpenSSL, Java and Go hold to it all the same (measured).
        found.append((template.constraints, False))
    return found + _pointers(template)


def _key_usage(names: frozenset[str]) -> x509.KeyUsage:
    bits = {name: name in names for name in KEY_USAGES}
    return x509.KeyUsage(**bits, encipher_only=False, decipher_only=False)


def _alternative_names(template: Template) -> x509.SubjectAlternativeName:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in template.dns_names]
    return x509.SubjectAlternativeName(names + [x509.IPAddress(address) for address in template.ips])


def _pointers(template: Template) -> list[tuple[x509.ExtensionType, bool]]:
    found: list[tuple[x509.ExtensionType, bool]] = []
    if template.crl_url:
        url = x509.UniformResourceIdentifier(template.crl_url)
        point = x509.DistributionPoint(full_name=[url], relative_name=None, reasons=None, crl_issuer=None)
        found.append((x509.CRLDistributionPoints([point]), False))
    if template.ocsp_url:
        location = x509.UniformResourceIdentifier(template.ocsp_url)
        access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, location)
        found.append((x509.AuthorityInformationAccess([access]), False))
    return found
