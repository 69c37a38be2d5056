"""Waiting for an exchange, and why what came was not it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from simulators.core import expect, journal
from simulators.core.errors import WireInsideTransaction, WorldGone
from simulators.core.expect import REMEMBERED, AwaitedBook, Expectation, wait_for
from simulators.core.journal import Entry, Exchange
from simulators.core.rules import Grade, Level, Policy, Rule, Text, judge
from simulators.core.store import Store
from simulators.core.world import Worlds, load

WALL = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULE = Rule("R-1", Level.WARN, "x", "x", Grade.STANDARD, Text("f", "e"), Text("f", "e"))


@pytest.fixture
def here(memory_store: Store) -> Store:
    Worlds(memory_store).create("a")
    return memory_store


def record(store: Store, operation: str = "dmp.TD2.1", **parts: Any) -> int:
    with store.write("a") as tx:
        return journal.record(tx, load(tx), WALL, Entry("http", operation, **parts))


def exchange(store: Store, **parts: Any) -> Exchange:
    found = journal.get(store, "a", record(store, **parts))
    assert found is not None
    return found


def holds(store: Store, found: Exchange, **conditions: Any) -> bool:
    return not Expectation({path.replace("__", "."): wanted for path, wanted in conditions.items()}).misses(found)


def test_what_holds_and_what_does_not(here: Store) -> None:
    found = exchange(
        here,
        who={"structure": "1"},
        status="200",
        verdict=judge(Policy(), [lambda _: [RULE.finding("/x[1]")]], None),
        marks={"adopted": ["structure:1"], "user_act": True, "world_by": ""},
        keys=("patient:1", "document:2"),
        request=b"12345",
    )
    assert holds(here, found, operation="dmp.TD2.1", who__structure="1", status=200, request__size="5")
    assert holds(here, found, status=["200", "202"], keys="patient:1")
    assert holds(here, found, keys=["document:2", "patient:1"], marks__adopted="structure:1")
    assert holds(here, found, rule="R-1", verdict__findings__0__rule="R-1", verdict__findings__0__where="*")
    assert holds(here, found, marks__user_act=True, marks__absent=None)
    for path, wanted in {
        "operation": "dmp.TD3.1", "who.structure": "2", "who.absent": "x", "who.absent ": "None",
        "keys": ["patient:1", "x"], "status": ["500"], "rule": "R-2", "marks.world_by": "*", "marks.absent": "*",
        "verdict.findings.1.rule": "R-1",
        "verdict.findings.²": "*", "verdict.findings.-1": "*", "verdict.findings." + "9" * 5000: "*",
        "": "x", "..": "x", "operation.deeper": "x",
    }.items():  # fmt: skip
        misses = Expectation({path: wanted}).misses(found)
        assert set(misses) == {path}, path
        assert misses[path][0] == wanted


def test_what_is_there_already_is_found_without_waiting(here: Store) -> None:
    for operation in ("x", "y", "z"):
        record(here, operation)
    waited = wait_for(here, "a", Expectation({"operation": "y"}), since=0, timeout=0)
    assert waited.exchange is not None and waited.exchange.number == 2
    assert (waited.cursor, waited.seen) == (2, 2)
    again = wait_for(here, "a", Expectation({"operation": "y"}), since=waited.cursor, timeout=0)
    assert again.exchange is None and (again.cursor, again.seen) == (3, 1)


def test_all_that_is_there_is_looked_at_however_much(here: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expect, "BATCH", 3)
    for turn in range(10):
        record(here, f"test.{turn}")
    waited = wait_for(here, "a", Expectation({"operation": "test.9"}), since=0, timeout=0)
    assert waited.exchange is not None and waited.exchange.number == 10


def test_near_misses_closest_first(here: Store) -> None:
    record(here, "dmp.TD3.1", status="500")
    record(here, "dmp.TD2.1", status="500", who={"structure": "1"})
    for _ in range(6):
        record(here, "dmp.TD0.2", status="500")
    record(here, "dmp.TD2.1", status="200", who={"structure": "2"})
    wanted = Expectation({"operation": "dmp.TD2.1", "status": "200", "who.structure": "1"})
    waited = wait_for(here, "a", wanted, since=0, timeout=0)
    assert waited.exchange is None and waited.seen == 9
    assert [miss.number for miss in waited.near][:2] == [9, 2] and len(waited.near) == 5
    assert waited.near[0].as_json() == {
        "number": 9,
        "operation": "dmp.TD2.1",
        "misses": {"who.structure": {"expected": "1", "found": "2"}},
    }


def test_who_waits_is_woken_by_the_exchange(here: Store) -> None:
    asked = threading.Event()

    def stopped() -> bool:  # asked once nothing was found: then the exchange comes
        asked.set()
        return False

    def write() -> None:
        asked.wait()
        record(here, "x")
        record(here, "y")

    writer = threading.Thread(target=write)
    writer.start()
    waited = wait_for(here, "a", Expectation({"operation": "y"}), since=0, timeout=60, stopped=stopped)
    writer.join()
    assert waited.exchange is not None and waited.exchange.number == 2
    assert [miss.number for miss in waited.near] == [1]


def test_the_wait_ends_although_others_keep_coming(here: Store) -> None:
    """Chatter wakes the waiter all the time; its deadline comes nevertheless."""
    now = 0.0

    def ticks() -> float:
        nonlocal now
        now += 1.0
        record(here, "chatter")
        return now

    waited = wait_for(here, "a", Expectation({"operation": "y"}), since=0, timeout=10, ticks=ticks)
    assert waited.exchange is None
    assert 9 <= waited.seen <= 11


def test_the_wait_ends_when_told_to(here: Store) -> None:
    assert (
        wait_for(here, "a", Expectation({"operation": "y"}), since=0, timeout=60, stopped=lambda: True).exchange is None
    )


def test_no_wait_inside_a_transaction_nor_for_a_world_that_is_gone(here: Store) -> None:
    with here.read("a"), pytest.raises(WireInsideTransaction):
        wait_for(here, "a", Expectation({}), since=0, timeout=0)
    with pytest.raises(WorldGone):
        wait_for(here, "nowhere", Expectation({}), since=0, timeout=60)


def test_no_condition_means_the_next_exchange(here: Store) -> None:
    record(here)
    waited = wait_for(here, "a", Expectation({}), since=0, timeout=0)
    assert waited.exchange is not None and waited.exchange.number == 1


def test_who_watches_sees_what_is_awaited_and_how_it_ended() -> None:
    book = AwaitedBook()
    assert book.of("a") == ([], [], 0)
    with book.awaiting("a", Expectation({"outcome": "accepted"}), 4, "the product asks", "dpi", "3") as first:
        with book.awaiting("b", Expectation({}), 0):
            (seen,), ended, state = book.of("a")
            assert (seen, ended, state) == (first, [], 1)
            assert len(book.of("b")[0]) == 1
        first.met = 9
    awaited, ended, state = book.of("a", 1)
    assert (awaited, ended, state) == ([], [first], 2)
    assert book.of("a", 2) == ([], [], 2)
    expected = {"id": "E1", "label": "the product asks", "expect": {"outcome": "accepted"}, "since": 4, "met": 9}
    assert first.as_json() == {**expected, "role": "dpi", "step": "3"}


def test_a_wait_that_breaks_off_is_awaited_no_more_and_the_past_is_bounded() -> None:
    book = AwaitedBook()
    for _ in range(REMEMBERED + 5):
        with pytest.raises(KeyError), book.awaiting("a", Expectation({}), 0):
            raise KeyError
    awaited, ended, _ = book.of("a")
    assert (awaited, len(ended)) == ([], REMEMBERED)
