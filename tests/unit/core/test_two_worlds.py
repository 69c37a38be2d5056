"""Whatever is done in one world, every row of the other one stays as it was.

A state machine does everything a world allows in A; after each step B's rows, in every table and with its
snapshots and routing keys, are compared with what they were. A's name, taken for a pattern of LIKE, would
match B's.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table
from sqlalchemy.exc import IntegrityError

from simulators.core import journal, routing
from simulators.core.due import Due, DueRow, cancel, schedule, send_later
from simulators.core.errors import LateWriter, RoutingConflict
from simulators.core.journal import Entry
from simulators.core.rules import Level, Policy
from simulators.core.store import Store, Tx, metadata, schema
from simulators.core.world import World, Worlds, identifier, load
from tests.support.dump import dump, state

WALL = datetime(2026, 3, 1, 12, tzinfo=UTC)
EXAMPLES = "SEGUR_TEST_EXAMPLES"  # another number of them, and a failure made as small as can be
NUMBERS = itertools.count(1)
WORDS = st.text(alphabet="ab_%é' ", min_size=1, max_size=3)
LABELS = st.sampled_from(["one", "two", "seed"])
KEYS = st.sampled_from(["k1", "k2", "of b"])
TABLES = st.deferred(lambda: st.sampled_from([t for t in metadata.sorted_tables if "key" in t.info]))
DATA = st.data()
VERBS = ["insert", "insert_many", "put", "add", "update", "update_all", "delete", "clear"]


class Undone(Exception):
    pass


def values_of(table: Table) -> st.SearchStrategy[dict[str, Any]]:
    """A row of any table, whichever simulator declared it; small values, so that keys meet."""
    return st.fixed_dictionaries({c.name: value_of(c) for c in table.columns if c.name != "world"})


def value_of(column: Column[Any]) -> st.SearchStrategy[Any]:
    if column.name == "policy":
        return st.just("{}")
    kinds: dict[type, st.SearchStrategy[Any]] = {
        Integer: st.integers(0, 3),
        BigInteger: st.integers(0, 3),
        LargeBinary: st.binary(max_size=4),
    }
    given = next((kinds[kind] for kind in (BigInteger, Integer, LargeBinary) if isinstance(column.type, kind)), WORDS)
    return st.none() | given if column.nullable else given


class TwoWorlds(RuleBasedStateMachine):
    def __init__(self, store: Store) -> None:
        super().__init__()
        number = next(NUMBERS)
        self.store = store
        self.at = WALL
        self.worlds = Worlds(store, lambda: self.at, [self.seed])
        self.a, self.b = f"n_{number}", f"n-{number}"
        self.kept: dict[str, Any] = {}
        handlers = {"log": self.log, "chain": self.chain, "fail": self.fail}
        self.due = Due(self.worlds, handlers, {"wire": self.send}, worker="two-worlds", limit=500)
        self.late = self.worlds.create(self.a)
        self.kept["seed"] = state(store, self.a)
        self.fill_b()
        self.before = dump(store, self.b)

    def seed(self, tx: Tx, world: World) -> None:
        tx.put(schema.settings, name="born", value=str(world.seed))
        schedule(tx, "log", WALL + timedelta(days=2), {}, id="seeded")

    def fill_b(self) -> None:
        """The same keys as in A, in every table; due rows, claims and messages that A might take for its own."""
        self.worlds.create(self.b, seed=1)
        self.everything(self.b)
        self.worlds.snapshot(self.b, "one")
        self.worlds.move(self.b, WALL + timedelta(days=1))
        self.everything(self.b)
        with self.store.write(self.b) as tx:
            routing.claim(tx, "token", "of b")
            for table in (schema.due, schema.outbox):
                tx.update(table, {"state": "claimed", "worker": self.due.worker})
        self.worlds.snapshot(self.b, "two")
        with self.store.write(self.b) as tx:
            tx.update(schema.due, {"state": "claimed", "worker": "nobody#0"})

    def everything(self, world: str) -> None:
        with self.store.write(world) as tx:
            for kind in ("log", "chain", "fail"):
                schedule(tx, kind, WALL, {}, id=kind)
            send_later(tx, "wire", {}, id="message")
            journal.record(tx, load(tx), WALL, Entry("http", "x", keys=("k1",), request=b"b" * (journal.INLINE + 1)))
            tx.blob(b"shared bytes")
            tx.put(schema.settings, name="a", value="b")
            tx.put(schema.triggers, id="a", seq=1, kind="a", name="a", match="a", params="a")

    # What fires by itself in A.
    def log(self, tx: Tx, row: DueRow, world: World) -> None:
        tx.put(schema.settings, name=f"log:{tx.counter('log')}", value=row.id)

    def chain(self, tx: Tx, row: DueRow, world: World) -> None:
        schedule(tx, "log", row.at + timedelta(hours=1), {}, id=f"after:{row.id}")
        send_later(tx, "wire", {}, id=f"wire:{row.id}")

    def fail(self, tx: Tx, row: DueRow, world: World) -> None:
        tx.delete(schema.settings)
        raise Undone

    def send(self, world: str, id: str, payload: Mapping[str, Any]) -> None:
        with self.store.write(world) as tx:
            tx.put(schema.settings, name=f"sent:{id}", value="")

    @contextmanager
    def writing(self) -> Iterator[Tx]:
        """One transaction on A; random rows may hit a key that exists, which undoes it all."""
        before = state(self.store, self.a)
        try:
            with self.store.write(self.a) as tx:
                yield tx
        except (IntegrityError, Undone):
            assert state(self.store, self.a) == before

    @rule(verbs=st.lists(st.sampled_from(VERBS), min_size=1, max_size=3), undone=st.booleans())
    def write_the_rows_of_b(self, verbs: list[str], undone: bool) -> None:
        """Every table, with the very keys that B uses."""
        for table in metadata.sorted_tables:
            if "key" in table.info and table is not schema.snapshots:
                names = [column.name for column in table.columns]
                rows = [dict(zip(names, row, strict=True)) for row in self.before[table.name]]
                rows = [{**row, "world": self.a} for row in rows if row["world"] == self.b]
                with self.writing() as tx:
                    for verb in verbs:
                        self.apply(tx, verb, table, rows)
                    if undone:
                        raise Undone

    def apply(self, tx: Tx, verb: str, table: Table, rows: list[dict[str, Any]]) -> None:
        if verb == "clear":
            tx.delete(table)
        elif verb == "insert_many":
            tx.insert_many(table, rows)
        for row in rows:
            key = {name: row[name] for name in table.info["key"]}
            rest = {name: value for name, value in row.items() if name not in key}
            if verb in {"insert", "put", "add"}:
                getattr(tx, verb)(table, **row)
            elif verb == "update":
                tx.update(table, rest, **key)
            elif verb == "update_all":
                tx.update(table, rest)
            elif verb == "delete":
                tx.delete(table, **key)

    @rule(table=TABLES, data=DATA, many=st.integers(1, 3), undone=st.booleans())
    def write_rows(self, table: Table, data: st.DataObject, many: int, undone: bool) -> None:
        rows = data.draw(st.lists(values_of(table), min_size=many, max_size=many))
        with self.writing() as tx:
            self.apply(tx, data.draw(st.sampled_from(VERBS)), table, rows)
            if table is schema.snapshots:
                raise Undone  # a label without its rows is not something a world can have
            if undone:
                raise Undone

    @rule(undone=st.booleans())
    def do_everything(self, undone: bool) -> None:
        with self.writing() as tx:
            tx.counter("n")
            tx.blob(b"bytes of a")
            identifier(tx)
            if undone:
                raise Undone
        with self.writing() as tx:
            journal.record(
                tx, load(tx), self.at, Entry("http", "x", keys=("k1", "k2"), answer=b"a" * (journal.INLINE + 1))
            )

    @rule(kind=st.sampled_from(["log", "chain", "fail", "nobody's"]), hours=st.integers(-5, 100))
    def plan(self, kind: str, hours: int) -> None:
        with self.writing() as tx:
            schedule(tx, kind, self.at + timedelta(hours=hours), {}, id=f"{kind}:{hours % 7}")
            send_later(tx, "wire", {}, id=f"m{hours % 7}")
            cancel(tx, f"log:{(hours + 1) % 7}")

    @rule(hours=st.integers(0, 200))
    def advance(self, hours: int) -> None:
        try:
            self.due.advance(self.a, self.worlds.business(self.a) + timedelta(hours=hours))
        except IntegrityError:  # a random row holds the number of a counter that was cleared
            return
        assert not self.due.work_once(self.a)

    @rule()
    def work_once(self) -> None:
        self.due.work_once(self.a)

    @rule(hours=st.integers(0, 50))
    def time_goes_by(self, hours: int) -> None:
        self.at += timedelta(hours=hours)

    @rule(hours=st.none() | st.integers(-1000, 1000))
    def freeze(self, hours: int | None) -> None:
        self.worlds.freeze(self.a, None if hours is None else self.at + timedelta(hours=hours))

    @rule(hours=st.integers(0, 100))
    def move(self, hours: int) -> None:
        self.worlds.move(self.a, self.worlds.business(self.a) + timedelta(hours=hours))

    @rule(level=st.sampled_from(Level), profile=st.sampled_from(["default", "strict"]))
    def change_policy(self, level: Level, profile: str) -> None:
        self.worlds.set_policy(self.a, Policy(profile, {"R": level}))

    @rule(label=LABELS)
    def snapshot(self, label: str) -> None:
        self.kept[label] = state(self.store, self.a)
        self.worlds.snapshot(self.a, label)

    @rule(label=LABELS)
    def restore(self, label: str) -> None:
        if label not in self.kept:
            with pytest.raises(KeyError):
                self.worlds.restore(self.a, label)
            return
        self.worlds.restore(self.a, label)
        assert state(self.store, self.a) == self.kept[label]

    @rule()
    def reset(self) -> None:
        self.worlds.reset(self.a)
        assert state(self.store, self.a) == self.kept["seed"]

    @rule()
    def delete_and_create_again(self) -> None:
        self.worlds.delete(self.a)
        left = dump(self.store, self.a)
        assert {name for name, rows in left.items() if rows} == {"meta"}
        self.worlds.create(self.a)
        self.kept = {"seed": state(self.store, self.a)}

    @rule(kind=st.sampled_from(["token", "certificate"]), key=KEYS, give_back=st.booleans())
    def claim(self, kind: str, key: str, give_back: bool) -> None:
        taken = (kind, key) == ("token", "of b")
        try:
            with self.store.write(self.a) as tx:
                routing.release(tx, "token", "of b")  # not A's to give back
                (routing.release if give_back else routing.claim)(tx, kind, key)
            assert give_back or not taken
        except RoutingConflict:
            assert taken
        assert routing.look_up(self.store, "token", "of b") == self.b

    @precondition(lambda self: self.worlds.get(self.a).epoch != self.late.epoch)
    @rule()
    def write_late(self) -> None:
        with pytest.raises(LateWriter), self.store.write(self.a, self.late.epoch) as tx:
            tx.delete(schema.settings)

    @invariant()
    def b_is_as_it_was(self) -> None:
        assert dump(self.store, self.b) == self.before

    def teardown(self) -> None:
        self.worlds.delete(self.a)
        self.worlds.delete(self.b)


def test_what_is_done_in_a_world_stays_in_it(either_store: Store) -> None:
    sqlite = either_store.url.startswith("sqlite")
    run_state_machine_as_test(
        lambda: TwoWorlds(either_store),
        settings=settings(
            max_examples=int(os.environ.get(EXAMPLES, 8 if sqlite else 5)),
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=set(Phase) - (set() if EXAMPLES in os.environ else {Phase.shrink, Phase.explain}),
            print_blob=True,
        ),
    )


def test_b_has_rows_in_every_table_of_the_ground(memory_store: Store) -> None:
    """Else the comparison would compare nothing."""
    machine = TwoWorlds(memory_store)
    rows = dump(memory_store, machine.b)
    ground = {t.name for t in vars(schema).values() if isinstance(t, Table)} - {"meta"}
    assert {name for name in ground if not rows[name]} == set()
    snapshots_of_b = {row[0] for row in rows["due"]}
    assert snapshots_of_b == {machine.b, *(f"{machine.b}@{label}" for label in ("seed", "one", "two"))}


def test_a_row_gone_astray_would_be_seen(memory_store: Store) -> None:
    machine = TwoWorlds(memory_store)
    for name, table in metadata.tables.items():
        if "key" not in table.info or not machine.before[name]:
            continue
        with memory_store.admin() as connection:
            connection.execute(table.delete().where(table.c.world == machine.b))
        with pytest.raises(AssertionError):
            machine.b_is_as_it_was()
        machine.before = dump(memory_store, machine.b)
