"""What the VIHF checks look at: the verified token and the world around it, gathered once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from simulators.core.pki import CertificateFacts, ChainReason
from simulators.dmp.vihf import Vihf


@dataclass(frozen=True)
class Presented:
    """A token whose seal holds.

    ``signer`` is the signing certificate, ``signer_at`` its XPath, ``chain`` what is wrong with it; ``client`` the
    certificate of the connection. ``legal_entity`` is the Struct_IdNat of the legal entity the declared structure
    belongs to, empty when unknown. ``now`` is wire time. ``seen_before`` is only ever true while replays are looked
    for.
    """

    operation: str
    vihf: Vihf
    signer: CertificateFacts
    signer_at: str
    chain: ChainReason | None
    client: CertificateFacts | None
    legal_entity: str
    now: datetime
    seen_before: bool = False
