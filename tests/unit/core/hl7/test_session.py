"""A session of MLLP on a real exchange: answers in order, every refusal located, every scripted peer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from simulators.core import journal
from simulators.core.exchange import Call, Runtime
from simulators.core.faults.book import TriggerBook
from simulators.core.faults.catalogue import FAULTS
from simulators.core.hl7 import Hl7Flow, Message, MllpSession, Reply, claim_facility, read_message
from simulators.core.hl7 import rules as hl7_rules
from simulators.core.listeners.environ import TlsFacts
from simulators.core.listeners.mllp import MllpFramer, frame
from simulators.core.listeners.session import Action, Close, Frame, Later, Send
from simulators.core.own_rules import OWN_RULES
from simulators.core.rules import Catalogue, Policy
from simulators.core.store.api import Store
from simulators.core.world import Worlds

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
SAID = "MSH|^~\\&|DPI|{facility}|PFI|{world}|20260301||{kind}|{id}|T|2.6|||||FRA|UNICODE UTF-8\r"


class Wire:
    """The link, the framer and the session, without a socket."""

    listener, peer = "toy_mllp", ("127.0.0.1", 5)
    tls: TlsFacts | None = None

    def wake(self) -> None: ...

    def __init__(self, store: Store) -> None:
        self.store = store
        self.worlds = Worlds(store, lambda: NOW, [claim_facility])
        for name in ("main", "other"):
            self.worlds.create(name)
        catalogue = Catalogue([*hl7_rules.RULES, *OWN_RULES])
        self.book = TriggerBook(store, catalogue, FAULTS, now=lambda: NOW)
        runtime = Runtime(store, self.worlds, lambda: NOW, catalogue, self.book)
        flow = Hl7Flow("toy", {"MDM^T02": self.perform, "ADT^*": lambda call, message: Reply("AR", text="later")})
        self.session = MllpSession(self, runtime, flow, "toy")
        self.framer = MllpFramer()

    def perform(self, call: Call, message: Message) -> Reply:
        if message.control_id == "bug":
            raise ZeroDivisionError
        return Reply()

    def send(self, octets: bytes) -> list[Action]:
        self.framer.feed(octets)
        done: list[Action] = []
        while (unit := self.framer.next_unit()) is not None:
            done += self.session.receive_unit(unit)
        return done

    def message(
        self, kind: str = "MDM^T02^MDM_T02", id: str = "1", world: str = "", facility: str = ""
    ) -> list[Action]:
        return self.send(frame(SAID.format(kind=kind, id=id, world=world, facility=facility).encode()))

    def fault(self, name: str, **params: object) -> None:
        self.book.add_fault("main", name, {"on": "toy.MDM^T02"}, params)


@pytest.fixture
def wire(memory_store: Store) -> Wire:
    return Wire(memory_store)


def answers(actions: Sequence[Action]) -> list[Message]:
    framer = MllpFramer()
    for action in actions:
        assert isinstance(action, Send)
        framer.feed(action.octets)
    found = []
    while (unit := framer.next_unit()) is not None:
        assert isinstance(unit, Frame)
        found.append(read_message(unit.payload))
    return found


def only(actions: Sequence[Action]) -> Message:
    (answer,) = answers(actions)
    return answer


def test_pipelined_messages_are_answered_in_order(wire: Wire) -> None:
    pieces = b"".join(frame(SAID.format(kind="MDM^T02", id=n, world="", facility="").encode()) for n in range(3))
    done = [action for octet in pieces for action in wire.send(bytes([octet]))]
    assert [(a.value("MSA-1"), a.value("MSA-2")) for a in answers(done)] == [("AA", "0"), ("AA", "1"), ("AA", "2")]


def test_the_journal_tells_kind_id_and_word(wire: Wire) -> None:
    wire.message()
    (row,) = journal.read(wire.store, "main")
    assert (row.operation, row.outcome, row.status, row.protocol) == ("toy.MDM^T02", "accepted", "AA", "toy")
    assert "hl7:1" in row.keys
    assert row.who["application"] == "DPI"


def test_what_the_receiver_does_not_take(wire: Wire) -> None:
    answer = only(wire.message(kind="SIU^S12"))
    assert [answer.value(w) for w in ("MSA-1", "MSA-2", "ERR-2.1", "ERR-2.3", "ERR-3")] == [
        "AE",
        "1",
        "MSH",
        "9",
        "200",
    ]


def test_a_family_of_kinds_and_a_reply_of_its_own(wire: Wire) -> None:
    assert only(wire.message(kind="ADT^A99")).value("MSA-3") == "later"


def test_no_control_id(wire: Wire) -> None:
    answer = only(wire.message(id=""))
    assert [answer.value(w) for w in ("MSA-1", "MSA-2", "ERR-2.3", "ERR-3")] == ["AE", "", "10", "101"]


def test_octets_that_are_no_message(wire: Wire) -> None:
    answer = only(wire.send(frame(b"hello")))
    assert (answer.value("MSA-1"), answer.value("ERR-3")) == ("AE", "100")
    assert only(wire.message()).value("MSA-1") == "AA"


def test_an_aa_tells_its_warnings_only_where_the_world_wants_them(wire: Wire) -> None:
    said = SAID.format(kind="MDM^T02", id="1", world="", facility="").replace("\r", "\n").encode()
    assert only(wire.send(frame(said + b"EVN|"))).all("ERR") == ()
    assert [f["rule"] for f in journal.read(wire.store, "main")[-1].verdict["findings"]] == ["HL7-LINE-ENDS"]
    wire.worlds.set_policy("main", Policy(settings={"hl7.ack-warnings": "yes"}))
    answer = only(wire.send(frame(said + b"EVN|")))
    assert [answer.value(where) for where in ("MSA-1", "ERR-3", "ERR-4")] == ["AA", "100", "W"]


def test_a_bug_is_said_and_the_line_goes_on(wire: Wire) -> None:
    answer = only(wire.message(id="bug"))
    assert (answer.value("MSA-1"), answer.value("ERR-3")) == ("AE", "207")
    assert "SIM-BUG" in answer.value("ERR-7")
    assert only(wire.message()).value("MSA-1") == "AA"


def test_msh_6_leads_to_a_world(wire: Wire) -> None:
    wire.message(world="other")
    assert [row.operation for row in journal.read(wire.store, "other")] == ["toy.MDM^T02"]
    assert journal.read(wire.store, "main") == []


def test_a_frame_too_large_is_answered_before_the_end(wire: Wire) -> None:
    wire.framer = MllpFramer(max_frame_bytes=100)
    answer = only(wire.send(b"\x0b" + b"x" * 200))
    assert answer.value("MSA-1") == "AE"
    assert "too large" in answer.value("ERR-8")


def test_octets_outside_a_frame_are_passed_over(wire: Wire) -> None:
    assert wire.send(b"GET / HTTP/1.1\r\n") == []
    assert only(wire.message()).value("MSA-1") == "AA"


def test_scripted_peers(wire: Wire) -> None:
    wire.fault("ack_then_close")
    sent, closed = wire.message()
    assert isinstance(sent, Send) and closed == Close()
    wire.book.clear("main")

    wire.fault("wrong_ack_id", id="999")
    assert only(wire.message()).value("MSA-2") == "999"
    wire.book.clear("main")

    wire.fault("latency", seconds=3)
    (later,) = wire.message()
    assert isinstance(later, Later) and later.delay_seconds == 3
    assert only(list(later.then())).value("MSA-1") == "AA"
    wire.book.clear("main")

    wire.fault("truncate", after=10)
    sent, closed = wire.message()
    assert isinstance(sent, Send) and sent.octets == b"\x0bMSH|^~\\&|P" and closed == Close()
    wire.book.clear("main")

    wire.fault("outage")
    assert only(wire.message()).value("MSA-1") == "AR"
    wire.book.clear("main")

    wire.fault("reset")
    assert wire.message() == [Close(reset=True)]
    wire.book.clear("main")

    wire.fault("no_ack")
    assert wire.message() == []
    assert journal.read(wire.store, "main")[-1].status == "silent"
    wire.book.clear("main")
    assert only(wire.message()).value("MSA-1") == "AA"

    wire.fault("half_open")
    assert wire.message() == []
    wire.book.clear("main")
    assert wire.message() == [], "nobody is behind the connection any more"
