"""From the parameters of a query to conditions on the columns of the registry (facts dmp-messages §7.2, §7.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, or_

from simulators.dmp.query import ENTRY, SET, StoredQuery
from simulators.dmp.registry_store import documents, submission_sets
from simulators.documents.xds.values import pad_dtm

Condition = ColumnElement[bool]
_CODES: Final = {
    "TypeCode": documents.c.type_code,
    "ClassCode": documents.c.class_code,
    "FormatCode": documents.c.format_code,
    "PracticeSettingCode": documents.c.practice,
    "HealthcareFacilityTypeCode": documents.c.facility,
}
_LISTS: Final = {
    "EventCodeList": documents.c.event_codes,
    "ConfidentialityCode": documents.c.confidentiality,
    "ReferenceIdList": documents.c.reference_ids,
}
_DATES: Final = {
    "CreationTime": documents.c.creation_time,
    "ServiceStartTime": documents.c.service_start,
    "ServiceStopTime": documents.c.service_stop,
}
_ESCAPE: Final = "\\"
# How an author is written in the JSON of an entry (registry_json): the XCN stands as a JSON string.
_AUTHORS: Final = '"authors":'


@dataclass(frozen=True)
class Conditions:
    """``narrowing`` use an index (patient, status); ``exact`` are the other parameters."""

    narrowing: tuple[Condition, ...]
    exact: tuple[Condition, ...]


def entry_conditions(query: StoredQuery, matricule: str) -> Conditions:
    """FindDocuments: AND between parameters and between repeated Slots, OR inside a list."""
    narrowing = (documents.c.matricule == matricule, documents.c.status.in_(query.get(f"{ENTRY}Status")))
    exact: list[Condition] = []
    for name, column in _CODES.items():
        asked = query.get(ENTRY + name)
        if asked:
            exact.append(_coded(column, asked))
    for name, column in _LISTS.items():
        exact += [_listed(column, group) for group in query.groups(ENTRY + name) if group]
    for name, column in _DATES.items():
        exact += _between(column, query.one(f"{ENTRY}{name}From"), query.one(f"{ENTRY}{name}To"))
    people = query.get(f"{ENTRY}AuthorPerson")
    if people:
        exact.append(or_(*(_like(documents.c.data, person) for person in people)))
    return Conditions(narrowing, tuple(exact))


def set_conditions(query: StoredQuery, matricule: str) -> tuple[Condition, ...]:
    """FindSubmissionSets."""
    sets = submission_sets.c
    found: list[Condition] = [sets.matricule == matricule, sets.status.in_(query.get(f"{SET}Status"))]
    if sources := query.get(f"{SET}SourceId"):
        found.append(sets.source_id.in_(sources))
    if kinds := query.get(f"{SET}ContentType"):
        found.append(_coded(sets.content_type, kinds))
    found += _between(sets.submission_time, query.one(f"{SET}SubmissionTimeFrom"), query.one(f"{SET}SubmissionTimeTo"))
    if person := query.one(f"{SET}AuthorPerson"):
        found.append(_like(sets.data, person))
    return tuple(found)


def _coded(column: Column[Any], asked: Iterable[str]) -> Condition:
    """``code^^scheme`` is exact; a code without scheme matches in any."""
    wanted: list[Condition] = []
    for value in asked:
        exact = "^^" in value
        wanted.append(column == value if exact else column.startswith(f"{value}^^", autoescape=True))
    return or_(*wanted)


def _listed(column: Column[Any], group: Iterable[str]) -> Condition:
    """A multi-valued column holds each value between line feeds."""
    wanted: list[Condition] = []
    for value in group:
        bare = column is not documents.c.reference_ids and "^^" not in value
        wanted.append(column.contains(f"\n{value}^^" if bare else f"\n{value}\n", autoescape=True))
    return or_(*wanted)


def _between(column: Column[Any], start: str | None, end: str | None) -> list[Condition]:
    """From is inclusive, To exclusive; what has no such instant is not found by it."""
    found: list[Condition] = []
    if start is not None:
        found += [column >= pad_dtm(start), column != ""]
    if end is not None:
        found += [column < pad_dtm(end), column != ""]
    return found


def _like(column: Column[Any], pattern: str) -> Condition:
    """SQL LIKE with ``%`` and ``_``, on the author persons as they stand in the JSON of the row."""
    inside = pattern.replace(_ESCAPE, _ESCAPE * 2).replace('"', _ESCAPE + '"')
    return column.like(f'%{_AUTHORS}%"{inside}"%', escape="\x01")
