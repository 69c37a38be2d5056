"""kill -9: what was acknowledged is there, what was under way is not, locks and lives are freed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from simulators.core.store import Store, open_store, schema
from simulators.core.world import Worlds
from tests.support.postgres import TestDatabase
from tests.support.processes import Child

STORE_PROCESS = "tests.support.store_process"


def acknowledged(ledger: Path) -> list[tuple[str, int]]:
    """The whole lines of the ledger, which the writers wrote after their commits."""
    whole = ledger.read_text().rpartition("\n")[0].splitlines()
    return [(world, int(number)) for world, number in (line.split() for line in whole)]


def check_against(store: Store, ledger: Path) -> None:
    for world in ("a", "b"):
        numbers = sorted(number for w, number in acknowledged(ledger) if w == world)
        assert numbers == sorted(set(numbers))
        with store.read(world) as tx:
            rows = {row.name for row in tx.find(schema.settings)}
            counter = tx.get(schema.counters, name="ledger")
        assert {f"row:{number:06}" for number in numbers} <= rows
        last = counter.value if counter is not None else 0
        assert rows == {f"row:{number:06}" for number in range(1, last + 1)}


def died(store: Store, worker: str) -> bool:
    """PostgreSQL notices the death of a process in its own time, SQLite at once."""
    looks = 1 if store.url.startswith("sqlite") else 1000
    for _ in range(looks):
        if not store.alive(worker):
            return True
        store.wait("nothing", 0, 0.01)
    return False


def test_a_killed_writer_loses_nothing_it_acknowledged(place: str, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    for rounds in (1, 40, 90):
        with Child(STORE_PROCESS, "write", place, str(ledger)) as child:
            for _ in range(rounds):
                assert child.line() == "acknowledged"
            child.kill()
        store = open_store(place)
        check_against(store, ledger)
        store.close()
    assert len(acknowledged(ledger)) >= 131


def test_a_transaction_under_way_when_killed_leaves_nothing(place: str) -> None:
    with Child(STORE_PROCESS, "transaction", place, "a") as child:
        assert child.line() == "inside"
        child.kill()
    store = open_store(place)
    with store.write("a") as tx:  # and its turn is free
        assert tx.find(schema.settings) == []
        assert tx.counter("ledger") == 1
    store.close()


def test_a_worker_of_a_former_life_is_not_alive(place: str) -> None:
    """Under the same name: its claims must not look as if somebody were at work on them."""
    with Child(STORE_PROCESS, "live", place, "clockwork") as child:
        former = child.line()
        child.kill()
    store = open_store(place)
    mine = store.enlist("clockwork")
    assert mine != former
    assert store.alive(mine)
    assert died(store, former)
    assert not store.alive("never enlisted")
    store.close()


@pytest.mark.postgresql
def test_life_and_death_across_processes(postgres: TestDatabase) -> None:
    store, other = open_store(postgres.url), open_store(postgres.url)
    mine = store.enlist("w")
    with Child(STORE_PROCESS, "live", postgres.url, "w") as child:
        theirs = child.line()
        assert store.alive(theirs) and other.alive(theirs) and other.alive(mine)
        child.kill()
        # The server frees the lock once it notices.
        while store.alive(theirs):
            store.wait("nothing", 0, 0.01)
    with Child(STORE_PROCESS, "live", postgres.url, "w") as child:
        theirs = child.line()
        child.say("close")
        assert child.line() == "closed"
        assert not store.alive(theirs)
    store.close()
    assert not other.alive(mine)
    other.close()


@pytest.mark.postgresql
def test_a_named_lock_is_one_across_processes_and_freed_by_a_kill(postgres: TestDatabase) -> None:
    store = open_store(postgres.url)
    with Child(STORE_PROCESS, "hold", postgres.url, "x") as first:
        with store.exclusive("x"):
            assert first.line() == "asking"
            with store.exclusive("y"):  # another name is free
                pass
        assert first.line() == "held"
        with Child(STORE_PROCESS, "hold", postgres.url, "x") as second:
            assert second.line() == "asking"
            first.kill()
            assert second.line() == "held"
            second.say("let go")
            assert second.line() == "freed"
            with store.exclusive("x"):
                pass
    store.close()


@pytest.mark.postgresql
def test_who_waits_is_told_by_another_process(postgres: TestDatabase) -> None:
    store = open_store(postgres.url)
    with Child(STORE_PROCESS, "announce", postgres.url, "journal:a") as child:
        assert child.line() == "ready"
        for turn in range(5):
            seen = store.bell.count("journal:a")
            child.say(f"row {turn}")
            assert store.wait("journal:a", seen, 30) != seen
            with store.read("a") as tx:
                assert len(tx.find(schema.settings)) == turn + 1
            assert child.line() == "rung"
    store.close()


def test_named_locks_between_threads(store: Store) -> None:
    Worlds(store).create("a")
    inside: list[int] = []

    def work(index: int) -> None:
        for _ in range(5):
            with store.exclusive("x"):
                inside.append(1)
                assert len(inside) == 1
                with store.write("a") as tx:
                    tx.counter("n")
                inside.pop()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
