"""Opening and closing: one process per folder, one schema, clear errors, nothing left behind."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from simulators.core.errors import EnvironmentProblem, SchemaMismatch, StoreClosed, StoreLocked
from simulators.core.store import Store, open_store, schema, sqlite
from simulators.core.store.open import PSEUDO_WORLD
from simulators.core.world import Worlds
from tests.support.postgres import TestDatabase
from tests.support.processes import Child

STORE_PROCESS = "tests.support.store_process"


def test_a_store_is_born_with_the_pseudo_world_only(store: Store) -> None:
    worlds = Worlds(store)
    assert worlds.names() == []
    assert worlds.names(hidden=True) == [PSEUDO_WORLD]


def test_what_was_written_is_there_after_reopening(place: str) -> None:
    first = open_store(place)
    Worlds(first).create("a")
    with first.write("a") as tx:
        tx.put(schema.settings, name="x", value="1")
    first.close()
    first.close()  # twice is no error
    second = open_store(place)
    with second.read("a") as tx:
        assert [row.value for row in tx.find(schema.settings)] == ["1"]
    second.close()


def test_a_second_process_on_a_folder_is_refused_naming_the_owner(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with Child(STORE_PROCESS, "live", str(tmp_path), "w") as child:
        answer = child.line()
    assert answer.startswith("refused:")
    assert f"process {os.getpid()};" in answer
    assert str(tmp_path) in answer
    with pytest.raises(StoreLocked, match=str(os.getpid())):
        open_store(tmp_path)
    store.close()
    with Child(STORE_PROCESS, "live", str(tmp_path), "w") as child:
        child.line()
        with pytest.raises(StoreLocked, match=f"process {child.pid};"):
            open_store(tmp_path)
        child.kill()
        open_store(tmp_path).close()  # the system frees the lock of a killed process


def test_data_of_another_schema_are_refused(place: str) -> None:
    store = open_store(place)
    with store.admin() as connection:
        connection.execute(schema.meta.update().where(schema.meta.c.name == "schema").values(value="0"))
    store.close()
    for _ in range(2):  # the refusal lets go of the folder
        with pytest.raises(SchemaMismatch, match="schema 0"):
            open_store(place)


def test_tables_of_a_simulator_added_later_are_made(place: str) -> None:
    store = open_store(place)
    with store.admin() as connection:
        schema.triggers.drop(connection)
    store.close()
    store = open_store(place)
    Worlds(store).create("a")
    with store.read("a") as tx:
        assert tx.find(schema.triggers) == []
    store.close()


def test_a_closed_store_refuses_and_frees_its_folder(store: Store) -> None:
    Worlds(store).create("a")
    worker = store.enlist("w")
    assert store.alive(worker)
    store.close()
    assert not store.alive(worker)
    for open_one in (store.read, store.write):
        with pytest.raises(StoreClosed), open_one("a"):
            pass


def test_closing_waits_for_the_last_writer(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    Worlds(store).create("a")
    inside, closing = threading.Event(), threading.Event()

    def write() -> None:
        with store.write("a") as tx:
            inside.set()
            closing.wait()
            tx.put(schema.settings, name="x", value="1")

    def close() -> None:
        closing.set()
        store.close()

    with ThreadPoolExecutor(2) as pool:
        writer = pool.submit(write)
        inside.wait()
        pool.submit(close).result()
        writer.result()
    again = open_store(tmp_path)
    with again.read("a") as tx:
        assert [row.value for row in tx.find(schema.settings)] == ["1"]
    again.close()


@pytest.mark.parametrize("name", ["plain", "with space", "é", "50%", "what?#x", "a&b=c"])
def test_folders_of_any_name(tmp_path: Path, name: str) -> None:
    store = open_store(tmp_path / name)
    Worlds(store).create("a")
    store.close()
    assert (tmp_path / name / "sandbox.sqlite").is_file()


def test_a_relative_folder_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    store = open_store("data")
    monkeypatch.chdir(tmp_path / "elsewhere")
    with ThreadPoolExecutor(3) as pool:  # more connections than the one of the opening
        names = [f.result() for f in [pool.submit(Worlds(store).ensure, f"w{n}") for n in range(6)]]
    assert len(names) == 6
    store.close()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_what_cannot_be_a_store_is_said(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(EnvironmentProblem, match="folder"):
        open_store(file)
    (tmp_path / "sandbox.sqlite").write_text("this is no database" * 100)
    for _ in range(2):
        with pytest.raises(EnvironmentProblem, match="database"):
            open_store(tmp_path)
    with pytest.raises(EnvironmentProblem, match="mysql"):
        open_store("mysql://localhost/x")
    with pytest.raises(EnvironmentProblem, match="database") as told:
        open_store("postgresql://someone:secret@127.0.0.1:1/x")
    assert "secret" not in str(told.value)


def test_without_the_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(EnvironmentProblem, match=r"segur-sandbox\[pg\]"):
        open_store("postgresql://127.0.0.1:1/x")


def test_durability_is_what_was_asked_for(tmp_path: Path) -> None:
    for folder, durable, wanted in ((None, False, 0), (tmp_path / "a", False, 1), (tmp_path / "b", True, 2)):
        store = open_store(folder, durable=durable)
        with store.peek() as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == wanted
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        store.close()


def test_a_memory_store_is_gone_once_closed() -> None:
    store = open_store(None)
    assert isinstance(store, sqlite.SqliteStore)
    assert store.folder.is_dir()
    store.close()
    assert not store.folder.exists()


def test_memory_of_killed_processes_is_freed_and_that_of_living_ones_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "MEMORY_FILE_SYSTEM", tmp_path)
    killed, fresh = tmp_path / f"{sqlite.MEMORY_PREFIX}killed", tmp_path / f"{sqlite.MEMORY_PREFIX}fresh"
    for folder, owner in ((killed, "4194304"), (fresh, "")):
        folder.mkdir()
        (folder / sqlite.LOCK_NAME).write_text(owner)
    living = open_store(None)
    second = open_store(None)
    assert isinstance(living, sqlite.SqliteStore)
    assert living.folder.is_dir()
    assert not killed.exists()
    assert fresh.is_dir()  # its owner is about to take the lock
    living.close()
    second.close()


def test_two_memory_stores_are_apart() -> None:
    first, second = open_store(None), open_store(None)
    Worlds(first).create("a")
    assert Worlds(second).names() == []
    first.close()
    second.close()


def test_stray_writers_from_outside_make_us_wait_not_fail(tmp_path: Path) -> None:
    """An SQLite browser left open on the file: our writer waits for its short lock."""
    store = open_store(tmp_path)
    Worlds(store).create("a")
    outsider = sqlite3.connect(tmp_path / "sandbox.sqlite", isolation_level=None, check_same_thread=False)
    outsider.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(Worlds(store).create, "b")
        Worlds(store).get("a")  # readers are not held up at all
        outsider.execute("ROLLBACK")
        assert writer.result().name == "b"
    outsider.close()
    store.close()


@pytest.mark.postgresql
def test_a_closed_store_leaves_no_connection(postgres: TestDatabase) -> None:
    store = open_store(postgres.url)
    Worlds(store).create("a")
    store.enlist("w")
    with store.exclusive("x"):
        pass
    store.close()
    assert any(postgres.connections() == 0 for _ in range(500))  # the server ends sessions in its own time
    assert not [thread for thread in threading.enumerate() if thread.name == "store-listen"]


@pytest.mark.postgresql
def test_connections_are_few_whatever_the_threads(postgres: TestDatabase) -> None:
    """A server takes 100 connections by default, for one process per simulator."""
    store = open_store(postgres.url)
    worlds = Worlds(store)
    for name in ("a", "b"):
        worlds.create(name)
    most: list[int] = []

    def work(index: int) -> None:
        with store.exclusive(f"lock {index % 3}"):
            with store.write("ab"[index % 2]) as tx:
                tx.counter("n")
                assert not store.alive("nobody#0")  # asked inside a transaction by whoever claims
            most.append(postgres.connections())

    with ThreadPoolExecutor(40) as pool:
        list(pool.map(work, range(40)))
    assert max(most) <= 8 + 8 + 2 + 3
    with store.read("a") as tx:
        assert tx.find(schema.counters, name="n")[0].value == 20
    store.close()


@pytest.mark.postgresql
def test_two_processes_may_open_one_fresh_database_at_once(postgres: TestDatabase) -> None:
    with ThreadPoolExecutor(3) as pool:
        stores = list(pool.map(lambda _: open_store(postgres.url), range(3)))
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda store: Worlds(store).ensure("a"), stores))
    assert {(world.name, world.epoch) for world in made} == {("a", 1)}
    for store in stores:
        store.close()


@pytest.mark.postgresql
def test_a_server_that_goes_away_is_found_again(postgres: TestDatabase) -> None:
    store = open_store(postgres.url)
    worlds = Worlds(store)
    worlds.create("a")
    worker = store.enlist("w")
    postgres.cut()
    for _ in range(20):  # each stale connection of the pool fails once at most
        try:
            worlds.get("a")
            break
        except Exception:
            continue
    with store.write("a") as tx:
        tx.put(schema.settings, name="x", value="1")
        tx.announce("journal:a")
    other = open_store(postgres.url)
    assert other.alive(worker)  # its lock was taken again with the first word on the connection aside
    heard = store.bell.count("journal:a")
    while store.bell.count("journal:a") == heard:  # the listener is back once it hears the other one
        with other.write("a") as tx:
            tx.announce("journal:a")
        store.wait("journal:a", heard, 0.1)
    other.close()
    store.close()


@pytest.mark.postgresql
@pytest.mark.parametrize("scheme", ["postgresql://", "postgresql+psycopg://", "postgres://"])
def test_the_usual_spellings_of_a_url(postgres: TestDatabase, scheme: str) -> None:
    store = open_store(postgres.url.replace("postgresql://", scheme), durable=True)
    with store.peek() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    store.close()
