"""A stored query as a value: which one, its parameters, and the place of each (facts dmp-messages §7.1 to §7.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from simulators.core.xml import clark, text, where
from simulators.dmp.query_values import BadValue, QueryValue, read_value

ENTRY: Final = "$XDSDocumentEntry"
SET: Final = "$XDSSubmissionSet"
LEAF_CLASS: Final = "LeafClass"
OBJECT_REF: Final = "ObjectRef"


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a query takes. ``kind``: code, text, date, cx, like or id. ``many``: a list; ``again``: the Slot may be
    repeated, AND between Slots and OR inside one."""

    name: str
    kind: str = "text"
    many: bool = False
    again: bool = False


@dataclass(frozen=True)
class QueryKind:
    """One stored query. ``required`` parameters, and ``one_of``: exactly one of these."""

    uuid: str
    name: str
    parameters: tuple[Parameter, ...]
    required: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()

    def parameter(self, name: str) -> Parameter | None:
        return next((one for one in self.parameters if one.name == name), None)


def _entry(name: str, kind: str = "text", *, many: bool = False, again: bool = False) -> Parameter:
    return Parameter(ENTRY + name, kind, many, again)


_FILTERS: Final = (
    *(_entry(n, "code", many=True) for n in ("ClassCode", "TypeCode", "PracticeSettingCode", "FormatCode")),
    _entry("HealthcareFacilityTypeCode", "code", many=True),
    _entry("EventCodeList", "code", many=True, again=True),
    _entry("ConfidentialityCode", "code", many=True, again=True),
    *(
        _entry(f"{n}{end}", "date")
        for n in ("CreationTime", "ServiceStartTime", "ServiceStopTime")
        for end in ("From", "To")
    ),
    _entry("AuthorPerson", "like", many=True),
    _entry("Type", many=True),
)
_PATIENT: Final = _entry("PatientId", "cx")
_STATUS: Final = _entry("Status", many=True)
_BY_ID: Final = (_entry("EntryUUID", "id", many=True), _entry("UniqueId", "id", many=True))
_COMMON: Final = (Parameter("$MetadataLevel", "number"), Parameter("$homeCommunityId"))
_UUID: Final = Parameter("$uuid", "id", many=True)

FIND_DOCUMENTS: Final = QueryKind(
    "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d",
    "FindDocuments",
    (_PATIENT, _STATUS, *_FILTERS, *_COMMON),
    (_STATUS.name,),
)
FIND_BY_REFERENCE: Final = QueryKind(
    "urn:uuid:12941a89-e02e-4be5-967c-ce4bfc8fe492",
    "FindDocumentsByReferenceId",
    (_PATIENT, _STATUS, _entry("ReferenceIdList", many=True, again=True), *_FILTERS, *_COMMON),
    (_STATUS.name, f"{ENTRY}ReferenceIdList"),
)
FIND_SETS: Final = QueryKind(
    "urn:uuid:f26abbcb-ac74-4422-8a30-edb644bbc1a9",
    "FindSubmissionSets",
    (
        Parameter(f"{SET}PatientId", "cx"),
        Parameter(f"{SET}Status", many=True),
        Parameter(f"{SET}SourceId", many=True),
        Parameter(f"{SET}SubmissionTimeFrom", "date"),
        Parameter(f"{SET}SubmissionTimeTo", "date"),
        Parameter(f"{SET}AuthorPerson", "like"),
        Parameter(f"{SET}ContentType", "code", many=True),
        *_COMMON,
    ),
    (f"{SET}Status",),
)
GET_DOCUMENTS: Final = QueryKind(
    "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4",
    "GetDocuments",
    (*_BY_ID, _entry("LogicalID", "id", many=True), *_COMMON),
    one_of=(_BY_ID[0].name, _BY_ID[1].name, f"{ENTRY}LogicalID"),
)
GET_ASSOCIATIONS: Final = QueryKind(
    "urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155", "GetAssociations", (_UUID, *_COMMON), (_UUID.name,)
)
GET_DOCUMENTS_AND_ASSOCIATIONS: Final = QueryKind(
    "urn:uuid:bab9529a-4a10-40b3-a01f-f68a615d247a",
    "GetDocumentsAndAssociations",
    (*_BY_ID, *_COMMON),
    one_of=(_BY_ID[0].name, _BY_ID[1].name),
)
GET_SETS: Final = QueryKind(
    "urn:uuid:51224314-5390-4169-9b91-b1980040715a", "GetSubmissionSets", (_UUID, *_COMMON), (_UUID.name,)
)
GET_SET_AND_CONTENTS: Final = QueryKind(
    "urn:uuid:e8e3cb2c-e39c-46b9-99e4-c12f57260b83",
    "GetSubmissionSetAndContents",
    (
        Parameter(f"{SET}EntryUUID", "id"),
        Parameter(f"{SET}UniqueId", "id"),
        _entry("FormatCode", "code", many=True),
        _entry("ConfidentialityCode", "code", many=True, again=True),
        _entry("Type", many=True),
        *_COMMON,
    ),
    one_of=(f"{SET}EntryUUID", f"{SET}UniqueId"),
)
GET_RELATED: Final = QueryKind(
    "urn:uuid:d90e5407-b356-4d91-a89f-873917b4b0e6",
    "GetRelatedDocuments",
    (
        _entry("EntryUUID", "id"),
        _entry("UniqueId", "id"),
        Parameter("$AssociationTypes", many=True),
        _entry("Type", many=True),
        *_COMMON,
    ),
    ("$AssociationTypes",),
    (_BY_ID[0].name, _BY_ID[1].name),
)
KINDS: Final = {
    kind.uuid: kind
    for kind in (
        FIND_DOCUMENTS,
        FIND_BY_REFERENCE,
        FIND_SETS,
        GET_DOCUMENTS,
        GET_ASSOCIATIONS,
        GET_DOCUMENTS_AND_ASSOCIATIONS,
        GET_SETS,
        GET_SET_AND_CONTENTS,
        GET_RELATED,
    )
}


@dataclass(frozen=True)
class Slot:
    """One Slot of the query. ``at`` is the place of its only value, else of the Slot, which is ``slot_at``;
    ``values`` are those of all its ``rim:Value``; ``bad`` the first unreadable one."""

    name: str
    at: str
    slot_at: str
    values: tuple[QueryValue, ...] = ()
    bad: BadValue | None = None
    bad_at: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """Every item, in order."""
        return tuple(item.text for value in self.values for item in value.items)


@dataclass(frozen=True)
class StoredQuery:
    """An AdhocQueryRequest. ``kind`` is ``None`` for a query nobody knows."""

    id: str
    at: str
    return_type: str
    return_at: str
    slots: tuple[Slot, ...]
    kind: QueryKind | None = None
    named: Mapping[str, tuple[Slot, ...]] = field(default_factory=dict)

    def get(self, name: str) -> tuple[str, ...]:
        """The items of a parameter that stands once; empty when absent."""
        return tuple(text for slot in self.named.get(name, ()) for text in slot.texts)

    def groups(self, name: str) -> list[tuple[str, ...]]:
        """The items of each Slot of a repeatable parameter."""
        return [slot.texts for slot in self.named.get(name, ())]

    def one(self, name: str) -> str | None:
        return next(iter(self.get(name)), None)


def read_query(body: etree._Element) -> StoredQuery:
    """Reads an ``AdhocQueryRequest``; nothing is judged here."""
    option = body.find(clark("query:ResponseOption"))
    adhoc = body.find(clark("rim:AdhocQuery"))
    option_at = where(option) if option is not None else where(body)
    returned = (option.get("returnType") if option is not None else None) or ""
    if adhoc is None:
        return StoredQuery("", where(body), returned, option_at, ())
    identifier = (adhoc.get("id") or "").strip()
    slots = tuple(_slots(adhoc))
    named: dict[str, tuple[Slot, ...]] = {}
    for slot in slots:
        named[slot.name] = (*named.get(slot.name, ()), slot)
    at = where(adhoc, "id")
    kind = KINDS.get(identifier.lower())
    return StoredQuery(identifier, at, returned, f"{option_at}/@returnType", slots, kind, named)


def _slots(adhoc: etree._Element) -> Iterator[Slot]:
    for element in adhoc.iterchildren(clark("rim:Slot")):
        yield _slot(element)


def _slot(element: etree._Element) -> Slot:
    name, at = element.get("name") or "", where(element)
    values: list[QueryValue] = []
    for value in element.iterfind(f"{clark('rim:ValueList')}/{clark('rim:Value')}"):
        try:
            values.append(read_value(text(value)))
        except BadValue as bad:
            return Slot(name, at, at, tuple(values), bad, where(value))
    return Slot(name, _value_place(element, at), at, tuple(values))


def _value_place(element: etree._Element, otherwise: str) -> str:
    """The only value of a Slot, else the Slot."""
    found = element.findall(f"{clark('rim:ValueList')}/{clark('rim:Value')}")
    return where(found[0]) if len(found) == 1 else otherwise
