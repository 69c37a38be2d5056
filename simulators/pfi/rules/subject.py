"""What the checks look at: the message, what it says, the document it carries, what this PFI already holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from simulators.core.hl7 import Message, Segment
from simulators.documents.cda.model import CdaDocument
from simulators.documents.hl7.base64 import State, decoded
from simulators.documents.hl7.model import Transmission
from simulators.documents.hl7.names import Flag
from simulators.documents.hl7.places import document_obx, flag_segments


class Version(Protocol):
    """One version of a document that the PFI holds; ``successor`` is empty for the latest."""

    @property
    def state(self) -> str: ...

    @property
    def successor(self) -> str: ...

    @property
    def owner(self) -> str: ...

    @property
    def author(self) -> str: ...


class Ledger(Protocol):
    """What this PFI took charge of before."""

    def held(self, document: str) -> Version | None:
        """The version with this CDA id."""

    def content(self, document: str) -> bytes:
        """Its CDA; empty when it is not held."""


@dataclass(frozen=True)
class Subject:
    """``obx`` carries the document, ``encoding`` is the state of its base64; ``ledger`` is None when the state of the
    PFI is not to be looked at; ``today`` is business time."""

    message: Message
    transmission: Transmission
    obx: Segment | None
    encoding: State
    flags: dict[Flag, Segment]
    today: date
    ledger: Ledger | None = None

    @property
    def document(self) -> CdaDocument | None:
        return self.transmission.document

    @property
    def mdm(self) -> bool:
        return self.transmission.kind == "MDM"

    def flag(self, flag: Flag) -> str:
        """Where the value of a flag stands."""
        obx = self.flags.get(flag)
        return obx.where(5, 1) if obx is not None else "OBX"

    def inside(self, xpath: str) -> str:
        """A place inside the CDA."""
        return f"{self.obx.where(5, 5)} {xpath}" if self.obx is not None else "OBX"


def subject_of(message: Message, transmission: Transmission, today: date, ledger: Ledger | None = None) -> Subject:
    """Looks the message through once for every check."""
    obx = document_obx(message)
    encoding = decoded(obx.get(5, 5))[1] if obx is not None else State.OK
    flags: dict[Flag, Segment] = {}
    for flag, segment in flag_segments(message):
        flags.setdefault(flag, segment)
    return Subject(message, transmission, obx, encoding, flags, today, ledger)
