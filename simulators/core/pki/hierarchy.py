"""One root with its two issuing authorities, as files in a folder.

The layout follows the national one (facts §12.1): a root, an authority for organisations, an authority for persons.
The authority for organisations, which signs server certificates, repeats the root's name constraints, because Java does
not apply those of a trust anchor (RFC 5280 §6.1 leaves it optional). The one for persons repeats only the constraint on
subjects: Java takes the CN of a certificate without subjectAltName for a DNS name, and would refuse every professional.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from simulators.core.pki import names, profiles
from simulators.core.pki.files import write_atomic
from simulators.core.pki.issued import pem_of
from simulators.core.pki.keys import KeyPool, key_pem, load_key

BACKDATED = timedelta(days=1)
ROOT_LIFE = timedelta(days=20 * 365)

SerialNumbers = Callable[[], int]


class PkiUnreadable(Exception):
    """A PKI folder whose files are missing or damaged; the message names the file and the mend."""


def crl_url(url_base: str | None, authority: str) -> str | None:
    """Address of an authority's CRL below the base URL, for example ``http://localhost:18001/crl/root-1.crl``."""
    return None if url_base is None else f"{url_base.rstrip('/')}/crl/{authority}.crl"


def ocsp_url(url_base: str | None) -> str | None:
    """Address of the OCSP responder below the base URL."""
    return None if url_base is None else f"{url_base.rstrip('/')}/ocsp"


def utc(moment: datetime) -> datetime:
    """Check that an instant has a time zone and cut it to the second, as X.509 does. Raises ValueError."""
    if moment.tzinfo is None:
        raise ValueError("an instant without time zone")
    return moment.replace(microsecond=0)


@dataclass(frozen=True)
class Authority:
    """One certification authority; ``name`` is also the stem of its files and of its CRL."""

    name: str
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey = field(repr=False)


@dataclass(frozen=True)
class Hierarchy:
    """A root and the authorities below it."""

    root: Authority
    organisations: Authority
    persons: Authority

    @property
    def authorities(self) -> tuple[Authority, Authority, Authority]:
        """Root first, then the issuing authorities."""
        return self.root, self.organisations, self.persons

    @property
    def issuing(self) -> tuple[Authority, Authority]:
        """The two authorities that sign leaf certificates."""
        return self.organisations, self.persons

    def covers(self, name: str) -> bool:
        """Say whether a DNS name or IP address may stand in a certificate of this hierarchy. Raises NameRefused."""
        extension = self.root.certificate.extensions.get_extension_for_class(x509.NameConstraints)
        return names.covers(extension.value, name)


@dataclass(frozen=True)
class Founding:
    """What a new hierarchy is made of. ``title`` starts the common names; ``label`` ends the file names."""

    label: str
    title: str
    now: datetime
    names: Sequence[str]
    pool: KeyPool
    serials: SerialNumbers
    url_base: str | None
    life: timedelta = ROOT_LIFE


def open_hierarchy(folder: Path, founding: Founding) -> Hierarchy:
    """Load the hierarchy of ``folder``, or found it there. Of two processes founding at once, one wins.

    Raises NameRefused for an unusable name, PkiUnreadable for a damaged folder, OSError.
    """
    if not folder.is_dir():
        _store(folder, _found(founding))
    return load_hierarchy(folder, founding.label)


def load_hierarchy(folder: Path, label: str) -> Hierarchy:
    """Read back what :func:`open_hierarchy` stored. Raises PkiUnreadable."""
    return Hierarchy(*(_load(folder, f"{role}-{label}") for role in ("root", "organisations", "persons")))


def repointed(hierarchy: Hierarchy, url_base: str | None, serials: SerialNumbers) -> Hierarchy:
    """The same authorities with pointers to CRL and OCSP below ``url_base``: another start may have other ports.

    Signed anew by the root where they point elsewhere; names and keys stay, and with them all that they issued.
    """
    return replace(
        hierarchy,
        organisations=_repointed(hierarchy.organisations, hierarchy.root, url_base, serials),
        persons=_repointed(hierarchy.persons, hierarchy.root, url_base, serials),
    )


def _repointed(authority: Authority, root: Authority, url_base: str | None, serials: SerialNumbers) -> Authority:
    old, wanted = authority.certificate, crl_url(url_base, root.name)
    if url_base is None or wanted == _pointer(old):
        return authority
    template = profiles.Template(
        subject=old.subject,
        public_key=authority.key.public_key(),
        profile=profiles.AUTHORITY,
        serial=serials(),
        not_before=old.not_valid_before_utc,
        not_after=old.not_valid_after_utc,
        constraints=old.extensions.get_extension_for_class(x509.NameConstraints).value,
        crl_url=wanted,
        ocsp_url=ocsp_url(url_base),
    )
    return replace(authority, certificate=profiles.sign(template, root.certificate.subject, root.key))


def _pointer(certificate: x509.Certificate) -> str | None:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return None
    return next((name.value for point in points for name in point.full_name or ()), None)


def _found(founding: Founding) -> Hierarchy:
    # The number makes the DN of every installation its own: two roots that share a DN confuse path building.
    number = founding.serials()
    tag = f"{number & 0xFFFFFFFF:08X}"
    subject = names.authority_name(f"{founding.title} RACINE {tag}")
    everything = names.constraints(founding.names)
    root_key = founding.pool.key(f"ca-root-{founding.label}")

    def authority(role: str, name: x509.Name, serial: int) -> Authority:
        key = founding.pool.key(f"ca-{role}-{founding.label}")
        template = profiles.Template(
            subject=name,
            public_key=key.public_key(),
            profile=profiles.AUTHORITY,
            serial=serial,
            not_before=utc(founding.now) - BACKDATED,
            not_after=utc(founding.now) + founding.life,
            constraints=names.subject_constraints() if role == "persons" else everything,
            crl_url=None if role == "root" else crl_url(founding.url_base, f"root-{founding.label}"),
            ocsp_url=None if role == "root" else ocsp_url(founding.url_base),
        )
        return Authority(f"{role}-{founding.label}", profiles.sign(template, subject, root_key), key)

    return Hierarchy(
        root=authority("root", subject, number),
        organisations=authority(
            "organisations", names.authority_name(f"{founding.title} ORGANISATIONS {tag}"), founding.serials()
        ),
        persons=authority("persons", names.authority_name(f"{founding.title} PERSONNES {tag}"), founding.serials()),
    )


def _store(folder: Path, hierarchy: Hierarchy) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    for authority in hierarchy.authorities:
        write_atomic(building / f"{authority.name}.crt.pem", pem_of(authority.certificate))
        # A copy of the pool key: the PKI must survive an emptied cache and travel by --pki.
        write_atomic(building / f"{authority.name}.key.pem", key_pem(authority.key), private=True)
    try:
        building.rename(folder)
    except OSError:
        shutil.rmtree(building, ignore_errors=True)
        if not folder.is_dir():
            raise


def _load(folder: Path, name: str) -> Authority:
    try:
        certificate = x509.load_pem_x509_certificate((folder / f"{name}.crt.pem").read_bytes())
        key = load_key((folder / f"{name}.key.pem").read_bytes())
    except (OSError, ValueError) as problem:
        raise PkiUnreadable(
            f"{folder.name}/{name}: {problem}. Restore the file, or delete the PKI folder and install the new root."
        ) from problem
    return Authority(name, certificate, key)
