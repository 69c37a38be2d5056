"""TD2.1, feeding and replacement (ITI-41): the whole lot or nothing (facts dmp §1.10, §4.9; dmp-messages §5).

Feeding needs no authorisation. The registry gives entryUUIDs, logicalIds, version 1, status Approved, hash, size and
repository; a replaced document becomes Deprecated, and what replaces it has a logicalId of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from uuid import uuid5

from simulators.core.exchange import Call
from simulators.core.world import identifier
from simulators.dmp import registry_store as store
from simulators.dmp import xds_answer
from simulators.dmp.document_settings import REPOSITORY_ID
from simulators.dmp.errors import ANSWERS
from simulators.dmp.model import DmpRequest, Reply
from simulators.dmp.patient_traits import traits_of
from simulators.dmp.rules import lot, signature
from simulators.dmp.rules.lot_documents import sha1
from simulators.dmp.submission import REPLACEMENTS, Deposit, Submission
from simulators.dmp.td2_1_reading import read_submission
from simulators.documents.xds.model import Association, DocumentEntry, SubmissionSet
from simulators.documents.xds.schemes import APPROVED, DEPRECATED
from simulators.population.adoption import better_known
from simulators.population.model import Patient

CHECKS: Final = (*lot.CHECKS, *signature.CHECKS)


def provide_and_register(call: Call, request: DmpRequest) -> Reply:
    """Registers the lot and stores its documents. Raises ``Refused``, and then nothing is kept."""
    submission = read_submission(call, request)
    call.judge(lot.GUARDS, submission)
    call.judge(CHECKS, submission)
    patient = submission.patient
    if patient is None:
        raise RuntimeError("a lot without a patient passed its guard")
    _register(call, submission, patient)
    _learn(call, submission, patient)
    store.note_feeding(call.tx, request.vihf.structure, patient.ins.matricule, call.wire_now)
    return Reply(xds_answer.registered(), ANSWERS["TD2.1"])


def _register(call: Call, submission: Submission, patient: Patient) -> None:
    given = _identifiers(call, submission)
    matricule = patient.ins.matricule
    rank = store.ranks(call.tx, len(given))
    store.add_submission_set(call.tx, _registered_set(submission.set, given), matricule=matricule, seq=rank)
    for number, deposit in enumerate(submission.deposits, start=1):
        if deposit.sent is not None:
            store.add_document(
                call.tx,
                _registered_entry(call, deposit, deposit.sent.data, given),
                matricule=matricule,
                submission_set=given[submission.set.entry_id],
                sha256=call.tx.blob(deposit.sent.data),
                registered=call.business_now,
                seq=rank + number,
            )
    _replace(call, submission)
    _associate(call, submission, given)


def _identifiers(call: Call, submission: Submission) -> Mapping[str, str]:
    """A fresh entryUUID for each object of the lot, by its symbolic id; folders have none."""
    objects = (submission.set, *(deposit.entry for deposit in submission.deposits))
    fresh = fresh_uuids(call, len(objects))
    return {item.entry_id: own for item, own in zip(objects, fresh, strict=True)}


def fresh_uuids(call: Call, count: int) -> list[str]:
    """Several identifiers from one draw of the world's generator: each draw costs three statements."""
    base = identifier(call.tx, "dmp-registry")
    return [f"urn:uuid:{uuid5(base, str(number))}" for number in range(count)]


def _registered_set(item: SubmissionSet, given: Mapping[str, str]) -> SubmissionSet:
    own = given[item.entry_id]
    return replace(item, entry_id=own, logical_id=own, status=APPROVED, source=None)


def _registered_entry(call: Call, deposit: Deposit, data: bytes, given: Mapping[str, str]) -> DocumentEntry:
    own = given[deposit.entry.entry_id]
    return replace(
        deposit.entry,
        entry_id=own,
        logical_id=own,
        version="1",
        status=APPROVED,
        hash=_hash(deposit.entry.hash, data),
        size=str(len(data)),
        repository_unique_id=REPOSITORY_ID.text(call.world.policy),
        source=None,
    )


def _hash(told: str | None, data: bytes) -> str:
    """Ours; in the capitals of the sender when it is the same, so that what was sent is what comes back."""
    computed = sha1(data)
    return told if told and told.lower() == computed else computed


def _replace(call: Call, submission: Submission) -> None:
    for association in submission.relations:
        held = submission.known.targets.get((association.target_object or "").lower())
        if association.type in REPLACEMENTS and held is not None:
            store.set_status(call.tx, held, DEPRECATED)


def _associate(call: Call, submission: Submission, given: Mapping[str, str]) -> None:
    """Symbolic ends become entryUUIDs; an association with an end outside the registry (a folder) is dropped."""
    kept = []
    associations = submission.lot.associations
    for own, association in zip(fresh_uuids(call, len(associations)), associations, strict=True):
        source = given.get(association.source_object or "")
        target = given.get(association.target_object or "") or _held(submission, association)
        if source and target:
            kept.append(replace(association, entry_id=own, source_object=source, target_object=target, source=None))
    store.add_associations(call.tx, kept)


def _held(submission: Submission, association: Association) -> str | None:
    held = submission.known.targets.get((association.target_object or "").lower())
    return held.entry_uuid if held is not None else None


def _learn(call: Call, submission: Submission, patient: Patient) -> None:
    """An adopted patient gets a name from the first document that tells one."""
    for deposit in submission.documents:
        if deposit.cda is not None and deposit.cda.patient is not None:
            better_known(call.tx, patient, traits_of(deposit.cda.patient))
            return
