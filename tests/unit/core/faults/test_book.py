from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from simulators.core.errors import LateWriter, WorldGone
from simulators.core.exchange import SIM_FAULT, Arrival, Call, Runtime
from simulators.core.faults import effects
from simulators.core.faults.book import TriggerBook
from simulators.core.faults.catalogue import FAULTS
from simulators.core.faults.effects import Planned
from simulators.core.rules import Catalogue, Example, Grade, Level, Rule, Text
from simulators.core.store import schema
from simulators.core.store.api import Store
from simulators.core.world import Worlds

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
RULE = Rule(
    "TOY-RED", Level.WARN, "x", "test", Grade.SOURCED, Text("f", "e"), Text("f", "e"), example=Example("/own", "red")
)
CATALOGUE: Catalogue[Any] = Catalogue([RULE, SIM_FAULT])


class Desk:
    """A book over a real store with two worlds, and calls to show it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.wall = NOW
        self.worlds = Worlds(store, lambda: self.wall)
        for world in ("main", "other"):
            self.worlds.create(world)
        self.book = self.opened()

    def opened(self, operations: Sequence[str] = ()) -> TriggerBook:
        return TriggerBook(self.store, CATALOGUE, FAULTS, now=lambda: self.wall, operations=operations)

    def call(self, operation: str = "dmp.TD2.1", world: str = "main", **who: str) -> Call:
        runtime = Runtime(self.store, self.worlds, lambda: self.wall, CATALOGUE, self.book)
        arrival = Arrival("soap", "dmp", "peer", "POST", "/", {}, b"")
        return Call(runtime, arrival, self.worlds.get(world), self.wall, operation, who=dict(who))

    def plan(self, operation: str = "dmp.TD2.1", world: str = "main", **who: str) -> list[str]:
        return [planned.name for planned in self.book.plan(self.call(operation, world, **who))]

    def counters(self, world: str = "main") -> dict[str, int]:
        with self.store.read(world) as tx:
            return {row.name: row.value for row in tx.find(schema.counters) if row.name.startswith("trigger:")}


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def test_a_world_without_trigger_has_no_plan(desk: Desk) -> None:
    assert desk.plan() == []


def test_faults_and_refusals_are_planned_oldest_first_at_their_hooks(desk: Desk) -> None:
    desk.book.add_fault("main", "latency", {"on": "dmp.*"}, {"seconds": "2"})
    desk.book.add_refusal("main", "TOY-RED", {"on": "*"}, Example("/given", "f", "e"))
    desk.book.add_refusal("main", "TOY-RED", {"on": "*"})
    assert list(desk.book.plan(desk.call())) == [
        Planned("latency", "on_answer", effects.Delay(2.0)),
        Planned("TOY-RED", "on_request", effects.Refuse(RULE.forced(Example("/given", "f", "e")))),
        Planned("TOY-RED", "on_request", effects.Refuse(RULE.forced(Example("/own", "red")))),
    ]


def test_triggers_belong_to_one_world(desk: Desk) -> None:
    desk.book.add_fault("other", "outage", {"on": "*"})
    assert (desk.plan(), desk.plan(world="other")) == ([], ["outage"])


def test_every_condition_must_hold(desk: Desk) -> None:
    desk.book.add_fault("main", "outage", {"on": "dmp.TD2.1", "structure": "S1"})
    assert desk.plan(structure="S1") == ["outage"]
    assert desk.plan(structure="S2") == []
    assert desk.plan("dmp.TD3.1", structure="S1") == []


def test_between_is_business_time(desk: Desk) -> None:
    desk.book.add_fault("main", "outage", {"on": "*", "between": "2026-09-01T00:00Z,2026-09-02T00:00Z"})
    assert desk.plan() == []
    desk.worlds.move("main", datetime(2026, 9, 1, 12, 0, tzinfo=UTC))
    assert desk.plan() == ["outage"]
    desk.worlds.move("main", datetime(2026, 9, 2, tzinfo=UTC))
    assert desk.plan() == []


class TestNth:
    def test_only_the_nth_call_that_matches_the_rest(self, desk: Desk) -> None:
        desk.book.add_fault("main", "outage", {"on": "dmp.TD2.1", "structure": "S1", "nth": 2})
        found = [desk.plan(structure=s) for s in ("S1", "S2", "S2", "S1", "S1")]
        assert found == [[], [], [], ["outage"], []]

    def test_it_is_not_counted_after_it_has_passed(self, desk: Desk) -> None:
        id = desk.book.add_fault("main", "outage", {"on": "*", "nth": 1})
        for _ in range(3):
            desk.plan()
        assert desk.counters() == {f"trigger:{id}": 1}
        assert desk.book.list("main")[0].as_json()["calls"] == 1

    def test_two_books_on_one_store_count_together(self, desk: Desk) -> None:
        desk.book.add_fault("main", "outage", {"on": "*", "nth": 2})
        assert desk.opened().plan(desk.call()) == []
        assert desk.plan() == ["outage"]

    def test_calls_side_by_side_fire_it_once(self, desk: Desk) -> None:
        desk.book.add_fault("main", "outage", {"on": "*", "nth": 5})
        with ThreadPoolExecutor(4) as pool:
            found = [plan for plan in pool.map(lambda _: desk.plan(), range(8)) if plan]
        assert found == [["outage"]]

    def test_a_removed_trigger_leaves_no_counter_and_its_id_is_not_used_again(self, desk: Desk) -> None:
        first = desk.book.add_fault("main", "outage", {"on": "*", "nth": 2})
        desk.plan()
        assert desk.book.remove("main", first)
        second = desk.book.add_fault("main", "outage", {"on": "*", "nth": 2})
        assert first != second
        assert desk.counters() == {}
        assert [desk.plan(), desk.plan()] == [[], ["outage"]]

    def test_a_trigger_removed_while_it_is_counted_does_not_come_back(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        desk.book.add_fault("main", "outage", {"on": "*", "nth": 1})
        seen = desk.book.list("main")
        desk.book.clear("main")
        monkeypatch.setattr(desk.book, "_triggers", lambda world: seen)
        assert desk.plan() == []
        assert desk.counters() == {}

    def test_a_late_caller_counts_nothing_in_the_new_life(self, desk: Desk) -> None:
        desk.book.add_fault("main", "outage", {"on": "*", "nth": 2})
        desk.worlds.snapshot("main", "with")
        late = desk.call()
        desk.worlds.restore("main", "with")
        with pytest.raises(LateWriter):
            desk.book.plan(late)
        assert desk.counters() == {}


def test_reset_takes_triggers_and_counters_back_to_the_snapshot(desk: Desk) -> None:
    desk.book.add_fault("main", "outage", {"on": "*", "nth": 2})
    desk.worlds.snapshot("main", "armed")
    assert [desk.plan(), desk.plan()] == [[], ["outage"]]
    desk.worlds.restore("main", "armed")
    assert [desk.plan(), desk.plan()] == [[], ["outage"]]
    desk.worlds.reset("main")
    assert desk.book.list("main") == []


class TestKeeping:
    def test_list_shows_what_was_asked(self, desk: Desk) -> None:
        match = {"on": "dmp.TD2.1", "patient": "P", "between": "2026-03-01T00:00Z,2026-03-02T00:00Z"}
        fault = desk.book.add_fault("main", "truncate", match, {"after": "7"})
        refusal = desk.book.add_refusal("main", "TOY-RED", {"on": "*"}, Example("/x"))
        assert json.loads(json.dumps([t.as_json() for t in desk.book.list("main")])) == [
            {
                "world": "main",
                "id": fault,
                "kind": "fault",
                "name": "truncate",
                "match": {
                    "on": "dmp.TD2.1",
                    "patient": "P",
                    "between": ["2026-03-01T00:00:00+00:00", "2026-03-02T00:00:00+00:00"],
                },
                "params": {"after": 7},
            },
            {
                "world": "main",
                "id": refusal,
                "kind": "refusal",
                "name": "TOY-RED",
                "match": {"on": "*"},
                "params": {"where": "/x", "found": "", "expected": ""},
            },
        ]
        assert [t.id for t in desk.book.list("main", "refusal")] == [refusal]

    def test_remove_and_clear(self, desk: Desk) -> None:
        first = desk.book.add_fault("main", "outage", {"on": "*"})
        desk.book.add_fault("main", "latency", {"on": "*"})
        desk.book.add_refusal("main", "TOY-RED", {"on": "*"})
        desk.book.add_fault("other", "outage", {"on": "*"})
        assert (desk.book.remove("main", first), desk.book.remove("main", first)) == (True, False)
        assert (desk.book.clear("main", "fault"), desk.book.clear("main"), desk.book.clear("main")) == (1, 1, 0)
        assert len(desk.book.list("other")) == 1

    def test_an_unknown_world(self, desk: Desk) -> None:
        for ask in (
            lambda: desk.book.add_fault("nowhere", "outage", {"on": "*"}),
            lambda: desk.book.list("nowhere"),
            lambda: desk.book.clear("nowhere"),
        ):
            with pytest.raises(WorldGone):
                ask()

    @pytest.mark.parametrize(
        ("name", "match", "params", "words"),
        [
            ("outge", {"on": "*"}, {}, "no fault named 'outge'; did you mean outage"),
            ("outage", {"on": "dmp"}, {}, r"'dmp' is no operation; say dmp.\* for all"),
            ("outage", {"on": "*", "nth": -1}, {}, "nth: a whole number"),
            ("latency", {"on": "*"}, {"seconds": "x"}, "seconds: a number"),
            ("outage", {"on": "*"}, {"probability": 1}, "has no parameter 'probability'"),
            ("silent", {"on": "dmp"}, {}, "acts on a listener before any world is known.*add it in the world '-'"),
        ],
    )
    def test_refused_in_plain_words_and_nothing_is_kept(
        self, desk: Desk, name: str, match: dict[str, Any], params: dict[str, object], words: str
    ) -> None:
        with pytest.raises(ValueError, match=words):
            desk.book.add_fault("main", name, match, params)
        assert desk.book.list("main") == []

    def test_an_unknown_rule(self, desk: Desk) -> None:
        with pytest.raises(ValueError, match="no rule 'TOY-RAD'; did you mean TOY-RED"):
            desk.book.add_refusal("main", "TOY-RAD", {"on": "*"})

    def test_an_operation_that_does_not_exist(self, desk: Desk) -> None:
        book = desk.opened(["dmp.TD2.1", "dmp.TD3.1"])
        with pytest.raises(ValueError, match=r"no operation is named 'dmp.TD2.2'; did you mean dmp.TD2.1"):
            book.add_fault("main", "outage", {"on": "dmp.TD2.2"})
        assert book.add_fault("main", "outage", {"on": "dmp.TD2.*"})

    def test_a_row_of_another_version_is_said_and_left_alone(
        self, desk: Desk, caplog: pytest.LogCaptureFixture
    ) -> None:
        with desk.store.write("main") as tx:
            values = {"match": '{"on":"*"}', "params": "{}", "name": "gone"}
            tx.insert(schema.triggers, id="F9", seq=9, kind="fault", **values)
            tx.insert(schema.triggers, id="R10", seq=10, kind="refusal", **values)
        with caplog.at_level(logging.WARNING, "simulators"):
            assert desk.plan() == []
        assert [r.getMessage() for r in caplog.records] == [
            f"world main: trigger {id} names gone, unknown here" for id in ("F9", "R10")
        ]


class TestAccept:
    def names(self, desk: Desk, listener: str = "dmp") -> list[str]:
        return [planned.name for planned in desk.book.accept_plan(listener)]

    def test_a_listener_is_asked_by_name(self, desk: Desk) -> None:
        desk.book.add_fault("-", "refuse_connection", {"on": "dmp"})
        desk.book.add_fault("-", "silent", {"on": "*"}, {"seconds": 3})
        assert list(desk.book.accept_plan("dmp")) == [
            Planned("refuse_connection", "on_accept", effects.Disconnect("reset")),
            Planned("silent", "on_accept", effects.Silence(3.0)),
        ]
        assert self.names(desk, "psc") == ["silent"]

    def test_nth_connection_and_between_wall_instants(self, desk: Desk) -> None:
        desk.book.add_fault("-", "refuse_connection", {"on": "dmp", "nth": 2})
        between = f"{(NOW + timedelta(hours=1)).isoformat()},{(NOW + timedelta(hours=2)).isoformat()}"
        desk.book.add_fault("-", "silent", {"on": "dmp", "between": between})
        assert [self.names(desk) for _ in range(3)] == [[], ["refuse_connection"], []]
        desk.wall = NOW + timedelta(hours=1)
        assert self.names(desk) == ["silent"]

    def test_what_nobody_can_know_yet_is_refused(self, desk: Desk) -> None:
        with pytest.raises(ValueError, match="before anybody is identified: on, nth and between only"):
            desk.book.add_fault("-", "silent", {"on": "dmp", "structure": "S"})

    def test_accept_and_request_do_not_count_for_one_another(self, desk: Desk) -> None:
        desk.book.add_fault("-", "refuse_connection", {"on": "*", "nth": 1})
        desk.book.add_fault("-", "outage", {"on": "pki.*", "nth": 1})
        call = replace(desk.call("pki.crl", "-"))
        assert [p.name for p in desk.book.plan(call)] == ["outage"]
        assert self.names(desk) == ["refuse_connection"]


def test_the_book_is_what_the_exchange_wants(desk: Desk) -> None:
    from simulators.core.exchange import FaultBook

    book: FaultBook = desk.book
    assert cast(object, book) is desk.book
