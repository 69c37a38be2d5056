"""Certificates right and wrong on demand, the population over the API, the console on a network."""

from __future__ import annotations

import socket
import ssl
import uuid
from pathlib import Path

import pytest
import requests

from simulators.assembly.endpoints import endpoints
from simulators.assembly.settings import Settings
from simulators.clients.control import Control, Refusal
from simulators.clients.dmp.access import dmp_client, patient_of
from simulators.clients.transport import WireProblem
from simulators.core import journal
from simulators.core.expect import Expectation, wait_for
from simulators.sandbox import Sandbox


def exists(sandbox: Sandbox, control: Control, world: str) -> str:
    described = control.call("GET", f"/worlds/{world}?certificates=true")
    roots = Path(control.document["trust"]["roots"])
    with dmp_client(described, roots, "hospital", "hospital-specialist", ids=uuid.uuid4, now=sandbox.now) as client:
        return client.exists(patient_of(described, "adult").ins).outcome


def test_a_revoked_structure_is_refused_in_the_handshake_until_it_gets_new_certificates(
    sandbox: Sandbox, control: Control, world: str
) -> None:
    described = control.call("GET", f"/worlds/{world}?certificates=true")
    roots = Path(control.document["trust"]["roots"])
    assert exists(sandbox, control, world) == "accepted"
    hospital = next(s["id"] for s in described["structures"] if s["slug"] == "hospital")
    client = dmp_client(described, roots, "hospital", "hospital-specialist", ids=uuid.uuid4, now=sandbox.now)
    before = journal.cursor(sandbox.store, "-")
    control.call("POST", f"/worlds/{world}/certificates/revoke", {"structure": hospital})
    with client, pytest.raises(WireProblem):
        client.exists(patient_of(described, "adult").ins)
    expected = Expectation({"operation": "dmp.handshake_failed", "status": "*"})
    waited = wait_for(sandbox.store, "-", expected, since=before, timeout=20)
    assert waited.exchange is not None, waited.near
    assert "révoqu" in waited.exchange.verdict["findings"][0]["found"]
    assert exists(sandbox, control, world) == "accepted"


@pytest.mark.parametrize("name", ["expired", "foreign", "not-yet-valid", "revoked"])
def test_a_bad_certificate_ends_in_an_alert(sandbox: Sandbox, control: Control, world: str, name: str) -> None:
    hospital = control.call("GET", f"/worlds/{world}")["structures"][1]["id"]
    made = control.call("POST", f"/worlds/{world}/certificates/bad", {"name": name, "structure": hospital})
    assert made["purpose"]["fr"]
    assert made["purpose"]["en"]
    context = ssl.create_default_context(cafile=control.document["trust"]["roots"])
    context.load_cert_chain(made["files"]["certificate"], made["files"]["key"])
    host, _, port = sandbox.local_url("dmp").removeprefix("https://").rpartition(":")
    with pytest.raises((ssl.SSLError, ConnectionError)), socket.create_connection((host, int(port)), 10) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as secured:
            secured.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            if not secured.recv(100):
                raise ConnectionResetError("closed without an answer")


def test_an_unknown_bad_certificate_is_a_problem_that_lists_the_known_ones(control: Control, world: str) -> None:
    with pytest.raises(Refusal, match="expired"):
        control.call("POST", f"/worlds/{world}/certificates/bad", {"name": "rusty", "structure": "10B0999009"})


def test_a_population_goes_from_one_world_to_another(control: Control, sandbox: Sandbox, world: str) -> None:
    exported = control.call("GET", f"/worlds/{world}/population")
    changed = exported["patients"][0] | {"birth_name": "IMPORTE"}
    told = control.call("PUT", f"/worlds/{world}/population", {"patients": [changed]})
    assert told == {"patients": 1, "professionals": 0, "structures": 0}
    again = control.call("GET", f"/worlds/{world}/population")
    assert "IMPORTE" in {p["birth_name"] for p in again["patients"]}
    assert len(again["patients"]) == len(exported["patients"])


def test_nothing_is_half_imported(control: Control, world: str) -> None:
    before = control.call("GET", f"/worlds/{world}/population")
    good, bad = dict(before["patients"][0]), dict(before["patients"][1])
    good["birth_name"], bad["ins"] = "NOUVEAU", {"matricule": "185010099900172", "oid": "1.2.250.1.213.1.4.10"}
    with pytest.raises(Refusal, match="nothing was imported"):
        control.call("PUT", f"/worlds/{world}/population", {"patients": [good, bad]})
    assert control.call("GET", f"/worlds/{world}/population") == before


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"settings": {"dmp.max-result": "1"}}, "no setting"),
        ({"unknown": {"patientz": "refuse"}}, "no family"),
        ({"overrides": {"SIM-BUG": "off"}}, "guard"),
        ({"overrides": {"DMP-NOTHING": "off"}}, "no rule"),
        ({"unknown": {"patients": "perhaps"}}, "adopt"),
    ],
)
def test_a_policy_without_effect_is_refused(control: Control, world: str, policy: dict[str, object], said: str) -> None:
    before = control.call("GET", f"/worlds/{world}")["policy"]
    with pytest.raises(Refusal, match=said):
        control.call("PATCH", f"/worlds/{world}/policy", policy)
    assert control.call("GET", f"/worlds/{world}")["policy"] == before


def test_what_reset_goes_back_to_cannot_be_overwritten(control: Control, world: str) -> None:
    with pytest.raises(Refusal, match="reset goes back"):
        control.call("POST", f"/worlds/{world}/snapshots", {"name": "seed"})


@pytest.mark.parametrize("rule", ["SIM-BUG", "CORE-HANDSHAKE-FAILED"])
def test_what_is_no_verdict_on_a_message_cannot_be_forced(control: Control, world: str, rule: str) -> None:
    with pytest.raises(Refusal, match="no verdict"):
        control.call("POST", f"/worlds/{world}/refusals", {"rule": rule, "match": {"on": "dmp.TD0.2"}})


def test_a_console_on_the_network_shows_nothing_without_the_token(sandbox: Sandbox) -> None:
    settings = Settings(
        random_ports=True,
        bind="0.0.0.0",
        public_host="sandbox.test",
        publish=False,
        environment=sandbox.settings.environment,
    )
    with Sandbox(settings) as exposed:
        session = requests.Session()
        session.trust_env = False
        home = exposed.local_url("console") + "/"
        assert session.get(home).status_code == 401
        assert session.get(home, params={"token": "wrong"}).status_code == 401
        shown = session.get(home, params={"token": exposed.token})
        assert shown.status_code == 200
        assert "HttpOnly" in shown.headers["Set-Cookie"]
        assert session.get(home).status_code == 200
        assert endpoints(exposed)["services"]["dmp"]["patients"].startswith("https://sandbox.test:")
