"""TD3.3, deleting, archiving, masking, making visible (ITI-57): all of a request or nothing (facts dmp §1.13, §1.14).

A deletion is logical: the bytes stay, and nobody is given them. New metadata make a new version of the entry, with an
entryUUID of its own under the same logicalId and uniqueId; the version before becomes Deprecated.
"""

from __future__ import annotations

from dataclasses import replace

from simulators.core.exchange import Call
from simulators.dmp import registry_store as store
from simulators.dmp import xds_answer
from simulators.dmp.errors import ANSWERS
from simulators.dmp.model import DmpRequest, Reply
from simulators.dmp.rules import lot, rights, update
from simulators.dmp.td2_1 import fresh_uuids
from simulators.dmp.update import MetadataChange, StatusChange, Update, read_update
from simulators.documents.xds.model import Association
from simulators.documents.xds.schemes import APPROVED, DEPRECATED


def update_document_set(call: Call, request: DmpRequest) -> Reply:
    """Changes what the request asks for. Raises ``Refused``, and then nothing is changed."""
    asked = read_update(call, request)
    call.judge(lot.GUARDS, asked.submission)
    call.judge(update.GUARDS, asked)
    call.marks["rights"] = asked.rows
    for row in asked.rows:
        call.judge(rights.CHECKS, rights.Access(row, request.vihf, request.parties))
    call.judge(update.CHECKS, asked)
    _apply(call, request, asked)
    return Reply(xds_answer.registered(), ANSWERS[request.operation])


def _apply(call: Call, request: DmpRequest, asked: Update) -> None:
    own, *fresh = fresh_uuids(call, 1 + 2 * len(asked.changes))
    matricule = request.parties.patient.ins.matricule if request.parties.patient else ""
    submission = replace(asked.submission.set, entry_id=own, logical_id=own, status=APPROVED, source=None)
    store.add_submission_set(call.tx, submission, matricule=matricule)
    ties = []
    for change, tie, entry in zip(asked.changes, fresh[::2], fresh[1::2], strict=True):
        if isinstance(change, StatusChange):
            ties.append(_status(call, change, tie, own))
        else:
            ties.append(_metadata(call, change, tie, entry, own))
    store.add_associations(call.tx, [tie for tie in ties if tie is not None])


def _status(call: Call, change: StatusChange, tie: str, own: str) -> Association | None:
    if change.held is None:
        return None
    store.set_status(call.tx, change.held, change.new)
    target = change.held.entry_uuid
    return replace(change.association, entry_id=tie, source_object=own, target_object=target, source=None)


def _metadata(call: Call, change: MetadataChange, tie: str, entry: str, own: str) -> Association | None:
    if change.held is None or change.member is None:
        return None
    held = change.held
    version = replace(
        held.entry,
        entry_id=entry,
        version=str(int(held.entry.version or "1") + 1),
        status=APPROVED,
        confidentiality_codes=change.entry.confidentiality_codes,
    )
    store.set_status(call.tx, held, DEPRECATED)
    store.add_document(
        call.tx,
        version,
        matricule=held.matricule,
        submission_set=own,
        sha256=held.sha256,
        registered=call.business_now,
    )
    return replace(change.member, entry_id=tie, source_object=own, target_object=entry, source=None)
