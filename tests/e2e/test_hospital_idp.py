"""The hospital provider over the real wire: a product's requests, a person's browser, the control API."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
import requests

from simulators.assembly.endpoints import endpoints, trust_files
from simulators.clients.control import Control, Refusal
from simulators.clients.dmp.access import replayable_ids
from simulators.clients.oidc import OidcClient, OidcRefused, PageShown, discover
from simulators.core import journal
from simulators.core.pki import client_context
from simulators.sandbox import Sandbox

BACK = "https://dpi.test/callback"
VERIFIER = "a-verifier-of-the-tests-0123456789-abcdefghij"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = trust_files(sandbox)["roots"]
        yield session


@pytest.fixture
def own(sandbox: Sandbox, world: str) -> Mapping[str, Any]:
    """The client that the world was born with, from the document a product reads."""
    found = sandbox.describe(world, certificates=False)["clients"]
    return next(client for client in found if client["provider"] == "hospital_idp")


def product(sandbox: Sandbox, world: str, provider: str, client_id: str, secret: str) -> OidcClient:
    context = client_context(sandbox.trusted.at(sandbox.now()))
    metadata = discover(f"{sandbox.url('hospital-idp')}/w/{world}/idp/{provider}", context)
    return OidcClient(metadata, client_id, secret, BACK, context, replayable_ids(f"{world}{client_id}"))


def test_a_product_signs_somebody_in_and_out(sandbox: Sandbox, world: str, own: Mapping[str, Any]) -> None:
    with product(sandbox, world, "chu", own["client_id"], own["secret"]) as dpi:
        tokens = dpi.sign_in("nurse")
        person = dpi.userinfo(tokens["access_token"])
        assert person["rpps"] == "99700000088"
        assert person["groups"] == ["infirmiers"]
        newer = dpi.refresh(tokens["refresh_token"])
        assert dpi.call("introspection_endpoint", {"token": newer["access_token"]})["active"] is True
        dpi.log_out(newer["id_token"])
        with pytest.raises(OidcRefused) as refused:
            dpi.userinfo(newer["access_token"])
        assert refused.value.error == "invalid_token"
        with pytest.raises(PageShown):
            dpi.sign_in("personne")


def test_a_refusal_leads_to_its_verdict(
    sandbox: Sandbox, world: str, own: Mapping[str, Any], http: requests.Session
) -> None:
    token = f"{sandbox.url('hospital-idp')}/w/{world}/idp/chu/token"
    forged = {"grant_type": "authorization_code", "code": "forged", "redirect_uri": BACK}
    answer = http.post(token, data=forged, auth=(own["client_id"], own["secret"]))
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"
    assert answer.headers["Cache-Control"] == "no-store"
    page = http.get(answer.json()["error_uri"])
    assert page.status_code == 200
    assert "IDP-CODE-UNKNOWN" in page.text
    assert "body.code" in page.text
    row = journal.last(sandbox.store, world, 1)[0]
    assert (row.operation, row.outcome) == ("hospital_idp.token", "refused")
    assert row.who["client"] == own["client_id"]


def test_a_person_signs_in_by_the_page(
    sandbox: Sandbox, world: str, own: Mapping[str, Any], http: requests.Session
) -> None:
    """Cookies, form and redirection as a browser handles them; the page's own address is followed, not known."""
    authorize = f"{sandbox.url('hospital-idp')}/w/{world}/idp/chu/authorize"
    asked = {
        "response_type": "code",
        "client_id": own["client_id"],
        "redirect_uri": BACK,
        "scope": "openid profile",
        "state": "é&=",
        "nonce": "n",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    page = http.get(authorize, params=asked)
    assert page.status_code == 200
    assert "SIMULATION" in page.text
    action = re.search(r'action="([^"]+)"', page.text)
    user = re.search(r'name="user" value="(899700000039)"', page.text)
    assert action is not None
    assert user is not None
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    back = http.post(urljoin(page.url, action[1]), data={**fields, "user": user[1]}, allow_redirects=False)
    assert back.status_code == 302
    told = dict(parse_qsl(urlsplit(back.headers["Location"]).query))
    assert told["state"] == "é&="
    again = http.get(authorize, params={**asked, "prompt": "none"}, allow_redirects=False)
    assert "code" in dict(parse_qsl(urlsplit(again.headers["Location"]).query)), "the session serves"
    exchange = {
        "grant_type": "authorization_code",
        "code": told["code"],
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }
    token = f"{sandbox.url('hospital-idp')}/w/{world}/idp/chu/token"
    assert http.post(token, data=exchange, auth=(own["client_id"], own["secret"])).status_code == 200
    assert http.post(token, data=exchange, auth=(own["client_id"], own["secret"])).json()["error"] == "invalid_grant"


def test_two_providers_and_one_added_while_running(
    sandbox: Sandbox, control: Control, world: str, own: Mapping[str, Any], http: requests.Session
) -> None:
    issuer = f"{sandbox.url('hospital-idp')}/w/{world}/idp/clinique"
    assert http.get(f"{issuer}/.well-known/openid-configuration").status_code == 404
    path = f"/worlds/{world}/providers"
    wanted = {"name": "clinique", "title": "Clinique fictive", "algorithm": "ES256", "login_claim": "upn"}
    made = control.call("POST", path, {**wanted, "pkce_required": True})
    assert made["issuer"] == issuer
    assert http.get(made["discovery"]).json()["issuer"] == issuer
    with (
        product(sandbox, world, "chu", own["client_id"], own["secret"]) as first,
        product(sandbox, world, "clinique", "dpi", "secret") as third,
    ):
        known, here = first.sign_in("nurse"), third.sign_in("nurse")
        assert third.userinfo(here["access_token"])["upn"] == "ysoinsfictif"
        with pytest.raises(OidcRefused):
            third.userinfo(known["access_token"])
        adopted = control.call("GET", f"{path}/clinique/clients")["clients"]
        assert [(c["client_id"], c["adopted"], c["secret"]) for c in adopted] == [("dpi", True, "secret")]
        assert control.call("PATCH", path + "/clinique", {"rpps_claim": "numero_rpps"})["rpps_claim"] == "numero_rpps"
        assert third.userinfo(here["access_token"])["numero_rpps"] == "99700000088"
        assert {p["name"] for p in control.call("GET", path)["providers"]} == {"chu", "clinique"}
        control.call("DELETE", f"{path}/clinique")
        with pytest.raises(OidcRefused):
            third.userinfo(here["access_token"])
        assert first.userinfo(known["access_token"])["sub"]
    assert http.get(made["discovery"]).status_code == 404


def test_keys_and_lives_are_steered(sandbox: Sandbox, control: Control, world: str, own: Mapping[str, Any]) -> None:
    path = f"/worlds/{world}/providers/chu"
    with product(sandbox, world, "chu", own["client_id"], own["secret"]) as dpi:
        tokens = dpi.sign_in("nurse")
        assert control.call("POST", f"{path}/expire", {"kind": "access"}) == {"expired": 1}
        with pytest.raises(OidcRefused):
            dpi.userinfo(tokens["access_token"])
        tokens = dpi.refresh(tokens["refresh_token"])
        rotated = control.call("POST", f"{path}/keys")
        assert {key["kid"] for key in control.call("GET", path)["keys"]} > {rotated["kid"]}
        assert dpi.userinfo(tokens["access_token"])
        control.call("POST", f"{path}/keys", {"withdraw": True})
        with pytest.raises(OidcRefused):
            dpi.userinfo(tokens["access_token"])
        tokens = dpi.refresh(tokens["refresh_token"])
        (session,) = (s for s in control.call("GET", f"{path}/sessions")["sessions"] if not s["closed"])
        assert session["user"] == "899700000088"
        assert control.call("POST", f"{path}/expire", {"kind": "session", "session": session["session"]}) == {
            "expired": 1
        }
        with pytest.raises(OidcRefused):
            dpi.refresh(tokens["refresh_token"])
    with pytest.raises(Refusal, match="kind: expected"):
        control.call("POST", f"{path}/expire", {"kind": "everything"})


def test_accounts_and_clients_are_steered(
    sandbox: Sandbox, control: Control, world: str, own: Mapping[str, Any]
) -> None:
    people, clients = f"/worlds/{world}/hospital-users", f"/worlds/{world}/providers/chu/clients"
    control.call("POST", people, {"login": "interne.un", "family": "INTERNE-FICTIF", "groups": ["medecins"]})
    declared = {"client_id": "dpi-declare", "secret": "s", "auth": "client_secret_basic", "redirect_uris": [BACK]}
    assert control.call("POST", clients, declared)["adopted"] is False
    with product(sandbox, world, "chu", "dpi-declare", "s") as dpi:
        person = dpi.userinfo(dpi.sign_in("interne.un")["access_token"])
        assert "rpps" not in person
        assert person["email"] == "interne.un@chu.test"
        control.call("PATCH", f"{people}/interne.un", {"disabled": True})
        with pytest.raises(OidcRefused) as refused:
            dpi.sign_in("interne.un")
        assert refused.value.error == "access_denied"
        control.call("PATCH", f"{people}/nurse", {"groups": ["infirmiers", "admins"]})
        assert dpi.userinfo(dpi.sign_in("nurse")["access_token"])["groups"] == ["infirmiers", "admins"]
        control.call("PATCH", f"{clients}/dpi-declare", {"secret": "another"})
        with pytest.raises(OidcRefused) as refused:
            dpi.sign_in("nurse")
        assert refused.value.error == "invalid_client"
    control.call("DELETE", f"{clients}/dpi-declare")
    control.call("DELETE", f"{people}/interne.un")
    logins = {user["login"] for user in control.call("GET", people)["users"]}
    assert "interne.un" not in logins
    for method, path, body in (
        ("DELETE", f"{clients}/dpi-declare", None),
        ("PATCH", f"{people}/personne", {"family": "X"}),
        ("POST", people, {"login": "Un Login", "family": "X"}),
        ("POST", people, {"login": "admin.dpi", "family": "X"}),
        ("POST", f"/worlds/{world}/providers", {"name": "chu"}),
        ("POST", f"/worlds/{world}/providers", {"name": "../x"}),
        ("POST", f"/worlds/{world}/providers", {"name": "x", "rpps_claim": "sub"}),
        ("GET", f"/worlds/{world}/providers/nulle-part", None),
        ("POST", clients, {"client_id": "x", "redirect_uris": ["javascript:alert(1)"]}),
    ):
        with pytest.raises(Refusal) as wrong:
            control.call(method, path, body)
        assert wrong.value.status in {400, 404, 409}, (method, path)


def test_the_plain_address_serves_the_world_the_client_leads_to(
    sandbox: Sandbox, world: str, own: Mapping[str, Any]
) -> None:
    context = client_context(sandbox.trusted.at(sandbox.now()))
    metadata = discover(f"{sandbox.url('hospital-idp')}/idp/chu", context)
    with OidcClient(metadata, own["client_id"], own["secret"], BACK, context, replayable_ids(world)) as dpi:
        person = dpi.userinfo(dpi.sign_in("nurse")["access_token"])
    assert person["rpps"] == "99700000088"
    assert journal.last(sandbox.store, world, 1)[0].operation == "hospital_idp.userinfo"


def test_a_reset_ends_every_session(sandbox: Sandbox, world: str, own: Mapping[str, Any]) -> None:
    with product(sandbox, world, "chu", own["client_id"], own["secret"]) as dpi:
        tokens = dpi.sign_in("nurse")
        sandbox.worlds.reset(world)
        with pytest.raises(OidcRefused):
            dpi.refresh(tokens["refresh_token"])
        assert dpi.sign_in("nurse")["id_token"]


def test_the_endpoints_file_tells_the_provider(sandbox: Sandbox, tmp_path: Path) -> None:
    document = json.loads(json.dumps(endpoints(sandbox)))
    services = document["services"]["hospital_idp"]
    assert services["discovery"].endswith("/idp/chu/.well-known/openid-configuration")
    assert {"issuer", "authorization", "token", "userinfo", "logout"} <= set(services)
    clients = document["worlds"]["main"]["clients"]
    assert any(c["provider"] == "hospital_idp" and c["client_id"] == "dpi-main" for c in clients)
