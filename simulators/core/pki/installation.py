"""One PKI folder: its hierarchies, its revocations, and the signing of leaves.

Folder layout: ``hierarchies/1``, ``hierarchies/2``... (root and issuing authorities, see :mod:`.hierarchy`),
``foreign`` (the untrusted hierarchy of :mod:`.bad`) and ``revoked/`` (one file per revoked serial).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from simulators.core.pki import profiles
from simulators.core.pki.hierarchy import (
    BACKDATED,
    ROOT_LIFE,
    Authority,
    Founding,
    Hierarchy,
    SerialNumbers,
    crl_url,
    load_hierarchy,
    ocsp_url,
    open_hierarchy,
    repointed,
    utc,
)
from simulators.core.pki.issued import IssuedCertificate
from simulators.core.pki.keys import KeyPool
from simulators.core.pki.revocation import CRL_LIFE, Revocations, answer_ocsp, build_crl
from simulators.core.pki.trust import Trust

_TITLE = "SIMULATION AC"
_FOREIGN_TITLE = "SIMULATION AUTRE AC"


@dataclass(frozen=True, slots=True)
class Validity:
    """First and last instant of a certificate, both aware."""

    not_before: datetime
    not_after: datetime

    @classmethod
    def since(cls, now: datetime, life: timedelta) -> Validity:
        """From one day before ``now`` (clocks differ) to ``life`` after it."""
        return cls(utc(now) - BACKDATED, utc(now) + life)


class Installation:
    """The authorities of one installation. Threads may share it; processes may share its folder.

    Every ``now`` is wire time, aware. Only founding a root and revoking write to the folder. ``title`` begins the
    common names of its authorities, ``root_life`` is how long they last.
    """

    title = _TITLE
    root_life = ROOT_LIFE

    def __init__(self, folder: Path, pool: KeyPool, *, serials: SerialNumbers, url_base: str | None) -> None:
        """Use :meth:`open`."""
        self._folder = folder
        self._pool = pool
        self._serials = serials
        self._url_base = url_base
        self._hierarchies: tuple[Hierarchy, ...] = ()
        self._revocations = Revocations(folder / "revoked")

    @classmethod
    def open(
        cls,
        folder: Path,
        pool: KeyPool,
        now: datetime,
        names: Sequence[str] = (),
        *,
        serials: SerialNumbers = x509.random_serial_number,
        url_base: str | None = None,
    ) -> Self:
        """Load the PKI of ``folder`` or found it, and make sure ``names`` (DNS or IP) may be certified.

        A name that no existing root covers founds one more root; an existing root is never widened. ``serials``
        must never return the same positive number twice. ``url_base`` (``http://host:port``) goes into CRL and OCSP
        pointers; None leaves them out. Raises NameRefused, PkiUnreadable, OSError.
        """
        pki = cls(folder, pool, serials=serials, url_base=url_base)
        pki.reload()
        if not pki._hierarchies:
            pki._found(now, names)
        missing = [name for name in names if pki._covering([name]) is None]
        if missing:
            pki._found(now, missing)
        return pki

    def reload(self) -> None:
        """Read the hierarchies again: another process sharing the folder may have founded a root."""
        found = list(self._hierarchies)
        while (path := self._hierarchy_folder(len(found) + 1)).is_dir():
            found.append(repointed(load_hierarchy(path, path.name), self._url_base, self._serials))
        self._hierarchies = tuple(found)

    def _hierarchy_folder(self, number: int) -> Path:
        return self._folder / "hierarchies" / str(number)

    def _found(self, now: datetime, wanted: Sequence[str]) -> Hierarchy:
        while True:
            label = str(len(self._hierarchies) + 1)
            founding = Founding(
                label, self.title, now, wanted, self._pool, self._serials, self._url_base, self.root_life
            )
            hierarchy = open_hierarchy(self._hierarchy_folder(int(label)), founding)
            self._hierarchies = (*self._hierarchies, hierarchy)
            # Another process may have taken this number for other names.
            if all(hierarchy.covers(name) for name in wanted):
                return hierarchy

    def _covering(self, wanted: Sequence[str]) -> Hierarchy | None:
        return next((h for h in self._hierarchies if all(h.covers(name) for name in wanted)), None)

    def foreign(self, now: datetime) -> Hierarchy:
        """Return a hierarchy nobody trusts, founding it at first use: it is no part of :attr:`roots`."""
        founding = Founding("foreign", _FOREIGN_TITLE, now, (), self._pool, self._serials, None)
        return open_hierarchy(self._folder / "foreign", founding)

    @property
    def hierarchies(self) -> tuple[Hierarchy, ...]:
        """All hierarchies, the first one first."""
        return self._hierarchies

    @property
    def url_base(self) -> str:
        """Where CRL and OCSP answer, empty when certificates do not say."""
        return (self._url_base or "").rstrip("/")

    @property
    def roots(self) -> tuple[x509.Certificate, ...]:
        """The root certificates a product installs."""
        return tuple(hierarchy.root.certificate for hierarchy in self._hierarchies)

    @property
    def authorities(self) -> dict[str, Authority]:
        """Every authority by the name its CRL goes by: ``root-1``, ``organisations-1``, ``persons-1``..."""
        return {authority.name: authority for h in self._hierarchies for authority in h.authorities}

    def trust(self, now: datetime, crl_validity: timedelta = CRL_LIFE) -> Trust:
        """Return the anchors, CRLs and revoked serials as of ``now``; good until ``now + crl_validity``."""
        issuing = [authority for h in self._hierarchies for authority in h.issuing]
        revoked = self._revocations.all()
        issuers = [authority.certificate.subject.public_bytes() for authority in issuing]
        return Trust(
            roots=self.roots,
            intermediates=tuple(authority.certificate for authority in issuing),
            crls=tuple(build_crl(authority, revoked, now, crl_validity) for authority in issuing),
            revoked=frozenset((issuer, serial) for issuer in issuers for serial in revoked),
            crls_complete=True,
        )

    def revoke(self, serial: int, when: datetime) -> datetime:
        """Revoke a serial from ``when`` on and return the recorded date (a second call changes nothing).

        TLS contexts built before keep accepting it: refresh them (:class:`~.contexts.ContextSource`). Raises OSError.
        """
        return self._revocations.add(serial, when)

    @property
    def revoked(self) -> dict[int, datetime]:
        """Date of revocation by serial, read from the folder."""
        return self._revocations.all()

    def crl(self, authority: str, now: datetime, validity: timedelta = CRL_LIFE) -> bytes:
        """Return one authority's CRL, DER, to serve at ``/crl/<authority>.crl``. Raises KeyError."""
        return build_crl(self.authorities[authority], self._revocations.all(), now, validity)

    def crls(self, now: datetime, validity: timedelta = CRL_LIFE) -> dict[str, bytes]:
        """Return every authority's CRL, DER, by authority name."""
        return {name: self.crl(name, now, validity) for name in self.authorities}

    def ocsp_response(self, request_der: bytes, now: datetime) -> bytes:
        """Answer an OCSP request, DER both ways; never raises for hostile bytes (see :func:`.answer_ocsp`)."""
        return answer_ocsp(request_der, self.authorities.values(), self._revocations.all(), now)

    def issue(
        self,
        subject: x509.Name,
        profile: profiles.Profile,
        key: rsa.RSAPrivateKey,
        validity: Validity,
        *,
        hierarchy: Hierarchy | None = None,
        person: bool = False,
        dns_names: Sequence[str] = (),
        ips: Sequence[ipaddress.IPv4Address | ipaddress.IPv6Address] = (),
    ) -> IssuedCertificate:
        """Sign any leaf, right or wrong on purpose, by the authority for persons or organisations of a hierarchy."""
        above = hierarchy or self._hierarchies[0]
        authority = above.persons if person else above.organisations
        ours = above in self._hierarchies
        template = profiles.Template(
            subject=subject,
            public_key=key.public_key(),
            profile=profile,
            serial=self._serials(),
            not_before=validity.not_before,
            not_after=validity.not_after,
            dns_names=dns_names,
            ips=ips,
            crl_url=crl_url(self._url_base, authority.name) if ours else None,
            ocsp_url=ocsp_url(self._url_base) if ours else None,
        )
        certificate = profiles.sign(template, authority.certificate.subject, authority.key)
        return IssuedCertificate(certificate, key, (authority.certificate, above.root.certificate))
