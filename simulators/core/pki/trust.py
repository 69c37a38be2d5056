"""What one side of a connection trusts: roots, known intermediates, CRLs and revoked serials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cryptography import x509

from simulators.core.pki.subjects import Subject

Revoked = tuple[bytes, int]
"""A revoked certificate: DER of its issuer's name, serial number."""


@dataclass(frozen=True)
class Trust:
    """Anchors for TLS contexts and for :func:`~.judge.chain_verdict`.

    ``crls`` are DER. ``crls_complete`` says that every anchor's certificates are covered by a CRL here: OpenSSL
    refuses a certificate whose issuer has none, so the handshake checks revocation only when this is true.
    ``subjects`` say which structure a certificate of a vendor's own authority belongs to
    (:func:`~.judge.identified`).
    """

    roots: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...] = ()
    crls: tuple[bytes, ...] = ()
    revoked: frozenset[Revoked] = frozenset()
    crls_complete: bool = False
    subjects: tuple[Subject, ...] = ()

    @property
    def certificates(self) -> tuple[x509.Certificate, ...]:
        """Roots and intermediates."""
        return self.roots + self.intermediates

    def plus(
        self,
        roots: Sequence[x509.Certificate],
        intermediates: Sequence[x509.Certificate] = (),
        crls: Sequence[bytes] = (),
        subjects: Sequence[Subject] = (),
    ) -> Trust:
        """Also trust a vendor's own test authorities.

        Unless each of them has its CRL among ``crls`` the handshake no longer checks revocation at all; the caller
        then refuses by :func:`~.judge.chain_verdict`, which still knows every revoked certificate. Raises ValueError
        for a CRL that cannot be read.
        """
        covered = {x509.load_der_x509_crl(crl).issuer for crl in crls}
        return replace(
            self,
            roots=self.roots + tuple(roots),
            intermediates=self.intermediates + tuple(intermediates),
            crls=self.crls + tuple(crls),
            revoked=self.revoked | {pair for crl in crls for pair in revoked_pairs(crl)},
            crls_complete=self.crls_complete and all(one.subject in covered for one in (*roots, *intermediates)),
            subjects=self.subjects + tuple(subjects),
        )


def revoked_pairs(crl_der: bytes) -> frozenset[Revoked]:
    """Return what a DER CRL revokes. Raises ValueError when it cannot be read."""
    crl = x509.load_der_x509_crl(crl_der)
    issuer = crl.issuer.public_bytes()
    return frozenset((issuer, entry.serial_number) for entry in crl)
