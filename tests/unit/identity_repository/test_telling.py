"""Telling the subscribers: order, answers, attempts on business time, replay."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulators.core import journal
from simulators.core.hl7 import read_message
from simulators.core.rules import Policy
from simulators.core.world import load
from simulators.identity_repository import office
from simulators.identity_repository.deliveries import State, Subscriber
from simulators.identity_repository.errors import CommandRefused
from simulators.identity_repository.scene import Scene
from simulators.identity_repository.sending import outcome_of
from simulators.identity_repository.subscribers import named, subscribers
from tests.support.mllp_receiver import MllpReceiver, ack
from tests.unit.identity_repository.hospital import Hospital


@pytest.fixture
def receiver() -> Iterator[MllpReceiver]:
    with MllpReceiver() as running:
        yield running


def dpi(receiver: MllpReceiver) -> Subscriber:
    return Subscriber("DPI-X", receiver.url)


def events(receiver: MllpReceiver) -> list[str]:
    return [read_message(message).value("MSH-9.2") for message in receiver.messages]


def rows(hospital: Hospital) -> list[journal.Exchange]:
    return journal.read(hospital.store, "main")


def test_a_command_is_told_and_the_answer_kept(either_hospital: Hospital, receiver: MllpReceiver) -> None:
    hospital = either_hospital
    number = hospital.told("admit", "adult", dpi(receiver))
    hospital.due.work()
    (sent,) = hospital.deliveries(number)
    assert (sent.state, sent.ack, sent.attempts) == (State.ACCEPTED, "AA", 1)
    told = read_message(receiver.messages[0])
    assert (told.sender, told.value("MSH-5"), told.control_id) == ("GAM-SEGUR-SANDBOX", "DPI-X", sent.msh10)


def test_each_attempt_is_journalled(hospital: Hospital, receiver: MllpReceiver) -> None:
    number = hospital.told("admit", "adult", dpi(receiver))
    hospital.due.work()
    (sent,), (row,) = hospital.deliveries(number), rows(hospital)
    assert (row.operation, row.direction, row.outcome, row.status) == (
        "identity_repository.out.ADT^A01",
        "out",
        "accepted",
        "AA",
    )
    assert set(row.keys) == {f"hl7:{sent.msh10}", "patient:185010099900171"}


def test_a_refusal_ends_the_message_and_its_reason_is_kept(hospital: Hospital, receiver: MllpReceiver) -> None:
    error = "ERR||PID^1^3|207^Application error|E||||Patient inconnu\r"
    receiver.answer = ack("AE", error)
    number = hospital.told("admit", "adult", dpi(receiver))
    hospital.due.work()
    (sent,) = hospital.deliveries(number)
    assert (sent.state, sent.ack) == (State.REFUSED, "AE")
    assert sent.told == ("PID^1^3 · 207 Application error · Patient inconnu",)
    assert not hospital.due.advance_by("main", "P3D")


@pytest.mark.parametrize("cause", ["AR", "silence", "another message", "garbage"])
def test_what_is_no_answer_is_tried_again_in_order(hospital: Hospital, receiver: MllpReceiver, cause: str) -> None:
    other = b"MSH|^~\\&|||||||ACK|1|T|2.5\rMSA|AA|OTHER\r"
    receiver.answer = {
        "AR": ack("AR"),
        "silence": lambda message: None,
        "another message": lambda message: other,
        "garbage": lambda message: b"no",
    }[cause]
    first = hospital.told("admit", "adult", dpi(receiver))
    second = hospital.told("discharge", "adult", dpi(receiver))
    hospital.due.work()
    assert events(receiver) == ["A01"]
    assert [one.state for one in hospital.deliveries(first)] == [State.WAITING]
    receiver.answer = ack("AA")
    hospital.due.advance_by("main", "PT5M")
    assert events(receiver) == ["A01", "A01", "A03"]
    assert receiver.messages[0] == receiver.messages[1]
    assert [hospital.deliveries(n)[0].state for n in (first, second)] == [State.ACCEPTED, State.ACCEPTED]


def test_a_message_is_given_up_and_the_next_one_leaves(hospital: Hospital, receiver: MllpReceiver) -> None:
    hospital.policy(retry_every="PT12H", give_up_after="P1D")
    receiver.answer = lambda message: None if b"ADT^A01" in message else ack("AA")(message)
    first = hospital.told("admit", "adult", dpi(receiver))
    second = hospital.told("discharge", "adult", dpi(receiver))
    hospital.due.advance_by("main", "P2D")
    assert [hospital.deliveries(n)[0].state for n in (first, second)] == [State.GIVEN_UP, State.ACCEPTED]
    assert events(receiver) == ["A01", "A01", "A01", "A03"]


def test_one_subscriber_does_not_hold_back_another(hospital: Hospital, receiver: MllpReceiver) -> None:
    number = hospital.told("admit", "adult", Subscriber("GONE", "mllp://127.0.0.1:1"), dpi(receiver))
    hospital.due.work()
    assert [one.state for one in hospital.deliveries(number)] == [State.WAITING, State.ACCEPTED]
    assert len({one.msh10 for one in hospital.deliveries(number)}) == 2


def test_a_host_that_nobody_named_is_not_called(hospital: Hospital) -> None:
    number = hospital.told("admit", "adult", Subscriber("DPI", "mllp://hopital.example:2575"))
    hospital.due.work()
    (sent,) = hospital.deliveries(number)
    assert sent.state is State.WAITING
    assert "allow-host" in sent.told[0]


def test_the_address_of_a_peer_is_only_known_when_it_is_called(hospital: Hospital, receiver: MllpReceiver) -> None:
    hospital.listeners["pfi_mllp"] = "mllp://127.0.0.1:1"
    told = subscribers(Policy(), hospital.runtime.local)
    assert told == [Subscriber("PFI-SEGUR-SANDBOX", "own:pfi_mllp")]
    number = hospital.told("admit", "adult", *told)
    hospital.listeners["pfi_mllp"] = receiver.url
    hospital.due.work()
    assert [one.ack for one in hospital.deliveries(number)] == ["AA"]


def test_who_is_told(hospital: Hospital) -> None:
    def setting(text: str) -> Policy:
        return Policy(settings={"identity.subscribers": text})

    local = hospital.runtime.local
    assert subscribers(Policy(), local) == []
    assert subscribers(setting("none"), local) == []
    assert subscribers(setting("DPI-X=mllp://h:1, mllps://h:2"), local) == [
        Subscriber("DPI-X", "mllp://h:1"),
        Subscriber("SUT", "mllps://h:2"),
    ]


@pytest.mark.parametrize("text", ["h:1", "http://h:1", "mllp://h", "A=B=C", "mllp://h:x", "own:pfi_mllp"])
def test_what_is_no_subscriber(text: str) -> None:
    with pytest.raises(CommandRefused, match="no subscriber"):
        named([text])


def test_replay_tells_everything_to_a_newcomer(hospital: Hospital, receiver: MllpReceiver) -> None:
    hospital.command("merge", "adult", other="adult-woman")
    hospital.command("admit", "minor")
    hospital.command("transfer", "minor", unit="1002")
    with hospital.store.write("main") as tx:
        count = office.replay(Scene.of(tx, load(tx), hospital.now), [dpi(receiver)])
    hospital.due.work()
    assert len(receiver.messages) == count
    assert events(receiver).count("A28") == 10  # eleven in the population, one of them merged
    movements = [message for message in map(read_message, receiver.messages) if message.first("ZBE")]
    assert [message.value("PV1-3.1") for message in movements] == ["1001", "1002"]


@pytest.mark.parametrize("answer", [b"", b"MSH", b"MSH|^~\\&|\rMSA|XX|1\r", b"\xff" * 40])
def test_an_odd_answer_is_no_answer(answer: bytes) -> None:
    assert outcome_of("mllp://h:1", answer, "1").ack == ""


def test_a_reason_in_the_alternate_text_is_shown() -> None:
    answer = b"MSH|^~\\&|A|B|C|D|20260101||ACK^A03^ADT_A03|1|P|2.5^FRA^2.10\rMSA|AE|7\r"
    error = b"ERR|||207^Application internal error^HL70397^^0001 - DOSSIER UTILISE|E\r"
    told = outcome_of("mllp://h:1", answer + error, "7")
    assert (told.ack, told.told) == ("AE", ("207 Application internal error 0001 - DOSSIER UTILISE",))
