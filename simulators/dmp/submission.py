"""One TD2.1 request as the checks see it: the lot, the bytes of each entry, and what the world already holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulators.core.pki import Subject
from simulators.core.rules import Policy
from simulators.dmp.model import Parties
from simulators.dmp.registry_store import Stored
from simulators.dmp.vihf import Vihf
from simulators.documents.cda.model import CdaDocument
from simulators.documents.signature import LotSignature
from simulators.documents.xds import schemes
from simulators.documents.xds.model import Association, DocumentEntry, Lot, SubmissionSet
from simulators.population.model import Patient

RELATIONS = (schemes.REPLACES, schemes.APPENDS, schemes.TRANSFORMS, schemes.TRANSFORMS_AND_REPLACES)
"""Associations from a new document to one of the registry."""
REPLACEMENTS = (schemes.REPLACES, schemes.TRANSFORMS_AND_REPLACES)


def inside(place: str, xpath: str) -> str:
    """A place inside a document of the message: ``part[2]#/hl7:ClinicalDocument/hl7:id``."""
    return f"{place}#{xpath}"


@dataclass(frozen=True)
class Sent:
    """One ``xds:Document``: its ``id``, its XPath, the place of its bytes (``part[n]``, else that XPath).

    ``with_separator`` also holds the line end before the MIME delimiter, which a client in the field counts.
    """

    id: str
    at: str
    place: str
    data: bytes = field(repr=False)
    with_separator: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Bytes that are not what they should be. ``hostile``: a guard refused them; ``at`` is inside or is the part."""

    hostile: bool
    at: str
    found: str
    detail: str


@dataclass(frozen=True)
class Deposit:
    """An entry and what came for it. ``cda`` or ``signature`` is what the bytes hold; ``problem`` why they do not."""

    entry: DocumentEntry
    sent: Sent | None = None
    cda: CdaDocument | None = None
    signature: LotSignature | None = None
    problem: Unreadable | None = None

    def inside(self, xpath: str) -> str:
        """A place inside the bytes of this deposit."""
        return inside(self.sent.place if self.sent else "", xpath)


@dataclass(frozen=True)
class Known:
    """What the registry holds that the lot speaks of.

    ``entries`` maps a submitted uniqueId to the newest entry that has it, ``sets`` are submitted uniqueIds already
    taken by a submission set, ``targets`` maps the entryUUIDs the associations aim at.
    """

    entries: Mapping[str, Stored] = field(default_factory=dict)
    sets: frozenset[str] = frozenset()
    targets: Mapping[str, Stored] = field(default_factory=dict)


@dataclass(frozen=True)
class Submission:
    """The subject of every check of TD2.1.

    ``at`` is the XPath of the request; ``unused`` are the places of MIME parts nobody refers to; ``patient`` is the one
    whose DMP is fed, None when nobody has that INS; ``subjects`` are the vendor's own map of certificates to
    structures.
    """

    at: str
    lot: Lot
    deposits: tuple[Deposit, ...]
    sent: tuple[Sent, ...]
    unused: tuple[str, ...]
    vihf: Vihf
    parties: Parties
    policy: Policy
    patient: Patient | None = None
    known: Known = Known()
    subjects: tuple[Subject, ...] = ()

    @property
    def documents(self) -> tuple[Deposit, ...]:
        """Every deposit but the signature of the lot."""
        return tuple(deposit for deposit in self.deposits if not deposit.entry.is_signature)

    @property
    def signatures(self) -> tuple[Deposit, ...]:
        return tuple(deposit for deposit in self.deposits if deposit.entry.is_signature)

    @property
    def set(self) -> SubmissionSet:
        """The submission set. Raises ``RuntimeError`` before the guards made sure of it."""
        found = self.lot.submission_set
        if found is None:
            raise RuntimeError("the lot has no submission set")
        return found

    @property
    def relations(self) -> tuple[Association, ...]:
        """Replacements, appendices and transformations."""
        return tuple(association for association in self.lot.associations if association.type in RELATIONS)

    def deposit(self, entry_id: str | None) -> Deposit | None:
        """The deposit whose entry has that ``id`` in the message."""
        return next((deposit for deposit in self.deposits if deposit.entry.entry_id == entry_id), None)
