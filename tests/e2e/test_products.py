"""The product plays a part: products of sockets alone as the PFI, as the DPI, as the identity repository."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from simulators.cli.main import main
from simulators.clients.control import Control
from simulators.clients.mllp import MllpServer, send_once
from simulators.core.clock import system_now
from simulators.core.shipped import shipped
from simulators.sandbox import Sandbox
from simulators.scenario.load import load, parse
from simulators.scenario.play import Guide, Result, play
from tests.support.mllp_receiver import MllpReceiver

HEAD = "segur_scenario: 2\ntitle: {{fr: un, en: one}}\nworld: {world}\nsteps:\n"
LETTER = (
    "identity: {admit: {patient: adult, answers: consents}}",
    "dpi: {write: {patient: adult, kind: discharge-letter, recipients: [per:treating-physician]}}, save: letter",
    "dpi: {validate: letter}, expect: {state: acked, outcome: done, within: 20s}",
)


def scenario(world: str, *steps: str) -> str:
    lines = [f"  - {{say: {{fr: faites, en: do it}}, {step}}}\n" for step in steps]
    return HEAD.format(world=world) + "".join(lines)


def why(result: Result) -> list[str]:
    return [f"{step.number}: {dict(step.misses)} {step.error}" for step in result.steps if not step.passed]


class Hand:
    """Whoever sits at the product: does what is to be done once the runner says so."""

    def __init__(self, *acts: Callable[[], object]) -> None:
        self.told: list[str] = []
        self._acts = list(acts)
        self._threads: list[threading.Thread] = []

    def tell(self, text: str) -> None:
        self.told.append(text)
        if text.startswith("  →") and self._acts:
            self._threads.append(threading.Thread(target=self._acts.pop(0)))
            self._threads[-1].start()

    def done(self) -> None:
        for thread in self._threads:
            thread.join(20)


def run(control: Control, text: str, guide: Guide) -> Result:
    return play(parse(text, "s.yaml"), control, system_now, lambda _: None, guide=replace(guide, lang="en"))


@pytest.fixture
def mdm(control: Control, world: str) -> bytes:
    """What our DPI sends for a letter of this world."""
    with MllpReceiver() as pfi:
        result = run(control, scenario(world, *LETTER), Guide({"pfi": pfi.url}))
        assert result.passed, why(result)
        return next(message for message in pfi.messages if b"MDM^T02" in message)


def test_the_product_is_the_pfi(control: Control, world: str) -> None:
    with MllpReceiver() as pfi:
        looks = "until: {orders: true, expect: {orders: {count: 1}}}"
        result = run(control, scenario(world, *LETTER, "pfi: poll", looks), Guide({"pfi": pfi.url}))
        assert result.passed, why(result)
        assert [bool(step.skipped) for step in result.steps] == [False, False, False, True, True]
        assert [kind for kind in ("ADT^A01", "MDM^T02") if not any(kind in text for text in pfi.texts)] == []
    settings = control.call("PATCH", f"/worlds/{world}/policy", {})["settings"]
    assert not {"dpi.pfi", "identity.subscribers", "outbound.hosts"} & set(settings)


def test_the_product_is_the_dpi(control: Control, sandbox: Sandbox, world: str, mdm: bytes) -> None:
    hand = Hand(lambda: send_once(MllpServer(sandbox.local_url("pfi_mllp")), mdm))
    steps = (
        *LETTER,
        "advance: PT0S",
        "until: {expect: {journal: {operation: pfi.out.ZAM^Z01, outcome: accepted, since: start}}, within: 20s}",
        "until: {document: letter, expect: {state: acked}}",
    )
    with MllpReceiver() as dpi:
        result = run(control, scenario(world, *steps), Guide({"dpi": dpi.url}, hand.tell))
        hand.done()
        assert result.passed, why(result)
        assert [bool(step.skipped) for step in result.steps] == [False, True, False, False, False, True]
        assert any("ZAM^Z01" in text for text in dpi.texts)
        assert any("ADT^A01" in text for text in dpi.texts)
    assert hand.told[0] == "  → dpi: do it"
    assert result.steps[2].outcome.values["operation"] == "pfi.MDM^T02"


def test_what_the_product_sends_wrong_fails_its_step_with_the_reason(
    control: Control, sandbox: Sandbox, world: str, mdm: bytes
) -> None:
    wrong = mdm.replace(b"\rORC|NW", b"\rORC|CA")
    assert wrong != mdm
    hand = Hand(lambda: send_once(MllpServer(sandbox.local_url("pfi_mllp")), wrong))
    result = run(control, scenario(world, LETTER[2], "explain: last"), Guide({"dpi": ""}, hand.tell))
    hand.done()
    assert result.steps[0].misses["outcome"] == ("accepted", "refused")
    assert "ORC-1" in result.steps[1].outcome.text


def test_the_product_is_the_identity_repository(control: Control, sandbox: Sandbox, world: str) -> None:
    with MllpReceiver() as receiver:
        for command in ("update", "admit"):
            body = {"patient": "adult", "to": [receiver.url], "wait": 10}
            control.call("POST", f"/worlds/{world}/identity/{command}", body)
        update, admit = receiver.messages
    server = MllpServer(sandbox.local_url("dpi_mllp"))

    def act() -> None:
        send_once(server, update)
        send_once(server, admit)

    hand = Hand(act)
    result = run(control, scenario(world, LETTER[0]), Guide({"identity": ""}, hand.tell))
    hand.done()
    assert result.passed, why(result)
    assert result.steps[0].outcome.values["operation"] == "dpi.ADT^A01"


def test_the_command_line_puts_the_product_there(
    control: Control, sandbox: Sandbox, world: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("run")
    file, report = folder / "s.yaml", folder / "r.xml"
    file.write_text(scenario(world, *LETTER, "pause: true", "pfi: poll"), "utf-8")
    endpoints = ["--endpoints", str(sandbox.folder / "endpoints.json")]
    with MllpReceiver() as pfi:
        assert main(["run", str(file), "--sut", f"pfi={pfi.url}", "--junit", str(report), *endpoints]) == 0
        assert any("MDM^T02" in text for text in pfi.texts)
    assert 'skipped="2"' in report.read_text("utf-8")
    assert main(["run", str(file), "--sut", "dmp=mllp://localhost:1", *endpoints]) == 2


def test_the_shipped_journey_with_the_product_as_the_dpi(control: Control, sandbox: Sandbox) -> None:
    """Its own message goes all the way; receipts and the physician's answer come to its port."""
    journey = load(shipped("scenarios", "discharge-letter.yaml"))
    letter = {"recipients": ["sacha.simule@discharge-letter.mssante.test"], "to_patient": True, "ack_lecture": True}
    with MllpReceiver() as pfi:
        result = run(control, scenario(journey.world, "clear: faults"), Guide())
        control.call("PATCH", f"/worlds/{journey.world}/policy", {"settings": {"dpi.pfi": pfi.url}})
        body = {"patient": "adult", "kind": "discharge-letter", "validate": True, **letter}
        control.call("POST", f"/worlds/{journey.world}/dpi/documents", body)
        control.call("POST", f"/worlds/{journey.world}/clock", {"advance": "PT0S"})
        (message,) = pfi.messages
    hand = Hand(lambda: send_once(MllpServer(sandbox.local_url("pfi_mllp")), message))
    with MllpReceiver() as dpi:
        result = play(journey, control, system_now, lambda _: None, guide=Guide({"dpi": dpi.url}, hand.tell, lang="en"))
        hand.done()
        assert result.passed, why(result)
        kinds = [text.split("|")[8] for text in dpi.texts]
    wanted = ["ADT^A01", "ZAM^Z01", "ZAM^Z02", "ZAM^Z02", "ZAM^Z03", "MDM^T02"]
    assert sorted("^".join(kind.split("^")[:2]) for kind in kinds) == sorted(wanted)
