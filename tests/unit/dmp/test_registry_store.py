"""The registry's tables: what is written is what is read, and searches of one DMP never walk the whole registry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from simulators.core.store import Store, schema
from simulators.core.store.sqlite import SqliteStore
from simulators.core.world import Worlds
from simulators.dmp import registry_store as registry
from simulators.dmp.registry_json import read, written
from simulators.dmp.registry_store import documents
from simulators.documents.xds import schemes
from simulators.documents.xds.model import Association, Author, Code, DocumentEntry, SubmissionSet

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
maybe = st.none() | texts
many = st.lists(texts, max_size=3).map(tuple)
codes = st.builds(Code, texts, texts, texts)
slots = st.dictionaries(texts, many, max_size=2)
authors = st.builds(Author, maybe, many, many, many)
entries = st.builds(
    DocumentEntry,
    texts,
    unique_id=maybe,
    mime_type=maybe,
    object_type=maybe,
    title=maybe,
    authors=st.lists(authors, max_size=2).map(tuple),
    type_code=st.none() | codes,
    confidentiality_codes=st.lists(codes, max_size=2).map(tuple),
    event_codes=st.lists(codes, max_size=2).map(tuple),
    creation_time=maybe,
    source_patient_info=many,
    reference_ids=many,
    version=maybe,
    status=maybe,
    extra_slots=slots,
)
sets = st.builds(
    SubmissionSet,
    texts,
    unique_id=maybe,
    authors=st.lists(authors, max_size=2).map(tuple),
    content_type=st.none() | codes,
    classified=st.booleans(),
    extra_slots=slots,
)
associations = st.builds(Association, texts, type=maybe, source_object=maybe, target_object=maybe, slots=slots)


@given(entries)
def test_an_entry_is_read_as_it_was_written(item: DocumentEntry) -> None:
    assert read(DocumentEntry, written(item)) == item


@given(sets)
def test_a_submission_set_is_read_as_it_was_written(item: SubmissionSet) -> None:
    assert read(SubmissionSet, written(item)) == item


@given(associations)
def test_an_association_is_read_as_it_was_written(item: Association) -> None:
    assert read(Association, written(item)) == item


def entry(number: int, **values: object) -> DocumentEntry:
    plain = DocumentEntry(
        f"urn:uuid:{number}",
        unique_id=f"1.2.{number}",
        type_code=Code("11490-0", "2.16.840.1.113883.6.1"),
        creation_time="2026",
        service_start="202601050830",
        confidentiality_codes=(Code("N", "2.16"), Code("MASQUE_PS", "1.2")),
        authors=(Author(None, ("CENTRE^^^^^&1.2&ISO^IDNST^^^10B0999009",)),),
    )
    return replace(plain, **values)  # type: ignore[arg-type]


@pytest.fixture
def worlds(either_store: Store) -> Worlds:
    made = Worlds(either_store, lambda: NOW)
    made.create("a")
    made.create("b")
    return made


def add(store: Store, world: str, item: DocumentEntry, matricule: str = "1", **values: str) -> None:
    told = {"matricule": matricule, "submission_set": "urn:uuid:set", "sha256": "", **values}
    with store.write(world) as tx:
        registry.add_document(tx, item, registered=NOW, **told)  # type: ignore[arg-type]


def test_documents_of_a_world_and_of_a_patient(worlds: Worlds) -> None:
    store = worlds.store
    add(store, "a", entry(1))
    add(store, "a", entry(2), "2")
    add(store, "b", entry(1, title="Autre monde"))
    with store.read("a") as tx:
        (found,) = registry.documents_where(tx, documents.c.matricule == "1")
        assert (found.entry, found.registered, found.status) == (entry(1), NOW, schemes.APPROVED)
        assert [one.unique_id for one in registry.documents_where(tx)] == ["1.2.1", "1.2.2"]
        row = tx.get(documents, entry_uuid="urn:uuid:1")
    assert row is not None
    assert (row.creation_time, row.service_start, row.service_stop) == ("20260101000000", "20260105083000", "")
    assert (row.type_code, row.confidentiality) == ("11490-0^^2.16.840.1.113883.6.1", "\nN^^2.16\nMASQUE_PS^^1.2\n")
    assert row.institutions == "\n10B0999009\n"


def test_versions_status_and_the_newest(worlds: Worlds) -> None:
    store = worlds.store
    add(store, "a", entry(1, logical_id="urn:uuid:1"))
    add(store, "a", entry(2, unique_id="1.2.1", logical_id="urn:uuid:1", version="2"))
    with store.write("a") as tx:
        first = registry.document(tx, "urn:uuid:1")
        assert first is not None
        registry.set_status(tx, first, schemes.DEPRECATED)
    with store.read("a") as tx:
        newest, old = registry.current(tx, "1.2.1"), registry.document(tx, "urn:uuid:1")
        assert newest is not None
        assert old is not None
        assert (newest.entry_uuid, old.status, old.entry.status) == (
            "urn:uuid:2",
            schemes.DEPRECATED,
            schemes.DEPRECATED,
        )
        assert registry.current(tx, "1.2.9") is None
        assert registry.document(tx, "urn:uuid:9") is None


def test_many_identifiers_at_once(worlds: Worlds) -> None:
    """More identifiers than one statement takes bound variables."""
    store = worlds.store
    for number in range(3):
        add(store, "a", entry(number))
    asked = [f"1.2.{number}" for number in range(1200)]
    with store.read("a") as tx:
        found = registry.documents_among(tx, documents.c.unique_id, asked)
        assert sorted(one.unique_id for one in found) == ["1.2.0", "1.2.1", "1.2.2"]
        assert registry.documents_among(tx, documents.c.unique_id, []) == []


def test_associations_by_either_end(worlds: Worlds) -> None:
    ties = [
        Association(f"urn:uuid:t{number}", type="x", source_object="urn:uuid:s", target_object=f"urn:uuid:{number}")
        for number in range(3)
    ]
    with worlds.store.write("a") as tx:
        registry.add_associations(tx, ties)
        registry.add_associations(tx, [])
    with worlds.store.read("a") as tx:
        assert registry.associations_touching(tx, ["urn:uuid:s"]) == ties
        assert registry.associations_touching(tx, ["urn:uuid:1", "urn:uuid:2"]) == ties[1:]
    with worlds.store.read("b") as tx:
        assert registry.associations_touching(tx, ["urn:uuid:s"]) == []


def test_the_last_feeding(worlds: Worlds) -> None:
    with worlds.store.write("a") as tx:
        assert registry.last_feeding(tx, "10B0999009", "1") is None
        registry.note_feeding(tx, "10B0999009", "1", NOW)
        assert registry.last_feeding(tx, "10B0999009", "1") == NOW
        assert registry.last_feeding(tx, "10B0999009", "2") is None


def test_every_table_begins_with_its_world() -> None:
    for table in (documents, registry.submission_sets, registry.associations):
        assert next(iter(table.primary_key.columns)).name == "world"
        assert all(next(iter(index.columns)).name == "world" for index in table.indexes)
        assert table in schema.metadata.sorted_tables


@pytest.fixture
def sqlite() -> Iterator[SqliteStore]:
    from simulators.core.store.open import open_store

    store = open_store(None)
    assert isinstance(store, SqliteStore)
    Worlds(store, lambda: NOW).create("a")
    yield store
    store.close()


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ("matricule = 'x' AND status IN ('y')", "dmp_documents_patient"),
        ("unique_id IN ('x','y')", "dmp_documents_unique"),
        ("submission_set IN ('x')", "dmp_documents_set"),
        ("logical_id IN ('x')", "dmp_documents_logical"),
    ],
)
def test_searches_use_an_index(sqlite: SqliteStore, condition: str, index: str) -> None:
    with sqlite.read("a") as tx:
        query = f"EXPLAIN QUERY PLAN SELECT * FROM dmp_documents WHERE world = 'a' AND {condition}"
        plan = " ".join(str(row) for row in tx.connection.execute(text(query)))
    assert f"USING INDEX {index}" in plan
