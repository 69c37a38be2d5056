"""``watch`` over the control API: what came, what is awaited, why it does not match, and a sandbox that comes back."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from simulators.cli.main import main
from simulators.cli.watch import Watching, conditions
from simulators.clients.control import Control
from simulators.clients.dmp.access import dmp_client, patient_of
from simulators.sandbox import Sandbox
from tests.support.running import COMMAND, Up, command, environment


class Heard:
    """What ``watch`` has said so far, for who acts meanwhile."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._said: defaultdict[str, threading.Event] = defaultdict(threading.Event)
        say = Watching._say

        def heard(watching: Watching, word: str, **values: Any) -> None:
            say(watching, word, **values)
            self._said[word].set()

        monkeypatch.setattr(Watching, "_say", heard)

    def __call__(self, word: str) -> None:
        assert self._said[word].wait(30), word


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    return Heard(monkeypatch)


@pytest.fixture
def speak(sandbox: Sandbox, world: str) -> Callable[[bool], None]:
    """One TD0.2 in the test's world, with a wrong INS key or not."""
    described = sandbox.describe(world)
    roots = sandbox.folder / "trust" / "roots.pem"

    def once(wrong: bool = False) -> None:
        with dmp_client(described, roots, "hospital", "hospital-specialist", ids=uuid.uuid4, now=sandbox.now) as client:
            patient = patient_of(described, "adult")
            (client.broken({"existence.ins": "185010099900172"}, "TD0.2") if wrong else client).exists(patient.ins)

    return once


@pytest.fixture
def watch(
    sandbox: Sandbox, world: str, capsys: pytest.CaptureFixture[str], heard: Heard
) -> Callable[..., tuple[int, list[str]]]:
    """Runs ``watch`` here while ``meanwhile`` happens elsewhere, once it watches."""

    def run(*arguments: str, meanwhile: Callable[[], object] = lambda: None) -> tuple[int, list[str]]:
        options = ["--world", world, "--endpoints", str(sandbox.folder / "endpoints.json"), "--lang", "en"]
        with ThreadPoolExecutor(1) as pool:
            happened = pool.submit(_once, heard, meanwhile)
            code = main(["watch", *arguments, *options])
            happened.result(timeout=30)
        return code, capsys.readouterr().out.splitlines()

    return run


def _once(heard: Heard, meanwhile: Callable[[], object]) -> None:
    heard("watching")
    meanwhile()


def test_once_ends_at_the_first_match(watch: Callable[..., tuple[int, list[str]]], speak: Callable[..., None]) -> None:
    def both() -> None:
        speak(True)
        speak(False)

    code, lines = watch(
        "--expect", "operation=dmp.TD0.2", "outcome=accepted", "--once", "--timeout", "30", meanwhile=both
    )
    assert code == 0
    refused = next(i for i, line in enumerate(lines) if "refused" in line and "DMP-TD02-INS-KEY" in line)
    assert lines[refused + 1] == "    --expect does not match: outcome expected accepted, found refused"
    assert any("accepted" in line and "dmp.TD0.2" in line for line in lines[refused + 2 :])
    assert "    matches" in lines


def test_once_gives_up_at_its_deadline(watch: Callable[..., tuple[int, list[str]]]) -> None:
    code, lines = watch("--expect", "outcome=accepted", "--once", "--timeout", "0.2")
    assert (code, lines[-1]) == (4, "nothing matched within 0.2 s (0 exchange(s) seen)")


def test_what_others_wait_for_is_told_with_its_near_misses(
    control: Control,
    world: str,
    watch: Callable[..., tuple[int, list[str]]],
    speak: Callable[..., None],
    heard: Heard,
) -> None:
    """A scenario that awaits, a product that first errs."""
    told = threading.Event()

    def wait() -> None:
        expect = {"operation": "dmp.TD0.2", "outcome": "accepted"}
        body = {"since": 0, "timeout": 30, "expect": expect, "label": "the product asks", "role": "dpi", "step": "4"}
        assert control.call("POST", f"/worlds/{world}/exchanges/wait", body)["exchange"] is not None
        told.set()

    def meanwhile() -> None:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(wait)
            heard("awaited")
            speak(True)
            heard("miss")
            speak(False)
            waiting.result(timeout=30)

    code, lines = watch("--timeout", "6", meanwhile=meanwhile)
    assert (code, told.is_set()) == (0, True)
    awaited = next(line for line in lines if line.startswith("awaited E"))
    assert awaited.endswith("step 4, dpi: the product asks  operation=dmp.TD0.2 outcome=accepted")
    id = awaited.split()[1]
    assert f"    {id} does not match: outcome expected accepted, found refused" in lines
    assert f"{id}  met by exchange 2" in lines
    assert control.call("GET", f"/worlds/{world}/watch")["awaited"] == []


def test_a_connection_that_never_became_an_exchange_is_seen_too(
    sandbox: Sandbox, watch: Callable[..., tuple[int, list[str]]]
) -> None:
    import http.client

    def plain() -> None:
        host, _, port = sandbox.local_url("dmp").partition("://")[2].rpartition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        connection.request("GET", "/")
        connection.getresponse().read()
        connection.close()

    code, lines = watch("--timeout", "2", meanwhile=plain)
    assert code == 0
    assert any("connection without an exchange" in line and "CORE-PLAIN-ON-TLS-PORT" in line for line in lines)


@pytest.mark.parametrize("given", [["no-sign"], ["=x"], ["list.yaml"], ["broken.yaml"]])
def test_conditions_that_are_none(given: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.yaml").write_text("- a\n", "utf-8")
    (tmp_path / "broken.yaml").write_text("a: [\n", "utf-8")
    with pytest.raises(ValueError):
        conditions(given)


def test_conditions_of_a_file_and_of_pairs(tmp_path: Path) -> None:
    file = tmp_path / "e.yaml"
    file.write_text("operation: dmp.TD2.1\nwire_time: 2026-01-01\n", "utf-8")
    found = conditions([str(file), "who.structure=10B0000019"])
    assert found == {"operation": "dmp.TD2.1", "wire_time": "2026-01-01", "who.structure": "10B0000019"}


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_a_sandbox_that_restarts_is_waited_for(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    with Up(tmp_path, "--random-ports", "--data", data) as up:
        watching = subprocess.Popen(
            [*COMMAND, "watch", "--lang", "en"],
            cwd=tmp_path,
            env=environment(tmp_path, PYTHONUNBUFFERED="1"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        assert watching.stdout is not None
        assert "waiting for what comes" in watching.stdout.readline()
        up.stop()
    try:
        assert "does not answer any more" in watching.stdout.readline()
        with Up(tmp_path, "--random-ports", "--data", data):
            assert "answers again" in watching.stdout.readline()
            assert command(tmp_path, "world", "list").returncode == 0
            watching.send_signal(signal.SIGINT)
            rest, _ = watching.communicate(timeout=20)
        assert (watching.returncode, "Traceback" in rest) == (0, False)
    finally:
        if watching.poll() is None:
            watching.kill()
            watching.wait()
