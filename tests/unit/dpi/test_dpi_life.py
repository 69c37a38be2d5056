"""The life of documents against any sequence of acts and any mood of the PFI: what never may happen."""

from __future__ import annotations

from typing import Any
from unittest import mock

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from simulators.clients.mllp import MllpProblem, MllpServer
from simulators.core.due import Due
from simulators.core.hl7 import read_message
from simulators.core.pki import Trust
from simulators.dpi import acts, outgoing, produced, shown
from simulators.dpi.acts import Change
from simulators.dpi.answers import outcome_of
from simulators.dpi.life import Act, NotNow
from simulators.dpi.names import LEAVE, RETRY, SEND
from simulators.dpi.outgoing import Outgoing
from simulators.dpi.produced import State, Version
from tests.support.scripted_pfi import answer
from tests.support.stores import borrowed, given_back
from tests.unit.dpi.dpi_room import Room

MOODS = ("AA", "AE", "AR", "other", "down", "silent", "cut")
_STOPPED = {State.CANCELLED, State.HELD, State.DRAFT}


class Pfi:
    """Answers by its mood; remembers what reached it."""

    def __init__(self) -> None:
        self.mood = "AA"
        self.taken: list[bytes] = []

    def send_once(self, server: MllpServer, message: bytes) -> bytes:
        if self.mood == "down":
            raise MllpProblem("refused", "nobody listens", sent=False)
        self.taken.append(message)
        if self.mood == "silent":
            raise MllpProblem("timeout", "no acknowledgement", sent=True)
        if self.mood == "cut":
            raise MllpProblem("cut", "half", sent=True, got=b"\x0bMSH")
        code, about = ("AA", "NOT-YOURS") if self.mood == "other" else (self.mood, "")
        return answer(code, about=about)(message) or b""


class Life(RuleBasedStateMachine):
    """One document, a deferral of an hour, business time that moves."""

    def __init__(self) -> None:
        super().__init__()
        self.store, self.pfi = borrowed(), Pfi()
        self.room = Room(self.store)
        self.room.policy(deferral="PT1H", pfi="mllp://127.0.0.1:1", give_up_after="P3D", retry_every="PT2H")
        carrier = Outgoing(lambda now: Trust(()))
        carrier.stand_on(self.room.runtime)
        handlers = {LEAVE: carrier.leave, RETRY: carrier.try_again}
        self.due = Due(self.room.worlds, handlers, {SEND: carrier.send}, worker="t")
        self.patch = mock.patch.object(outgoing, "send_once", self.pfi.send_once)
        self.patch.start()
        self.accepted: set[int] = set()
        self.document = 0

    def teardown(self) -> None:
        self.patch.stop()
        given_back(self.store)

    @initialize()
    def write(self) -> None:
        with self.room.writing() as tx:
            order = produced.Order(recipients=("a@b.mssante.test",))
            self.document = acts.write(tx, self.room.moment(tx), "adult", "prescription", order).document

    @rule(what=st.sampled_from([*Act, Act.CANCEL, Act.HOLD]), validate=st.booleans())
    def act(self, what: Act, validate: bool) -> None:
        possible = self.told()["acts"]
        change = Change(flags={"masque_ps": True}, validate=validate)
        try:
            with self.room.writing() as tx:
                acts.act(tx, self.room.moment(tx), self.document, what, change)
        except NotNow as refused:
            assert what.value not in possible
            assert refused.why.fr and refused.why.en
        else:
            assert what.value in possible

    @rule(mood=st.sampled_from(MOODS))
    def let_it_leave(self, mood: str) -> None:
        """Whatever state it is in, as far as it may."""
        self.pfi.mood = mood
        for what in (Act.RESUME, Act.VALIDATE, Act.REPLACE):
            if what.value in self.told()["acts"]:
                self.act(what, True)
        self.advance("PT3H")

    @rule(mood=st.sampled_from(MOODS))
    def change_mood(self, mood: str) -> None:
        self.pfi.mood = mood

    @rule(period=st.sampled_from(["PT0S", "PT30M", "PT3H", "P4D"]))
    def advance(self, period: str) -> None:
        before, count = self.versions(), len(self.pfi.taken)
        fired = self.due.advance_by(self.room.world, period)
        assert {one.state for one in fired} <= {"done"}
        if all(version.state in _STOPPED for version in before):
            assert len(self.pfi.taken) == count, "what was stopped has left"

    @invariant()
    def one_open_message_at_most(self) -> None:
        with self.room.reading() as tx:
            assert sum(one.open for one in produced.sendings(tx, self.document)) <= 1

    @invariant()
    def what_the_pfi_took_stays_taken(self) -> None:
        now = {version.version for version in self.versions() if version.accepted}
        assert now >= self.accepted
        self.accepted = now

    @invariant()
    def versions_share_a_set_and_nothing_else(self) -> None:
        found = self.versions()
        assert len({version.set_id for version in found}) <= 1
        assert len({version.document_id for version in found}) == len(found)
        assert [version.version for version in found] == list(range(1, len(found) + 1))
        known = {version.document_id for version in found if version.accepted}
        assert all(version.replaces in known for version in found[1:])

    @invariant()
    def one_msh10_is_one_message(self) -> None:
        told: dict[str, bytes] = {}
        for message in self.pfi.taken:
            assert told.setdefault(read_message(message).control_id, message) == message

    def versions(self) -> list[Version]:
        with self.room.reading() as tx:
            return produced.versions(tx, self.document)

    def told(self) -> dict[str, Any]:
        with self.room.reading() as tx:
            return shown.document(tx, self.document)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=10, stateful_step_count=15, deadline=None)


@pytest.mark.parametrize("what", [Act.CANCEL, Act.HOLD])
def test_what_is_stopped_while_the_pfi_is_down_never_leaves(what: Act) -> None:
    """One path of the machine that must be walked each time."""
    life = Life()
    try:
        life.write()
        life.let_it_leave("down")
        life.act(what, True)
        life.change_mood("AA")
        life.advance("P4D")
        assert life.pfi.taken == []
    finally:
        life.teardown()


@pytest.mark.parametrize(
    ("octets", "word"),
    [
        (b"", "no HL7"),
        (b"\xff\xfe", "no HL7"),
        (b"MSH|^~\\&|A|B|C|D|1||ACK|1|P|2.6\rMSA|AA|OTHER\r", "another message"),
        (b"MSH|^~\\&|A|B|C|D|1||ACK|1|P|2.6\rMSA||ME\r", "MSA-1"),
        (b"MSH|^~\\&|A|B|C|D|1||ACK|1|P|2.6\r", "MSA-1"),
    ],
)
def test_what_is_no_acknowledgement_of_the_message(octets: bytes, word: str) -> None:
    found = outcome_of(octets, "ME")
    assert (found.ack, word in found.problem) == ("", True)


@pytest.mark.parametrize(("code", "ack"), [("CA", "AA"), ("CE", "AE"), ("CR", "AR")])
def test_enhanced_mode_is_understood(code: str, ack: str) -> None:
    assert outcome_of(f"MSH|^~\\&|A|B|C|D|1||ACK|1|P|2.6\rMSA|{code}|ME|because\r".encode(), "ME").ack == ack
