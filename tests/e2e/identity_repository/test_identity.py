"""The identity repository of a real sandbox: commands over HTTP and by the CLI, messages over MLLP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulators.assembly.endpoints import endpoints
from simulators.cli.main import main
from simulators.clients.control import Control, Refusal, world_path
from simulators.sandbox import Sandbox
from tests.support.mllp_receiver import MllpReceiver, ack


@pytest.fixture
def receiver() -> Iterator[MllpReceiver]:
    with MllpReceiver() as running:
        yield running


@pytest.fixture
def path(world: str) -> str:
    return f"{world_path(world)}/identity"


def command(control: Control, path: str, name: str, receiver: MllpReceiver, **body: Any) -> Any:
    return control.call("POST", f"{path}/{name}", {"to": [f"DPI-X={receiver.url}"], "wait": 20, **body})


def test_a_command_reaches_the_subscriber(control: Control, path: str, receiver: MllpReceiver) -> None:
    done = command(control, path, "admit", receiver, patient="adult", answers="consents", unit="1002")
    (message,) = done["messages"]
    assert (message["ack"], message["event"], message["subscriber"]) == ("AA", "A01", "DPI-X")
    assert receiver.texts == [message["hl7"]]
    assert "|INO|" in message["hl7"]
    shown = control.call("GET", f"{path}/adult")
    assert [told["command"] for told in shown["history"]] == ["admit"]
    assert shown["history"][0]["messages"][0]["state"] == "accepted"


def test_the_journal_shows_what_left_and_came(control: Control, world: str, path: str, receiver: MllpReceiver) -> None:
    msh10 = command(control, path, "consent", receiver, patient="adult", feed="IO")["messages"][0]["msh10"]
    rows = control.call("GET", f"{world_path(world)}/exchanges?key=hl7:{msh10}")["exchanges"]
    assert [(row["operation"], row["direction"], row["outcome"]) for row in rows] == [
        ("identity_repository.out.ADT^A31", "out", "accepted")
    ]


def test_an_outage_then_business_time(control: Control, world: str, path: str, receiver: MllpReceiver) -> None:
    receiver.answer = lambda message: None
    done = command(control, path, "admit", receiver, patient="adult", wait=1)
    assert done["messages"][0]["state"] == "waiting"
    receiver.answer = ack("AA")
    control.call("POST", f"{world_path(world)}/clock", {"advance": "PT1H"})
    assert control.call("GET", path)["waiting"] == []
    assert len(set(receiver.messages)) == 1


def test_a_defect_on_purpose(control: Control, path: str, receiver: MllpReceiver) -> None:
    done = command(control, path, "admit", receiver, patient="adult", **{"break": {"ZBE-3": "20260309102840"}})
    assert "||INSERT|N|" not in done["messages"][0]["hl7"]
    assert "|20260309102840|INSERT|N|" in done["messages"][0]["hl7"]


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("admit", {"patient": "nobody"}, 404),
        ("admits", {"patient": "adult"}, 400),
        ("discharge", {"patient": "adult"}, 409),
        ("consent", {"patient": "adult", "feed": "yes"}, 400),
        ("admit", {"patient": "adult", "colour": "red"}, 400),
        ("admit", {"patient": "adult", "break": {"ZBE-3": 3}}, 400),
        ("admit", {"patient": "adult", "to": ["http://127.0.0.1:1"]}, 400),
    ],
)
def test_what_is_refused(control: Control, path: str, name: str, body: dict[str, Any], status: int) -> None:
    with pytest.raises(Refusal) as refused:
        control.call("POST", f"{path}/{name}", body)
    assert refused.value.status == status
    assert control.call("GET", path)["waiting"] == []


def test_worlds_do_not_meet(control: Control, sandbox: Sandbox, path: str, receiver: MllpReceiver) -> None:
    command(control, path, "update", receiver, patient="adult", family="AUTRE")
    assert control.call("GET", f"{world_path('main')}/identity/adult")["identity"]["family"] != "AUTRE"


def test_the_command_line(
    control: Control, sandbox: Sandbox, world: str, receiver: MllpReceiver, tmp_path: Path, capsys: Any
) -> None:
    file = tmp_path / "endpoints.json"
    file.write_text(json.dumps(endpoints(sandbox)))
    common = ["identity", "--endpoints", str(file), "--world", world]
    told = ["--to", f"DPI-X={receiver.url}"]
    assert main([*common, "admit", "adult", "unit=1002", "answers=refuses-both", *told]) == 0
    assert main([*common, "transfer", "adult", "unit=1001", "--break", "ZBE-3=20260309", *told]) == 0
    assert main([*common, "show", "adult"]) == 0
    assert main([*common, "replay", *told]) == 0
    assert main([*common, "list"]) == 0
    said = capsys.readouterr().out
    assert "A01  GAM" in said
    assert "feed IO  consult INC" in said
    assert "-> DPI-X  AA" in said
    assert main([*common, "admit", "adult", *told]) != 0
