"""Worlds: creation, clocks, epochs, snapshots."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.core import due, journal, routing
from simulators.core.errors import ClockMovesForwardOnly, LateWriter, RoutingConflict, SandboxError, WorldGone
from simulators.core.journal import Entry
from simulators.core.rules import Level, Policy
from simulators.core.store import Store, Tx, schema
from simulators.core.world import World, Worlds, identifier, load, seed_of

WALL = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Clock:
    """A wall clock a test moves by hand."""

    def __init__(self, at: datetime = WALL) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def seed(tx: Tx, world: World) -> None:
    tx.put(schema.settings, name="born", value=str(world.seed))
    tx.counter("uid")


@pytest.fixture
def store(either_store: Store) -> Store:
    return either_store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def worlds(store: Store, clock: Clock) -> Worlds:
    return Worlds(store, clock, [seed])


def put(worlds: Worlds, world: str, name: str, value: str = "") -> None:
    with worlds.store.write(world) as tx:
        tx.put(schema.settings, name=name, value=value)


def names(worlds: Worlds, world: str) -> list[str]:
    with worlds.store.read(world) as tx:
        return [row.name for row in tx.find(schema.settings)]


def test_a_world_is_created_seeded_and_listed(worlds: Worlds) -> None:
    made = worlds.create("demo", policy=Policy("strict", {"A": Level.WARN}))
    assert made == worlds.get("demo") == worlds.ensure("demo")
    assert made.seed == seed_of("demo") and made.epoch == 1 and made.policy.profile == "strict"
    assert worlds.create("b", seed=7).seed == 7
    worlds.create("-selfcheck")
    assert worlds.names() == ["b", "demo"]
    assert worlds.names(hidden=True) == ["-", "-selfcheck", "b", "demo"]
    assert names(worlds, "demo") == ["born"]
    assert worlds.snapshots("demo") == ["seed"]


@pytest.mark.parametrize("name", ["", "A", "a b", "a/b", "a@seed", "-x", "é", "a" * 41, "a\n", ".", "_"])
def test_names_that_could_be_mistaken_are_refused(worlds: Worlds, name: str) -> None:
    with pytest.raises(ValueError, match="world name"):
        worlds.create(name)


def test_a_world_is_created_once(worlds: Worlds) -> None:
    worlds.create("demo")
    with pytest.raises(SandboxError, match="exists"):
        worlds.create("demo")
    with ThreadPoolExecutor(4) as pool:
        assert {world.epoch for world in pool.map(lambda _: worlds.ensure("other"), range(4))} == {1}


def test_a_seeder_that_fails_leaves_no_world(store: Store) -> None:
    def broken(tx: Tx, world: World) -> None:
        tx.counter("uid")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        Worlds(store, seeders=[seed, broken]).create("demo")
    assert Worlds(store).names() == []
    Worlds(store, seeders=[seed]).create("demo")


def test_a_deleted_world_is_gone_with_all_its_rows(worlds: Worlds) -> None:
    worlds.create("demo")
    worlds.create("kept")
    with worlds.store.write("demo") as tx:
        routing.claim(tx, "token", "t")
        journal.record(tx, load(tx), WALL, Entry("http", "x", keys=("k",), request=b"x" * (journal.INLINE + 1)))
    worlds.snapshot("demo", "later")
    worlds.delete("demo")
    with pytest.raises(WorldGone):
        worlds.get("demo")
    with worlds.store.peek() as connection:
        for table in schema.metadata.sorted_tables:
            if "world" in table.c:
                left = connection.execute(table.select().where(table.c.world.like("demo%"))).fetchall()
                assert left == [], table.name
    with worlds.store.write("kept") as tx:
        routing.claim(tx, "token", "t")
    for name in ("main", "-"):
        with pytest.raises(SandboxError, match="cannot be deleted"):
            worlds.delete(name)


def test_a_late_writer_does_not_enter_the_next_world_of_that_name(worlds: Worlds) -> None:
    """Its epoch was right when it was given; a world made again must not answer to it."""
    former = worlds.create("demo")
    former = worlds.reset("demo")
    worlds.delete("demo")
    again = worlds.create("demo")
    assert again.epoch > former.epoch
    with pytest.raises(LateWriter), worlds.store.write("demo", former.epoch):
        pass


def test_reset_gives_the_seed_back(worlds: Worlds, clock: Clock) -> None:
    born = worlds.create("demo")
    put(worlds, "demo", "later")
    worlds.move("demo", WALL + HOUR)
    worlds.set_policy("demo", Policy("strict"))
    with worlds.store.write("demo") as tx:
        due.schedule(tx, "x", WALL, {})
    again = worlds.reset("demo")
    assert again == World(**{**vars(born), "epoch": born.epoch + 1})
    assert names(worlds, "demo") == ["born"]
    assert due.pending(worlds.store, "demo") == []
    worlds.reset("demo")
    assert worlds.get("demo").epoch == born.epoch + 2


def test_snapshots_are_kept_apart_and_replaced(worlds: Worlds) -> None:
    worlds.create("demo")
    for label in ("one", "two", "one"):
        put(worlds, "demo", f"before {label}")
        worlds.snapshot("demo", label)
    put(worlds, "demo", "after")
    assert worlds.snapshots("demo") == ["one", "seed", "two"]
    worlds.restore("demo", "two")
    assert names(worlds, "demo") == ["before one", "before two", "born"]
    worlds.restore("demo", "one")
    assert names(worlds, "demo") == ["before one", "before two", "born"]
    worlds.restore("demo", "seed")
    assert names(worlds, "demo") == ["born"]
    with pytest.raises(KeyError, match="no snapshot never"):
        worlds.restore("demo", "never")
    for label in ("", "a@b", "a/b", "x" * 41, "a\n"):
        with pytest.raises(ValueError, match="snapshot name"):
            worlds.snapshot("demo", label)


def test_a_failed_restore_changes_nothing(worlds: Worlds) -> None:
    before = worlds.create("demo")
    put(worlds, "demo", "x")
    with pytest.raises(KeyError):
        worlds.restore("demo", "never")
    assert worlds.get("demo") == before
    assert names(worlds, "demo") == ["born", "x"]


def test_the_journal_survives_a_reset_and_its_cursor_stays_valid(worlds: Worlds) -> None:
    worlds.create("demo")
    store = worlds.store
    for _ in range(3):
        with store.write("demo") as tx:
            journal.record(tx, load(tx), WALL, Entry("http", "x"))
    rung = store.bell.count("journal:demo")
    worlds.reset("demo")
    assert store.bell.count("journal:demo") != rung  # followers look again
    with store.write("demo") as tx:
        assert journal.record(tx, load(tx), WALL, Entry("http", "y")) == 4
        assert tx.counter("uid") == 2
    assert [(e.number, e.epoch) for e in journal.read(store, "demo")] == [(1, 1), (2, 1), (3, 1), (4, 2)]


def test_claims_are_not_part_of_a_snapshot(worlds: Worlds) -> None:
    """Put back as claimed by a worker that lives, a row would wait for ever."""
    worlds.create("demo")
    store = worlds.store
    with store.write("demo") as tx:
        due.schedule(tx, "x", WALL, {}, id="d")
        due.send_later(tx, "x", {}, id="m")
        for table, more in ((schema.due, {}), (schema.outbox, {"tries": 1})):
            tx.update(table, {"state": "claimed", "worker": store_worker(), **more})
    worlds.snapshot("demo", "busy")
    worlds.restore("demo", "busy")
    with store.read("demo") as tx:
        for table in (schema.due, schema.outbox):
            assert [(row.state, row.worker) for row in tx.find(table)] == [("pending", None)]


def store_worker() -> str:
    return "w#1"


def test_routing_keys_stay_where_they_are(worlds: Worlds) -> None:
    """A certificate issued to a product goes on leading to its world after a reset."""
    worlds.create("demo")
    worlds.create("other")
    with worlds.store.write("demo") as tx:
        routing.claim(tx, "certificate", "f")
    worlds.reset("demo")
    assert routing.look_up(worlds.store, "certificate", "f") == "demo"
    with pytest.raises(RoutingConflict), worlds.store.write("other") as tx:
        routing.claim(tx, "certificate", "f")


def test_the_clock_moves_forward_only(worlds: Worlds, clock: Clock) -> None:
    worlds.create("demo")
    assert worlds.business("demo") == WALL
    moved = worlds.move("demo", WALL + HOUR)
    assert moved.business(clock()) == WALL + HOUR and moved.wire(clock()) == WALL
    with pytest.raises(ClockMovesForwardOnly):
        worlds.move("demo", WALL)
    assert worlds.reach("demo", WALL) == moved
    clock.at += HOUR
    assert worlds.business("demo") == WALL + 2 * HOUR
    assert worlds.reach("demo", WALL + 3 * HOUR).business(clock()) == WALL + 3 * HOUR


def test_freezing_stops_the_wire_and_thawing_goes_on_from_there(worlds: Worlds, clock: Clock) -> None:
    worlds.create("demo")
    worlds.move("demo", WALL + HOUR)
    frozen = worlds.freeze("demo", WALL)
    clock.at += 5 * HOUR
    assert frozen.wire(clock()) == WALL
    assert worlds.business("demo") == WALL + HOUR
    worlds.move("demo", WALL + 24 * HOUR)
    thawed = worlds.freeze("demo", None)
    assert thawed.wire(clock()) == WALL + 5 * HOUR
    assert thawed.business(clock()) == WALL + 24 * HOUR


def test_a_freeze_in_the_past_does_not_hurl_business_time_ahead(worlds: Worlds, clock: Clock) -> None:
    worlds.create("demo")
    past = datetime(2020, 1, 1, tzinfo=UTC)
    frozen = worlds.freeze("demo", past)
    assert frozen.wire(clock()) == past and frozen.business(clock()) == WALL
    thawed = worlds.freeze("demo", None)
    assert thawed.business(clock()) == WALL == thawed.wire(clock())


def test_a_freeze_needs_an_aware_instant(worlds: Worlds) -> None:
    worlds.create("demo")
    with pytest.raises((ValueError, TypeError)):
        worlds.freeze("demo", datetime(2026, 1, 1))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["tick", "move", "reach", "freeze", "thaw"]), st.integers(-100, 100)), max_size=12
    )
)
def test_business_time_never_goes_back(memory_store: Store, steps: list[tuple[str, int]]) -> None:
    clock = Clock()
    worlds = Worlds(memory_store, clock)
    worlds.ensure("demo")
    worlds.reset("demo")
    here = worlds.business("demo")
    for verb, hours in steps:
        target = clock.at + hours * HOUR
        if verb == "tick":
            clock.at += abs(hours) * HOUR
        elif verb == "move" and target >= here:
            worlds.move("demo", target)
        elif verb == "reach":
            worlds.reach("demo", target)
        elif verb in {"freeze", "thaw"}:
            worlds.freeze("demo", target if verb == "freeze" else None)
        now = worlds.business("demo")
        assert now >= here
        assert now >= worlds.get("demo").wire(clock())
        here = now


def test_two_who_move_the_clock_at_once_lose_no_move(worlds: Worlds, clock: Clock) -> None:
    worlds.create("demo")
    ready = threading.Barrier(4)

    def move(index: int) -> None:
        ready.wait()
        for turn in range(5):
            worlds.reach("demo", WALL + (index * 5 + turn) * HOUR)
            worlds.set_policy("demo", Policy(settings={"by": str(index)}))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(move, range(4)))
    assert worlds.business("demo") == WALL + 19 * HOUR


def test_the_seeded_generator(worlds: Worlds) -> None:
    worlds.create("a", seed=5)
    worlds.create("b", seed=5)

    def take(world: str, count: int) -> list[uuid.UUID]:
        with worlds.store.write(world) as tx:
            return [identifier(tx, "message") for _ in range(count)]

    first = take("a", 3)
    assert all(u.version == 4 and u.variant == uuid.RFC_4122 for u in first)
    assert len({*first, *take("a", 3), *take("b", 3)}) == 9
    worlds.reset("a")
    assert take("a", 3) == first


def test_the_worlds_where_something_is_to_do(worlds: Worlds, clock: Clock) -> None:
    for name in ("early", "late", "sends", "idle"):
        worlds.create(name)
    for name, at in (("early", WALL), ("late", WALL + timedelta(days=1))):
        with worlds.store.write(name) as tx:
            due.schedule(tx, "x", at, {})
    with worlds.store.write("sends") as tx:
        due.send_later(tx, "x", {}, id="m")
    assert worlds.with_work() == ["early", "sends"]
    worlds.move("late", WALL + timedelta(days=1))
    assert worlds.with_work() == ["early", "late", "sends"]
