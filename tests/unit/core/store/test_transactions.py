"""One transaction: what it commits, what it refuses, what it leaves behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from simulators.core.errors import LateWriter, WireInsideTransaction, WorldGone
from simulators.core.store import Store, Tx, schema
from simulators.core.store.guard import inside_transaction, refuse_wire
from simulators.core.world import Worlds


@pytest.fixture
def worlds(store: Store) -> Worlds:
    made = Worlds(store)
    made.create("a")
    made.create("b")
    return made


def value(store: Store, world: str, name: str) -> str | None:
    with store.read(world) as tx:
        row = tx.get(schema.settings, name=name)
        return row.value if row is not None else None


def test_a_block_that_ends_is_committed_and_seen_by_others(store: Store, worlds: Worlds) -> None:
    with store.write("a") as tx:
        tx.insert(schema.settings, name="x", value="1")
    seen: list[str | None] = []
    other = threading.Thread(target=lambda: seen.append(value(store, "a", "x")))
    other.start()
    other.join()
    assert seen == ["1"]
    assert value(store, "b", "x") is None


def test_a_block_that_raises_leaves_nothing(store: Store, worlds: Worlds) -> None:
    with pytest.raises(RuntimeError), store.write("a") as tx:
        tx.insert(schema.settings, name="x", value="1")
        tx.counter("n")
        tx.blob(b"bytes")
        raise RuntimeError
    assert value(store, "a", "x") is None
    with store.write("a") as tx:
        assert tx.counter("n") == 1
        assert tx.find(schema.blobs) == []


def test_rows_under_way_are_not_seen_by_others(store: Store, worlds: Worlds) -> None:
    seen: list[str | None] = []
    with store.write("a") as tx:
        tx.insert(schema.settings, name="x", value="1")
        other = threading.Thread(target=lambda: seen.append(value(store, "a", "x")))
        other.start()
        other.join()
    assert seen == [None]


def test_a_view_stays_the_same_while_others_write(store: Store, worlds: Worlds) -> None:
    def write() -> None:
        with store.write("a") as tx:
            tx.put(schema.settings, name="x", value="2")

    with store.write("a") as tx:
        tx.put(schema.settings, name="x", value="1")
    with store.read("a") as tx:
        before = tx.find(schema.settings)
        other = threading.Thread(target=write)
        other.start()
        other.join()
        assert tx.find(schema.settings) == before
    assert value(store, "a", "x") == "2"


def test_a_view_cannot_write(store: Store, worlds: Worlds) -> None:
    for _ in range(3):  # also on a connection that wrote before
        with pytest.raises(DBAPIError), store.read("a") as tx:
            tx.put(schema.settings, name="x", value="1")
        with store.write("a") as tx:
            tx.put(schema.settings, name="y", value="1")
    with pytest.raises(DBAPIError), store.peek() as connection:
        connection.execute(schema.settings.delete())
    assert value(store, "a", "x") is None


def test_unknown_worlds_are_refused(store: Store, worlds: Worlds) -> None:
    with pytest.raises(WorldGone), store.read("nowhere"):
        pass
    with pytest.raises(WorldGone), store.write("nowhere"):
        pass
    with pytest.raises(WorldGone), store.read("a@seed"):  # nobody speaks to a snapshot
        pass


def test_a_late_writer_fails_and_writes_nothing(store: Store, worlds: Worlds) -> None:
    given = worlds.get("a")
    worlds.reset("a")
    with pytest.raises(LateWriter), store.write("a", given.epoch) as tx:
        tx.put(schema.settings, name="late", value="1")
    assert value(store, "a", "late") is None
    with store.write("a", worlds.get("a").epoch) as tx:
        tx.put(schema.settings, name="in time", value="1")
    assert value(store, "a", "in time") == "1"


def test_no_wait_and_no_wire_inside_a_transaction(store: Store, worlds: Worlds) -> None:
    refuse_wire("SMTP")
    for open_one in (store.read, store.write):
        with open_one("a"):
            with pytest.raises(WireInsideTransaction):
                store.wait("journal:a", 0, 0)
            with pytest.raises(WireInsideTransaction, match="SMTP"):
                refuse_wire("SMTP")
            with pytest.raises(WireInsideTransaction), store.exclusive("lock"):
                pass
            with pytest.raises(WireInsideTransaction), store.read("b"):
                pass
            with pytest.raises(WireInsideTransaction):
                store.close()
        assert not inside_transaction()
    assert store.wait("journal:a", store.bell.count("journal:a"), 0) == store.bell.count("journal:a")


def test_the_guard_is_free_again_after_an_error(store: Store, worlds: Worlds) -> None:
    with pytest.raises(WorldGone), store.write("nowhere"):
        pass
    with pytest.raises(ZeroDivisionError), store.write("a"):
        1 / 0
    refuse_wire("now")


def test_a_generator_left_open_does_not_free_another_thread(store: Store, worlds: Worlds) -> None:
    """The garbage collector may close a forgotten generator in a thread that holds a transaction."""

    def forgetful() -> Iterator[int]:
        with store.read("a"):
            yield 1

    left_open = forgetful()
    opener = threading.Thread(target=next, args=(left_open,))
    opener.start()
    opener.join()
    with store.read("a"):
        left_open.close()
        assert inside_transaction()
    assert not inside_transaction()


def test_a_generator_closed_elsewhere_frees_the_thread_that_opened_it(store: Store, worlds: Worlds) -> None:
    def forgetful() -> Iterator[int]:
        with store.read("a"):
            yield 1

    left_open = forgetful()
    next(left_open)
    assert inside_transaction()
    closer = threading.Thread(target=left_open.close)
    closer.start()
    closer.join()
    assert not inside_transaction()


def test_a_row_of_another_world_is_not_let_in(store: Store, worlds: Worlds) -> None:
    with store.write("a") as tx:
        for attempt in (
            lambda: tx.insert(schema.settings, world="b", name="x", value=""),
            lambda: tx.insert_many(schema.settings, [{"world": "b", "name": "x", "value": ""}]),
            lambda: tx.put(schema.settings, world="b", name="x", value=""),
            lambda: tx.add(schema.settings, world="b", name="x", value=""),
        ):
            with pytest.raises(ValueError, match="world a"):
                attempt()
        tx.insert(schema.settings, name="x", value="")
        with pytest.raises(ValueError, match="world a"):
            tx.update(schema.settings, {"world": "b"}, name="x")
    with store.read("b") as tx:
        assert tx.find(schema.settings) == []


def test_rows_of_another_world_are_not_reached(store: Store, worlds: Worlds) -> None:
    with store.write("b") as tx:
        tx.insert(schema.settings, name="x", value="b")
        digest = tx.blob(b"of b")
    with store.write("a") as tx:
        assert tx.update(schema.settings, {"value": "a"}, name="x") == 0
        assert tx.delete(schema.settings, name="x") == 0
        assert tx.delete(schema.settings) == 0
        assert tx.get(schema.settings, name="x", world="b") is None
        with pytest.raises(KeyError):
            tx.blob_bytes(digest)
    assert value(store, "b", "x") == "b"


def test_the_writing_verbs(store: Store, worlds: Worlds) -> None:
    with store.write("a") as tx:
        tx.put(schema.settings, name="x", value="1")
        tx.put(schema.settings, name="x", value="2")
        assert not tx.add(schema.settings, name="x", value="3")
        assert tx.add(schema.settings, name="y", value="3")
        tx.insert_many(schema.settings, [])
        tx.insert_many(schema.settings, [{"name": n, "value": "4"} for n in ("é", "z", "A")])
        assert [row.name for row in tx.find(schema.settings)] == ["A", "x", "y", "z", "é"]  # by bytes
        assert [row.name for row in tx.find(schema.settings, value="4")] == ["A", "z", "é"]
        assert tx.update(schema.settings, {"value": "5"}, value="4") == 3
        assert tx.update(schema.settings, {}, value="5") == 3
        assert tx.delete(schema.settings, value="5") == 3
        assert tx.blob(b"one") == tx.blob(b"one")
        assert tx.blob_bytes(tx.blob(b"\x00\xff")) == b"\x00\xff"
        tx.put(schema.exchange_keys, key="k", number=1)  # a table that is all key
        tx.put(schema.exchange_keys, key="k", number=1)
    with pytest.raises(IntegrityError), store.write("a") as tx:
        tx.insert(schema.settings, name="x", value="6")
    assert value(store, "a", "x") == "2"


def test_what_follows_a_commit(store: Store, worlds: Worlds) -> None:
    done: list[bool] = []
    with store.write("a") as tx:
        tx.after_commit(lambda: done.append(inside_transaction()))
        assert done == []
    assert done == [False]
    with pytest.raises(RuntimeError), store.write("a") as tx:
        tx.after_commit(lambda: done.append(True))
        raise RuntimeError
    assert done == [False]


def test_a_seeder_s_afterthoughts_are_called_too(store: Store) -> None:
    done: list[str] = []

    def seed(tx: Tx, world: object) -> None:
        tx.after_commit(lambda: done.append(tx.world))

    Worlds(store, seeders=[seed]).create("c")
    assert done == ["c"]


def test_waiters_are_told_after_the_commit_only(store: Store, worlds: Worlds) -> None:
    before = store.bell.count("news")
    with pytest.raises(RuntimeError), store.write("a") as tx:
        tx.announce("news")
        raise RuntimeError
    assert store.bell.count("news") == before
    seen: list[str | None] = []

    def wait() -> None:
        store.wait("news", before, 30)
        seen.append(value(store, "a", "x"))

    waiter = threading.Thread(target=wait)
    waiter.start()
    with store.write("a") as tx:
        tx.insert(schema.settings, name="x", value="1")
        tx.announce("news")
    waiter.join()
    assert seen == ["1"]


def test_a_used_up_transaction_cannot_be_used(store: Store, worlds: Worlds) -> None:
    with store.write("a") as tx:
        pass
    with pytest.raises(Exception, match=r"(?i)closed"):
        tx.find(schema.settings)
