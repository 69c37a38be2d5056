"""``exec -- CMD``: the command finds the sandbox by its environment; its code comes back and nothing stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.clients.control import Control
from tests.support.running import COMMAND, Up, command, environment

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
SPEAK = """
import json, os, ssl, sys, urllib.error, urllib.request
context = ssl.create_default_context(cafile=os.environ["SEGUR_ROOTS"])
context.load_cert_chain(os.environ["SEGUR_AUTH_CLI_CERTIFICATE"], os.environ["SEGUR_AUTH_CLI_KEY"])
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
try:
    direct.open(os.environ["SEGUR_DMP_PATIENTS"], b"<a/>")
except urllib.error.HTTPError as refused:
    status = refused.code
mine = {name: value for name, value in os.environ.items() if name.startswith("SEGUR_")}
print(json.dumps({"status": status, "mine": mine}))
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys and PKI are made once for the module."""
    return tmp_path_factory.mktemp("cache")


def kept(folder: Path) -> list[str]:
    """What a command left there, but for the cache that is meant to stay."""
    return sorted(path.name for path in folder.iterdir() if path.name != "segur-sandbox")


def test_a_command_has_all_it_needs_in_its_environment(cache: Path, tmp_path: Path) -> None:
    done = command(cache, "exec", "--world", "ci", "--", sys.executable, "-c", SPEAK, "7", TMPDIR=str(tmp_path))
    assert done.returncode == 7, done.stderr
    told = json.loads(done.stdout)  # nothing of ours on the command's own output
    mine = told["mine"]
    assert told["status"] == 500
    assert mine["SEGUR_WORLD"] == "ci"
    assert mine["SEGUR_DMP_URL"] in mine["SEGUR_DMP_PATIENTS"]
    assert mine["SEGUR_DMP_URL"].endswith("/w/ci")
    # The failure is explained, and nothing stays.
    assert "DMP-SOAP-ENVELOPE" in done.stderr
    assert "mend" in done.stderr
    for name in ("SEGUR_SANDBOX_ENDPOINTS", "SEGUR_ROOTS", "SEGUR_SIGN_KEY"):
        assert not Path(mine[name]).exists()
    assert kept(tmp_path) == []
    assert kept(cache) == []


def test_the_simulations_roots_replace_the_usual_ones_only_when_asked(cache: Path) -> None:
    code = "import os; print(os.environ['SSL_CERT_FILE'] == os.environ['SEGUR_ROOTS'])"
    for options, found in (([], "False"), (["--trust-env"], "True")):
        done = command(cache, "exec", *options, "--", sys.executable, "-c", code, SSL_CERT_FILE="mine.pem")
        assert done.stdout.strip() == found, done.stderr


def test_other_commands_follow_the_environment(cache: Path) -> None:
    inner = [*COMMAND, "world", "list"]
    done = command(cache, "exec", "--world", "w1", "--", *inner)
    assert done.stdout.split() == ["main", "w1"], done.stderr


def test_it_attaches_when_asked_and_takes_only_its_own_world_away(cache: Path) -> None:
    with Up(cache, "--random-ports") as up:
        endpoints = up.told("endpoints")[0]
        inner = [*COMMAND, "world", "list"]
        for how in (["--attach"], ["--endpoints", endpoints]):
            done = command(cache, "exec", *how, "--world", "mine", "--", *inner)
            assert done.stdout.split() == ["main", "mine"], done.stderr
        control = Control(dict(up.endpoints))
        assert control.call("GET", "/worlds")["worlds"] == ["main"]
        control.call("POST", "/worlds", {"name": "kept"})
        assert command(cache, "exec", "--attach", "--world", "kept", "--", *inner).returncode == 0
        assert "kept" in control.call("GET", "/worlds")["worlds"]
        private = command(cache, "exec", "--", *inner)
        assert private.stdout.split() == ["main"]
    gone = command(cache, "exec", "--attach", "--", *inner)
    assert gone.returncode == 3
    assert "segur-sandbox up" in gone.stderr


def test_the_commands_own_options_are_its_own(cache: Path) -> None:
    show = [sys.executable, "-c", "import sys; print(sys.argv[1:])", "--world", "x", "--", "--help"]
    done = command(cache, "exec", "--", *show)
    assert done.stdout.strip() == "['--world', 'x', '--', '--help']", done.stderr


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["--"], 2), (["--", "no-such-command"], 127)])
def test_what_cannot_run(cache: Path, arguments: list[str], code: int) -> None:
    done = command(cache, "exec", *arguments)
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_a_pinned_rule_set_that_differs_stops_before_the_command(cache: Path, tmp_path: Path) -> None:
    pinned = command(cache, "rules", "--pin").stdout
    lock = tmp_path / "rules.lock"
    lock.write_text(pinned, "utf-8")
    say = [sys.executable, "-c", "print('ran')"]
    assert command(cache, "exec", "--rules-pin", str(lock), "--", *say).stdout == "ran\n"
    assert command(cache, "exec", "--rules-pin", json.loads(pinned)["hash"], "--", *say).stdout == "ran\n"
    document = json.loads(pinned)
    document["rules"]["DMP-SOAP-ENVELOPE"]["level"] = "warn"
    del document["rules"]["SIM-BUG"]
    lock.write_text(json.dumps(document), "utf-8")
    changed = command(cache, "exec", "--rules-pin", str(lock), "--", *say)
    assert changed.returncode == 1
    assert "rule changed  DMP-SOAP-ENVELOPE  level 'warn' -> 'refuse'" in changed.stdout
    assert "rule added    SIM-BUG" in changed.stdout
    assert "ran" not in changed.stdout
    assert command(cache, "exec", "--rules-pin", "none.lock", "--", *say).returncode == 2


@posix
@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_goes_to_the_command_and_nothing_stays(cache: Path, tmp_path: Path, name: signal.Signals) -> None:
    code = (
        "import os, signal, sys, time\n"
        f"signal.signal({int(name)}, lambda *_: sys.exit(9))\n"
        "print(os.environ['SEGUR_ROOTS'], flush=True)\n"
        "time.sleep(60)"
    )
    process = subprocess.Popen(
        [*COMMAND, "exec", "--", sys.executable, "-c", code],
        cwd=cache,
        env=environment(cache, TMPDIR=str(tmp_path)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    assert process.stdout is not None
    roots = Path(process.stdout.readline().strip())
    assert roots.is_file()
    process.send_signal(name)
    process.communicate(timeout=30)
    assert process.returncode == 9
    assert not roots.exists()
    assert kept(tmp_path) == []
