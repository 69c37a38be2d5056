"""A DMP client for an actor of a running sandbox, from what its control API tells of the world, or for anybody."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509

from simulators.clients.dmp.client import DmpClient
from simulators.clients.dmp.lot import Submitter
from simulators.clients.transport import Channel
from simulators.core.errors import EnvironmentProblem, SandboxError
from simulators.core.pki import IssuedCertificate, Trust, client_context, format_dn
from simulators.core.pki.dn import dn_of
from simulators.core.pki.keys import load_key
from simulators.population.model import Patient, Professional, Structure


class NotInWorld(SandboxError):
    """The world has nobody and nothing of that name."""


def named(world: Mapping[str, Any], family: str, name: str) -> Mapping[str, Any]:
    """The member of a world with this reference name or identifier. Raises :class:`NotInWorld`."""
    for member in world[family]:
        if name in {member["slug"], member["id"]}:
            found: Mapping[str, Any] = member
            return found
    known = ", ".join(member["slug"] for member in world[family])
    raise NotInWorld(f"world {world['name']} has no {name} among its {family}: {known}")


def patient_of(world: Mapping[str, Any], name: str) -> Patient:
    """A patient of the world as a value."""
    return Patient.from_json(dict(named(world, "patients", name)))


def dmp_client(
    world: Mapping[str, Any],
    roots: Path | bytes,
    structure: str,
    professional: str,
    *,
    ids: Callable[[], uuid.UUID],
    now: Callable[[], datetime],
) -> DmpClient:
    """Speaks from ``structure`` as ``professional``, to the world's own address. Raises :class:`NotInWorld`,
    ``EnvironmentProblem``."""
    held = named(world, "structures", structure)
    if "certificates" not in held:
        raise NotInWorld(f"structure {structure} was adopted: the sandbox holds no certificate of it")
    place = Structure.from_json(dict(held))
    person = Professional.from_json(dict(named(world, "professionals", professional)))
    if not person.activities:
        raise NotInWorld(f"professional {professional} has no activity: nobody can act as him")
    auth, cachet = (_issued(held["certificates"], use) for use in ("auth_cli", "sign"))
    pem = roots if isinstance(roots, bytes) else roots.read_bytes()
    trust = Trust(roots=tuple(x509.load_pem_x509_certificates(pem)), intermediates=(), crls=())
    url = world["services"]["dmp"]["patients"]
    return plain_client(url, trust, auth, cachet, place, person, ids=ids, now=now, named=[urlsplit(url).hostname or ""])


def plain_client(
    url: str,
    trust: Trust,
    auth: IssuedCertificate,
    cachet: IssuedCertificate,
    structure: Structure,
    professional: Professional,
    *,
    ids: Callable[[], uuid.UUID],
    now: Callable[[], datetime],
    named: Collection[str] = (),
) -> DmpClient:
    """Speaks with these certificates for parties that no world needs to know.

    ``url`` is the DMP's address, with or without the path of one of its services; ``named`` are hosts the user named.
    The professional needs one activity. Raises ``OutboundDenied``.
    """
    base = url.partition("/si-dmp-server")[0]
    channel = Channel(base, client_context(trust, auth), named=named)
    issuer = format_dn(dn_of(cachet.certificate.subject))
    return DmpClient(channel, Submitter(professional, structure, cachet), issuer, ids, now)


def _issued(certificates: Mapping[str, Any], use: str) -> IssuedCertificate:
    """From the texts when they are there: the sandbox may be on another machine."""
    if "pem" not in certificates:
        return issued_of(certificates[use])
    texts = {form: text.encode() for form, text in certificates["pem"][use].items()}
    return _of_pem(texts["certificate"], texts["key"], texts["chain"])


def issued_of(files: Mapping[str, str]) -> IssuedCertificate:
    """A certificate pair from its files. Raises ``EnvironmentProblem`` when they are not here."""
    try:
        return _of_pem(*(Path(files[form]).read_bytes() for form in ("certificate", "key", "chain")))
    except OSError as problem:
        raise EnvironmentProblem(f"certificate files of the sandbox cannot be read: {problem}") from problem


def _of_pem(certificate: bytes, key: bytes, chain: bytes) -> IssuedCertificate:
    issuers = tuple(x509.load_pem_x509_certificates(chain))
    return IssuedCertificate(x509.load_pem_x509_certificate(certificate), load_key(key), issuers)


def replayable_ids(seed: str) -> Callable[[], uuid.UUID]:
    """The same identifiers at each run of the same seed."""
    counter = itertools.count()
    return lambda: uuid.uuid5(uuid.NAMESPACE_URL, f"urn:segur-sandbox:{seed}:{next(counter)}")
