"""The control API over real HTTP."""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from simulators.clients.control import Control, Refusal
from simulators.console.api.route import Route
from simulators.console.app import ROUTES
from simulators.core import journal
from simulators.sandbox import Sandbox

PROBLEM = "application/problem+json"


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


def address(sandbox: Sandbox, route: Route, world: str = "main") -> str:
    """Of a route, with something in each of its places."""
    path = re.sub(r"<int:\w+>", "1", route.path.replace("<world>", world).replace("<trigger>", "F1"))
    return f"{sandbox.console_url}/_sandbox{path}"


@pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{r.method} {r.path}")
def test_every_route_wants_the_token_and_refuses_with_a_problem(sandbox: Sandbox, route: Route) -> None:
    anybody = requests.Session()
    anybody.trust_env = False
    answer = anybody.request(route.method, address(sandbox, route))
    if route.open:
        assert answer.status_code == 200
        return
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, PROBLEM)
    stranger = anybody.request(route.method, address(sandbox, route), headers={"Host": "evil.example"})
    assert (stranger.status_code, stranger.headers["Content-Type"]) == (421, PROBLEM)


def body_of(route: Route) -> dict[str, Any]:
    """A body of the right types."""
    values: dict[str, Any] = {"string": "x", "integer": 1, "number": 1, "boolean": True, "object": {}, "array": []}
    return {name: values[route.body[name]["type"]] for name in route.required}


@pytest.mark.parametrize("route", [r for r in ROUTES if "<world>" in r.path], ids=lambda r: f"{r.method} {r.path}")
def test_every_route_of_a_world_says_that_there_is_none(sandbox: Sandbox, http: requests.Session, route: Route) -> None:
    answer = http.request(route.method, address(sandbox, route, "nowhere"), json=body_of(route) or None)
    assert answer.headers["Content-Type"] == PROBLEM
    # A field may be judged before its world is looked for.
    assert answer.status_code == 404 or (answer.status_code == 400 and route.body)
    assert answer.json()["detail"]


@pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{r.method} {r.path}")
def test_no_misspelt_field_is_ignored(sandbox: Sandbox, http: requests.Session, route: Route) -> None:
    if route.method != "GET":
        answer = http.request(route.method, address(sandbox, route), json={**body_of(route), "misspelt": 1})
        assert (answer.status_code, "misspelt" in answer.json()["detail"]) == (400, True)
    answer = http.request(route.method, address(sandbox, route) + "?misspelt=1", json=body_of(route) or None)
    assert (answer.status_code, "misspelt" in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"null", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"name": "\xff"}', "application/json", 400),
        (b'{"name": "\\ud800"}', "application/json", 400),
        (b'{"name": "x", "seed": 1e999}', "application/json", 400),
        (b'{"name": "x", "seed": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b"name=x", "application/x-www-form-urlencoded", 415),
        (b"x" * (2 << 20), "application/json", 413),
    ],
)
def test_a_hostile_body_is_a_problem(
    sandbox: Sandbox, http: requests.Session, data: bytes, kind: str, status: int
) -> None:
    answer = http.post(f"{sandbox.console_url}/_sandbox/worlds", data=data, headers={"Content-Type": kind})
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM)


def test_what_nobody_foresaw_is_a_problem_too(
    sandbox: Sandbox, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr(sandbox.worlds, "names", broken)
    answer = http.get(f"{sandbox.console_url}/_sandbox/worlds")
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, PROBLEM)
    assert http.get(f"{sandbox.console_url}/_sandbox/health").status_code == 500


def test_openapi_is_served_and_describes_every_route(sandbox: Sandbox, http: requests.Session) -> None:
    del http.headers["Authorization"]
    document = http.get(f"{sandbox.console_url}/_sandbox/openapi.json").json()
    assert sum(len(operations) for operations in document["paths"].values()) == len(ROUTES)


def test_health_tells_whether_it_is_ready(
    sandbox: Sandbox, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{sandbox.console_url}/_sandbox/health"
    assert http.get(url).json()["status"] == "ok"
    monkeypatch.setattr(sandbox, "ready", False)
    answer = http.get(url)
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, PROBLEM)


def test_a_world_comes_with_everything_a_test_needs(control: Control) -> None:
    made = control.call("POST", "/worlds", {"name": "complete", "certificates": True, "files": True, "seed": 7})
    hospital = next(s for s in made["structures"] if s["slug"] == "hospital")
    assert set(hospital["certificates"]) == {"auth_cli", "pem", "sign"}
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


def arrives(sandbox: Sandbox, world: str, operation: str = "dmp.TD2.1", **more: Any) -> int:
    """A row of the journal, as an exchange writes it."""
    here = sandbox.worlds.get(world)
    with sandbox.store.write(world) as tx:
        return journal.record(tx, here, sandbox.now(), journal.Entry("dmp", operation, **more))


def test_waiting_answers_with_near_misses(sandbox: Sandbox, control: Control, world: str) -> None:
    body = {"since": 0, "timeout": 0, "expect": {"operation": "dmp.TD2.1", "who.structure": "10B0000019"}}
    waited = control.call("POST", f"/worlds/{world}/exchanges/wait", body)
    assert (waited["exchange"], waited["near"], waited["seen"]) == (None, [], 0)
    arrives(sandbox, world, "dmp.TD0.2")
    arrives(sandbox, world, who={"structure": "10B0000027"})
    waited = control.call("POST", f"/worlds/{world}/exchanges/wait", body)
    assert (waited["exchange"], waited["seen"], waited["cursor"]) == (None, 2, 2)
    closest = waited["near"][0]
    assert (closest["number"], closest["misses"]) == (
        2,
        {"who.structure": {"expected": "10B0000019", "found": "10B0000027"}},
    )
    number = arrives(sandbox, world, who={"structure": "10B0000019"})
    waited = control.call("POST", f"/worlds/{world}/exchanges/wait", body)
    assert waited["exchange"]["number"] == number


@pytest.mark.parametrize("timeout", [float("nan"), float("inf"), -1, 61, "30", True])
def test_no_wait_is_without_end(sandbox: Sandbox, http: requests.Session, world: str, timeout: object) -> None:
    url = f"{sandbox.console_url}/_sandbox/worlds/{world}/exchanges/wait"
    data = json.dumps({"timeout": timeout})
    answer = http.post(url, data=data, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, PROBLEM)


def test_many_waits_take_no_worker_from_the_rest(sandbox: Sandbox, control: Control, world: str) -> None:
    many = 70  # more than a pool holds
    body = {"since": 0, "timeout": 30, "expect": {"operation": "dmp.TD2.1"}}

    def wait(_: int) -> Any:
        return control.call("POST", f"/worlds/{world}/exchanges/wait", body)["exchange"]["number"]

    begun = threading.Barrier(many + 1)
    with ThreadPoolExecutor(many) as pool:
        waits = [pool.submit(lambda n=n: (begun.wait(30), wait(n))[1]) for n in range(many)]  # type: ignore[misc]
        begun.wait(30)
        # Each look is itself a call that must be answered; in the end every place of the long-polls is taken.
        looks = (control.call("GET", "/worlds")["worlds"] and sandbox.ports.slow_pool.waiting for _ in range(5000))
        assert any(waiting == many - 64 for waiting in looks)
        assert control.call("GET", "/worlds")["worlds"]
        number = arrives(sandbox, world)
        assert {found.result(60) for found in waits} == {number}


def test_the_last_exchanges_and_the_cursor(sandbox: Sandbox, control: Control, world: str) -> None:
    path = f"/worlds/{world}/exchanges"
    assert control.call("GET", f"{path}?last=5") == {"exchanges": [], "cursor": 0}
    for _ in range(4):
        arrives(sandbox, world, keys=("message:urn:uuid:1",))
    assert [row["number"] for row in control.call("GET", f"{path}?last=2")["exchanges"]] == [3, 4]
    assert control.call("GET", f"{path}?last=2")["cursor"] == 4
    page = control.call("GET", f"{path}?since=1&limit=2")
    assert ([row["number"] for row in page["exchanges"]], page["cursor"]) == ([2, 3], 3)
    assert control.call("GET", f"{path}?since=9")["cursor"] == 9
    assert len(control.call("GET", f"{path}?key=message:urn:uuid:1")["exchanges"]) == 4
    assert control.call("GET", f"{path}?key=message:none")["exchanges"] == []


def test_the_difference_with_the_last_good_one(sandbox: Sandbox, control: Control, world: str) -> None:
    who = {"structure": "10B0000019"}
    arrives(sandbox, world, who=who, request=b"<a><b>1</b></a>")
    with pytest.raises(Refusal, match="no accepted"):
        control.call("GET", f"/worlds/{world}/exchanges/1/diff")
    number = arrives(sandbox, world, who=who, outcome="refused", request=b"<a><b>2</b></a>")
    found = control.call("GET", f"/worlds/{world}/exchanges/{number}/diff")
    assert found["against"] == 1
    assert {"where": "/a/b", "old": "1", "new": "2", "volatile": False} in found["differences"]


def test_raw_bytes_come_as_they_were(sandbox: Sandbox, http: requests.Session, world: str) -> None:
    sent = bytes(range(256)) + b"<script>"
    number = arrives(sandbox, world, request=sent, answer=b"\r\n")
    base = f"{sandbox.console_url}/_sandbox/worlds/{world}/exchanges/{number}"
    answer = http.get(f"{base}/request")
    assert (answer.content, answer.headers["Content-Type"]) == (sent, "application/octet-stream")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert http.get(f"{base}/answer").content == b"\r\n"


def test_triggers_are_added_listed_and_removed_by_their_kind(control: Control, world: str) -> None:
    path = f"/worlds/{world}"
    fault = control.call("POST", f"{path}/faults", {"name": "outage", "match": {"on": "dmp.*"}})["id"]
    example = {"where": "/a", "found": "x"}
    body = {"rule": "DMP-SEC-SIGNATURE", "match": {"on": "dmp.TD0.2"}, "example": example}
    refusal = control.call("POST", f"{path}/refusals", body)["id"]
    assert [t["id"] for t in control.call("GET", f"{path}/faults")["faults"]] == [fault]
    (listed,) = control.call("GET", f"{path}/refusals")["refusals"]
    assert (listed["id"], listed["params"]) == (refusal, {"where": "/a", "found": "x", "expected": ""})
    for kind, other in (("faults", refusal), ("refusals", fault)):
        with pytest.raises(Refusal, match="has no"):
            control.call("DELETE", f"{path}/{kind}/{other}")
    assert control.call("DELETE", f"{path}/faults/{fault}") == {"removed": fault}
    assert control.call("DELETE", f"{path}/refusals") == {"removed": 1}
    with pytest.raises(Refusal, match="unknown field 'were'"):
        control.call("POST", f"{path}/refusals", {**body, "example": {"were": "/a"}})


def test_a_null_takes_a_choice_away(control: Control, world: str) -> None:
    path = f"/worlds/{world}/policy"
    rule = "DMP-LOT-CDA-STYLESHEET"
    assert control.call("PATCH", path, {"overrides": {rule: "refuse"}})["overrides"] == {rule: "refuse"}
    assert control.call("PATCH", path, {"overrides": {rule: None}})["overrides"] == {}
    for wrong in ({"overrides": {rule: "maybe"}}, {"profile": "lax"}, {"unknown": {"patients": "welcome"}}):
        with pytest.raises(Refusal):
            control.call("PATCH", path, wrong)


def test_the_clock_freezes_and_thaws(control: Control, world: str) -> None:
    path = f"/worlds/{world}/clock"
    frozen = control.call("POST", path, {"freeze": "2026-01-02T03:04:05+00:00"})
    assert (frozen["frozen"], frozen["wire"]) == (True, "2026-01-02T03:04:05+00:00")
    assert control.call("POST", path, {"unfreeze": True})["frozen"] is False
    for wrong in ({}, {"freeze": "never"}, {"advance": "P"}, {"unfreeze": False}):
        with pytest.raises(Refusal):
            control.call("POST", path, wrong)


def test_a_deleted_world_leaves_no_key_behind(sandbox: Sandbox, control: Control) -> None:
    made = control.call("POST", "/worlds", {"name": "gone", "certificates": True, "files": True})
    key = Path(made["structures"][0]["certificates"]["sign"]["key"])
    assert key.is_file()
    control.call("DELETE", "/worlds/gone")
    assert not key.exists()
    assert not (sandbox.folder / "certificates" / "gone").exists()


def test_certificates_of_any_id_stay_in_their_folder(sandbox: Sandbox, control: Control, world: str) -> None:
    made = control.call("POST", f"/worlds/{world}/certificates", {"structure": "../../../../evil"})
    for use in ("auth_cli", "sign"):
        path = Path(made["files"][use]["key"]).resolve()
        assert path.is_relative_to((sandbox.folder / "certificates" / world).resolve())
        assert made[use]["key"].encode() == path.read_bytes()


def test_two_worlds_may_have_one_seed(control: Control) -> None:
    made = [control.call("POST", "/worlds", {"name": f"seed-{n}", "seed": 11}) for n in range(2)]
    ids = [{s["id"] for s in one["structures"] if s["finess"]} for one in made]
    assert not ids[0] & ids[1]


def test_snapshots_come_back(control: Control, world: str) -> None:
    control.call("POST", f"/worlds/{world}/snapshots", {"name": "before"})
    control.call("PATCH", f"/worlds/{world}/policy", {"profile": "strict"})
    control.call("POST", f"/worlds/{world}/restore", {"name": "before"})
    assert control.call("GET", f"/worlds/{world}")["policy"]["profile"] == "default"
    with pytest.raises(Refusal):
        control.call("POST", f"/worlds/{world}/restore", {"name": "never-saved"})


def test_endpoints_name_files_that_exist_and_only_the_owner_reads_them(sandbox: Sandbox, control: Control) -> None:
    path = sandbox.folder / "endpoints.json"
    document = json.loads(path.read_text("utf-8"))
    assert document["schema_version"] == 1
    assert "SIMULATION" in document["notice"]
    assert path.stat().st_mode & 0o077 == 0
    for structure in document["worlds"]["main"]["structures"]:
        for use in ("auth_cli", "sign"):
            files = structure["certificates"][use]
            assert re.fullmatch(r"[0-9a-f]{64}", files.pop("fingerprint"))
            assert all(Path(file).is_file() for file in files.values())
            assert Path(files["key"]).stat().st_mode & 0o077 == 0
    assert Path(document["trust"]["roots"]).is_file()
    assert control.call("GET", "/endpoints")["services"] == document["services"]
