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
from simulators.dmp.query import ENTRY, OBJECT_REF, StoredQuery, read_query
from simulators.dmp.registry_store import Stored, documents, submission_sets
from simulators.dmp.rules import query as rules
from simulators.dmp.search_filters import entry_conditions, set_conditions
from simulators.dmp.visibility import Reader
from simulators.dmp.xds_answer import found
from simulators.documents.xds.model import Association, DocumentEntry, SubmissionSet
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
        """The entries of the patient that the reader may know of, masked and foreign ones silently left out."""
        mine = (one for one in stored if one.matricule == self.matricule)
        return [one.entry for one in mine if self.reader.sees(one)]


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
    return list(asking.visible(store.documents_where(asking.call.tx, *conditions.narrowing, *conditions.exact)))


def find_sets(asking: Asking) -> list[Object]:
    """FindSubmissionSets: of the patient, whatever their documents' visibility (they name none)."""
    return list(store.submission_sets_where(asking.call.tx, *set_conditions(asking.query, asking.matricule)))


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
    known |= {item.entry_id for item in sets}
    return [one for one in touching if {one.source_object, one.target_object} <= known]


PERFORMERS: Final[Mapping[str, Callable[[Asking], list[Object]]]] = {
    q.FIND_DOCUMENTS.uuid: find_documents,
    q.FIND_BY_REFERENCE.uuid: find_documents,
    q.FIND_SETS.uuid: find_sets,
    q.GET_DOCUMENTS.uuid: get_documents,
    q.GET_ASSOCIATIONS.uuid: get_associations,
    q.GET_DOCUMENTS_AND_ASSOCIATIONS.uuid: get_documents_and_associations,
}
