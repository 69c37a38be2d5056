"""The journal: everything that came and went, in order, raw, findable by journey."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from simulators.core import journal
from simulators.core.errors import WorldGone
from simulators.core.journal import INLINE, Entry
from simulators.core.rules import Verdict
from simulators.core.store import Store, schema
from simulators.core.world import Worlds, load

WALL = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(either_store: Store) -> Store:
    return either_store


@pytest.fixture
def world(store: Store) -> str:
    worlds = Worlds(store, lambda: WALL)
    worlds.create("b")
    worlds.create("a")
    worlds.move("a", WALL + timedelta(days=1))
    return "a"


def record(store: Store, world: str, **parts: object) -> int:
    entry = Entry(**{"protocol": "http", "operation": "test.x", **parts})  # type: ignore[arg-type]
    with store.write(world) as tx:
        return journal.record(tx, load(tx), WALL, entry)


def test_a_row_tells_who_what_when(store: Store, world: str) -> None:
    number = record(
        store,
        world,
        operation="dmp.TD2.1",
        who={"structure": "1000000001", "product": "Éditeur"},
        outcome="refused",
        status="500",
        verdict=Verdict(forced=True),
        marks={"forced": True, "list": [1]},
        keys=("patient:2", "patient:1", "patient:1"),
        request_head="POST / HTTP/1.1",
        request=b"\x00\xffrequest",
        answer=b"answer",
    )
    found = journal.get(store, world, number)
    assert found is not None
    assert (found.world, found.number, found.epoch) == ("a", 1, 1)
    assert (found.wire, found.business) == (WALL, WALL + timedelta(days=1))
    assert found.keys == ("patient:1", "patient:2")
    assert found.request_sha == hashlib.sha256(b"\x00\xffrequest").hexdigest() and found.request_size == 9
    assert journal.bodies(store, world, number) == (b"\x00\xffrequest", b"answer")
    data = json.loads(json.dumps(found.as_json()))
    assert data["who"] == {"structure": "1000000001", "product": "Éditeur"}
    assert data["verdict"]["forced"] is True and data["marks"] == {"forced": True, "list": [1]}
    assert data["wire_time"] == "2026-03-01T12:00:00+00:00" and data["business_time"] == "2026-03-02T12:00:00+00:00"
    assert data["request"] == {"head": "POST / HTTP/1.1", "size": 9, "sha256": found.request_sha}
    assert journal.get(store, world, 2) is None and journal.get(store, "b", 1) is None
    with pytest.raises(KeyError):
        journal.bodies(store, "b", 1)


def test_rows_are_read_on_by_cursor(store: Store, world: str) -> None:
    assert (
        journal.cursor(store, world) == 0 and journal.read(store, world) == [] and journal.last(store, world, 3) == []
    )
    for turn in range(7):
        record(store, world, operation=f"test.{turn}")
        record(store, "b")
    assert [e.number for e in journal.read(store, world, limit=3)] == [1, 2, 3]
    assert [e.number for e in journal.read(store, world, since=3, limit=3)] == [4, 5, 6]
    assert [e.operation for e in journal.last(store, world, 2)] == ["test.5", "test.6"]
    assert journal.cursor(store, world) == 7
    assert journal.read(store, world, since=7) == []
    with pytest.raises(WorldGone):
        journal.read(store, "nowhere")


def test_a_number_may_be_taken_before_the_row_is_written(store: Store, world: str) -> None:
    with store.write(world) as tx:
        number = journal.next_number(tx)
        assert journal.record(tx, load(tx), WALL, Entry("http", "x"), number) == number == 1
    assert record(store, world) == 2


def test_one_journey_across_protocols(store: Store, world: str) -> None:
    for protocol, keys in (("http", ("patient:1",)), ("smtp", ("patient:2",)), ("mllp", ("patient:1", "message:9"))):
        record(store, world, protocol=protocol, keys=keys)
        record(store, "b", protocol=protocol, keys=keys)
    assert [e.protocol for e in journal.read(store, world, key="patient:1")] == ["http", "mllp"]
    assert [e.protocol for e in journal.read(store, world, key="patient:1", since=1)] == ["mllp"]
    assert [e.protocol for e in journal.read(store, world, key="patient:1", limit=1)] == ["http"]
    assert journal.read(store, world, key="patient:") == []


@pytest.mark.parametrize("size", [INLINE, INLINE + 1])
def test_large_bodies_are_kept_once_under_their_digest(store: Store, world: str, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    for _ in range(2):
        number = record(store, world, request=body, answer=body[::-1])
        assert journal.bodies(store, world, number) == (body, body[::-1])
    with store.read(world) as tx:
        kept = tx.find(schema.journal_blobs)
        inline = [row.request for row in tx.find(schema.exchanges)]
    assert len(kept) == (0 if size <= INLINE else 2)
    assert [row is None for row in inline] == [size > INLINE] * 2
    assert [hashlib.sha256(row.data).hexdigest() for row in kept] == [row.sha256 for row in kept]
    Worlds(store).reset(world)
    assert journal.bodies(store, world, 1) == (body, body[::-1])


def test_whatever_came_can_be_written_down(store: Store, world: str) -> None:
    """Hostile text must not make an exchange unrecordable, on either database."""
    nasty = "\x00 \udcff \ud800 '; -- \U0010ffff \x1b[2J"
    long_key = "message:" + "é" * 5000
    number = record(
        store,
        world,
        operation=nasty,
        who={nasty: nasty},
        status=nasty,
        marks={"deep": [{nasty: nasty}]},
        keys=(nasty, long_key, ""),
        request_head=nasty * 100,
        request=b"\x00",
    )
    found = journal.get(store, world, number)
    assert found is not None
    assert found.who == {nasty: nasty} and found.marks == {"deep": [{nasty: nasty}]}  # JSON spells it out
    assert "\\x00" in found.operation and "\\udcff" in found.request_head
    for key in (nasty, long_key):
        assert [e.number for e in journal.read(store, world, key=key)] == [number]
    assert journal.read(store, world, key=long_key + "x") == []
    json.dumps(found.as_json()).encode()


def test_long_journals(memory_store: Store) -> None:
    """More rows than a statement takes parameters (made few here; 32,766 on PostgreSQL and many SQLites)."""
    Worlds(memory_store).create("a")
    count = journal.CHUNK + 200
    row = {
        "epoch": 1, "wire_us": 0, "business_us": 0, "protocol": "http", "operation": "x", "direction": "in",
        "who": "{}", "outcome": "accepted", "status": "", "verdict": "{}", "marks": "{}", "request_head": "",
        "request_sha": "",
        "request_size": 0, "answer_sha": "", "answer_size": 0,
    }  # fmt: skip
    with memory_store.write("a") as tx:
        tx.insert_many(schema.exchanges, [{**row, "number": n} for n in range(1, count + 1)])
        tx.insert_many(schema.exchange_keys, [{"key": "patient:1", "number": n} for n in range(1, count + 1)])
    with memory_store.peek() as connection:  # the pool's only one: nothing runs beside
        connection.connection.dbapi_connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, journal.CHUNK + 10)
    assert [e.number for e in journal.read(memory_store, "a", key="patient:1", since=count - 2)] == [count - 1, count]
    everything = journal.read(memory_store, "a", limit=count)
    assert len(everything) == count and everything[-1].keys == ("patient:1",)


def test_the_last_good_exchange_of_the_same_kind(store: Store, world: str) -> None:
    who = {"structure": "1"}
    record(store, world, operation="a", who={**who, "more": "x"}, request=b"good")
    record(store, world, operation="a", who=who, outcome="refused", request=b"bad")
    record(store, world, operation="a", who={"structure": "2"}, request=b"theirs")
    record(store, world, operation="b", who=who, protocol="mllp", request=b"other")
    record(store, "b", operation="a", who=who, request=b"elsewhere")
    with store.read(world) as tx:

        def found(operation: str | None, **more: object) -> bytes | None:
            row = journal.last_accepted(tx, operation, who, **more)  # type: ignore[arg-type]
            return journal.row_request(tx, row) if row is not None else None

        assert found("a") == b"good"
        assert found(None) == b"other"
        assert found(None, protocol="http") == b"good"
        assert found("a", before=1) is None
        assert found("c") is None


def test_a_refused_write_leaves_no_row_and_no_gap(store: Store, world: str) -> None:
    with pytest.raises(RuntimeError), store.write(world) as tx:
        journal.record(tx, load(tx), WALL, Entry("http", "x", keys=("k",), request=b"x" * (INLINE + 1)))
        raise RuntimeError
    assert record(store, world) == 1
    with store.read(world) as tx:
        assert tx.find(schema.journal_blobs) == [] and tx.find(schema.exchange_keys) == []
