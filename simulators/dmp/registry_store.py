"""The document registry and repository of a world: entries, submission sets, associations, feedings.

An entry keeps its whole metadata as JSON; the columns beside it are what searches narrow by. One uniqueId may have
several entries over time (versions of its metadata), hence the entryUUID as key. Bytes are kept once, by SHA-256.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Column, ColumnElement, Index, Integer, Row, Text

from simulators.core.clock import from_us, to_us
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.dmp.registry_json import read, written
from simulators.documents.errors import BadValue
from simulators.documents.xds.model import Association, Code, DocumentEntry, SubmissionSet
from simulators.documents.xds.schemes import APPROVED, DEPRECATED
from simulators.documents.xds.values import Xon, pad_dtm

_CHUNK: Final = 500  # bound variables of one statement: SQLite's oldest limit is 999

documents: Final = world_table(
    "dmp_documents",
    Column("entry_uuid", Text),
    Column("seq", BigInteger, nullable=False),
    Column("unique_id", Text, nullable=False),
    Column("repository", Text, nullable=False),
    Column("logical_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("matricule", Text, nullable=False),
    Column("submission_set", Text, nullable=False),
    Column("signature", Integer, nullable=False),
    Column("type_code", Text, nullable=False),
    Column("class_code", Text, nullable=False),
    Column("format_code", Text, nullable=False),
    Column("practice", Text, nullable=False),
    Column("facility", Text, nullable=False),
    Column("creation_time", Text, nullable=False),
    Column("service_start", Text, nullable=False),
    Column("service_stop", Text, nullable=False),
    Column("confidentiality", Text, nullable=False),
    Column("event_codes", Text, nullable=False),
    Column("reference_ids", Text, nullable=False),
    Column("institutions", Text, nullable=False),
    Column("registered_us", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("data", Text, nullable=False),
    key=("entry_uuid",),
)
Index("dmp_documents_patient", documents.c.world, documents.c.matricule, documents.c.status, documents.c.seq)
Index("dmp_documents_unique", documents.c.world, documents.c.unique_id)
Index("dmp_documents_logical", documents.c.world, documents.c.logical_id)
Index("dmp_documents_set", documents.c.world, documents.c.submission_set)

submission_sets: Final = world_table(
    "dmp_submission_sets",
    Column("entry_uuid", Text),
    Column("seq", BigInteger, nullable=False),
    Column("unique_id", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("matricule", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("submission_time", Text, nullable=False),
    Column("data", Text, nullable=False),
    key=("entry_uuid",),
)
Index("dmp_submission_sets_patient", submission_sets.c.world, submission_sets.c.matricule, submission_sets.c.seq)
Index("dmp_submission_sets_unique", submission_sets.c.world, submission_sets.c.unique_id)

associations: Final = world_table(
    "dmp_associations",
    Column("entry_uuid", Text),
    Column("seq", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("source_object", Text, nullable=False),
    Column("target_object", Text, nullable=False),
    Column("data", Text, nullable=False),
    key=("entry_uuid",),
)
Index("dmp_associations_source", associations.c.world, associations.c.source_object)
Index("dmp_associations_target", associations.c.world, associations.c.target_object)

_feedings = world_table(
    "dmp_feedings",
    Column("structure", Text),
    Column("matricule", Text),
    Column("at_us", BigInteger, nullable=False),
    key=("structure", "matricule"),
)


@dataclass(frozen=True)
class Stored:
    """One registered entry. ``registered`` is business time; ``sha256`` names its bytes."""

    entry: DocumentEntry
    matricule: str
    submission_set: str
    registered: datetime
    sha256: str

    @property
    def entry_uuid(self) -> str:
        return self.entry.entry_id

    @property
    def unique_id(self) -> str:
        return self.entry.unique_id or ""

    @property
    def status(self) -> str:
        return self.entry.status or APPROVED


# --- writing


def ranks(tx: Tx, count: int) -> int:
    """Takes ``count`` consecutive ranks of registration and returns the first."""
    return tx.counter("dmp-registry", count) - count + 1


def add_document(
    tx: Tx,
    entry: DocumentEntry,
    *,
    matricule: str,
    submission_set: str,
    sha256: str,
    registered: datetime,
    seq: int | None = None,
) -> None:
    """Registers an entry whose identifiers, status, version, hash and repository are already the registry's.

    ``seq`` is a rank taken from :func:`ranks`, the next one by default.
    """
    tx.insert(
        documents,
        entry_uuid=entry.entry_id,
        seq=ranks(tx, 1) if seq is None else seq,
        unique_id=entry.unique_id or "",
        repository=entry.repository_unique_id or "",
        logical_id=entry.logical_id or entry.entry_id,
        version=int(entry.version or "1"),
        status=entry.status or APPROVED,
        matricule=matricule,
        submission_set=submission_set,
        signature=int(entry.is_signature),
        registered_us=to_us(registered),
        sha256=sha256,
        data=written(entry),
        **_searched(entry),
    )


def _searched(entry: DocumentEntry) -> dict[str, str]:
    """The columns searches narrow by: codes as ``code^^scheme``, instants padded to 14 digits, lists by line."""
    return {
        "type_code": coded(entry.type_code),
        "class_code": coded(entry.class_code),
        "format_code": coded(entry.format_code),
        "practice": coded(entry.practice_code),
        "facility": coded(entry.facility_code),
        "creation_time": _instant(entry.creation_time),
        "service_start": _instant(entry.service_start),
        "service_stop": _instant(entry.service_stop),
        "confidentiality": lines(map(coded, entry.confidentiality_codes)),
        "event_codes": lines(map(coded, entry.event_codes)),
        "reference_ids": lines(entry.reference_ids),
        "institutions": lines(Xon(text).identifier for author in entry.authors for text in author.institutions),
    }


def coded(code: Code | None) -> str:
    """``code^^scheme``, the form of stored queries; empty without a code."""
    return "" if code is None else f"{code.code}^^{code.system}"


def lines(values: Iterable[str]) -> str:
    """Values as a text in which each is found between line feeds."""
    found = [value.replace("\n", " ") for value in values if value]
    return f"\n{chr(10).join(found)}\n" if found else ""


def _instant(text: str | None) -> str:
    """Padded; empty when absent or when a world lets in what is no DTM."""
    try:
        return pad_dtm(text) if text else ""
    except BadValue:
        return ""


def add_submission_set(tx: Tx, item: SubmissionSet, *, matricule: str, seq: int | None = None) -> None:
    """Registers a submission set whose identifier is already the registry's; ``seq`` as in :func:`add_document`."""
    tx.insert(
        submission_sets,
        entry_uuid=item.entry_id,
        seq=ranks(tx, 1) if seq is None else seq,
        unique_id=item.unique_id or "",
        source_id=item.source_id or "",
        status=item.status or APPROVED,
        matricule=matricule,
        content_type=coded(item.content_type),
        submission_time=_instant(item.submission_time),
        data=written(item),
    )


def add_associations(tx: Tx, items: Sequence[Association]) -> None:
    """Registers associations whose three identifiers are already the registry's."""
    first = ranks(tx, len(items)) if items else 0
    rows = [
        {
            "entry_uuid": item.entry_id,
            "seq": first + index,
            "type": item.type or "",
            "source_object": item.source_object or "",
            "target_object": item.target_object or "",
            "data": written(item),
        }
        for index, item in enumerate(items)
    ]
    tx.insert_many(associations, rows)


def set_status(tx: Tx, stored: Stored, status: str) -> None:
    """Gives an entry another availabilityStatus."""
    changed = replace(stored.entry, status=status)
    tx.update(documents, {"status": status, "data": written(changed)}, entry_uuid=stored.entry_uuid)


def note_feeding(tx: Tx, structure: str, matricule: str, at: datetime) -> None:
    """Remembers the last feeding of a DMP by a structure, at wire time."""
    tx.put(_feedings, structure=structure, matricule=matricule, at_us=to_us(at))


# --- reading


def last_feeding(tx: Tx, structure: str, matricule: str) -> datetime | None:
    """When that structure last fed that DMP, wire time."""
    row = tx.get(_feedings, structure=structure, matricule=matricule)
    return from_us(row.at_us) if row is not None else None


def document(tx: Tx, entry_uuid: str) -> Stored | None:
    """The entry with that entryUUID, whatever its status."""
    row = tx.get(documents, entry_uuid=entry_uuid)
    return _stored(row) if row is not None else None


def current(tx: Tx, unique_id: str) -> Stored | None:
    """The newest entry of a document, by its uniqueId."""
    found = documents_where(tx, documents.c.unique_id == unique_id)
    return found[-1] if found else None


def documents_where(tx: Tx, *conditions: ColumnElement[bool]) -> list[Stored]:
    """Entries that meet every condition on the columns of :data:`documents`, oldest registration first."""
    rows = tx.rows(tx.select(documents).where(*conditions).order_by(documents.c.seq))
    return [_stored(row) for row in rows]


def documents_among(tx: Tx, column: ColumnElement[Any], values: Sequence[str]) -> list[Stored]:
    """Entries whose ``column`` holds one of ``values``, however many there are."""
    found: dict[str, Stored] = {}
    for chunk in _chunks(values):
        found |= {stored.entry_uuid: stored for stored in documents_where(tx, column.in_(chunk))}
    return list(found.values())


def versions_in_force(tx: Tx, items: Sequence[Stored]) -> list[Stored]:
    """For each entry the newest version of its metadata: itself, unless it was updated since."""
    older = [one.entry.logical_id or one.entry_uuid for one in items if one.status == DEPRECATED]
    newest = {one.entry.logical_id: one for one in documents_among(tx, documents.c.logical_id, older)}
    return [newest.get(one.entry.logical_id, one) for one in items]


def submission_sets_where(tx: Tx, *conditions: ColumnElement[bool]) -> list[SubmissionSet]:
    """Submission sets that meet every condition on :data:`submission_sets`, oldest first."""
    rows = tx.rows(tx.select(submission_sets).where(*conditions).order_by(submission_sets.c.seq))
    return [read(SubmissionSet, row.data) for row in rows]


def submission_sets_among(tx: Tx, column: ColumnElement[Any], values: Sequence[str]) -> list[SubmissionSet]:
    """Submission sets whose ``column`` holds one of ``values``."""
    chunks = _chunks(values)
    return list({item.entry_id: item for c in chunks for item in submission_sets_where(tx, column.in_(c))}.values())


def associations_touching(tx: Tx, identifiers: Sequence[str]) -> list[Association]:
    """Associations with one of ``identifiers`` at either end, oldest first."""
    found: dict[str, tuple[int, Association]] = {}
    for chunk in _chunks(identifiers):
        for column in (associations.c.source_object, associations.c.target_object):
            for row in tx.rows(tx.select(associations).where(column.in_(chunk))):
                found[row.entry_uuid] = (row.seq, read(Association, row.data))
    return [association for _, association in sorted(found.values(), key=lambda one: one[0])]


def _chunks(values: Sequence[str]) -> list[Sequence[str]]:
    wanted = list(dict.fromkeys(values))
    return [wanted[start : start + _CHUNK] for start in range(0, len(wanted), _CHUNK)]


def _stored(row: Row[Any]) -> Stored:
    entry = read(DocumentEntry, row.data)
    return Stored(entry, row.matricule, row.submission_set, from_us(row.registered_us), row.sha256)
