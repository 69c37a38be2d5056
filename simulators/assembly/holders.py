"""The certificates of a world's structures: issued at first use, kept, and claimed as routing keys.

They live outside the snapshots: a reset must not take away the certificate a product has installed.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from sqlalchemy import Column, Text

from simulators.core.clock import Now
from simulators.core.pki import Pki
from simulators.core.pki.authority import ANY_STRUCTURE
from simulators.core.pki.issued import IssuedCertificate
from simulators.core.pki.keys import KeyPool
from simulators.core.routing import claim
from simulators.core.store.api import Store, Tx
from simulators.core.store.schema import world_table
from simulators.population import registry

_certificates = world_table(
    "certificates",
    Column("holder", Text),
    Column("use", Text),
    Column("pem", Text, nullable=False),
    key=("holder", "use"),
    snapshot=False,
)
USES = ("AUTH_CLI", "SIGN")


@dataclass(frozen=True)
class Pair:
    """What a structure needs for the DMP in indirect mode."""

    auth_cli: IssuedCertificate
    sign: IssuedCertificate


class Holders:
    """Issues and finds the certificate pairs of the worlds' structures."""

    def __init__(self, store: Store, pki: Pki, pool: KeyPool, now: Now) -> None:
        self._store, self._pki, self._pool, self._now = store, pki, pool, now

    def pair(self, world: str, struct_idnat: str) -> Pair:
        """The pair of any structure id, known to the world or not; ``SIM-ANY`` is the generic one."""
        return self.pairs(world, [struct_idnat])[struct_idnat]

    def pairs(self, world: str, struct_idnats: Iterable[str]) -> dict[str, Pair]:
        """As :meth:`pair` for several, the missing ones issued in one transaction."""
        with self._store.read(world) as tx:
            kept = {holder: self._kept(tx, holder) for holder in struct_idnats}
        found = {holder: pair for holder, pair in kept.items() if pair is not None}
        if len(found) < len(kept):
            with self._store.write(world) as tx:
                found |= {h: self._kept(tx, h) or self._issue(tx, h) for h in kept if h not in found}
        return found

    def generic(self, world: str) -> Pair:
        """A pair whose VIHF structure is adopted without a mismatch finding."""
        return self.pair(world, ANY_STRUCTURE)

    def withdraw(self, world: str, struct_idnat: str) -> tuple[IssuedCertificate, IssuedCertificate]:
        """Forgets the pair of a structure, so that the next use issues another; what it was."""
        pair = self.pair(world, struct_idnat)
        with self._store.write(world) as tx:
            tx.delete(_certificates, holder=struct_idnat)
        return pair.auth_cli, pair.sign

    def _kept(self, tx: Tx, holder: str) -> Pair | None:
        found = {row.use: row.pem for row in tx.find(_certificates, holder=holder)}
        if set(found) != set(USES):
            return None
        try:
            return Pair(self._rebuilt(holder, "AUTH_CLI", found), self._rebuilt(holder, "SIGN", found))
        except KeyError:
            return None  # of another PKI folder or key cache, or lapsed: issue anew

    def _rebuilt(self, holder: str, use: str, pems: dict[str, str]) -> IssuedCertificate:
        certificate = x509.load_pem_x509_certificate(pems[use].encode())
        key = self._pool.leaf(holder, "authentication" if use == "AUTH_CLI" else "signature")
        if key.public_key() != certificate.public_key() or certificate.not_valid_after_utc <= self._now():
            raise KeyError(holder)
        return IssuedCertificate(certificate, key, _chain(self._pki, certificate))

    def _issue(self, tx: Tx, holder: str) -> Pair:
        known = registry.structure(tx, holder)
        name = known.name if known else f"STRUCTURE {holder}"
        pair = Pair(
            self._pki.issue_auth_cli(holder, name, now=self._now()),
            self._pki.issue_sign(holder, name, now=self._now()),
        )
        for use, issued in zip(USES, (pair.auth_cli, pair.sign), strict=True):
            tx.put(_certificates, holder=holder, use=use, pem=issued.pem().decode())
            claim(tx, "certificate", issued.fingerprint)
        return pair


def _chain(pki: Pki, certificate: x509.Certificate) -> tuple[x509.Certificate, ...]:
    """Raises ``KeyError``. The names of two installations are the same, so the signature decides."""
    for hierarchy in pki.hierarchies:
        for authority in hierarchy.issuing:
            with suppress(ValueError, TypeError, InvalidSignature):
                certificate.verify_directly_issued_by(authority.certificate)
                return (authority.certificate, hierarchy.root.certificate)
    raise KeyError("unknown issuer")
