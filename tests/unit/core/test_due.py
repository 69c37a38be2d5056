"""Due rows, the outbox and ``advance``: order, barriers, exactly once, nothing answered too early."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulators.core.due import Due, DueRow, cancel, pending, schedule, send_later
from simulators.core.errors import ClockMovesForwardOnly, SandboxError, WireInsideTransaction, WorldGone
from simulators.core.store import Store, Tx, schema
from simulators.core.store.guard import inside_transaction
from simulators.core.world import World, Worlds

WALL = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Clock:
    def __init__(self) -> None:
        self.at = WALL

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def store(either_store: Store) -> Store:
    return either_store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def worlds(store: Store, clock: Clock) -> Worlds:
    made = Worlds(store, clock)
    made.create("a")
    made.create("b")
    return made


def log(tx: Tx, row: DueRow, world: World) -> None:
    """The effect of a row: one line of the world's log, which a second firing would double."""
    number = tx.counter("log")
    tx.insert(schema.settings, name=f"log:{number:04}", value=row.id)


def logged(store: Store, world: str = "a") -> list[str]:
    with store.read(world) as tx:
        return [row.value for row in tx.find(schema.settings) if row.name.startswith("log:")]


def due_of(worlds: Worlds, *, senders: Mapping[str, Any] | None = None, **handlers: Any) -> Due:
    limit, polls = handlers.pop("limit", 1000), handlers.pop("polls", ())
    return Due(worlds, {"log": log, **handlers}, senders or {}, worker="test", polls=polls, limit=limit)


def plan(store: Store, *rows: tuple[str, datetime], world: str = "a", kind: str = "log") -> None:
    with store.write(world) as tx:
        for id, at in rows:
            schedule(tx, kind, at, {}, id=id)


def states(store: Store, world: str = "a") -> dict[str, str]:
    with store.read(world) as tx:
        return {row.id: row.state for row in tx.find(schema.due)}


def test_rows_fire_in_order_of_their_instant(worlds: Worlds, store: Store) -> None:
    due = due_of(worlds)
    plan(
        store,
        ("c", WALL + 3 * DAY),
        ("a", WALL + DAY),
        ("b2", WALL + 2 * DAY),
        ("b1", WALL + 2 * DAY),
        ("past", WALL - DAY),
    )
    plan(store, ("elsewhere", WALL + DAY), world="b")
    assert [row.id for row in pending(store, "a")] == ["past", "a", "b2", "b1", "c"]
    fired = due.advance("a", WALL + 2 * DAY)
    assert [(f.id, f.state) for f in fired] == [("past", "done"), ("a", "done"), ("b2", "done"), ("b1", "done")]
    assert fired[1].at == WALL + DAY and fired[1].kind == "log" and fired[1].result == ""
    assert logged(store) == ["past", "a", "b2", "b1"]
    assert worlds.business("a") == WALL + 2 * DAY and worlds.business("b") == WALL
    assert [row.id for row in pending(store, "a")] == ["c"] and logged(store, "b") == []
    assert due.advance("a", WALL + 2 * DAY) == []
    assert due.work() == 0
    assert [f.id for f in due.advance_by("a", "P1D")] == ["c"]


def test_a_handler_sees_its_row_its_world_and_its_instant(worlds: Worlds, store: Store, clock: Clock) -> None:
    seen: list[tuple[DueRow, datetime]] = []

    def look(tx: Tx, row: DueRow, world: World) -> None:
        assert inside_transaction() and tx.world == world.name == "a"
        seen.append((row, world.business(clock())))

    due = due_of(worlds, look=look)
    with store.write("a") as tx:
        name = schedule(tx, "look", WALL + DAY, {"patient": "é", "n": [1]})
        assert name == schedule(tx, "look", WALL + 5 * DAY, {}, id=name)  # the same id twice is one row
    due.advance("a", WALL + 9 * DAY)
    assert seen == [(DueRow("a", name, WALL + DAY, "look", {"patient": "é", "n": [1]}), WALL + DAY)]


def test_what_a_handler_schedules_fires_in_the_same_advance(worlds: Worlds, store: Store) -> None:
    def chain(tx: Tx, row: DueRow, world: World) -> None:
        log(tx, row, world)
        step = row.payload["step"]
        if step < 3:
            schedule(tx, "chain", row.at + (DAY if step else timedelta(0)), {"step": step + 1}, id=f"step{step + 1}")

    due = due_of(worlds, chain=chain)
    with store.write("a") as tx:
        schedule(tx, "chain", WALL + DAY, {"step": 0}, id="step0")
        schedule(tx, "log", WALL + DAY + timedelta(hours=1), {}, id="between")
    fired = due.advance("a", WALL + 30 * DAY)
    assert [f.id for f in fired] == ["step0", "step1", "between", "step2", "step3"]


def test_a_row_can_be_taken_back(worlds: Worlds, store: Store) -> None:
    due = due_of(worlds)
    plan(store, ("x", WALL + DAY), ("y", WALL + DAY))
    with store.write("a") as tx:
        assert cancel(tx, "x") and not cancel(tx, "x") and not cancel(tx, "never")
    due.advance("a", WALL + DAY)
    with store.write("a") as tx:
        assert not cancel(tx, "y")
    assert logged(store) == ["y"]


def test_the_clock_moves_forward_only(worlds: Worlds, store: Store) -> None:
    due = due_of(worlds)
    plan(store, ("x", WALL))
    with pytest.raises(ClockMovesForwardOnly):
        due.advance("a", WALL - timedelta(microseconds=1))
    assert logged(store) == []
    assert [f.id for f in due.advance_by("a", "PT0S")] == ["x"]
    with pytest.raises(ValueError, match="duration"):
        due.advance_by("a", "-P1D")
    with pytest.raises(WorldGone):
        due.advance("nowhere", WALL + DAY)


def test_a_wall_that_runs_on_meanwhile_is_no_way_back(store: Store) -> None:
    """Each look at the wall is later than the last: the moves inside one advance must not trip over it."""
    ticks = itertools.count()

    def running() -> datetime:
        return WALL + timedelta(milliseconds=next(ticks))

    worlds = Worlds(store, running)
    worlds.create("a")
    due = due_of(worlds)
    plan(store, *((f"r{n}", WALL + timedelta(milliseconds=7 * n)) for n in range(30)))
    fired = due.advance("a", WALL + timedelta(milliseconds=500))
    fired += due.advance_by("a", "PT0S")
    assert [f.id for f in fired] == [f"r{n}" for n in range(30)]


def test_frozen_worlds_advance_too(worlds: Worlds, store: Store, clock: Clock) -> None:
    due = due_of(worlds)
    worlds.freeze("a", WALL)
    clock.at += 10 * DAY
    plan(store, ("x", WALL + DAY), ("y", WALL + 20 * DAY))
    assert due.work() == 0
    assert [f.id for f in due.advance("a", WALL + DAY)] == ["x"]
    assert worlds.get("a").wire(clock()) == WALL
    worlds.freeze("a", None)
    assert due.work() == 0  # thawing goes on from where business time stands, not further
    assert [f.id for f in due.advance_by("a", "P20D")] == ["y"]


def test_a_failed_handler_leaves_nothing_and_stops_nobody(worlds: Worlds, store: Store) -> None:
    def fail(tx: Tx, row: DueRow, world: World) -> None:
        log(tx, row, world)
        send_later(tx, "wire", {}, id="never")
        raise RuntimeError("broken \x00 \udcff on purpose")

    def speaks(tx: Tx, row: DueRow, world: World) -> None:
        store.wait("x", 0, 0)

    due = due_of(worlds, fail=fail, speaks=speaks)
    plan(store, ("1", WALL), ("5", WALL + DAY))
    plan(store, ("2", WALL), kind="fail")
    plan(store, ("3", WALL), kind="speaks")
    plan(store, ("4", WALL))
    fired = {f.id: f for f in due.advance("a", WALL + DAY)}
    assert {id: f.state for id, f in fired.items()} == {
        "1": "done",
        "2": "failed",
        "3": "failed",
        "4": "done",
        "5": "done",
    }
    assert "on purpose" in fired["2"].result and "WireInsideTransaction" in fired["3"].result
    assert logged(store) == ["1", "4", "5"]
    with store.read("a") as tx:
        assert tx.find(schema.outbox) == []
    assert due.advance("a", WALL + 2 * DAY) == []  # not tried again by itself


def test_a_handler_that_says_its_world_is_gone_has_just_failed(worlds: Worlds, store: Store) -> None:
    """A wrong world inside a handler must not be taken for the row's own world, and tried for ever."""

    def confused(tx: Tx, row: DueRow, world: World) -> None:
        raise WorldGone("another")

    due = due_of(worlds, confused=confused)
    plan(store, ("x", WALL), kind="confused")
    assert [f.state for f in due.advance("a", WALL)] == ["failed"]


@pytest.mark.parametrize("step", [timedelta(0), timedelta(microseconds=1), -DAY])
def test_a_handler_that_feeds_itself_is_stopped(worlds: Worlds, store: Store, step: timedelta) -> None:
    def loop(tx: Tx, row: DueRow, world: World) -> None:
        schedule(tx, "loop", row.at + step, {})

    due = due_of(worlds, loop=loop, limit=20)
    plan(store, ("x", WALL), kind="loop")
    with pytest.raises(SandboxError, match="feeds itself"):
        due.advance("a", WALL + DAY)
    assert due.advance("b", WALL + DAY) == []


def test_a_sender_or_a_poll_that_feeds_itself_is_stopped(worlds: Worlds, store: Store) -> None:
    numbers = itertools.count()

    def send(world: str, id: str, payload: Mapping[str, Any]) -> None:
        with store.write(world) as tx:
            send_later(tx, "wire", {}, id=f"m{next(numbers)}")

    due = due_of(worlds, senders={"wire": send}, limit=20)
    with store.write("a") as tx:
        send_later(tx, "wire", {}, id="first")
    with pytest.raises(SandboxError, match="feeds itself"):
        due.advance("a", WALL + DAY)
    with pytest.raises(SandboxError, match="feeds itself"):
        due_of(worlds, polls=[lambda world: 1], limit=20).advance("b", WALL + DAY)


def test_messages_are_sent_after_the_commit_outside_any_transaction(worlds: Worlds, store: Store) -> None:
    sent: list[tuple[str, str, Mapping[str, Any], bool, list[str]]] = []

    def send(world: str, id: str, payload: Mapping[str, Any]) -> None:
        sent.append((world, id, payload, inside_transaction(), logged(store)))

    def tell(tx: Tx, row: DueRow, world: World) -> None:
        log(tx, row, world)
        send_later(tx, "wire", {"of": row.id}, id=f"wire:{row.id}")
        send_later(tx, "wire", {"of": "again"}, id=f"wire:{row.id}")  # the same id twice is one message

    due = due_of(worlds, tell=tell, senders={"wire": send})
    plan(store, ("x", WALL), kind="tell")
    due.advance("a", WALL)
    assert sent == [("a", "wire:x", {"of": "x"}, False, ["x"])]
    with store.read("a") as tx:
        assert [(row.state, row.tries) for row in tx.find(schema.outbox)] == [("sent", 1)]


def test_a_failed_sender_is_told_and_stops_nobody(worlds: Worlds, store: Store) -> None:
    sent: list[str] = []

    def send(world: str, id: str, payload: Mapping[str, Any]) -> None:
        if id == "1":
            raise OSError("connection \x00 refused")
        sent.append(id)

    due = due_of(worlds, senders={"wire": send})
    with store.write("a") as tx:
        for id in "123":
            send_later(tx, "wire", {}, id=id)
    due.advance("a", WALL)
    assert sent == ["2", "3"]
    with store.read("a") as tx:
        rows = {row.id: (row.state, "refused" in row.result) for row in tx.find(schema.outbox)}
    assert rows == {"1": ("failed", True), "2": ("sent", False), "3": ("sent", False)}


def test_polls_go_round_until_nothing_changes(worlds: Worlds, store: Store) -> None:
    rounds: list[str] = []

    def poll(world: str) -> int:
        assert not inside_transaction()
        rounds.append(world)
        if len(rounds) == 1:
            with store.write(world) as tx:
                schedule(tx, "log", WALL, {}, id="found by polling")
            return 1
        return 0

    def never_changes(world: str) -> int:
        rounds.append("second peer")
        return 0

    due = due_of(worlds, polls=[poll, never_changes])
    assert [f.id for f in due.advance("a", WALL)] == ["found by polling"]
    assert rounds[:4] == ["a", "second peer", "a", "second peer"]


@pytest.mark.parametrize("nth", [1, 2])
def test_a_poll_that_forgets_to_say_what_it_changed(worlds: Worlds, store: Store, nth: int) -> None:
    """Also in the last round before the answer."""
    asked: list[str] = []

    def poll(world: str) -> int:
        asked.append(world)
        if len(asked) == nth:
            with store.write(world) as tx:
                schedule(tx, "log", WALL, {}, id="x")
        return 0

    assert [f.id for f in due_of(worlds, polls=[poll]).advance("a", WALL)] == ["x"]


def test_advance_waits_for_its_turn_outside_transactions(worlds: Worlds, store: Store) -> None:
    due = due_of(worlds)
    with store.read("a"), pytest.raises(WireInsideTransaction):
        due.advance("a", WALL)


def zam(store: Store, world: str, name: str) -> bool:
    with store.read(world) as tx:
        return tx.get(schema.settings, name=name) is not None


def test_consequences_are_there_when_advance_answers(worlds: Worlds, store: Store) -> None:
    """Row → message → the peer's own transaction → its follow-up, while others work too: 200 times on
    SQLite, and as often as there is time for on PostgreSQL."""
    times = 200 if store.url.startswith("sqlite") else 50

    def feed(tx: Tx, row: DueRow, world: World) -> None:
        send_later(tx, "deposit", {"turn": row.payload["turn"]}, id=f"deposit:{row.id}")

    def deposit(world: str, id: str, payload: Mapping[str, Any]) -> None:
        with store.write(world) as tx:
            schedule(tx, "acknowledge", WALL, payload)

    def acknowledge(tx: Tx, row: DueRow, world: World) -> None:
        tx.insert(schema.settings, name=f"zam:{row.payload['turn']}", value="")

    due = due_of(worlds, feed=feed, acknowledge=acknowledge, senders={"deposit": deposit}, limit=100_000)
    stop = threading.Event()

    def clockwork() -> None:
        while not stop.is_set():
            seen = store.bell.count("due:a")
            if not due.work_once("a"):
                store.wait("due:a", seen, 0.2)

    with ThreadPoolExecutor(1) as pool:
        background = pool.submit(clockwork)
        try:
            for turn in range(times):
                with store.write("a") as tx:
                    schedule(tx, "feed", WALL + (turn + 1) * DAY, {"turn": turn})
                due.advance("a", WALL + (turn + 1) * DAY)
                assert zam(store, "a", f"zam:{turn}"), turn
        finally:
            stop.set()
        background.result()


def test_a_reset_meanwhile_makes_the_handler_too_late(worlds: Worlds, store: Store) -> None:
    """Claimed in one life of the world, it must not fire in the next one."""
    due = due_of(worlds)
    worlds.snapshot("a", "empty")
    plan(store, ("x", WALL))
    claim = due._claim("a")
    assert claim is not None
    worlds.restore("a", "empty")
    plan(store, ("x", WALL + DAY))  # the new life has a row of that name, not due yet
    with pytest.raises(SandboxError):
        due._fire(claim)
    due._queue.let_go(claim)
    assert logged(store) == [] and states(store) == {"x": "pending"}


def test_a_reset_by_the_sender_does_not_stop_the_others(worlds: Worlds, store: Store) -> None:
    def send(world: str, id: str, payload: Mapping[str, Any]) -> None:
        if payload.get("reset"):
            worlds.restore("a", "before")

    due = due_of(worlds, senders={"wire": send})
    plan(store, ("after", WALL + DAY))
    worlds.snapshot("a", "before")
    with store.write("a") as tx:
        send_later(tx, "wire", {"reset": True}, id="m")
    assert due.work() == 1  # what became of the message belongs to a former life
    assert [f.id for f in due.advance("a", WALL + DAY)] == ["after"]


def test_a_claim_taken_over_writes_nothing(worlds: Worlds, store: Store) -> None:
    """A process taken for dead (its server connection broke) may come back with a row in hand."""
    due = due_of(worlds)
    plan(store, ("x", WALL))
    claim = due._claim("a")
    assert claim is not None
    with store.write("a") as tx:
        tx.update(schema.due, {"worker": "another#1"}, id="x")
    due._fire(claim)
    assert logged(store) == []
    due._queue.let_go(claim)
    assert due.work_once("a")  # that other one is not alive: the row is free
    assert logged(store) == ["x"]


def test_a_row_in_hand_is_nobody_else_s(worlds: Worlds, store: Store) -> None:
    mine, theirs = due_of(worlds), due_of(worlds)
    assert mine.worker != theirs.worker
    plan(store, ("x", WALL), ("y", WALL), ("later", WALL + DAY))
    claim = mine._claim("a")
    assert claim is not None and claim.row.id == "x"
    worlds.move("a", WALL + 2 * DAY)
    assert theirs.work_once("a") and logged(store) == ["y"]
    assert not theirs.work_once("a")  # "later" waits behind the instant that is still in hand
    assert not mine.work_once("a")
    mine._queue.let_go(claim)  # its thread died on the way: free for its own process only
    assert not theirs.work_once("a")
    assert mine.work_once("a") and theirs.work_once("a")
    assert logged(store) == ["y", "x", "later"]


def test_a_thread_that_dies_between_claim_and_end_blocks_nobody(worlds: Worlds, store: Store) -> None:
    deaths = iter([KeyboardInterrupt, None])

    def dies(tx: Tx, row: DueRow, world: World) -> None:
        log(tx, row, world)
        death = next(deaths)
        if death is not None:
            raise death

    due = due_of(worlds, dies=dies)
    plan(store, ("x", WALL), kind="dies")
    with pytest.raises(KeyboardInterrupt):
        due.work_once("a")
    assert states(store) == {"x": "claimed"} and logged(store) == []
    assert [f.state for f in due.advance("a", WALL)] == ["done"]
    assert logged(store) == ["x"]


def test_rows_of_a_kind_that_another_process_handles_are_left_to_it(worlds: Worlds, store: Store) -> None:
    one, two = due_of(worlds), Due(worlds, {"pfi": log}, {"mail": lambda *_: None}, worker="two")
    plan(store, ("theirs", WALL), kind="pfi")
    plan(store, ("mine", WALL + DAY))
    worlds.move("a", WALL + DAY)
    assert not one.work_once("a")  # an instant is a barrier, whoever handles its rows
    assert two.work_once("a") and not two.work_once("a")
    assert one.work_once("a")
    assert logged(store) == ["theirs", "mine"]
    with store.write("a") as tx:
        send_later(tx, "mail", {}, id="m")
    assert not one.work_once("a") and two.work_once("a")


def test_advance_waits_for_the_rows_of_the_other_process(worlds: Worlds, store: Store) -> None:
    one, two = due_of(worlds), Due(worlds, {"pfi": log}, {}, worker="two")
    plan(store, ("1", WALL + DAY), ("3", WALL + 3 * DAY))
    plan(store, ("2", WALL + 2 * DAY), kind="pfi")
    stop = threading.Event()

    def other_process() -> None:
        while not stop.is_set():
            seen = store.bell.count("due:a")
            if not two.work_once("a"):
                store.wait("due:a", seen, 0.05)

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(other_process)
        try:
            assert [f.id for f in one.advance("a", WALL + 3 * DAY)] == ["1", "2", "3"]
        finally:
            stop.set()
        working.result()


def test_rows_that_nobody_handles_are_told_and_kept(worlds: Worlds, store: Store) -> None:
    due = due_of(worlds)
    plan(store, ("orphan", WALL), kind="pfi")
    plan(store, ("mine", WALL + DAY))
    with store.write("a") as tx:
        send_later(tx, "mail", {}, id="letter")
    fired = due.advance("a", WALL + DAY)
    assert [(f.id, f.state) for f in fired] == [("mine", "done"), ("orphan", "unserved"), ("letter", "unserved")]
    assert states(store)["orphan"] == "pending"
    assert Due(worlds, {"pfi": log}, {"mail": lambda *_: None}, worker="later").work() == 2
    assert logged(store) == ["mine", "orphan"]
    assert [f.id for f in due.advance("a", WALL + 2 * DAY)] == []


def test_dead_workers_are_forgotten(worlds: Worlds, store: Store) -> None:
    with store.admin() as connection:
        connection.execute(schema.meta.insert(), [{"name": "worker:dead#7", "value": json.dumps(["due:pfi"])}])
    due = due_of(worlds)
    plan(store, ("orphan", WALL), kind="pfi")
    assert [f.state for f in due.advance("a", WALL)] == ["unserved"]
    with store.peek() as connection:
        names = connection.execute(schema.meta.select()).scalars().all()
    assert "worker:dead#7" not in names and f"worker:{due.worker}" in names


def test_worlds_go_on_when_one_is_deleted_under_a_row(worlds: Worlds, store: Store) -> None:
    def send(world: str, id: str, payload: Mapping[str, Any]) -> None:
        worlds.delete("a")

    due = due_of(worlds, senders={"wire": send})
    with store.write("a") as tx:
        send_later(tx, "wire", {}, id="m")
    plan(store, ("x", WALL), world="b")
    due.work()
    assert logged(store, "b") == ["x"] and worlds.names() == ["b"]


@pytest.fixture
def many(worlds: Worlds, store: Store) -> Iterator[Callable[[], list[str]]]:
    names = [f"w{n}" for n in range(3)]
    for name in names:
        worlds.create(name)
        plan(store, *((f"{n // 5:03}.{n % 5}", WALL + (n // 5) * DAY) for n in range(40)), world=name)
        worlds.move(name, WALL + 30 * DAY)
    yield lambda: names


def test_threads_share_the_work_in_order_and_once(worlds: Worlds, store: Store, many: Callable[[], list[str]]) -> None:
    due = due_of(worlds)
    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(due.work) for _ in range(4)]:
            future.result()
    due.work()  # a thread may have left while another still had the last row of an instant in hand
    for name in many():
        seen = logged(store, name)
        assert len(seen) == 40 == len(set(seen))
        instants = [id.split(".")[0] for id in seen]
        assert instants == sorted(instants)
