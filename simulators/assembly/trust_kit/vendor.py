"""The vendor's own test authorities: the folder of ``--trust-ca``.

Read once, at the start: ``*.pem``, ``*.crt``, ``*.cer`` and ``*.der`` are authorities (PEM, several to a file, or DER),
``*.crl`` their revocation lists (PEM or DER), ``structures.csv`` says whose certificates are whose. A file that cannot
serve refuses the start, with its name and the reason; files of any other name are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from simulators.assembly.trust_kit.structures import read_structures
from simulators.core.errors import EnvironmentProblem
from simulators.core.pki import (
    UNREADABLE,
    CertificateUnreadable,
    Subject,
    Trust,
    Words,
    dn_of,
    format_dn,
    read_certificate,
)

AUTHORITIES = frozenset({".pem", ".crt", ".cer", ".der"})
CRLS = frozenset({".crl"})
STRUCTURES = "structures.csv"
LARGEST_FILE = 8 * 1024 * 1024
_BEGIN_CERTIFICATE, _BEGIN_KEY = b"-----BEGIN CERTIFICATE-----", b"PRIVATE KEY-----"


@dataclass(frozen=True)
class Vendor:
    """What the folder holds: anchors, what is below them, CRLs (DER) and certificate subject → structure."""

    roots: tuple[x509.Certificate, ...] = ()
    intermediates: tuple[x509.Certificate, ...] = ()
    crls: tuple[bytes, ...] = ()
    subjects: tuple[Subject, ...] = ()

    @property
    def authorities(self) -> tuple[x509.Certificate, ...]:
        """Roots, then intermediates."""
        return self.roots + self.intermediates

    def added_to(self, trust: Trust, now: datetime, margin: timedelta) -> Trust:
        """``trust`` and these authorities.

        The handshake checks revocation only while every authority has a CRL in force until ``now + margin``: OpenSSL
        refuses everybody under an authority whose list is missing or out of date. Without, the judge of each message
        still knows what any list revokes.
        """
        if not self.authorities:
            return trust
        wider = trust.plus(self.roots, self.intermediates, self.crls, self.subjects)
        return replace(wider, crls_complete=wider.crls_complete and not self.unchecked(now + margin))

    def unchecked(self, now: datetime) -> tuple[x509.Certificate, ...]:
        """The authorities without a CRL in force at ``now``: a certificate of theirs may be revoked unknown to us."""
        current = {crl.issuer for crl in map(x509.load_der_x509_crl, self.crls) if _in_force(crl, now)}
        return tuple(one for one in self.authorities if one.subject not in current)

    def notes(self, now: datetime) -> tuple[Words, ...]:
        """What is accepted but worth saying, for the journal and the doctor."""
        return (*(_no_crl(one) for one in self.unchecked(now)), *(_lapsed(one) for one in self._lapsed(now)))

    def _lapsed(self, now: datetime) -> tuple[x509.Certificate, ...]:
        return tuple(one for one in self.authorities if not one.not_valid_before_utc <= now <= one.not_valid_after_utc)


def read_vendor(folder: Path | None) -> Vendor:
    """The authorities of ``folder``, none without one. Raises ``EnvironmentProblem`` naming file and reason."""
    if folder is None:
        return Vendor()
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as problem:
        raise EnvironmentProblem(f"--trust-ca {folder}: {problem.strerror or problem}") from problem
    certificates = _certificates(path for path in files if path.suffix.lower() in AUTHORITIES)
    if not certificates:
        raise EnvironmentProblem(
            f"--trust-ca {folder}: no authority there; expected certificates as *.pem, *.crt, *.cer or *.der"
        )
    known = tuple(certificates)
    roots = tuple(one for one in known if one.subject == one.issuer)
    for certificate, path in certificates.items():
        _must_chain(certificate, known, path)
    return Vendor(
        roots=roots,
        intermediates=tuple(one for one in known if one not in roots),
        crls=tuple(_crl(path, known) for path in files if path.suffix.lower() in CRLS),
        subjects=_structures(folder / STRUCTURES),
    )


def refused(path: Path, reason: str) -> EnvironmentProblem:
    """The one form of every refusal: which file, and why."""
    return EnvironmentProblem(f"--trust-ca {path}: {reason}")


def _certificates(paths: Iterable[Path]) -> dict[x509.Certificate, Path]:
    """Every certificate with the first file it stands in."""
    found: dict[x509.Certificate, Path] = {}
    for path in paths:
        for certificate in _read(path):
            _must_be_authority(certificate, path)
            found.setdefault(certificate, path)
    return found


def _read(path: Path) -> Sequence[x509.Certificate]:
    data = _bytes(path)
    try:
        if _BEGIN_CERTIFICATE in data:
            return x509.load_pem_x509_certificates(data)
        if _BEGIN_KEY in data:
            raise refused(path, "a private key and no certificate: take it out of this folder")
        return [x509.load_der_x509_certificate(data)]
    except UNREADABLE as problem:
        raise refused(path, f"no X.509 certificate, neither PEM nor DER ({problem})") from problem


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise refused(path, f"larger than {LARGEST_FILE} bytes")
        return path.read_bytes()
    except OSError as problem:
        raise refused(path, str(problem.strerror or problem)) from problem


def _must_be_authority(certificate: x509.Certificate, path: Path) -> None:
    try:
        facts = read_certificate(certificate.public_bytes(Encoding.DER))  # in full now, not at the first handshake
    except CertificateUnreadable as problem:
        raise refused(path, str(problem)) from problem
    name = facts.subject_dn
    if not facts.is_ca:
        own = "a self-signed certificate" if certificate.subject == certificate.issuer else "a certificate"
        raise refused(
            path, f"{name} is {own} and no authority (basicConstraints without CA:TRUE): give the one that issued it"
        )
    if facts.key_usages is not None and "key_cert_sign" not in facts.key_usages:
        raise refused(path, f"{name} may not sign certificates (keyUsage without keyCertSign)")


def _must_chain(certificate: x509.Certificate, known: Iterable[x509.Certificate], path: Path) -> None:
    """To an authority of the folder; a root to itself."""
    named = [one for one in known if one.subject == certificate.issuer]
    if not named:
        issuer = format_dn(reversed(dn_of(certificate.issuer)))
        raise refused(path, f"{_name(certificate)} was issued by {issuer}, which is not in this folder: add it")
    if not any(_issued(certificate, one) for one in named):
        raise refused(path, f"{_name(certificate)} does not carry the signature of its issuer: altered or unsupported")


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, *UNREADABLE):
        return False
    return True


def _crl(path: Path, known: Iterable[x509.Certificate]) -> bytes:
    data = _bytes(path)
    try:
        crl = x509.load_pem_x509_crl(data) if data.lstrip().startswith(b"-----BEGIN") else x509.load_der_x509_crl(data)
        issuer = format_dn(reversed(dn_of(crl.issuer)))
        revoked = [entry.serial_number for entry in crl]  # read in full now, not at the first handshake
    except UNREADABLE as problem:
        raise refused(path, f"no revocation list, neither PEM nor DER ({problem})") from problem
    named = [one for one in known if one.subject == crl.issuer]
    if not named:
        raise refused(path, f"the list of {issuer}, which is not in this folder")
    if not any(_signed(crl, one) for one in named):
        raise refused(path, f"the list of {issuer} ({len(revoked)} entries) does not carry its signature")
    return crl.public_bytes(Encoding.DER)


def _signed(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except UNREADABLE:
        return False


def _structures(path: Path) -> tuple[Subject, ...]:
    if not path.is_file():
        return ()
    try:
        return read_structures(_bytes(path))
    except ValueError as problem:
        raise refused(path, str(problem)) from problem


def _in_force(crl: x509.CertificateRevocationList, now: datetime) -> bool:
    return crl.last_update_utc <= now and (crl.next_update_utc is None or now <= crl.next_update_utc)


def _name(certificate: x509.Certificate) -> str:
    return format_dn(reversed(dn_of(certificate.subject)))


def _no_crl(certificate: x509.Certificate) -> Words:
    name = _name(certificate)
    return Words(
        f"--trust-ca : pas de CRL en vigueur de {name} ; la révocation de ses certificats n'est pas vérifiée.",
        f"--trust-ca: no CRL in force of {name}; the revocation of its certificates is not checked.",
    )


def _lapsed(certificate: x509.Certificate) -> Words:
    name = _name(certificate)
    return Words(
        f"--trust-ca : l'autorité {name} est hors de ses dates de validité ; ses certificats sont refusés.",
        f"--trust-ca: the authority {name} is outside its dates; its certificates are refused.",
    )
