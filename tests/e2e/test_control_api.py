"""The control API over real HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from simulators.clients.control import Control, Refusal
from simulators.console.app import ROUTES
from simulators.sandbox import Sandbox


@pytest.fixture
def http(sandbox: Sandbox) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {sandbox.token}"
    return session


def test_health_is_open_and_the_rest_wants_the_token(sandbox: Sandbox, http: requests.Session) -> None:
    base = f"{sandbox.console_url}/_sandbox"
    del http.headers["Authorization"]
    assert http.get(f"{base}/health").json()["status"] == "ok"
    refused = http.get(f"{base}/worlds")
    assert refused.status_code == 401
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert http.get(f"{base}/worlds", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_a_rebinding_host_and_a_foreign_origin_are_refused(sandbox: Sandbox, http: requests.Session) -> None:
    base = f"{sandbox.console_url}/_sandbox/worlds"
    assert http.get(base, headers={"Host": "evil.example"}).status_code == 421
    assert http.get(base, headers={"Origin": "https://evil.example"}).status_code == 403
    assert http.get(base, headers={"Origin": sandbox.console_url}).status_code == 200


def test_every_refusal_is_a_problem_document(sandbox: Sandbox, http: requests.Session) -> None:
    base = f"{sandbox.console_url}/_sandbox"
    cases: list[tuple[str, str, Any, int]] = [
        ("GET", "/worlds/nowhere", None, 404),
        ("GET", "/nothing", None, 404),
        ("PUT", "/worlds", None, 405),
        ("POST", "/worlds", {"nme": "x"}, 400),
        ("POST", "/worlds", {"name": "UPPER"}, 400),
        ("POST", "/worlds", ["x"], 400),
        ("POST", "/worlds/main/clock", {"advance": "6 months"}, 400),
        ("POST", "/worlds/main/faults", {"name": "no-such-fault", "match": {"on": "dmp.TD0.2"}}, 400),
        ("POST", "/worlds/main/refusals", {"rule": "NO-RULE", "match": {"on": "dmp.TD0.2"}}, 400),
        ("GET", "/worlds/main/exchanges/999999", None, 404),
        ("DELETE", "/worlds/main", None, 409),
    ]
    for method, path, body, status in cases:
        answer = http.request(method, base + path, json=body)
        assert (answer.status_code, path) == (status, path)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == status
        assert answer.json()["detail"]
    broken = http.post(f"{base}/worlds", data=b"{", headers={"Content-Type": "application/json"})
    assert broken.status_code == 400


def test_openapi_describes_every_route(sandbox: Sandbox, http: requests.Session) -> None:
    document = http.get(f"{sandbox.console_url}/_sandbox/openapi.json").json()
    described = sum(len(operations) for operations in document["paths"].values())
    assert described == len(ROUTES)
    identifiers = [o["operationId"] for operations in document["paths"].values() for o in operations.values()]
    assert len(set(identifiers)) == len(identifiers)


def test_a_world_comes_with_everything_a_test_needs(control: Control) -> None:
    made = control.call("POST", "/worlds", {"name": "complete", "certificates": True, "seed": 7})
    hospital = next(s for s in made["structures"] if s["slug"] == "hospital")
    assert set(hospital["certificates"]) == {"auth_cli", "sign"}
    assert made["services"]["dmp"]["patients"].endswith("/w/complete/si-dmp-server/v2/services/patients")
    assert {p["slug"] for p in made["patients"]} >= {"adult", "minor", "newborn", "no-dmp", "closed-dmp"}
    control.call("DELETE", "/worlds/complete")
    assert "complete" not in control.call("GET", "/worlds")["worlds"]


def test_structures_of_two_worlds_never_meet(sandbox: Sandbox) -> None:
    sandbox.create_world("left")
    sandbox.create_world("right")
    left, right = (sandbox.describe(name, certificates=False) for name in ("left", "right"))
    assert not {s["finess"] for s in left["structures"]} & {s["finess"] for s in right["structures"]} - {None}


def test_the_clock_moves_forward_only(control: Control, world: str) -> None:
    before = control.call("GET", f"/worlds/{world}/clock")
    after = control.call("POST", f"/worlds/{world}/clock", {"advance": "P6M"})
    assert after["business"] > before["business"]
    assert after["wire"][:10] == before["wire"][:10]
    with pytest.raises(Refusal):
        control.call("POST", f"/worlds/{world}/clock", {"to": before["business"]})


def test_policy_is_changed_by_parts(control: Control, world: str) -> None:
    changed = control.call("PATCH", f"/worlds/{world}/policy", {"unknown": {"patients": "refuse"}})
    assert changed["unknown"] == {"*": "adopt", "patients": "refuse"}
    with pytest.raises(Refusal, match="no rule"):
        control.call("PATCH", f"/worlds/{world}/policy", {"overrides": {"NO-RULE": "off"}})


def test_waiting_answers_with_near_misses(control: Control, world: str) -> None:
    body = {"since": 0, "timeout": 0, "expect": {"operation": "dmp.TD2.1"}}
    waited = control.call("POST", f"/worlds/{world}/exchanges/wait", body)
    assert waited["exchange"] is None
    assert waited["near"] == []


def test_snapshots_come_back(control: Control, world: str) -> None:
    control.call("POST", f"/worlds/{world}/snapshots", {"name": "before"})
    control.call("PATCH", f"/worlds/{world}/policy", {"profile": "strict"})
    control.call("POST", f"/worlds/{world}/restore", {"name": "before"})
    assert control.call("GET", f"/worlds/{world}")["policy"]["profile"] == "default"
    with pytest.raises(Refusal):
        control.call("POST", f"/worlds/{world}/restore", {"name": "never-saved"})


def test_endpoints_name_files_that_exist_and_only_the_owner_reads_them(sandbox: Sandbox) -> None:
    path = sandbox.folder / "endpoints.json"
    document = json.loads(path.read_text())
    assert document["schema_version"] == 1
    assert path.stat().st_mode & 0o077 == 0
    for structure in document["worlds"]["main"]["structures"]:
        for use in ("auth_cli", "sign"):
            assert json.dumps(structure["certificates"][use])
