"""What one DMP operation is given and what it gives back.

An operation is a plain function ``perform(call: Call, request: DmpRequest) -> Reply`` run inside ``call.tx``: the flow
has already verified the VIHF, the certificate and the rights, and it alone turns the reply, or a ``Refused``, into
bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from simulators.core.exchange import Call

if TYPE_CHECKING:
    from simulators.core.pki import CertificateFacts, Subject
    from simulators.core.soap import Multipart, SoapRequest
    from simulators.dmp.rights import Column
    from simulators.dmp.vihf import Vihf
    from simulators.population.model import Patient, Professional, Structure


@dataclass(frozen=True)
class Parties:
    """Who speaks and about whom, as the world knows them once the common checks have passed.

    ``patient`` is the one of the VIHF's resource-id; None when nobody has that INS, or no resource-id was sent.
    ``column`` is the caller's column of the functional matrix. ``authorisation`` is ``VALIDE``, ``EXPIRE``,
    ``INTERDIT`` or ``NON_EXISTE`` now; ``treating`` says whether the professional is a treating physician of it.
    """

    structure: Structure
    professional: Professional
    patient: Patient | None
    column: Column
    authorisation: str
    treating: bool


@dataclass(frozen=True)
class DmpRequest:
    """One request read from the wire.

    ``operation`` is ``TD0.2``, ``TD0.3``, ``TD2.1``, ``TD3.1`` (metadata), ``TD3.1b`` (reference look-up), ``TD3.2``,
    ``TD3.3a`` (new metadata, TD3.3b included), ``TD3.3c`` (deletion) or ``TD3.3d`` (archiving and its opposite).
    ``client`` is the identity of the TLS connection, None without certificate. ``multipart`` is the parsed MTOM
    package, None for a plain envelope. ``vihf`` was built from the verified assertion and nothing else; it and
    ``parties`` are None until the flow's common checks have passed, and set when an operation is called. ``subjects``
    are the vendor's own map of certificates to structures.
    """

    operation: str
    soap: SoapRequest
    client: CertificateFacts | None
    multipart: Multipart | None = None
    signed: Vihf | None = None
    known: Parties | None = None
    subjects: tuple[Subject, ...] = ()

    @property
    def vihf(self) -> Vihf:
        """The verified VIHF. Raises ``RuntimeError`` before the flow has verified it."""
        if self.signed is None:
            raise RuntimeError("the VIHF is not verified yet")
        return self.signed

    @property
    def parties(self) -> Parties:
        """Who speaks. Raises ``RuntimeError`` before the flow knows."""
        if self.known is None:
            raise RuntimeError("the parties are not known yet")
        return self.known


@dataclass(frozen=True)
class Attachment:
    """One MIME part of a multipart reply; ``content_id`` without angle brackets, ``mime`` its Content-Type."""

    content_id: str
    data: bytes
    mime: str = "application/octet-stream"


@dataclass(frozen=True)
class Reply:
    """The body's only child, the ``wsa:Action`` of the answer, and the parts that travel beside it."""

    body: etree._Element
    action: str
    attachments: tuple[Attachment, ...] = ()
    multipart: bool = False


Perform = Callable[[Call, DmpRequest], Reply]
