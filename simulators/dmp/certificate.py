"""Who holds the connection: the identity inside the client certificate, read from its DER and from nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from simulators.core.pki import CertificateFacts, CertificateUnreadable, Subject, identified, read_certificate
from simulators.population.identifiers import is_valid_ps_idnat

Kind = Literal["organisation", "person", "unknown"]


@dataclass(frozen=True, slots=True)
class Holder:
    """The holder of a certificate: ``identifier`` is a Struct_IdNat (OU) or a PS_IdNat (CN), empty when unknown."""

    kind: Kind
    identifier: str


def read_client(der: bytes | None, subjects: Sequence[Subject] = ()) -> CertificateFacts | None:
    """The client certificate of a connection, None without one or when it cannot be read; ``subjects`` are the vendor's
    own map of certificates to structures."""
    try:
        return identified(read_certificate(der), subjects) if der else None
    except CertificateUnreadable:
        return None


def holder_of(facts: CertificateFacts) -> Holder:
    """An OU that is a structure identifier makes an organisation, a CN that is a PS_IdNat a person (facts §12.1)."""
    if facts.struct_idnat is not None:
        return Holder("organisation", facts.struct_idnat)
    name = facts.common_name or ""
    shape = is_valid_ps_idnat(name)
    if shape or shape.only_key_wrong:
        return Holder("person", name)
    return Holder("unknown", "")
