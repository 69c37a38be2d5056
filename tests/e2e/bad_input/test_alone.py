"""Each simulator in a process of its own: no shared Python, a client on one side, hostile bytes on the other."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from simulators.assembly.services import ROOMS
from simulators.clients.dmp.access import issued_of, named
from simulators.core.pki import Trust, client_context
from tests.e2e.bad_input.test_hostile_xml import LAUGHS, QUADRATIC
from tests.support.ledger_feeder import Feeder, Ledger, Party
from tests.support.ledger_sandbox import SandboxProcess
from tests.support.raw_http import Place, converse

MIB = 1 << 20


@pytest.fixture(scope="module")
def alone(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """``up --only dmp``, in memory."""
    endpoints = tmp_path_factory.mktemp("alone") / "endpoints.json"
    with SandboxProcess(cache, endpoints, "--only", "dmp", "--memory") as process:
        yield process


@pytest.mark.parametrize("name", sorted(ROOMS))
def test_each_simulator_is_ready_alone(name: str, cache: Path, tmp_path: Path) -> None:
    """Ready means that one real exchange succeeded."""
    with SandboxProcess(cache, tmp_path / "endpoints.json", "--only", name, "--memory") as process:
        assert list(process.endpoints["services"]) == [name]


def test_it_answers(alone: SandboxProcess) -> None:
    party = Party(alone, "alone")
    with party.client("one") as client:
        assert client.exists(party.patient.ins).values["state"] == "active"


def test_the_whole_journey(alone: SandboxProcess, tmp_path: Path) -> None:
    party, ledger = Party(alone, "journey"), Ledger(tmp_path / "ledger")
    client = party.client("one")
    Feeder(client, party.patient, ledger)._feed()
    (unique_id,) = ledger.acknowledged()
    assert party.kept([unique_id]) == ledger.attempted
    assert party.count() == 1
    client.close()


def test_bombs_cost_no_memory(alone: SandboxProcess) -> None:
    """Refused before expansion: the process never held what they would have become."""
    url = alone.endpoints["services"]["dmp"]["patients"]
    before = alone.peak_memory()
    if before is None:
        pytest.skip("this system does not tell the peak memory of a process")
    place = Place.of(url, connection(alone))
    for bomb in (LAUGHS + b"<a>&l9;</a>", QUADRATIC + b"<a>" + b"&q;" * 50_000 + b"</a>", b"<a>" * 2_000_000):
        head = f"POST /si-dmp-server/v2/services/patients HTTP/1.1\r\nHost: x\r\nContent-Length: {len(bomb)}\r\n"
        answer = converse(place, [head.encode() + b"Content-Type: application/soap+xml\r\n\r\n", bomb])
        assert (answer.status, b"DMP-XML" in answer.body) == (500, True), answer
    after = alone.peak_memory()
    assert after is not None
    assert after - before < 96 * MIB, f"{(after - before) // MIB} MiB more"
    assert alone.alive


def connection(process: SandboxProcess) -> ssl.SSLContext:
    """A TLS context with the hospital's certificate."""
    world = process.control.call("GET", "/worlds/main?certificates=true")
    held = named(world, "structures", "hospital")["certificates"]["auth_cli"]
    roots = x509.load_pem_x509_certificates(Path(process.endpoints["trust"]["roots"]).read_bytes())
    return client_context(Trust(roots=tuple(roots)), issued_of(held))
