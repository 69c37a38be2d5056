"""From the parameters of a query to conditions on the columns of the registry (facts dmp-messages §7.2, §7.3).

The database narrows, then :func:`keeps` and :func:`keeps_set` decide: LIKE ignores the case of letters on SQLite, and
authors are only told apart from other people in the entry itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, or_

from simulators.dmp.query import ENTRY, SET, StoredQuery
from simulators.dmp.registry_store import coded, documents, submission_sets
from simulators.documents.xds.model import Author, DocumentEntry, SubmissionSet
from simulators.documents.xds.values import Cx, pad_dtm

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


def keeps(query: StoredQuery, entry: DocumentEntry) -> bool:
    """Whether an entry that the database kept meets the codes, lists and authors asked for, to the letter."""
    held = {
        "TypeCode": [coded(entry.type_code)],
        "ClassCode": [coded(entry.class_code)],
        "FormatCode": [coded(entry.format_code)],
        "PracticeSettingCode": [coded(entry.practice_code)],
        "HealthcareFacilityTypeCode": [coded(entry.facility_code)],
        "EventCodeList": [coded(code) for code in entry.event_codes],
        "ConfidentialityCode": [coded(code) for code in entry.confidentiality_codes],
    }
    for name, codes in held.items():
        for group in query.groups(ENTRY + name):
            if group and not any(_is_code(code, value) for code in codes for value in group):
                return False
    for group in query.groups(f"{ENTRY}ReferenceIdList"):
        if group and not any(_is_reference(held_id, value) for held_id in entry.reference_ids for value in group):
            return False
    return _by_author(entry.authors, query.get(f"{ENTRY}AuthorPerson"))


def keeps_set(query: StoredQuery, item: SubmissionSet) -> bool:
    """The same for a submission set."""
    asked = query.get(f"{SET}ContentType")
    if asked and not any(_is_code(coded(item.content_type), value) for value in asked):
        return False
    return _by_author(item.authors, query.get(f"{SET}AuthorPerson"))


def _is_code(held: str, asked: str) -> bool:
    return held == asked if "^^" in asked else held.startswith(f"{asked}^^")


def _is_reference(held: str, asked: str) -> bool:
    """Same CXi; what the sender adds after the five components does not count."""
    return held == asked or (Cx(held).same_identity(Cx(asked)) and bool(Cx(asked).id_type))


def _by_author(authors: Iterable[Author], patterns: Iterable[str]) -> bool:
    """SQL LIKE on the XCN of an author: ``%`` any text, ``_`` one character, letters to the letter."""
    wanted = list(patterns)
    return not wanted or any(like(pattern, person) for pattern in wanted for person in _persons(authors))


def _persons(authors: Iterable[Author]) -> Iterator[str]:
    return (author.person for author in authors if author.person)


def like(pattern: str, text: str) -> bool:
    """SQL LIKE without escape character, in time proportional to both lengths: the pattern comes from outside."""
    at = seen = 0
    star, mark = -1, 0
    while seen < len(text):
        if at < len(pattern) and pattern[at] == "%":
            star, mark, at = at, seen, at + 1
        elif at < len(pattern) and pattern[at] in ("_", text[seen]):
            at, seen = at + 1, seen + 1
        elif star >= 0:
            # The last % takes one more character.
            mark += 1
            at, seen = star + 1, mark
        else:
            return False
    return not pattern[at:].strip("%")
