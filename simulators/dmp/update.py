"""One ITI-57 request as the checks see it: what it changes, and what the registry holds of that (facts dmp §1.13-1.14).

Two shapes share one carrier: an association ``UpdateAvailabilityStatus`` (delete, archive, unarchive) and a whole entry
under the logicalId of a registered one (mask, unmask, make visible).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from simulators.core.exchange import Call
from simulators.core.xml import where
from simulators.dmp import registry_store as store
from simulators.dmp.model import DmpRequest, Parties
from simulators.dmp.registry_store import Stored
from simulators.dmp.submission import Deposit, Submission
from simulators.dmp.td2_1_reading import known_sets, note_keys, patient_of, read_objects
from simulators.dmp.visibility import MASKED, Reader
from simulators.documents.xds import schemes
from simulators.documents.xds.model import Association, DocumentEntry, Lot

ORIGINAL_STATUS: Final = "OriginalStatus"
NEW_STATUS: Final = "NewStatus"
PREVIOUS_VERSION: Final = "PreviousVersion"
INVISIBLE: Final = ("INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX")


@dataclass(frozen=True)
class StatusChange:
    """Another availabilityStatus for one document; ``held`` is None when the caller may know of no such document."""

    association: Association
    held: Stored | None

    @property
    def old(self) -> str:
        return self.association.slot(ORIGINAL_STATUS) or ""

    @property
    def new(self) -> str:
        return self.association.slot(NEW_STATUS) or ""

    @property
    def target(self) -> tuple[str, str]:
        """What names the document, and its place."""
        return self.association.target_object or "", self.association.where("targetObject")

    @property
    def at(self) -> str:
        """Its own place."""
        return self.association.where()

    @property
    def rows(self) -> frozenset[str]:
        """Its rows of the functional matrix."""
        return frozenset({"TD3.3d" if self.new in (schemes.APPROVED, schemes.ARCHIVED) else "TD3.3c"})


@dataclass(frozen=True)
class MetadataChange:
    """A new version of an entry; ``member`` ties it to the submission set and bears PreviousVersion."""

    entry: DocumentEntry
    member: Association | None
    held: Stored | None

    @property
    def target(self) -> tuple[str, str]:
        return self.entry.logical_id or "", self.entry.where("logicalId")

    @property
    def at(self) -> str:
        return self.entry.where()

    @property
    def added(self) -> tuple[str, ...]:
        """Confidentiality codes the registered entry does not have, in their order."""
        return tuple(code for code in _codes(self.entry) if self.held is None or code not in _codes(self.held.entry))

    @property
    def removed(self) -> tuple[str, ...]:
        return () if self.held is None else tuple(c for c in _codes(self.held.entry) if c not in _codes(self.entry))

    @property
    def rows(self) -> frozenset[str]:
        """Its rows of the functional matrix; a change of nothing, or of what nobody holds, counts as masking."""
        found = {"TD3.3a mask"} if MASKED in self.added else set()
        found |= {"TD3.3a unmask"} if MASKED in self.removed else set()
        found |= {"TD3.3b"} if self.held and set(INVISIBLE) & {*self.added, *self.removed} else set()
        return frozenset(found or {"TD3.3a mask"})


Change = StatusChange | MetadataChange


@dataclass(frozen=True)
class Update:
    """The subject of every check of TD3.3. ``submission`` is the same request as the checks of a lot see one."""

    submission: Submission
    statuses: tuple[StatusChange, ...]
    entries: tuple[MetadataChange, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        return (*self.statuses, *self.entries)

    @property
    def rows(self) -> list[str]:
        """Every row of the functional matrix that the request needs, sorted."""
        return sorted({row for change in self.changes for row in change.rows})

    @property
    def parties(self) -> Parties:
        return self.submission.parties

    @property
    def set_alone(self) -> Submission:
        """Without the entries: what a metadata update leaves as it was is not judged again."""
        return replace(self.submission, deposits=())


def read_update(call: Call, request: DmpRequest) -> Update:
    """Raises ``Refused`` for a request that cannot be read at all."""
    lot = read_objects(call, request.soap.body)
    note_keys(call, lot)
    submission = Submission(
        at=where(request.soap.body),
        lot=lot,
        deposits=tuple(Deposit(entry) for entry in lot.entries),
        sent=(),
        unused=(),
        vihf=request.vihf,
        parties=request.parties,
        policy=call.world.policy,
        patient=patient_of(call, request, lot),
        known=known_sets(call, lot),
        subjects=request.subjects,
    )
    update = Update(submission, _statuses(call, request, lot), _entries(call, request, lot))
    call.keys |= {f"document:{change.held.unique_id}" for change in update.changes if change.held}
    return update


def _statuses(call: Call, request: DmpRequest, lot: Lot) -> tuple[StatusChange, ...]:
    asked = lot.associations_of(schemes.UPDATES_STATUS)
    targets = [(association.target_object or "").lower() for association in asked]
    held = store.documents_among(call.tx, store.documents.c.entry_uuid, targets)
    known = {one.entry_uuid: one for one in _knowable(call, request, held)}
    return tuple(StatusChange(one, known.get(target)) for one, target in zip(asked, targets, strict=True))


def _entries(call: Call, request: DmpRequest, lot: Lot) -> tuple[MetadataChange, ...]:
    asked = [(entry.logical_id or "").lower() for entry in lot.entries]
    held = store.documents_among(call.tx, store.documents.c.logical_id, asked)
    # Oldest first: the newest version of a document stays.
    known = {one.entry.logical_id: one for one in _knowable(call, request, held)}
    members = {one.target_object: one for one in lot.associations_of(schemes.HAS_MEMBER)}
    return tuple(
        MetadataChange(entry, members.get(entry.entry_id), known.get(logical))
        for entry, logical in zip(lot.entries, asked, strict=True)
    )


def _knowable(call: Call, request: DmpRequest, held: list[Stored]) -> list[Stored]:
    """Masked documents of others are unknown here as everywhere; a deleted one may be told as such."""
    reader = Reader(request, call.world.policy)
    both = zip(held, store.versions_in_force(call.tx, held), strict=True)
    return [one for one, newest in both if newest.status == schemes.DELETED or reader.may_read(newest)]


def _codes(entry: DocumentEntry) -> tuple[str, ...]:
    return tuple(code.code for code in entry.confidentiality_codes)
