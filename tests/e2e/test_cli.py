"""The commands against a running sandbox, and the life of the processes themselves."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12

from simulators.cli.main import main
from simulators.clients.dmp.access import dmp_client, patient_of, replayable_ids
from simulators.core import journal
from simulators.sandbox import Sandbox
from tests.support.running import COMMAND, Up, command, environment

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX signals and modes")
SCENARIO = """segur_scenario: 1
title: {fr: un, en: one}
world: w
actors:
  h: {structure: hospital, professional: hospital-specialist}
steps:
  - say: {fr: "existe ?", en: "is there?"}
    as: h
    do: dmp.TD0.2
    patient: adult
    expect: {dmp: active}
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys and PKI are made once for the module."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "s.yaml"
    path.write_text(SCENARIO, "utf-8")
    return path


class Ran:
    """Runs verbs on the session's sandbox, in this process."""

    def __init__(self, sandbox: Sandbox, world: str, capsys: pytest.CaptureFixture[str]) -> None:
        self._endpoints = str(sandbox.folder / "endpoints.json")
        self.world, self._capsys = world, capsys

    def __call__(self, *arguments: str, code: int = 0, world: bool = True) -> str:
        options = ["--world", self.world] if world else []
        assert main([*arguments, *options, "--endpoints", self._endpoints]) == code, self._capsys.readouterr()
        captured = self._capsys.readouterr()
        assert "Traceback" not in captured.err
        return captured.out if code == 0 else captured.err


@pytest.fixture
def ran(sandbox: Sandbox, world: str, capsys: pytest.CaptureFixture[str]) -> Ran:
    return Ran(sandbox, world, capsys)


# -- verbs ------------------------------------------------------------------------------------------------------------


def test_worlds_are_created_saved_restored_reset_and_deleted(ran: Ran) -> None:
    made = ran("world", "create", "made-by-hand", "--seed", "3", "--unknown", "refuse", world=False)
    assert "/w/made-by-hand/si-dmp-server" in made
    assert "made-by-hand" in ran("world", "list", world=False).splitlines()
    assert "saved as one" in ran("world", "snapshot", "made-by-hand", "one", world=False)
    assert "restored from one, epoch 2" in ran("world", "restore", "made-by-hand", "one", world=False)
    assert "epoch 3" in ran("world", "reset", "made-by-hand", world=False)
    assert "exists" in ran("world", "create", "made-by-hand", world=False, code=2)
    assert "no snapshot" in ran("world", "restore", "made-by-hand", "two", world=False, code=2)
    ran("world", "delete", "made-by-hand", world=False)
    assert "no world" in ran("world", "reset", "made-by-hand", world=False, code=2)


@pytest.mark.parametrize("name", ["UPPER", "a b", "..x", "é", "x" * 41, "?"])
def test_a_world_of_another_name_is_refused(ran: Ran, name: str) -> None:
    assert "world name" in ran("world", "create", name, world=False, code=2)
    assert "there is no" in ran("journal", "tail", "--world", name, world=False, code=2)


def test_the_clock_is_shown_moved_and_frozen(ran: Ran) -> None:
    before = ran("clock", "show")
    assert ran("clock", "advance", "P6M").splitlines()[1] > before.splitlines()[1]
    assert "(frozen)" in ran("clock", "freeze", "2026-01-02T03:04:05Z")
    assert "2026-01-02T03:04:05" in ran("clock", "show")
    assert "(frozen)" not in ran("clock", "unfreeze")
    assert "P6M" in ran("clock", "advance", "six months", code=2)
    assert ran("clock", "freeze", "yesterday", code=2)


def test_faults_are_added_listed_and_taken_away(ran: Ran) -> None:
    first = ran("fault", "add", "latency", "--on", "dmp.TD0.2", "--set", "seconds=0.01", "--nth", "2").strip()
    second = ran("fault", "add", "outage", "--on", "dmp.*", "--structure", "10B0000019").strip()
    told = ran("fault", "list")
    assert f"{first}  latency  on=dmp.TD0.2 nth=2  seconds=0.01" in told
    assert f"{second}  outage  on=dmp.* structure=10B0000019" in told
    assert "available / disponibles" in told
    ran("fault", "remove", first)
    assert "no fault" in ran("fault", "remove", first, code=2)
    assert ran("fault", "clear").strip() == "1 removed"
    for wrong in (
        ["nothing", "--on", "dmp.TD0.2"],
        ["outage", "--on", "dmp.TD9.9"],
        ["latency", "--on", "dmp.TD0.2", "--set", "seconds"],
        ["latency", "--on", "dmp.TD0.2", "--set", "second=1"],
        ["outage", "--on", "dmp.TD0.2", "--between", "2026-01-01"],
    ):
        assert ran("fault", "add", *wrong, code=2)


def test_refusals_are_forced_listed_and_cleared(ran: Ran) -> None:
    forced = ran("refuse", "DMP-SEC-SIGNATURE", "--on", "dmp.TD0.2").strip()
    assert f"{forced}  DMP-SEC-SIGNATURE  on=dmp.TD0.2" in ran("refuse", "list")
    assert ran("refuse", "clear").strip() == "1 removed"
    assert "--on" in ran("refuse", "DMP-SEC-SIGNATURE", code=2)
    assert "no rule" in ran("refuse", "DMP-NO-SUCH", "--on", "dmp.TD0.2", code=2)


def test_certificates_are_issued_in_every_form(ran: Ran, tmp_path: Path) -> None:
    target = tmp_path / "deep" / "certificates"
    told = ran("cert", "issue", "--structure", "10B0000019", "--out", str(target))
    names = {path.name for path in target.iterdir()}
    for use in ("auth_cli", "sign"):
        assert {f"{use}{end}" for end in (".crt.pem", ".key.pem", ".chain.pem", ".cer", ".p12", ".legacy.p12")} <= names
    assert "roots.pem" in names
    password = told.rpartition(" ")[2].strip(" )\n").encode()
    for name in ("sign.p12", "sign.legacy.p12"):
        key, certificate, _ = pkcs12.load_key_and_certificates((target / name).read_bytes(), password)
        assert key is not None
        assert certificate is not None
        assert "10B0000019" in certificate.subject.rfc4514_string()
    if os.name == "posix":
        private = [path for path in target.iterdir() if "key" in path.name or path.suffix == ".p12"]
        assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    (tmp_path / "file").write_bytes(b"")
    ran("cert", "issue", "--structure", "10B0000019", "--out", str(tmp_path / "file"), code=3)


def test_the_journal_shows_what_went_over_the_wire(ran: Ran, sandbox: Sandbox) -> None:
    described = sandbox.describe(ran.world)
    roots = Path(sandbox.folder / "trust" / "roots.pem")
    ids = replayable_ids(ran.world)
    with dmp_client(described, roots, "hospital", "hospital-specialist", ids=ids, now=sandbox.now) as client:
        patient = patient_of(described, "adult")
        client.exists(patient.ins)
        client.broken({"existence.ins": "185010099900172"}, "TD0.2").exists(patient.ins)
    told = ran("journal", "tail").splitlines()
    assert [line.split()[3:5] for line in told] == [["dmp.TD0.2", "accepted"], ["dmp.TD0.2", "refused"]]
    assert told[-1:] == ran("journal", "tail", "--count", "1").splitlines()
    assert ran("journal", "tail", "--count", "0") == ""
    shown = ran("journal", "show", "2")
    assert "DMP-TD02-INS-KEY" in shown
    assert "against 1, the last one accepted" in shown
    assert "+ 185010099900172" in shown
    assert json.loads(ran("journal", "show", "2", "--json"))["outcome"] == "refused"
    assert "has no exchange 9" in ran("journal", "show", "9", code=2)


def test_raw_bytes_are_exact(sandbox: Sandbox, world: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    sent = bytes(range(256)) * 3
    here = sandbox.worlds.get(world)
    with sandbox.store.write(world) as tx:
        entry = journal.Entry("dmp", "dmp.TD0.2", request=sent, answer=b"\r\n\xff")
        journal.record(tx, here, sandbox.now(), entry)
    for side, expected in (("request", sent), ("answer", b"\r\n\xff")):
        options = ["--world", world, "--endpoints", str(sandbox.folder / "endpoints.json")]
        assert main(["journal", "show", "1", "--raw", side, *options]) == 0
        sys.stdout.flush()
        assert capfdbinary.readouterr().out == expected


# -- processes --------------------------------------------------------------------------------------------------------


@posix
def test_up_says_where_it_is_and_takes_away_what_is_its_own(cache: Path, tmp_path: Path) -> None:
    asked = tmp_path / "asked.json"
    with Up(cache, "--random-ports", "--memory", "--endpoints", str(asked)) as up:
        assert up.lines[0].startswith("Ségur sandbox: unofficial SIMULATION")
        assert up.told("data")[0].startswith("memory: nothing is kept")
        default = cache / "segur-sandbox" / "run" / "endpoints.json"
        places = [Path(told) for told in up.told("endpoints")]
        assert places[:2] == [asked, default]
        assert {stat.S_IMODE(path.stat().st_mode) for path in places} == {0o600}
        assert len({path.read_bytes() for path in places}) == 1
        document = up.endpoints
        assert (document["schema_version"], document["pid"]) == (1, up.pid)
        memory = places[2].parent
        found = command(cache, "world", "list")
        assert (found.returncode, found.stdout.split()) == (0, ["main"])
        assert up.stop(signal.SIGINT) == 0
        assert not memory.exists()
        assert not any(path.exists() for path in places)
    kept = {path.name for path in (cache / "segur-sandbox").iterdir()}
    assert {"keys", "pki", "run"} <= kept
    assert command(cache, "world", "list").returncode == 3


@posix
def test_a_data_folder_has_one_owner_and_is_used_again(cache: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Up(cache, "--random-ports", "--data", str(data), "--only", "dmp") as up:
        assert up.told("data") == [str(data)]
        assert (data / "endpoints.json").is_file()
        second = command(cache, "up", "--random-ports", "--data", str(data))
        assert second.returncode == 3
        assert f"in use by process {up.pid}" in second.stderr
        assert "Traceback" not in second.stderr
        made = command(cache, "world", "create", "kept")
        assert made.returncode == 0, made.stderr
        serials = _serials(up)
        assert up.stop() == 0
    assert not (data / "endpoints.json").exists()
    assert (data / "sandbox.sqlite").is_file()
    with Up(cache, "--random-ports", "--data", str(data)) as again:
        assert "kept" in again.endpoints["worlds"]
        assert _serials(again) == serials


def _serials(up: Up) -> list[str]:
    return [s["certificates"]["sign"]["fingerprint"] for s in up.endpoints["worlds"]["main"]["structures"]]


def free_base() -> int:
    """A base port whose table is free now."""
    for base in range(21000, 60000, 100):
        with socket.socket() as first, socket.socket() as second, socket.socket() as third:
            try:
                for offset, one in ((0, first), (1, second), (10, third)):
                    one.bind(("127.0.0.1", base + offset))
            except OSError:
                continue
            return base
    raise AssertionError("no free base port")


def test_the_table_of_ports_and_a_busy_one(cache: Path) -> None:
    base = free_base()
    with Up(cache, "--base-port", str(base)) as up:
        assert up.told("console") == [f"http://localhost:{base}"]
        assert up.told("trust") == [f"http://localhost:{base + 1}"]
        assert up.told("dmp") == [f"https://localhost:{base + 10}"]
        busy = command(cache, "up", "--base-port", str(base))
        assert busy.returncode == 3
        assert f"port {base + 1} of 127.0.0.1: it is in use" in busy.stderr
        assert len(busy.stderr.splitlines()) == 1
        # The one that could not start has taken nothing of the one that runs.
        assert command(cache, "world", "list").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["up", "--only", "nothing"], 2, "there are dmp"),
        (["up", "--base-port", "65530"], 2, "there is no port"),
        (["up", "--data", "mysql://x"], 3, "postgresql://"),
        (["up", "--data", "/dev/null/x"], 3, "data folder"),
        (["up", "--bind", "203.0.113.7", "--random-ports"], 3, "--bind"),
        (["up", "--public-host", "com", "--random-ports"], 3, "--public-host"),
        (["up", "--random-ports", "--pki", "/dev/null/x"], 3, "PKI folder"),
        (["up", "--random-ports", "--endpoints", "/dev/null/x"], 3, "endpoints file"),
        (["world", "list", "--endpoints", "none.json"], 3, "none.json does not exist"),
        (["run", "--endpoints", "none.json", "SCENARIO"], 3, "none.json does not exist"),
    ],
)
@posix
def test_what_cannot_start_says_why(cache: Path, scenario: Path, arguments: list[str], code: int, said: str) -> None:
    ended = command(cache, *(str(scenario) if word == "SCENARIO" else word for word in arguments))
    assert (ended.returncode, said in ended.stderr) == (code, True), ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (cache / "segur-sandbox" / "run" / "endpoints.json").exists()


def test_a_stale_endpoints_file(cache: Path, tmp_path: Path, scenario: Path) -> None:
    default = cache / "segur-sandbox" / "run" / "endpoints.json"
    default.parent.mkdir(parents=True, exist_ok=True)
    default.write_text(json.dumps({"control": {"url": "http://127.0.0.1:1/_sandbox", "token": "t"}}), "utf-8")
    try:
        ended = command(cache, "journal", "tail")
        assert ended.returncode == 3
        assert "does not run any more" in ended.stderr
        # In the default folder it is no sandbox: a private one is started and stopped.
        report = tmp_path / "deep" / "junit.xml"
        played = command(cache, "run", str(scenario), "--junit", str(report))
        assert played.returncode == 0, played.stdout + played.stderr
        assert "1 passed, 0 failed" in played.stdout
        assert b'tests="1"' in report.read_bytes()
        # Named on purpose, it must answer.
        named = command(cache, "run", str(scenario), SEGUR_SANDBOX_ENDPOINTS=str(default))
        assert named.returncode == 3
        assert json.loads(default.read_text("utf-8"))["control"]["token"] == "t"
    finally:
        default.unlink()


def test_run_attaches_to_the_one_that_is_up_and_demo_leaves_it_alone(
    cache: Path, tmp_path: Path, scenario: Path
) -> None:
    with Up(cache, "--random-ports") as up:
        assert command(cache, "run", str(scenario)).returncode == 0
        assert "w" in command(cache, "world", "list").stdout.split()
        before = up.endpoints
        data = str(tmp_path / "demo")
        for _ in range(2):
            demo = command(cache, "demo", "--exit", "--random-ports", "--data", data, "--lang", "en")
            assert demo.returncode == 0, demo.stdout + demo.stderr
            assert "11 passed, 0 failed" in demo.stdout
        assert up.endpoints == before


PROBE = """
import sys
from simulators.cli import demo, up
from simulators.cli.main import main

OWN, SEEN = set(), []

def hook(event, arguments):
    if event == "socket.connect":
        SEEN.append(arguments[1])
    elif event == "socket.getaddrinfo":
        SEEN.append(arguments[:2])

def told(sandbox):
    OWN.update(int(url.rpartition(":")[2]) for url in sandbox.ports.table().values())

def probe():
    names = ["spyne", "faker", "zeep", "docker", "saxonche", "psycopg", "fpdf", "segno"]
    print("LOADED", [name for name in names if name in sys.modules])
    print("FOREIGN", [place for place in SEEN if not (place[0] in HOSTS and (place[1] in OWN or not place[1]))])
    print("SPOKE", any(place[1] in OWN for place in SEEN))

HOSTS = {"localhost", "127.0.0.1", "::1", None}
sys.addaudithook(hook)
for module in (up, demo):
    module.print_places, module.wait_for_stop = told, probe
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("verb", ["up", "demo"])
def test_nothing_heavy_is_loaded_and_nobody_outside_is_called(cache: Path, tmp_path: Path, verb: str) -> None:
    script = tmp_path / "probe.py"
    script.write_text(PROBE, "utf-8")
    ended = subprocess.run(
        [sys.executable, str(script), verb, "--random-ports"],
        env=environment(cache),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    told = dict(line.split(" ", 1) for line in ended.stdout.splitlines() if line.split(" ")[0].isupper())
    assert told["FOREIGN"] == "[]"
    assert told["SPOKE"] == "True"
    # The demonstration plays TD0.3 (spyne) and makes a PDF (fpdf): at their first use only.
    assert verb == "demo" or told["LOADED"] == "[]"


@posix
def test_a_reader_that_leaves_is_no_error(cache: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [*COMMAND, "rules"], stdout=writing, stderr=subprocess.PIPE, env=environment(cache), timeout=60, check=False
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, b"")


@posix
def test_a_console_without_our_characters_is_no_error(cache: Path, scenario: Path) -> None:
    ended = command(cache, "run", str(scenario), PYTHONIOENCODING="ascii")
    assert ended.returncode == 0, ended.stderr
    assert r"\u2713" in ended.stdout
