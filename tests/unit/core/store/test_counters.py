"""Counters have no gap, and a follower by cursor never misses a row."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from simulators.core import journal
from simulators.core.journal import Entry
from simulators.core.store import Store, open_store, schema
from simulators.core.world import Worlds, load
from tests.support.postgres import TestDatabase

WALL = datetime(2026, 3, 1, tzinfo=UTC)
WRITERS, ROWS = 4, 15


class Undone(Exception):
    pass


def in_threads(count: int, work: Callable[[int], object]) -> list[object]:
    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(work, index) for index in range(count)]]


def check_gapless(*stores: Store) -> None:
    Worlds(stores[0]).create("a")
    taken: list[int] = []

    def take(index: int) -> None:
        for turn in range(ROWS):
            try:
                with stores[index % len(stores)].write("a") as tx:
                    number = tx.counter("uid")
                    if (turn + index) % 3 == 0:
                        raise Undone
                taken.append(number)
            except Undone:
                continue

    in_threads(WRITERS, take)
    assert sorted(taken) == list(range(1, len(taken) + 1))


def test_no_gap_under_threads_and_rollbacks(store: Store) -> None:
    check_gapless(store)


@pytest.mark.postgresql
def test_no_gap_between_two_stores(postgres: TestDatabase) -> None:
    """As between two processes: nothing but the database makes them take turns."""
    first, second = open_store(postgres.url), open_store(postgres.url)
    check_gapless(first, second)
    second.close()
    first.close()


def test_counters_are_apart_by_world_and_by_name(store: Store) -> None:
    worlds = Worlds(store)
    for name in ("a", "b"):
        worlds.create(name)
        with store.write(name) as tx:
            assert [tx.counter("uid"), tx.counter("uid", step=5), tx.counter("other")] == [1, 6, 1]


def test_a_crowd_of_readers_and_writers_meets_no_lock(store: Store) -> None:
    """More threads than connections kept open, snapshots and resets among them: everybody waits, nobody fails."""
    worlds = Worlds(store)
    for name in ("a", "b"):
        worlds.create(name)

    def visit(index: int) -> None:
        for turn in range(6):
            world = "ab"[(index + turn) % 2]
            if index % 3 == 0:
                with store.write(world) as tx:
                    tx.put(schema.settings, name=f"{index}", value="x" * 3000)
                    tx.announce("crowd")
            elif index % 12 == 1:
                worlds.snapshot(world, "one")
            elif index % 12 == 5:
                worlds.reset(world)
            else:
                with store.read(world) as tx:
                    assert tx.find(schema.settings) == tx.find(schema.settings)

    in_threads(30, visit)


def write_rows(store: Store, index: int) -> None:
    for turn in range(ROWS):
        try:
            with store.write("a") as tx:
                journal.record(tx, load(tx), WALL, Entry("http", f"test.{index}.{turn}"))
                if turn % 5 == 4:
                    raise Undone
        except Undone:
            continue


def follow(reader: Store, writing: threading.Event) -> list[journal.Exchange]:
    """Reads on by cursor while others write; one last look once they have ended."""
    seen: list[journal.Exchange] = []
    last_look = False
    while not last_look:
        last_look = not writing.is_set()
        rung = reader.bell.count("journal:a")
        fresh = journal.read(reader, "a", since=seen[-1].number if seen else 0, limit=3)
        seen.extend(fresh)
        if fresh:
            last_look = False
        elif writing.is_set():
            reader.wait("journal:a", rung, 0.1)
    return seen


def check_followed(reader: Store, *writers: Store) -> None:
    Worlds(reader).create("a")
    writing = threading.Event()
    writing.set()
    with ThreadPoolExecutor(1) as pool:
        follower = pool.submit(follow, reader, writing)
        try:
            in_threads(WRITERS, lambda index: write_rows(writers[index % len(writers)], index))
        finally:
            writing.clear()
        seen = follower.result()
    assert [exchange.number for exchange in seen] == list(range(1, len(seen) + 1))
    assert len({exchange.operation for exchange in seen}) == WRITERS * (ROWS - ROWS // 5)


def test_a_follower_misses_no_row(store: Store) -> None:
    check_followed(store, store)


@pytest.mark.postgresql
def test_a_follower_through_another_store_misses_no_row(postgres: TestDatabase) -> None:
    stores = [open_store(postgres.url) for _ in range(3)]
    check_followed(*stores)
    for store in stores:
        store.close()
