"""TD3.1, searching (ITI-18): the checks, then one function a stored query (facts dmp §1.11, dmp-messages §7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from simulators.core.exchange import Call
from simulators.core.rules import Finding
from simulators.dmp import document_settings as settings
from simulators.dmp import query as q
from simulators.dmp import registry_store as store
from simulators.dmp.errors import ANSWERS
from simulators.dmp.model import DmpRequest, Reply
from simulators.dmp.query import ENTRY, OBJECT_REF, SET, StoredQuery, read_query
from simulators.dmp.registry_store import Stored, documents, submission_sets
from simulators.dmp.rules import query as rules
from simulators.dmp.search_filters import entry_conditions, keeps, keeps_set, set_conditions
from simulators.dmp.visibility import Reader
from simulators.dmp.xds_answer import found
from simulators.documents.xds.model import Association, DocumentEntry, SubmissionSet
from simulators.documents.xds.schemes import HAS_MEMBER
from simulators.documents.xds.write import object_refs, response_list

USER_ACT: Final = "X-Sandbox-User-Act"
Object = DocumentEntry | SubmissionSet | Association


@dataclass(frozen=True)
class Asking:
    """A query whose checks have passed, and who asks. ``matricule`` is that of the VIHF."""

    call: Call
    query: StoredQuery
    reader: Reader
    matricule: str

    def visible(self, stored: Sequence[Stored]) -> list[DocumentEntry]:
        """The entries of the patient that the reader may know of, masked and foreign ones silently left out.

        An older version of the metadata shows no more than the one in force does.
        """
        mine = [one for one in stored if one.matricule == self.matricule]
        in_force = store.versions_in_force(self.call.tx, mine)
        both = zip(mine, in_force, strict=True)
        return [one.entry for one, newest in both if self.reader.sees(one) and self.reader.sees(newest)]


def stored_query(call: Call, request: DmpRequest) -> Reply:
    """Answers a stored query. Raises ``Refused``."""
    query = read_query(request.soap.body)
    call.judge(rules.CHECKS, _search(call, request, query))
    patient = request.vihf.patient
    asking = Asking(call, query, Reader(request, call.world.policy), patient[0] if patient else "")
    assert query.kind is not None
    objects = PERFORMERS[query.kind.uuid](asking)
    call.find(*_too_many(call, query, objects))
    if query.return_type == OBJECT_REF:
        holder = object_refs(dict.fromkeys(item.entry_id for item in objects))
    else:
        holder = response_list(objects)
    return Reply(found(holder), ANSWERS[request.operation])


def _search(call: Call, request: DmpRequest, query: StoredQuery) -> rules.Search:
    vihf = request.vihf
    automatic = request.operation == "TD3.1" and vihf.patient is not None
    fed = store.last_feeding(call.tx, vihf.structure, vihf.patient[0]) if automatic and vihf.patient else None
    user_act = call.arrival.headers.get(USER_ACT, "") in {"1", "true"}
    if user_act:
        call.marks["user_act"] = True
    return rules.Search(query, vihf, call.world.policy, call.wire_now, fed, user_act)


def _too_many(call: Call, query: StoredQuery, objects: Sequence[Object]) -> list[Finding]:
    most = settings.RESULTS.number(call.world.policy)
    if not most or len(objects) <= most or query.return_type == OBJECT_REF:
        return []
    return [rules.TOO_MANY.finding(query.at, found=f"{len(objects)} objects", expected=f"at most {most}")]


def find_documents(asking: Asking) -> list[Object]:
    """FindDocuments, with or without reference identifiers; newest first is not promised: oldest first."""
    conditions = entry_conditions(asking.query, asking.matricule)
    narrowed = store.documents_where(asking.call.tx, *conditions.narrowing, *conditions.exact)
    return [entry for entry in asking.visible(narrowed) if keeps(asking.query, entry)]


def find_sets(asking: Asking) -> list[Object]:
    """FindSubmissionSets: of the patient; a set whose documents are all hidden from the reader is hidden too."""
    narrowed = store.submission_sets_where(asking.call.tx, *set_conditions(asking.query, asking.matricule))
    asked = [item for item in narrowed if keeps_set(asking.query, item)]
    return list(_with_visible_documents(asking, asked))


def _with_visible_documents(asking: Asking, sets: Sequence[SubmissionSet]) -> list[SubmissionSet]:
    column, identifiers = documents.c.submission_set, [item.entry_id for item in sets]
    stored = store.documents_among(asking.call.tx, column, identifiers)
    shown = {entry.entry_id for entry in asking.visible(stored)}
    open_sets = {one.submission_set for one in stored if one.entry_uuid in shown}
    return [item for item in sets if item.entry_id in open_sets]


def get_documents(asking: Asking) -> list[Object]:
    """GetDocuments by entryUUID, uniqueId or logicalId; every version that was asked for."""
    return list(asking.visible(_asked_documents(asking)))


def get_associations(asking: Asking) -> list[Object]:
    """GetAssociations: those that touch one of the objects, when the patient is the VIHF's."""
    identifiers = [value.lower() for value in asking.query.get("$uuid")]
    return list(_own_associations(asking, identifiers))


def get_documents_and_associations(asking: Asking) -> list[Object]:
    """The documents, then every association that touches them."""
    entries = asking.visible(_asked_documents(asking))
    return [*entries, *_own_associations(asking, [entry.entry_id for entry in entries])]


def _asked_documents(asking: Asking) -> list[Stored]:
    columns = {
        f"{ENTRY}EntryUUID": documents.c.entry_uuid,
        f"{ENTRY}UniqueId": documents.c.unique_id,
        f"{ENTRY}LogicalID": documents.c.logical_id,
    }
    for name, column in columns.items():
        asked = asking.query.get(name)
        if asked:
            wanted = asked if name == f"{ENTRY}UniqueId" else tuple(value.lower() for value in asked)
            return store.documents_among(asking.call.tx, column, wanted)
    return []


def _own_associations(asking: Asking, identifiers: Sequence[str]) -> list[Association]:
    """Associations whose two ends are objects of the patient that the reader may know of."""
    touching = store.associations_touching(asking.call.tx, identifiers)
    ends = list({end for one in touching for end in (one.source_object or "", one.target_object or "")})
    stored = store.documents_among(asking.call.tx, documents.c.entry_uuid, ends)
    known = {entry.entry_id for entry in asking.visible(stored)}
    sets = store.submission_sets_among(asking.call.tx, submission_sets.c.entry_uuid, ends)
    known |= {item.entry_id for item in _with_visible_documents(asking, sets)}
    return [one for one in touching if {one.source_object, one.target_object} <= known]


def get_sets(asking: Asking) -> list[Object]:
    """GetSubmissionSets: the sets that hold the objects named, and what ties them."""
    ties = [tie for tie in get_associations(asking) if isinstance(tie, Association) and tie.type == HAS_MEMBER]
    holders = [tie.source_object or "" for tie in ties]
    column = submission_sets.c.entry_uuid
    return [*store.submission_sets_among(asking.call.tx, column, holders), *ties]


def get_set_and_contents(asking: Asking) -> list[Object]:
    """GetSubmissionSetAndContents: the set, its documents and every association among these."""
    sets = _with_visible_documents(asking, _asked_sets(asking))
    stored = store.documents_among(asking.call.tx, documents.c.submission_set, [item.entry_id for item in sets])
    entries = [entry for entry in asking.visible(stored) if keeps(asking.query, entry)]
    kept = {item.entry_id for item in (*sets, *entries)}
    ties = store.associations_touching(asking.call.tx, list(kept))
    return [*sets, *entries, *(tie for tie in ties if {tie.source_object, tie.target_object} <= kept)]


def get_related(asking: Asking) -> list[Object]:
    """GetRelatedDocuments: the document, those that associations of the types asked for tie to it, and these."""
    asked = {entry.entry_id for entry in asking.visible(_asked_documents(asking))}
    kinds = asking.query.get("$AssociationTypes")
    ties = [tie for tie in _own_associations(asking, list(asked)) if tie.type in kinds]
    ends = list(dict.fromkeys(end for tie in ties for end in (tie.source_object or "", tie.target_object or "")))
    entries = asking.visible(store.documents_among(asking.call.tx, documents.c.entry_uuid, ends))
    known = {entry.entry_id for entry in entries}
    return [*entries, *(tie for tie in ties if {tie.source_object, tie.target_object} <= known)]


def _asked_sets(asking: Asking) -> list[SubmissionSet]:
    by_uuid = [value.lower() for value in asking.query.get(f"{SET}EntryUUID")]
    column = submission_sets.c.entry_uuid if by_uuid else submission_sets.c.unique_id
    asked = by_uuid or asking.query.get(f"{SET}UniqueId")
    mine = submission_sets.c.matricule == asking.matricule
    return store.submission_sets_where(asking.call.tx, mine, column.in_(asked))


PERFORMERS: Final[Mapping[str, Callable[[Asking], list[Object]]]] = {
    q.FIND_DOCUMENTS.uuid: find_documents,
    q.FIND_BY_REFERENCE.uuid: find_documents,
    q.FIND_SETS.uuid: find_sets,
    q.GET_DOCUMENTS.uuid: get_documents,
    q.GET_ASSOCIATIONS.uuid: get_associations,
    q.GET_DOCUMENTS_AND_ASSOCIATIONS.uuid: get_documents_and_associations,
    q.GET_SETS.uuid: get_sets,
    q.GET_SET_AND_CONTENTS.uuid: get_set_and_contents,
    q.GET_RELATED.uuid: get_related,
}
