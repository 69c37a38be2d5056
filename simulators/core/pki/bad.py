"""Bad certificates on purpose, each with the sentence that says what to try with it.

They let a vendor see how its product takes a refusal, and test that ours come: client certificates to present,
signature certificates to sign with, server certificates its product must refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulators.core.pki import profiles
from simulators.core.pki.authority import Pki
from simulators.core.pki.hierarchy import utc
from simulators.core.pki.installation import Validity
from simulators.core.pki.issued import IssuedCertificate
from simulators.core.pki.words import Words

FORBIDDEN_HOST = "serveur.exemple.invalid"

_DAY = timedelta(days=1)
_YEAR = timedelta(days=365)
# Fictitious FINESS with a letter B (facts dmp-messages §0): a mismatch needs an identifier of the right form.
_OTHER_STRUCTURES = ("10B0999017", "10B0999025")


@dataclass(frozen=True, slots=True)
class Holder:
    """For whom: Struct_IdNat and name; the server ones use the host names and addresses."""

    struct_idnat: str
    name: str
    dns_names: Sequence[str] = ("localhost",)
    ips: Sequence[str] = ("127.0.0.1",)


Make = Callable[[Pki, Holder, datetime], IssuedCertificate]


@dataclass(frozen=True, slots=True)
class BadCertificate:
    """One entry of the catalogue: ``make(pki, holder, now)`` issues it."""

    name: str
    make: Make
    purpose: Words


def past(now: datetime) -> Validity:
    """A validity that ended the day before ``now``."""
    return Validity(utc(now) - _YEAR, utc(now) - _DAY)


def future(now: datetime) -> Validity:
    """A validity that starts the day after ``now``."""
    return Validity(utc(now) + _DAY, utc(now) + _YEAR)


def expired(pki: Pki, holder: Holder, now: datetime) -> IssuedCertificate:
    """AUTH_CLI that ended yesterday."""
    return pki.issue_auth_cli(holder.struct_idnat, holder.name, now=now, validity=past(now))


def not_yet_valid(pki: Pki, holder: Holder, now: datetime) -> IssuedCertificate:
    """AUTH_CLI that starts tomorrow."""
    return pki.issue_auth_cli(holder.struct_idnat, holder.name, now=now, validity=future(now))


def revoked(pki: Pki, holder: Holder, now: datetime) -> IssuedCertificate:
    """AUTH_CLI on the CRL; TLS contexts must be refreshed to know it."""
    return _revoke(pki, pki.issue_auth_cli(holder.struct_idnat, holder.name, now=now), now)


def foreign(pki: Pki, holder: Holder, now: datetime) -> IssuedCertificate:
    """AUTH_CLI of a hierarchy that nobody trusts."""
    return pki.issue_auth_cli(holder.struct_idnat, holder.name, now=now, hierarchy=pki.foreign(now))


def ou_mismatch(pki: Pki, holder: Holder, now: datetime) -> IssuedCertificate:
    """AUTH_CLI of another structure than the holder."""
    return pki.issue_auth_cli(_other_than(holder), holder.name, now=now)


def sign_for_tls(pki: Pki, holder: Holder, now: datetime) -> IssuedCertificate:
    """SIGN, to present in TLS: the handshake passes, the request is answered by a Fault."""
    return pki.issue_sign(holder.struct_idnat, holder.name, now=now)


def sign_email_for_tls(pki: Pki, holder: Holder, now: datetime) -> IssuedCertificate:
    """SIGN with EKU emailProtection, to present in TLS: OpenSSL refuses it in the handshake."""
    return pki.issue_sign(holder.struct_idnat, holder.name, now=now, email_protection=True)


def auth_for_signing(pki: Pki, holder: Holder, now: datetime) -> IssuedCertificate:
    """AUTH_CLI, to sign a VIHF or a lot with."""
    return pki.issue_auth_cli(holder.struct_idnat, holder.name, now=now)


def sign_expired(pki: Pki, holder: Holder, now: datetime) -> IssuedCertificate:
    """SIGN that ended yesterday."""
    return pki.issue_sign(holder.struct_idnat, holder.name, now=now, validity=past(now))


def sign_revoked(pki: Pki, holder: Holder, now: datetime) -> IssuedCertificate:
    """SIGN on the CRL."""
    return _revoke(pki, pki.issue_sign(holder.struct_idnat, holder.name, now=now), now)


def sign_foreign(pki: Pki, holder: Holder, now: datetime) -> IssuedCertificate:
    """SIGN of a hierarchy that nobody trusts."""
    return pki.issue_sign(holder.struct_idnat, holder.name, now=now, hierarchy=pki.foreign(now))


def sign_ou_mismatch(pki: Pki, holder: Holder, now: datetime) -> IssuedCertificate:
    """SIGN of another structure than the holder."""
    return pki.issue_sign(_other_than(holder), holder.name, now=now)


def server_expired(pki: Pki, holder: Holder, now: datetime) -> IssuedCertificate:
    """Server certificate that ended yesterday."""
    return pki.issue_server(holder.dns_names, holder.ips, now=now, validity=past(now))


def server_revoked(pki: Pki, holder: Holder, now: datetime) -> IssuedCertificate:
    """Server certificate on the CRL."""
    return _revoke(pki, pki.issue_server(holder.dns_names, holder.ips, now=now), now)


def server_foreign(pki: Pki, holder: Holder, now: datetime) -> IssuedCertificate:
    """Server certificate of a hierarchy that nobody trusts."""
    return pki.issue_server(holder.dns_names, holder.ips, now=now, hierarchy=pki.foreign(now))


def server_wrong_usage(pki: Pki, holder: Holder, now: datetime) -> IssuedCertificate:
    """Server certificate whose EKU is clientAuth only."""
    return pki.issue_server(holder.dns_names, holder.ips, now=now, profile=profiles.NOT_SERVER)


def server_wrong_name(pki: Pki, holder: Holder, now: datetime) -> IssuedCertificate:
    """Valid server certificate for another host of ours than the one called."""
    return pki.issue_server(["autre-serveur.test"], now=now)


def server_forbidden_name(pki: Pki, holder: Holder, now: datetime) -> IssuedCertificate:
    """Server certificate for a host name outside the constraints of its own root."""
    return pki.issue_server([FORBIDDEN_HOST, *holder.dns_names], holder.ips, now=now, hierarchy=pki.hierarchies[0])


def _revoke(pki: Pki, issued: IssuedCertificate, now: datetime) -> IssuedCertificate:
    pki.revoke(issued.serial, now)
    return issued


def _other_than(holder: Holder) -> str:
    return next(other for other in _OTHER_STRUCTURES if other != holder.struct_idnat)


def _entry(name: str, make: Make, fr: str, en: str) -> BadCertificate:
    return BadCertificate(name, make, Words(fr, en))


_ENTRIES = (
    _entry(
        "expired",
        expired,
        "Certificat AUTH_CLI expiré : la négociation TLS doit être refusée par une alerte.",
        "Expired AUTH_CLI certificate: the TLS handshake must be refused with an alert.",
    ),
    _entry(
        "not-yet-valid",
        not_yet_valid,
        "Certificat AUTH_CLI valable à partir de demain : la négociation TLS doit être refusée par une alerte.",
        "AUTH_CLI certificate valid from tomorrow: the TLS handshake must be refused with an alert.",
    ),
    _entry(
        "revoked",
        revoked,
        "Certificat AUTH_CLI révoqué (CRL et OCSP le disent) : la négociation TLS doit être refusée par une alerte.",
        "Revoked AUTH_CLI certificate (CRL and OCSP say so): the TLS handshake must be refused with an alert.",
    ),
    _entry(
        "foreign",
        foreign,
        "Certificat AUTH_CLI d'une autre autorité : la négociation TLS doit être refusée par une alerte.",
        "AUTH_CLI certificate of another authority: the TLS handshake must be refused with an alert.",
    ),
    _entry(
        "ou-mismatch",
        ou_mismatch,
        "Certificat AUTH_CLI valable, mais d'une autre structure que celle déclarée dans le message.",
        "Valid AUTH_CLI certificate, but of another structure than the one the message declares.",
    ),
    _entry(
        "sign-for-tls",
        sign_for_tls,
        "Certificat SIGN présenté à la place de l'AUTH_CLI : la connexion passe, la réponse est une erreur expliquée.",
        "SIGN certificate presented instead of AUTH_CLI: the connection passes, the answer is an explained Fault.",
    ),
    _entry(
        "sign-email-for-tls",
        sign_email_for_tls,
        "Le même avec l'usage étendu emailProtection, comme les certificats nationaux : refusé dès la négociation TLS.",
        "The same with extended key usage emailProtection, as the national ones: refused in the TLS handshake.",
    ),
    _entry(
        "auth-for-signing",
        auth_for_signing,
        "Certificat AUTH_CLI pour signer le VIHF : refusé, ce n'est pas un certificat de signature.",
        "AUTH_CLI certificate to sign the VIHF with: refused, it is no signature certificate.",
    ),
    _entry(
        "sign-expired",
        sign_expired,
        "Certificat SIGN expiré, pour signer le VIHF ou le lot.",
        "Expired SIGN certificate, to sign the VIHF or the lot with.",
    ),
    _entry(
        "sign-revoked",
        sign_revoked,
        "Certificat SIGN révoqué, pour signer le VIHF ou le lot.",
        "Revoked SIGN certificate, to sign the VIHF or the lot with.",
    ),
    _entry(
        "sign-foreign",
        sign_foreign,
        "Certificat SIGN d'une autre autorité, pour signer le VIHF ou le lot.",
        "SIGN certificate of another authority, to sign the VIHF or the lot with.",
    ),
    _entry(
        "sign-ou-mismatch",
        sign_ou_mismatch,
        "Certificat SIGN valable, mais d'une autre structure que celle déclarée dans le message.",
        "Valid SIGN certificate, but of another structure than the one the message declares.",
    ),
    _entry(
        "server-expired",
        server_expired,
        "Certificat de serveur expiré : le produit doit refuser de se connecter.",
        "Expired server certificate: the product must refuse to connect.",
    ),
    _entry(
        "server-revoked",
        server_revoked,
        "Certificat de serveur révoqué : un produit qui lit la CRL ou interroge OCSP doit refuser de se connecter.",
        "Revoked server certificate: a product that reads the CRL or asks OCSP must refuse to connect.",
    ),
    _entry(
        "server-foreign",
        server_foreign,
        "Certificat de serveur d'une autre autorité : le produit doit refuser de se connecter.",
        "Server certificate of another authority: the product must refuse to connect.",
    ),
    _entry(
        "server-wrong-usage",
        server_wrong_usage,
        "Certificat de serveur sans l'usage serverAuth : le produit doit refuser de se connecter.",
        "Server certificate without serverAuth: the product must refuse to connect.",
    ),
    _entry(
        "server-wrong-name",
        server_wrong_name,
        "Certificat de serveur valable pour un autre nom : le produit doit vérifier le nom et refuser.",
        "Server certificate valid for another name: the product must check the name and refuse.",
    ),
    _entry(
        "server-forbidden-name",
        server_forbidden_name,
        "Certificat de serveur dont un nom sort des contraintes de la racine : le produit doit refuser la chaîne.",
        "Server certificate with a name outside the root's constraints: the product must refuse the chain.",
    ),
)

CATALOGUE: Mapping[str, BadCertificate] = {entry.name: entry for entry in _ENTRIES}
