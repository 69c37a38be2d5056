"""CIBA over the real wire: poll mode from request to logout, every answer of the person, time stopped by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from simulators.clients.control import Control
from simulators.sandbox import Sandbox
from tests.support.psc_product import OTHER, PERSON, Product, Watch
from tests.support.psc_room import claims
from tests.support.running import command


@pytest.fixture
def product(sandbox: Sandbox, world: str) -> Product:
    return Product(sandbox, world)


@pytest.fixture
def watch(control: Control, world: str) -> Watch:
    return Watch(control, world)


def answered(control: Control, world: str, given: str, **named: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = control.call("POST", f"/worlds/{world}/psc/ciba/answer", {"answer": given, **named})[
        "request"
    ]
    return found


def settle(control: Control, world: str, **settings: str) -> None:
    named = {f"psc.{name.replace('_', '-')}": value for name, value in settings.items()}
    control.call("PATCH", f"/worlds/{world}/policy", {"settings": named})


def typed(control: Control, world: str, folder: Path, verb: str, *words: str) -> tuple[int, str]:
    """A command in a process of its own: its exit code and what it said."""
    endpoints = folder / "endpoints.json"
    endpoints.write_text(json.dumps(control.document), "utf-8")
    done = command(folder, verb, "--endpoints", str(endpoints), "--world", world, *words)
    return done.returncode, done.stdout + done.stderr


def rows(control: Control, world: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = control.call("GET", f"/worlds/{world}/exchanges?since=0")["exchanges"]
    return found


def test_from_the_request_to_the_logout(control: Control, world: str, product: Product) -> None:
    acknowledged = product.backchannel(binding_message="07", channel="MOBILE")
    told = acknowledged.json()
    assert {name: told[name] for name in ("expires_in", "interval")} == {"expires_in": 120, "interval": 5}
    assert "Cache-Control" not in acknowledged.headers
    pending = product.poll(told["auth_req_id"])
    assert (pending.status_code, pending.json()["error"]) == (400, "authorization_pending")
    (waiting,) = control.call("GET", f"/worlds/{world}/psc/ciba")["requests"]
    assert {name: waiting[name] for name in ("person", "binding_message", "channel", "state", "polls")} == {
        "person": PERSON,
        "binding_message": "07",
        "channel": "MOBILE",
        "state": "pending",
        "polls": 1,
    }
    settle(control, world, ciba_interval="0")
    second = product.number()
    answered(control, world, "approve", auth_req_id=second)
    tokens = product.poll(second).json()
    assert {"access_token", "id_token", "refresh_token", "refresh_expires_in", "session_state", "scope"} <= set(tokens)
    assert tokens["expires_in"] == 120 and tokens["token_type"] == "Bearer"
    access, identity = claims(tokens["access_token"]), claims(tokens["id_token"])
    assert access["SubjectNameID"] == PERSON and access["authMode"] == "MOBILE" and access["azp"] == product.client_id
    assert identity["urn:openid:params:jwt:claim:auth_req_id"] == second and identity["acr"] == "eidas1"
    assert product.userinfo(tokens["access_token"])["SubjectNameID"] == PERSON
    assert product.poll(second).json()["error_description"] == "Invalid auth_req_id"
    left = product.web.get(
        f"{product.places['issuer']}/protocol/openid-connect/logout",
        params={"id_token_hint": tokens["id_token"]},
        timeout=20,
    )
    assert left.status_code == 200
    gone = product.post("token", grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert gone.json()["error_description"] == "Session not active"
    seen = {row["operation"] for row in rows(control, world) if f"ciba:{waiting['id']}" in row["keys"]}
    assert seen == {"pro_sante_connect.ciba", "pro_sante_connect.token"}


def test_a_certificate_instead_of_a_secret(sandbox: Sandbox, control: Control, world: str) -> None:
    declared = {"client_id": "par-certificat", "auth": "tls_client_auth"}
    control.call("POST", f"/worlds/{world}/psc/clients", declared)
    mine = Product(sandbox, world, "par-certificat", held="hospital")
    number = mine.number()
    answered(control, world, "approve", auth_req_id=number)
    assert mine.userinfo(mine.poll(number).json()["access_token"])["SubjectNameID"] == PERSON
    bare = Product(sandbox, world, "par-certificat")
    bare.secret = ""
    other = Product(sandbox, world, "par-certificat", held="laboratory")
    for wrong, rule in ((bare, "PSC-CERTIFICATE-MISSING"), (other, "PSC-CERTIFICATE")):
        refused = wrong.backchannel()
        assert (refused.status_code, refused.json()["error"]) == (401, "unauthorized_client")
        assert rule in [f["rule"] for f in rows(control, world)[-1]["verdict"]["findings"]]
    assert mine.backchannel().status_code == 200


def test_the_card_at_its_reader(control: Control, world: str, product: Product) -> None:
    number = product.number(channel="CARD")
    answered(control, world, "approve")
    assert claims(product.poll(number).json()["access_token"])["authMode"] == "CARD"


def test_polling_too_fast_costs_five_seconds_each_time(
    control: Control, world: str, product: Product, watch: Watch
) -> None:
    number = product.number()
    assert product.told(number) == "authorization_pending"
    watch.pass_(4)
    assert product.told(number) == "slow_down"
    answered(control, world, "refuse")
    watch.pass_(5)
    assert product.told(number) == "slow_down"  # nine seconds after the last good poll, ten are due: hides the refusal
    watch.pass_(6)
    assert product.told(number) == "access_denied"


def test_a_person_who_does_not_answer(control: Control, world: str, product: Product, watch: Watch) -> None:
    number = product.number()
    answered(control, world, "ignore")
    watch.pass_(119)
    assert product.told(number) == "authorization_pending"
    watch.pass_(1)
    late = product.poll(number)
    assert (late.status_code, late.json()["error"]) == (400, "expired_token")
    assert late.json()["error_description"] == "authentication timed out"
    watch.pass_(15)
    assert product.told(number) == "invalid_grant"
    short = product.number(requested_expiry="10")
    watch.pass_(10)
    assert product.told(short) == "expired_token"


@pytest.mark.parametrize(
    ("given", "heard", "next_time"),
    [
        ("refuse", "access_denied", 200),
        ("pin-blocked", "access_denied", 503),
        ("offline", "authorization_pending", 503),
    ],
)
def test_a_person_who_does_not_approve(
    control: Control, world: str, product: Product, given: str, heard: str, next_time: int
) -> None:
    number = product.number()
    answered(control, world, given, person=PERSON)
    assert product.told(number) == heard
    assert product.backchannel().status_code == next_time
    assert product.backchannel(login_hint=OTHER).status_code == 200
    control.call("POST", f"/worlds/{world}/psc/devices", {"person": PERSON, "state": "ready"})
    assert product.backchannel().status_code == 200


def test_every_device_answers_by_itself(control: Control, world: str, product: Product, watch: Watch) -> None:
    control.call("POST", f"/worlds/{world}/psc/ciba/auto", {"answer": "approve", "after_polls": 2})
    number = product.number()
    heard = []
    for _ in range(3):
        heard.append(product.told(number))
        watch.pass_(5)
    assert heard == ["authorization_pending", "authorization_pending", ""]
    control.call("POST", f"/worlds/{world}/psc/ciba/auto", {"answer": "refuse", "after_polls": 0})
    assert product.told(product.number()) == "access_denied"
    control.call("POST", f"/worlds/{world}/psc/ciba/auto", {"answer": ""})
    assert product.told(product.number()) == "authorization_pending"


@pytest.mark.parametrize(
    ("given", "status", "error", "said"),
    [
        ({"login_hint": ""}, 400, "invalid_request", "missing parameter : login_hint"),
        ({"scope": ""}, 400, "invalid_request", "missing parameter : scope"),
        ({"login_hint": "dupont"}, 400, "invalid_request", "invalid_user"),
        ({"scope": "openid scope_tout"}, 400, "invalid_scope", "Invalid scopes: openid scope_tout"),
        ({"binding_message": "code 42"}, 400, "invalid_binding_message", "the binding_message value has to be max 50"),
        ({"channel": "PHONE"}, 400, "invalid_request", ""),
        ({"user_code": "1234"}, 400, "invalid_request", "User code not supported"),
        ({"client_secret": "faux"}, 401, "unauthorized_client", "Invalid client or Invalid client credentials"),
    ],
)
def test_a_wrong_request_is_refused_in_keycloaks_words(
    control: Control, world: str, product: Product, given: dict[str, str], status: int, error: str, said: str
) -> None:
    refused = product.backchannel(**given)
    assert (refused.status_code, refused.json()["error"]) == (status, error)
    assert refused.json()["error_description"].startswith(said)
    number = refused.json()["error_uri"].rpartition("/")[2]
    row = control.call("GET", f"/worlds/{world}/exchanges/{number}")
    finding = next(f for f in row["verdict"]["findings"] if f["level"] == "refuse")
    assert finding["mend"]["fr"] and finding["where"].startswith("body.")
    assert control.call("GET", f"/worlds/{world}/psc/ciba")["requests"] == []
    assert product.backchannel().status_code == 200


def test_after_six_months_too(control: Control, world: str, product: Product) -> None:
    control.call("POST", f"/worlds/{world}/clock", {"advance": "P6M"})
    number = product.number()
    answered(control, world, "approve")
    assert product.told(number) == ""


def test_the_phone_in_a_terminal(control: Control, world: str, product: Product, tmp_path: Path) -> None:
    phone = partial(typed, control, world, tmp_path, "phone")
    assert phone("approve")[0] != 0  # nothing awaits an answer
    number = product.number(binding_message="58")
    code, told = phone("list")
    assert code == 0 and f"{PERSON}  [58]  MOBILE" in told
    code, told = phone("approve", PERSON)
    assert code == 0 and PERSON in told and "[58]" in told and "approved" in told
    assert product.told(number) == ""
    second = product.number()
    assert phone("refuse", second)[0] == 0 and product.told(second) == "access_denied"
    code, told = phone("qr", "--person", PERSON)
    assert code == 0 and f"/w/{world}/phone?person={PERSON}" in told and "█" in told
    assert phone("auto", "approve", "--after-polls", "0")[0] == 0
    assert product.told(product.number()) == ""
    assert phone("auto", "off")[0] == 0 and product.told(product.number()) == "authorization_pending"
    assert phone("offline")[0] == 0 and product.backchannel().status_code == 503
    assert phone("ready", PERSON)[0] == 0 and product.backchannel().status_code == 200


def test_a_client_declared_in_a_terminal(sandbox: Sandbox, control: Control, world: str, tmp_path: Path) -> None:
    client = partial(typed, control, world, tmp_path, "client")
    control.call("PATCH", f"/worlds/{world}/policy", {"unknown": {"clients": "warn"}})
    name = f"dpi-{world}"
    product = Product(sandbox, world, name, "s3cret")
    assert product.backchannel().status_code == 200  # adopted, with a warning
    assert [
        f["level"] for f in rows(control, world)[-1]["verdict"]["findings"] if f["rule"] == "PSC-CLIENT-UNKNOWN"
    ] == ["warn"]
    code, told = client("list")
    assert code == 0 and f"{name}\n  auth any  ciba introspection adopted\n  secret s3cret" in told
    assert client("promote", name)[0] == 0 and "adopted" not in client("list")[1]
    assert client("add", name, "--secret", "s3cret", "--no-ciba")[0] == 0
    refused = product.backchannel()
    assert (refused.status_code, refused.json()["error_description"]) == (401, "Client not allowed OIDC CIBA Grant")
    assert client("remove", name)[0] == 0 and client("remove", name)[0] != 0
    control.call("PATCH", f"/worlds/{world}/policy", {"unknown": {"clients": "refuse"}})
    assert product.backchannel().json()["error"] == "invalid_client"
