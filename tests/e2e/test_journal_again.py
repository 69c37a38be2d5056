"""``journal diff`` against anything, ``journal replay`` as pasted and as sent, and what cut answers leave behind."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from simulators.assembly.reference import SPEAKERS
from simulators.cli.main import main
from simulators.clients.control import Control, Refusal
from simulators.clients.dmp.access import dmp_client, patient_of
from simulators.clients.dmp.client import DmpClient
from simulators.clients.transport import WireProblem
from simulators.core import journal
from simulators.core.world import World
from simulators.sandbox import Sandbox

WRONG = {"existence.ins": "185010099900172"}


def client_of(sandbox: Sandbox, world: str) -> DmpClient:
    described = sandbox.describe(world)
    roots = sandbox.folder / "trust" / "roots.pem"
    return dmp_client(described, roots, "hospital", "hospital-specialist", ids=uuid.uuid4, now=sandbox.now)


def diff(control: Control, world: str, number: int, against: object = "good") -> list[dict[str, object]]:
    path = f"/worlds/{world}/exchanges/{number}/diff?against={against}"
    return [d for d in control.call("GET", path)["differences"] if not d["volatile"]]


class Ran:
    """Runs ``journal`` verbs on the session's sandbox."""

    def __init__(self, sandbox: Sandbox, world: str, capsys: pytest.CaptureFixture[str]) -> None:
        self._options = ["--world", world, "--endpoints", str(sandbox.folder / "endpoints.json")]
        self._capsys = capsys

    def __call__(self, *arguments: str, code: int = 0) -> str:
        assert main(["journal", *arguments, *self._options]) == code, self._capsys.readouterr()
        told = self._capsys.readouterr()
        return told.out + told.err


@pytest.fixture
def ran(sandbox: Sandbox, world: str, capsys: pytest.CaptureFixture[str]) -> Ran:
    return Ran(sandbox, world, capsys)


@pytest.mark.parametrize("operation", list(SPEAKERS))
def test_our_own_message_hardly_differs_from_the_reference(
    sandbox: Sandbox, control: Control, world: str, operation: str
) -> None:
    with client_of(sandbox, world) as client:
        SPEAKERS[operation](client, patient_of(sandbox.describe(world), "adult"))
    found = diff(control, world, journal.cursor(sandbox.store, world), "client")
    # A document is another document: its digest and its size; everything else is the same.
    assert {str(d["where"]).rpartition("[@name=")[2].partition("]")[0] for d in found} <= {"'hash'", "'size'"}
    assert sandbox.worlds.names(hidden=True).count("-selfcheck") == 0


def test_a_wrong_value_is_the_difference(sandbox: Sandbox, control: Control, world: str, ran: Ran) -> None:
    with client_of(sandbox, world) as client:
        patient = patient_of(sandbox.describe(world), "adult")
        client.exists(patient.ins)
        client.exists(patient.ins)
        client.broken(WRONG, "TD0.2").exists(patient.ins)
    for against in ("good", "client", 1, 2):
        (found,) = diff(control, world, 3, against)
        assert (found["old"], found["new"]) == ("185010099900171", "185010099900172"), against
    assert "+ 185010099900172" in ran("diff", "3", "--against", "client", code=1)
    assert "no lasting difference" in ran("diff", "2", "--against", "1")
    assert "wsa:MessageID" in ran("diff", "2", "--against", "1", "--all")
    assert '"against": 2' in ran("diff", "3", "--json", code=1)


def test_an_adopted_structure_is_compared_with_itself(sandbox: Sandbox, control: Control, world: str) -> None:
    """People that the world learnt from the product are those our client speaks as."""
    with client_of(sandbox, world) as client:
        patient = patient_of(sandbox.describe(world), "adult")
        client.broken({"vihf.Identifiant_Structure": "10B9999993"}, "TD0.2").exists(patient.ins)
    row = control.call("GET", f"/worlds/{world}/exchanges/1")
    assert diff(control, world, 1, "client") is not None
    assert row["operation"] == "dmp.TD0.2"


@pytest.mark.parametrize(("against", "status"), [("good", 404), ("nothing", 400), ("99", 404), ("-1", 400)])
def test_nothing_to_compare_with_is_a_problem(
    sandbox: Sandbox, control: Control, world: str, against: str, status: int
) -> None:
    with client_of(sandbox, world) as client:
        client.broken(WRONG, "TD0.2").exists(patient_of(sandbox.describe(world), "adult").ins)
    with pytest.raises(Refusal) as refused:
        diff(control, world, 1, against)
    assert refused.value.status == status


def test_an_operation_our_client_does_not_speak(sandbox: Sandbox, control: Control, world: str) -> None:
    here = sandbox.worlds.get(world)
    written(sandbox, here, journal.Entry("dmp", "dmp.nothing", request_head="POST /x"))
    with pytest.raises(Refusal, match="does not speak"):
        diff(control, world, 1, "client")


def written(sandbox: Sandbox, world: World, entry: journal.Entry) -> None:
    with sandbox.store.write(world.name) as tx:
        journal.record(tx, world, sandbox.now(), entry)


def test_a_token_is_compared_with_the_same_grant(sandbox: Sandbox, control: Control, world: str) -> None:
    described = sandbox.describe(world)
    client = next(c for c in described["clients"] if c["provider"] == "pro_sante_connect")
    session = requests.Session()
    session.trust_env = False
    session.verify = str(sandbox.folder / "trust" / "roots.pem")
    form = {"grant_type": "authorization_code", "client_id": client["client_id"], "client_secret": client["secret"]}
    url = described["services"]["pro_sante_connect"]["token"]
    answer = session.post(url, data={**form, "code": "wrong", "redirect_uri": "https://elsewhere.test/back"})
    assert answer.status_code == 400
    number = journal.cursor(sandbox.store, world)
    found = {d["where"]: d for d in diff(control, world, number, "client")}
    assert "field redirect_uri" in found
    assert not any(str(where).startswith("line") for where in found)


# -- replay ------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on this machine")
def test_the_curl_line_works_as_pasted(sandbox: Sandbox, world: str, ran: Ran, tmp_path: Path) -> None:
    with client_of(sandbox, world) as client:
        client.broken(WRONG, "TD0.2").exists(patient_of(sandbox.describe(world), "adult").ins)
    raw = tmp_path / "a b'c.bin"
    line = ran("replay", "1", "--curl", "--raw", str(raw))
    assert raw.read_bytes() == journal.bodies(sandbox.store, world, 1)[0]
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=30, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    first, again = journal.read(sandbox.store, world)
    assert again.verdict["findings"][0]["rule"] == first.verdict["findings"][0]["rule"] == "DMP-TD02-INS-KEY"
    assert journal.bodies(sandbox.store, world, 2)[0] == raw.read_bytes()
    assert again.who["certificate"] == first.who["certificate"]


def test_it_is_sent_again_and_both_verdicts_are_shown(sandbox: Sandbox, world: str, ran: Ran) -> None:
    with client_of(sandbox, world) as client:
        patient = patient_of(sandbox.describe(world), "adult")
        client.exists(patient.ins)
        client.broken(WRONG, "TD0.2").exists(patient.ins)
    told = ran("replay", "2", "--send")
    assert [line.split()[0] for line in told.splitlines()[:2]] == ["2", "3"]
    assert told.count("DMP-TD02-INS-KEY") == 3
    sandbox.faults.add_refusal(world, "DMP-SEC-SIGNATURE", {"on": "dmp.TD0.2"})
    assert "DMP-SEC-SIGNATURE" in ran("replay", "1", "--send", code=1)


def test_a_query_and_a_form_come_back_as_they_went(sandbox: Sandbox, world: str, ran: Ran) -> None:
    services = sandbox.describe(world)["services"]["pro_sante_connect"]
    session = requests.Session()
    session.trust_env = False
    session.verify = str(sandbox.folder / "trust" / "roots.pem")
    query = "response_type=code&client_id=no%20one&redirect_uri=https%3A%2F%2Fx.test%2F%3Fa%3Db"
    session.get(f"{services['authorization']}?{query}", allow_redirects=False, headers={"X-Empty": ""})
    session.post(services["token"], data={"grant_type": "authorization_code", "code": "é&="})
    ran("replay", "1", "--send")
    ran("replay", "2", "--send")
    first, second, third, fourth = journal.read(sandbox.store, world)
    assert (first.request_head.splitlines()[0], query in first.request_head) == (
        third.request_head.splitlines()[0],
        True,
    )
    assert journal.bodies(sandbox.store, world, 2)[0] == journal.bodies(sandbox.store, world, 4)[0]
    assert (second.operation, second.world) == (fourth.operation, fourth.world)
    assert f"/w/{world}/" in ran("replay", "1")


def test_what_cannot_be_sent_again(sandbox: Sandbox, world: str, ran: Ran, tmp_path: Path) -> None:
    here = sandbox.worlds.get(world)
    written(sandbox, here, journal.Entry("dmp", "dmp.handshake_failed", outcome="incident"))
    own = {"certificate": "ab" * 32}
    written(sandbox, here, journal.Entry("dmp", "dmp.TD0.2", request_head="POST /x", request=b"1", who=own))
    assert "no request that can be sent again" in ran("replay", "1", code=2)
    assert "your own certificate" in ran("replay", "2", "--send", code=2)
    file = tmp_path / "raw.bin"
    assert "1 bytes" in ran("replay", "2", "--raw", str(file))
    assert file.read_bytes() == b"1"
    assert ran("replay", "2", "--curl", "--raw", str(file)).startswith("# your own client certificate")


# -- cut answers -------------------------------------------------------------------------------------------------------


def test_the_journal_says_that_the_connection_was_cut(sandbox: Sandbox, control: Control, world: str) -> None:
    body = {"name": "after_commit_before_answer", "match": {"on": "dmp.TD0.2"}, "params": {"mode": "close"}}
    control.call("POST", f"/worlds/{world}/faults", body)
    with client_of(sandbox, world) as client, pytest.raises(WireProblem):
        client.exists(patient_of(sandbox.describe(world), "adult").ins)
    (row,) = journal.read(sandbox.store, world)
    assert (row.outcome, row.status) == ("accepted", "close")


def test_a_silent_port_is_silent_as_long_as_asked(sandbox: Sandbox, control: Control) -> None:
    match = {"on": "dmp"}
    id = control.call("POST", "/worlds/-/faults", {"name": "silent", "match": match, "params": {"seconds": 0.3}})["id"]
    url = urlsplit(sandbox.local_url("dmp"))
    try:
        start = time.monotonic()
        with socket.create_connection((url.hostname or "", url.port or 0), 30) as plain:
            assert plain.recv(1) == b""
        assert 0.2 < time.monotonic() - start < 20
    finally:
        control.call("DELETE", f"/worlds/-/faults/{id}")
