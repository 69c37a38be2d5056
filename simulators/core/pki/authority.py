"""The PKI of one installation: what it issues to structures, professionals and servers."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography import x509

from simulators.core.pki import names, profiles
from simulators.core.pki.hierarchy import Hierarchy
from simulators.core.pki.installation import Installation, Validity
from simulators.core.pki.issued import IssuedCertificate
from simulators.core.pki.keys import Use

LEAF_LIFE = timedelta(days=3 * 365)
SERVER_LIFE = timedelta(days=397)
ANY_STRUCTURE = "SIM-ANY"
SANDBOX_STRUCTURE = "SIM-SANDBOX"


class Pki(Installation):
    """Issues certificates by profile (facts dmp-messages §12.3). Issuing writes nothing to disk.

    ``validity`` replaces the usual life (now - 1 day to now + 3 years, servers 397 days); ``hierarchy`` the first one.
    """

    def issue_auth_cli(
        self,
        struct_idnat: str,
        name: str,
        *,
        now: datetime,
        common_name: str | None = None,
        validity: Validity | None = None,
        hierarchy: Hierarchy | None = None,
    ) -> IssuedCertificate:
        """Issue a structure's TLS client certificate: KU digitalSignature, EKU clientAuth.

        ``struct_idnat`` is ``1`` + FINESS, ``3`` + SIRET or one of our ``SIM-`` codes; ``common_name`` may be
        ``INSI-AUTO`` or ``INSI-MANU``. Raises NameRefused.
        """
        subject = self._organisation(struct_idnat, name, common_name)
        return self._leaf(
            subject, profiles.AUTH_CLI, struct_idnat, "authentication", now, validity, hierarchy=hierarchy
        )

    def issue_sign(
        self,
        struct_idnat: str,
        name: str,
        *,
        now: datetime,
        common_name: str | None = None,
        email_protection: bool = False,
        validity: Validity | None = None,
        hierarchy: Hierarchy | None = None,
    ) -> IssuedCertificate:
        """Issue a structure's signature certificate (cachet): KU digitalSignature + contentCommitment.

        ``email_protection`` adds the EKU seen on the national ones; such a certificate is refused in the TLS
        handshake when presented by mistake, instead of being answered (see :mod:`.profiles`). Raises NameRefused.
        """
        subject = self._organisation(struct_idnat, name, common_name)
        profile = profiles.SIGN_EMAIL if email_protection else profiles.SIGN
        return self._leaf(subject, profile, struct_idnat, "signature", now, validity, hierarchy=hierarchy)

    def issue_person_auth(
        self,
        ps_idnat: str,
        family: str,
        given: str,
        title: str,
        *,
        now: datetime,
        validity: Validity | None = None,
        hierarchy: Hierarchy | None = None,
    ) -> IssuedCertificate:
        """Issue a professional's authentication certificate; ``ps_idnat`` (8 + RPPS) is the CN, ``title`` free."""
        subject = names.person_name(ps_idnat, family, given, title)
        return self._leaf(
            subject, profiles.AUTH_CLI, ps_idnat, "authentication", now, validity, hierarchy=hierarchy, person=True
        )

    def issue_person_sign(
        self,
        ps_idnat: str,
        family: str,
        given: str,
        title: str,
        *,
        now: datetime,
        email_protection: bool = False,
        validity: Validity | None = None,
        hierarchy: Hierarchy | None = None,
    ) -> IssuedCertificate:
        """Issue a professional's signature certificate; same DN as the authentication one."""
        subject = names.person_name(ps_idnat, family, given, title)
        profile = profiles.SIGN_EMAIL if email_protection else profiles.SIGN
        return self._leaf(subject, profile, ps_idnat, "signature", now, validity, hierarchy=hierarchy, person=True)

    def issue_server(
        self,
        dns_names: Sequence[str],
        ips: Sequence[str] = (),
        *,
        now: datetime,
        struct_idnat: str = SANDBOX_STRUCTURE,
        profile: profiles.Profile = profiles.SSL_SERV,
        validity: Validity | None = None,
        hierarchy: Hierarchy | None = None,
    ) -> IssuedCertificate:
        """Issue a server certificate (SSL_SERV): KU digitalSignature + keyEncipherment, EKU serverAuth, SAN.

        The first name is also the CN. Names that no root covers found one more root (read :attr:`roots` again),
        unless ``hierarchy`` is given: then the certificate is made all the same, and refused by every client.
        Raises NameRefused, ValueError for a bad IP address or no name at all.
        """
        hosts = [names.host_name(name) for name in dns_names]
        addresses = [ipaddress.ip_address(text) for text in ips]
        wanted = [*hosts, *map(str, addresses)]
        if not wanted:
            raise ValueError("a server certificate needs a DNS name or an IP address")
        return self.issue(
            names.organisation_name(struct_idnat, "SEGUR SANDBOX", common_name=names.short(wanted[0])),
            profile,
            self._pool.leaf(wanted[0], "authentication"),
            validity or Validity.since(now, SERVER_LIFE),
            hierarchy=hierarchy or self._covering(wanted) or self._found(now, wanted),
            dns_names=hosts,
            ips=addresses,
        )

    def _leaf(
        self,
        subject: x509.Name,
        profile: profiles.Profile,
        holder: str,
        use: Use,
        now: datetime,
        validity: Validity | None,
        *,
        hierarchy: Hierarchy | None,
        person: bool = False,
    ) -> IssuedCertificate:
        key = self._pool.leaf(holder, use)
        validity = validity or Validity.since(now, LEAF_LIFE)
        return self.issue(subject, profile, key, validity, hierarchy=hierarchy, person=person)

    def _organisation(self, struct_idnat: str, name: str, common_name: str | None) -> x509.Name:
        """Refuse a CN that TLS would read as a forbidden host name: OpenSSL checks it when there is no SAN."""
        cn = common_name or names.marked(name)
        if names.looks_like_host(cn) and not self._hierarchies[0].covers(cn):
            raise names.NameRefused(f"the common name {cn!r} reads as a host name outside the root's constraints")
        return names.organisation_name(struct_idnat, name, common_name)
