from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Column, Text

from simulators.core import journal, rules
from simulators.core.errors import LateWriter, Refused
from simulators.core.exchange import SIM_BUG, SIM_FAULT, SIM_WORLD, Answer, Arrival, Call, Runtime, exchange
from simulators.core.faults import effects
from simulators.core.faults.book import TriggerBook
from simulators.core.faults.catalogue import FAULTS
from simulators.core.faults.effects import Effect, Planned
from simulators.core.routing import Clue, claim
from simulators.core.rules import Catalogue, Example, Finding, Grade, Level, Rule, Verdict
from simulators.core.store import guard, schema
from simulators.core.store.api import Store
from simulators.core.world import Worlds

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
shelf = schema.world_table("test_exchange_shelf", Column("item", Text), key=("item",))
TOY = "toy.Put"


def rule(id: str, level: Level, example: Example | None = None) -> Rule:
    sentence = rules.Text(f"phrase {id}", f"sentence {id}")
    return Rule(id, level, "item", "test", Grade.SOURCED, sentence, sentence, code="Toy", example=example)


NO_RED = rule("TOY-RED", Level.REFUSE, Example("/item", "red", "another colour"))
NO_BLUE = rule("TOY-BLUE", Level.WARN)
NO_NOISE = rule("TOY-NOISE", Level.REFUSE)
CATALOGUE: Catalogue[Any] = Catalogue([NO_RED, NO_BLUE, NO_NOISE, SIM_BUG, SIM_FAULT, SIM_WORLD])


class ToyFlow:
    """``item;structure;extra``: puts an item on the world's shelf."""

    name = "toy"

    def __init__(self) -> None:
        self.refuse_fails = False

    def read(self, call: Call) -> list[str]:
        text = call.arrival.body.decode()
        if text == "noise":
            raise Refused(Verdict((NO_NOISE.forced(Example("body", text)),)))
        item, structure, extra = f"{text};;".split(";")[:3]
        call.operation = TOY
        call.who["structure"] = structure
        call.keys.add(f"item:{item}")
        return [item, structure, extra]

    def clues(self, call: Call, request: list[str] | None) -> Sequence[Clue]:
        certificate = call.arrival.certificate
        found = [Clue("credential", "certificate", certificate.decode())] if certificate else []
        if request is not None:
            found.append(Clue("declared", "structure", request[1]))
        return found

    def perform(self, call: Call, request: list[str]) -> Answer:
        item, structure, extra = request
        call.tx.insert(shelf, item=item)
        if extra == "adopt":
            call.adopted("structures", structure)
        call.judge([_colours], item)
        if extra == "late-red" or item == "adopted-red":
            call.adopted("structures", structure)
            call.find(NO_RED.finding("/item", found="red", expected="another colour"))
        if extra == "bug":
            raise ZeroDivisionError("toy bug")
        return Answer(200, f"stored {item} é".encode(), {"Content-Type": "text/plain"})

    def refuse(self, call: Call, request: object, verdict: Verdict, href: str) -> Answer:
        if self.refuse_fails:
            raise RuntimeError("the funnel leaks")
        first = verdict.refusing[0]
        said = f"{first.rule.id}|{first.where}|{first.found}|{first.expected}|{first.rule.short()}"
        return Answer(500 if first.rule is SIM_BUG else 400, said.encode(), {"Link": href})


def _colours(item: str) -> Iterable[Finding]:
    if item == "red":
        yield NO_RED.finding("/item", found=item, expected="another colour")
    if item == "blue":
        yield NO_BLUE.finding("/item", found=item)


@dataclass
class Script:
    """A fault book that says what it is told."""

    planned: list[Planned] = field(default_factory=list)

    def plan(self, call: Call) -> Sequence[Planned]:
        return self.planned


class House:
    """The toy service on a real store, with two worlds."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.worlds = Worlds(store, lambda: NOW)
        for name in ("main", "other", "third"):
            self.worlds.create(name)
        self.book = TriggerBook(store, CATALOGUE, FAULTS, now=lambda: NOW)
        self.runtime = Runtime(store, self.worlds, lambda: NOW, CATALOGUE, self.book)
        self.flow = ToyFlow()

    def send(self, body: str, address: str | None = None, certificate: bytes | None = None) -> Answer:
        headers = {"Content-Type": "text/plain"}
        raw = body.encode("utf-8", "surrogateescape")
        arrival = Arrival("toy", "toy", "127.0.0.1", "POST", "/toy", headers, raw, address, certificate)
        return exchange(self.runtime, self.flow, arrival)

    def planned(self, hook: str, effect: Effect) -> None:
        self.runtime = replace(self.runtime, faults=Script([Planned("test", hook, effect)]))

    def shelf(self, world: str = "main") -> list[str]:
        with self.store.read(world) as tx:
            return [row.item for row in tx.find(shelf)]

    def rows(self, world: str = "main") -> list[journal.Exchange]:
        return journal.read(self.store, world)

    def row(self, world: str = "main") -> journal.Exchange:
        (row,) = self.rows(world)
        return row

    def answered(self, world: str = "main") -> bytes:
        return journal.bodies(self.store, world, self.rows(world)[-1].number)[1]

    def claim(self, world: str, kind: str, key: str) -> None:
        with self.store.write(world) as tx:
            claim(tx, kind, key)


@pytest.fixture
def house(memory_store: Store) -> House:
    return House(memory_store)


def rule_ids(row: journal.Exchange) -> list[str]:
    return [finding["rule"] for finding in row.verdict["findings"]]


class TestTheStraightPath:
    def test_effect_and_journal_row_are_committed_together(self, house: House) -> None:
        answer = house.send("pen;S1;adopt")
        row = house.row()
        assert (answer.status, answer.body) == (200, "stored pen é".encode())
        assert house.shelf() == ["pen"]
        assert (row.operation, row.outcome, row.status, row.keys) == (TOY, "accepted", "200", ("item:pen",))
        assert row.who == {"address": "127.0.0.1", "structure": "S1"}
        assert row.marks == {"adopted": ["structures:S1"]}
        assert journal.bodies(house.store, "main", 1) == (b"pen;S1;adopt", answer.body)
        assert row.request_head == "POST /toy\nContent-Type: text/plain"

    def test_the_effect_goes_when_the_journal_row_cannot_be_written(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(journal, "record", _refusing_accepted(journal.record))
        assert house.send("pen").status == 500
        assert house.shelf() == []
        assert house.row().outcome == "failed"

    def test_a_warning_is_kept_with_the_accepted_exchange(self, house: House) -> None:
        assert house.send("blue").status == 200
        assert house.row().verdict["outcome"] == "accepted"
        assert rule_ids(house.row()) == ["TOY-BLUE"]

    def test_a_refusal_stores_its_journal_row_alone(self, house: House) -> None:
        answer = house.send("red;S1;adopt")
        row = house.row()
        assert answer.body == b"TOY-RED|/item|red|another colour|phrase TOY-RED"
        assert answer.headers["Link"] == "/_sandbox/worlds/main/exchanges/1"
        assert house.shelf() == []
        assert (row.number, row.outcome, row.status, rule_ids(row)) == (1, "refused", "400", ["TOY-RED"])

    def test_what_was_rolled_back_is_not_told_as_adopted(self, house: House) -> None:
        house.send("pen;S1;late-red")
        assert "adopted" not in house.row().marks

    def test_an_unforeseen_exception_is_told_and_the_service_goes_on(
        self, house: House, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.CRITICAL, "simulators"):
            answer = house.send("pen;;bug")
        row = house.row()
        assert answer.status == 500 and b"SIM-BUG" in answer.body
        assert (row.outcome, rule_ids(row)) == ("failed", ["SIM-BUG"])
        assert "toy bug" in row.marks["traceback"]
        assert house.shelf() == []
        assert house.send("pen").status == 200

    def test_bytes_that_break_the_reader_are_a_bug_told_too(self, house: House) -> None:
        assert house.send("\udcff").status == 500
        assert house.row().operation == "toy.?"

    def test_a_bug_in_the_funnel_itself_is_told_too(self, house: House) -> None:
        house.flow.refuse_fails = True
        answer = house.send("red")
        row = house.row()
        assert answer.status == 500 and b"SIM-BUG" in answer.body
        assert (row.outcome, row.status, rule_ids(row)) == ("failed", "500", ["SIM-BUG"])
        assert "the funnel leaks" in row.marks["traceback"]

    def test_a_store_that_fails_still_gives_an_answer(self, house: House) -> None:
        house.store.close()
        answer = house.send("pen")
        assert answer.status == 500 and b"SIM-BUG" in answer.body


def _refusing_accepted(record: Callable[..., int]) -> Callable[..., int]:
    def refusing(*args: Any, **kwargs: Any) -> int:
        if args[3].outcome == "accepted":
            raise OSError("disk full")
        return record(*args, **kwargs)

    return refusing


class TestRouting:
    def test_address_then_credential_then_declared_then_main(self, house: House) -> None:
        house.claim("other", "certificate", "C")
        house.claim("third", "structure", "S")
        house.send("a;S", address="main", certificate=b"C")
        house.send("b;S", certificate=b"C")
        house.send("c;S")
        house.send("d;T")
        assert [house.shelf(world) for world in ("main", "other", "third")] == [["a", "d"], ["b"], ["c"]]
        assert [row.marks.get("world_by") for row in house.rows()] == ["address:world", None]
        assert house.row("other").marks["world_by"] == "credential:certificate"
        assert house.row("third").marks["world_by"] == "declared:structure"

    def test_a_contradiction_is_noted_in_the_callers_world(self, house: House) -> None:
        house.claim("other", "certificate", "C")
        house.claim("third", "structure", "S")
        house.send("b;S", certificate=b"C")
        assert house.row("other").marks["contradictions"] == ["declared:structure=S -> third"]
        assert house.rows("third") == []

    def test_a_message_that_cannot_be_read_is_told_in_the_world_of_its_certificate(self, house: House) -> None:
        house.claim("other", "certificate", "C")
        assert house.send("noise", certificate=b"C").headers["Link"].startswith("/_sandbox/worlds/other/")
        assert house.row("other").marks["world_by"] == "credential:certificate"
        assert house.rows() == []

    def test_an_address_of_no_world_touches_no_world(self, house: House) -> None:
        answer = house.send("pen", address="nowhere")
        assert b"SIM-WORLD" in answer.body
        assert (house.rows(), house.shelf()) == ([], [])
        assert (house.row("-").outcome, rule_ids(house.row("-"))) == ("failed", ["SIM-WORLD"])


class TestLateWriter:
    def test_a_reset_between_routing_and_effect(self, house: House) -> None:
        real = house.book.plan

        class Resetting:
            def plan(self, call: Call) -> Sequence[Planned]:
                house.worlds.reset("main")
                return real(call)

        house.runtime = replace(house.runtime, faults=Resetting())
        answer = house.send("pen")
        row = house.row()
        assert b"SIM-WORLD" in answer.body
        assert house.shelf() == []
        assert (row.epoch, row.outcome, rule_ids(row)) == (2, "failed", ["SIM-WORLD"])

    def test_a_reset_while_the_nth_call_is_counted(self, house: House) -> None:
        house.book.add_fault("main", "outage", {"on": TOY, "nth": 1})
        house.worlds.snapshot("main", "seed")
        call_world = house.worlds.get("main")
        house.worlds.reset("main")
        arrival = Arrival("toy", "toy", "p", "POST", "/", {}, b"pen")
        call = Call(house.runtime, arrival, call_world, NOW, TOY)
        with pytest.raises(LateWriter):
            house.book.plan(call)

    def test_a_world_deleted_meanwhile(self, house: House) -> None:
        class Deleting:
            def plan(self, call: Call) -> Sequence[Planned]:
                house.worlds.delete("other")
                return ()

        house.runtime = replace(house.runtime, faults=Deleting())
        assert b"SIM-WORLD" in house.send("pen", address="other").body
        assert rule_ids(house.row("-")) == ["SIM-WORLD"]


class TestForcedRefusal:
    def test_it_is_byte_equal_to_the_true_one_and_marked(self, house: House) -> None:
        true = house.send("red")
        id = house.book.add_refusal("main", "TOY-RED", {"on": "toy.*"})
        forced = house.send("pen")
        house.book.remove("main", id)
        assert (forced.status, forced.body) == (true.status, true.body)
        first, second = house.rows()
        assert second.marks == {"faults": ["TOY-RED"], "forced": True}
        assert (first.verdict["forced"], second.verdict["forced"]) == (False, True)
        assert first.verdict["findings"] == second.verdict["findings"]
        assert (second.outcome, house.shelf()) == ("refused", [])
        assert house.send("pen").status == 200

    def test_a_rule_that_is_off_or_warns_refuses_when_forced(self, house: House) -> None:
        house.book.add_refusal("main", "TOY-BLUE", {"on": TOY}, Example("/x", "f", "e"))
        assert house.send("pen").body == b"TOY-BLUE|/x|f|e|phrase TOY-BLUE"


class TestEffects:
    def test_respond_comes_instead_of_the_operation(self, house: House) -> None:
        house.planned("on_request", effects.Respond(502, b"bad", {"A": "b"}))
        answer = house.send("pen")
        assert (answer.status, answer.body, answer.headers) == (502, b"bad", {"A": "b"})
        assert house.shelf() == []
        assert (house.row().outcome, house.row().status) == ("failed", "502")
        assert house.row().marks == {"faults": ["test"]}

    @pytest.mark.parametrize("mode", ["reset", "close"])
    def test_disconnect_on_request(self, house: House, mode: str) -> None:
        house.planned("on_request", effects.Disconnect(mode))
        assert house.send("pen").disconnect == mode
        assert house.shelf() == []
        assert house.row().status == mode, "the peer saw no status"

    @pytest.mark.parametrize("hook", ["on_request", "on_answer"])
    def test_delay_is_asked_of_the_listener_once_the_effect_is_stored(self, house: House, hook: str) -> None:
        house.planned(hook, effects.Delay(2.5))
        answer = house.send("pen")
        assert (answer.delay, answer.status, house.shelf()) == (2.5, 200, ["pen"])

    def test_before_commit_rolls_back_then_answers_an_error(self, house: House) -> None:
        house.planned("before_commit", effects.Fail("broken off"))
        answer = house.send("blue")
        assert b"SIM-FAULT" in answer.body and b"broken off" in answer.body
        assert house.shelf() == []
        assert (house.row().outcome, rule_ids(house.row())) == ("failed", ["TOY-BLUE", "SIM-FAULT"])

    def test_after_commit_before_answer_leaves_the_effect_stored(self, house: House) -> None:
        house.planned("after_commit_before_answer", effects.Disconnect("reset"))
        assert house.send("pen").disconnect == "reset"
        assert house.shelf() == ["pen"]
        assert (house.row().outcome, house.row().status) == ("accepted", "reset")

    def test_truncate(self, house: House) -> None:
        house.planned("on_answer", effects.Truncate(3))
        assert house.send("pen").truncate == 3
        assert house.shelf() == ["pen"]

    def test_tamper_changes_what_is_sent_and_not_what_was_answered(self, house: House) -> None:
        house.planned("on_answer", effects.Tamper(bytes.upper, {"X": "1"}))
        answer = house.send("pen")
        assert answer.body == b"STORED PEN \xc3\xa9" and answer.headers["X"] == "1"
        assert house.answered() == "stored pen é".encode()

    def test_faults_on_the_answer_also_touch_a_refusal(self, house: House) -> None:
        house.planned("on_answer", effects.Tamper(lambda body: b""))
        assert (house.send("red").status, house.send("red").body) == (400, b"")

    def test_a_tampering_that_breaks_is_a_bug_and_still_an_answer(self, house: House) -> None:
        house.planned("on_answer", effects.Tamper(lambda body: 1 // 0))  # type: ignore[arg-type,return-value]
        answer = house.send("pen")
        assert answer.status == 500 and b"SIM-BUG" in answer.body
        assert house.shelf() == ["pen"]

    def test_the_plan_is_asked_once_outside_any_transaction(self, house: House) -> None:
        asked: list[bool] = []

        class Asked:
            def plan(self, call: Call) -> Sequence[Planned]:
                asked.append(guard.inside_transaction())
                return ()

        house.runtime = replace(house.runtime, faults=Asked())
        house.send("pen")
        assert asked == [False]


class TestNthCall:
    def test_the_counter_survives_refused_and_rolled_back_calls(self, house: House) -> None:
        house.book.add_fault("main", "http_error", {"on": TOY, "nth": 4}, {"status": 599})
        with_bug = ["red", "pen;;bug", "ink", "cap", "ball"]
        assert [house.send(body).status for body in with_bug] == [400, 500, 200, 599, 200]
        assert house.shelf() == ["ball", "ink"]

    def test_worlds_count_apart(self, house: House) -> None:
        for world in ("main", "other"):
            house.book.add_fault(world, "outage", {"on": TOY, "nth": 2})
        found = [house.send(f"i{n}", address=world).status for n, world in enumerate(["main", "other", "main"])]
        assert found == [200, 200, 503]


class TestIdentifierGuard:
    def guarded(self, house: House) -> None:
        def guard_of(body: bytes) -> Iterable[tuple[str, str]]:
            assert not guard.inside_transaction(), "reading a large body must not hold the store"
            return [("ins:1", "1…9")] if b"real" in body else []

        house.runtime = replace(house.runtime, identifier_guard=guard_of)

    def test_one_warning_per_identifier_and_world(self, house: House, caplog: pytest.LogCaptureFixture) -> None:
        self.guarded(house)
        with caplog.at_level(logging.WARNING, "simulators"):
            for body, world in [("real1", "main"), ("real2", "main"), ("real3", "other"), ("pen", "main")]:
                house.send(body, address=world)
        assert [r.args for r in caplog.records] == [("main", "1…9"), ("other", "1…9")]
        marks = [row.marks.get("real_identifiers") for row in house.rows()]
        assert marks == [["1…9"], None, None]
        assert house.shelf() == ["pen", "real1", "real2"], "the bytes are never altered"

    def test_a_refused_message_is_looked_at_too_and_told_once(
        self, house: House, caplog: pytest.LogCaptureFixture
    ) -> None:
        self.guarded(house)
        with caplog.at_level(logging.WARNING, "simulators"):
            house.send("real;;late-red")
            house.send("real")
        assert [row.marks.get("real_identifiers") for row in house.rows()] == [["1…9"], None]
        assert len(caplog.records) == 1

    def test_a_rolled_back_warning_is_given_once(
        self, house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.guarded(house)
        monkeypatch.setattr(journal, "record", _refusing_accepted(journal.record))
        with caplog.at_level(logging.WARNING, "simulators"):
            house.send("real")
        assert house.row().marks["real_identifiers"] == ["1…9"]
        assert [r.levelname for r in caplog.records] == ["ERROR", "WARNING"]
