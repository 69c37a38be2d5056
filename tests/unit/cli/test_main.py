"""The command line: verbs, options before and after them, exit codes, plain words."""

from __future__ import annotations

import argparse
import json
import os
import signal
from pathlib import Path

import pytest

from simulators.cli import codes, remote
from simulators.cli.journal import explain, line
from simulators.cli.main import COMMANDS, main, parser
from simulators.cli.stopping import interruptible, wait_for_stop
from simulators.cli.up import _kept, settings
from simulators.core.errors import EnvironmentProblem, SandboxError, StoreLocked
from tests.unit.scenario.fakes import finding


def parsed(*arguments: str) -> argparse.Namespace:
    return parser().parse_args(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["journal", "--world", "w", "--endpoints", "e.json", "tail"],
        ["journal", "tail", "--world", "w", "--endpoints", "e.json"],
        ["journal", "--world", "w", "show", "3", "--endpoints", "e.json"],
        ["clock", "show", "--world", "w", "--endpoints", "e.json"],
        ["clock", "--world", "w", "advance", "P6M", "--endpoints", "e.json"],
        ["fault", "add", "outage", "--on", "dmp.*", "--world", "w", "--endpoints", "e.json"],
        ["fault", "--endpoints", "e.json", "list", "--world", "w"],
        ["refuse", "DMP-X", "--on", "dmp.*", "--world", "w", "--endpoints", "e.json"],
        ["cert", "issue", "--structure", "1", "--out", "d", "--world", "w", "--endpoints", "e.json"],
    ],
)
def test_common_options_stand_before_the_verb_or_after_it(arguments: list[str]) -> None:
    options = parsed(*arguments)
    assert (options.world, options.endpoints) == ("w", Path("e.json"))


def test_the_world_is_main_unless_told() -> None:
    assert parsed("journal", "tail").world == "main"
    assert parsed("clock", "show").endpoints is None
    assert parsed("journal", "--world", "-", "tail").world == "-"


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_has_its_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert COMMANDS[command].split(" / ")[0][:20] in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [[], ["nothing"], ["up", "--data", "x", "--memory"], ["up", "--base-port", "1", "--random-ports"], ["journal"]],
)
def test_a_wrong_command_line_is_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == codes.INVALID
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (EnvironmentProblem("no port"), codes.ENVIRONMENT),
        (StoreLocked("owner"), codes.ENVIRONMENT),
        (PermissionError(13, "denied"), codes.ENVIRONMENT),
        (SandboxError("no such trigger"), codes.INVALID),
        (ValueError("bad"), codes.INVALID),
        (KeyboardInterrupt(), codes.INTERRUPTED),
    ],
)
def test_exit_codes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], problem: BaseException, code: int
) -> None:
    def run(options: argparse.Namespace) -> int:
        raise problem

    monkeypatch.setattr("simulators.cli.rules.run", run)
    assert main(["rules"]) == code
    assert "Traceback" not in capsys.readouterr().err


def test_rules_are_listed_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--json"]) == codes.PASS
    rules = json.loads(capsys.readouterr().out)
    identifiers = [rule["id"] for rule in rules]
    assert len(set(identifiers)) == len(identifiers) > 50
    assert {"SIM-BUG", "CHECK-UNREADABLE", "CORE-HANDSHAKE-FAILED"} <= set(identifiers)
    for rule in rules:
        for text in (rule["sentence"], rule["mend"]):
            assert text["fr"].strip()
            assert text["en"].strip()
        assert rule["grade"] in {"sourced", "standard", "inferred"}
    assert main(["rules"]) == codes.PASS
    assert f"{len(rules)} rules" in capsys.readouterr().out


def test_no_running_sandbox_is_three(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("SEGUR_SANDBOX_ENDPOINTS", raising=False)
    for command in (["world", "list"], ["journal", "tail"], ["clock", "show"], ["fault", "list"], ["refuse", "list"]):
        assert main(command) == codes.ENVIRONMENT
        assert "segur-sandbox up" in capsys.readouterr().err
    with pytest.raises(EnvironmentProblem):
        remote.running(tmp_path / "none.json")


def test_settings_of_a_command_line() -> None:
    options = parsed("up", "--data", "d", "--durable", "--base-port", "20000", "--only", "dmp,", "--strict-tls")
    made = settings(options, "demo")
    assert (made.data, made.durable, made.base_port, made.only) == ("d", True, 20000, ("dmp",))
    assert (made.worlds, made.publish, made.strict_tls, made.random_ports) == (("main", "demo"), True, True, False)


def test_what_is_kept_is_announced_without_its_password() -> None:
    assert "nothing is kept" in _kept(None)
    assert _kept("postgresql://me:secret@h/db") == "postgresql://me:***@h/db"
    assert _kept("postgresql://h/db") == "postgresql://h/db"
    assert _kept("folder") == "folder"


REAL = "185010099900171^^^&1.2.250.1.213.1.4.8&ISO^NH"


def test_a_line_of_the_journal_is_masked() -> None:
    row = {
        "number": 7,
        "wire_time": "2026-01-01T10:00:00.123456+00:00",
        "who": {"structure": REAL},
        "marks": {},
        "operation": "dmp.TD0.2",
        "outcome": "refused",
        "verdict": {"findings": [finding("DMP-X")]},
    }
    told = line(row)
    assert "185010099900171" not in told
    assert "10:00:00.123" in told
    assert told.endswith("DMP-X")


def test_a_finding_is_explained_in_both_languages() -> None:
    told = explain(finding("DMP-X", national="Texte", facts={"reason": "why"}))
    for part in ("DMP-X", "Texte", "/a", "réparez", "mend", "sourced", "why"):
        assert part in told


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_block_once(name: signal.Signals) -> None:
    before = signal.getsignal(name)
    with pytest.raises(KeyboardInterrupt), interruptible():
        try:
            os.kill(os.getpid(), name)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)  # while it stops: not heard
    assert signal.getsignal(name) is before


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_waiting_ends_at_a_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Never:
        def wait(self, seconds: float) -> bool:
            os.kill(os.getpid(), signal.SIGTERM)
            return False

    monkeypatch.setattr("simulators.cli.stopping.threading.Event", Never)
    with interruptible():
        wait_for_stop()
