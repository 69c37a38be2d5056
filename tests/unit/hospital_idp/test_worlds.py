"""Which world serves, what it adopts, and hostile requests."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from simulators.core.rules import Policy
from simulators.hospital_idp import clients
from simulators.hospital_idp.clients import Client
from tests.unit.hospital_idp.room import BACK, HOST, NURSE, OUT, Browser, Request, Room, claims
from tests.unit.hospital_idp.stage import Stage

REFUSE = Policy.from_json({"unknown": {"clients": "refuse", "redirects": "refuse"}})
WARN = Policy.from_json({"unknown": {"clients": "warn", "redirects": "warn"}})


@pytest.fixture
def stage(room: Room) -> Stage:
    return Stage(room)


def test_the_client_leads_to_its_world_at_the_address_of_none(room: Room) -> None:
    room.worlds.create("main")
    stage = Stage(room)
    plain = Browser(room, stage.world, prefix=False)
    tokens = plain.tokens(stage.client)
    told = claims(tokens["id_token"])
    assert told["iss"] == f"{HOST}/idp/chu"
    info = plain.send(plain.userinfo(tokens["access_token"]))
    assert info.row.world == stage.world.name, "the token leads there too"
    published = {key["kid"] for key in plain.send(plain.request("/jwks")).json["keys"]}
    own = {key["kid"] for key in stage.send(stage.browser.request("/jwks")).json["keys"]}
    assert own < published, "who came there by a client_id must find the key there"
    out = plain.send(plain.request("/logout", query=[("id_token_hint", tokens["id_token"])]))
    assert out.row.world == stage.world.name


def test_the_page_keeps_the_world_whatever_the_address(room: Room) -> None:
    room.worlds.create("main")
    stage = Stage(room)
    plain = Browser(room, stage.world, prefix=False)
    page = plain.send(plain.asking(stage.client))
    assert f'action="/w/{stage.world.name}/idp/chu/login' in page.text
    told = plain.send(plain.choosing(page, user=NURSE), address=stage.world.name)
    assert told.back["iss"] == f"{HOST}/idp/chu", "the issuer is the one the product knows"


def test_the_address_wins_over_the_client(room: Room) -> None:
    one, two = Stage(room), Stage(room)
    told = two.send(two.browser.asking(one.client, login_hint=NURSE))
    assert told.row.world == two.world.name
    assert told.row.marks["contradictions"]
    with room.store.read(one.world.name) as tx:
        kept = clients.find(tx, "chu", one.client.client_id)
    assert kept == one.client


def test_one_client_id_in_two_worlds_is_reached_by_address(room: Room) -> None:
    one, two = Stage(room), Stage(room)
    mine = Client("the-product", secret="s", redirect_uris=(BACK,))
    for stage in (one, two):
        room.declare(stage.world, mine)
        assert stage.browser.tokens(mine)["id_token"]


def test_two_worlds_in_one_browser(room: Room) -> None:
    one, two = Stage(room), Stage(room)
    two.browser.cookies = one.browser.cookies
    one.browser.code(one.client)
    assert two.send(two.browser.asking(two.client, prompt="none")).back["error"] == "login_required"
    two.browser.code(two.client)
    assert len(one.browser.cookies) == 2
    one_secret = one.browser.cookies[f"hospital-idp_{one.world.name}_chu"]
    two.browser.cookies = {f"hospital-idp_{two.world.name}_chu": one_secret}
    assert two.send(two.browser.asking(two.client, prompt="none")).back["error"] == "login_required"


def test_nothing_of_one_world_serves_in_another(room: Room) -> None:
    one, two = Stage(room), Stage(room)
    mine = Client("the-product", secret="s", redirect_uris=(BACK,))
    for stage in (one, two):
        room.declare(stage.world, mine)
    tokens = one.browser.tokens(mine)
    assert two.send(two.browser.userinfo(tokens["access_token"])).refusal == "IDP-BEARER-TOKEN"
    assert two.send(two.browser.refreshing(mine, tokens["refresh_token"])).refusal == "IDP-REFRESH-UNKNOWN"
    code = one.browser.code(mine)
    assert two.send(two.browser.exchanging(mine, code)).refusal == "IDP-CODE-UNKNOWN"


def test_adoption_is_journalled(stage: Stage) -> None:
    mine = Client("dpi-inconnu")
    told = stage.send(stage.browser.asking(mine, login_hint=NURSE))
    assert told.row.marks["adopted"] == ["clients:dpi-inconnu", f"redirects:{BACK}"]
    again = stage.send(stage.browser.asking(mine))
    assert "adopted" not in again.row.marks


def test_a_refused_request_adopts_nothing(stage: Stage) -> None:
    mine = Client("dpi-inconnu")
    told = stage.send(stage.browser.asking(mine, response_type="token"))
    assert told.back["error"] == "unsupported_response_type"
    assert "adopted" not in told.row.marks
    with stage.room.store.read(stage.world.name) as tx:
        assert clients.find(tx, "chu", "dpi-inconnu") is None


def test_a_world_that_warns(room: Room) -> None:
    stage = Stage(room, WARN)
    told = stage.send(stage.browser.asking(Client("dpi-inconnu"), login_hint=NURSE))
    assert told.status == 302
    assert told.rules == ["IDP-CLIENT-UNKNOWN", "IDP-REDIRECT-UNKNOWN"]
    assert told.row.marks["adopted"]


def test_a_world_that_refuses_shows_a_page_and_never_redirects(room: Room) -> None:
    stage = Stage(room, REFUSE)
    for client, back, rule in (
        (Client("dpi-inconnu"), BACK, "IDP-CLIENT-UNKNOWN"),
        (stage.client, f"{BACK}x", "IDP-REDIRECT-UNKNOWN"),
    ):
        told = stage.send(stage.browser.asking(client, redirect_uri=back, login_hint=NURSE))
        assert told.refusal == rule
        assert told.status == 400
        assert "Location" not in told.answer.headers
        assert told.answer.headers["Content-Type"].startswith("text/html")
        assert rule in told.text
    unknown = stage.send(stage.browser.post("/token", Client("dpi-inconnu", secret="x"), {"grant_type": "x"}))
    assert unknown.refusal in {"IDP-GRANT-TYPE", "IDP-CLIENT-UNKNOWN"}
    exchange = stage.browser.exchanging(Client("dpi-inconnu", secret="x"), "code")
    told = stage.send(exchange)
    assert (told.status, told.json["error"]) == (401, "invalid_client")
    assert told.answer.headers["WWW-Authenticate"] == 'Basic realm="hospital-idp"'
    assert told.json["error_uri"].endswith(f"/exchanges/{stage.world.name}/{told.row.number}")


def test_a_wrong_request_of_an_unknown_client_is_never_redirected(room: Room) -> None:
    stage = Stage(room, REFUSE)
    for more in ({"response_type": "token"}, {"prompt": "none login"}):
        told = stage.send(stage.browser.asking(Client("x"), redirect_uri="https://evil.test/", **more))
        assert "Location" not in told.answer.headers


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.test/",
        "/relative",
        "https://dpi.test/#frag",
        "https://user@dpi.test/",
        "https://dpi.test\\@evil.test/",
        "https://dpi.test/\r\nSet-Cookie: x=1",
        "https://" + "a" * 3000,
    ],
)
def test_addresses_that_can_never_be(stage: Stage, uri: str) -> None:
    told = stage.send(stage.browser.asking(stage.client, redirect_uri=uri, login_hint=NURSE))
    assert told.refusal == "IDP-REDIRECT-FORM"
    assert "Location" not in told.answer.headers
    out = [("id_token_hint", stage.tokens["id_token"]), ("post_logout_redirect_uri", uri)]
    assert stage.send(stage.browser.request("/logout", query=out)).refusal == "IDP-REDIRECT-FORM"


def test_the_port_of_a_loopback_address_may_vary(room: Room) -> None:
    stage = Stage(room, REFUSE, client={"redirect_uris": ("http://127.0.0.1:4000/cb",)})
    fine = stage.browser.asking(stage.client, redirect_uri="http://127.0.0.1:55001/cb", login_hint=NURSE)
    assert stage.send(fine).location.startswith("http://127.0.0.1:55001/cb?code=")
    other = stage.browser.asking(stage.client, redirect_uri="http://127.0.0.1:55001/other", login_hint=NURSE)
    assert stage.send(other).refusal == "IDP-REDIRECT-UNKNOWN"


def test_discovery_names_each_endpoint_below_the_issuer(stage: Stage) -> None:
    told = stage.send(stage.browser.request("/.well-known/openid-configuration"))
    document = told.json
    assert document["issuer"] == stage.browser.issuer == f"{HOST}/w/{stage.world.name}/idp/chu"
    ends = {name: value for name, value in document.items() if name.endswith(("_endpoint", "_uri"))}
    assert len(ends) == 7
    assert all(value.startswith(f"{document['issuer']}/") for value in ends.values())
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["id_token_signing_alg_values_supported"] == ["ES256"]


def test_the_host_header_does_not_make_the_issuer(stage: Stage) -> None:
    request = stage.browser.request("/.well-known/openid-configuration", headers={"Host": "evil.test"})
    assert stage.send(request).json["issuer"] == stage.browser.issuer


def test_a_provider_added_while_running_serves_at_once(stage: Stage, room: Room) -> None:
    path = Request("/idp/clinique/.well-known/openid-configuration")
    before = stage.send(path)
    assert (before.status, before.refusal) == (404, "IDP-PROVIDER")
    room.provide(stage.world, name="clinique", algorithm="ES256", login_claim="upn")
    assert stage.send(path).json["issuer"].endswith("/idp/clinique")
    clinic = Browser(room, stage.world, provider="clinique")
    told = claims(clinic.tokens(Client("dpi", secret="s"))["id_token"])
    assert told["upn"] == "ysoinsfictif"


def test_parameter_bombs(stage: Stage) -> None:
    asked = stage.authorization()
    for bomb in (
        replace(asked, query=[*asked.query, *((f"p{n}", "x") for n in range(200))]),
        replace(asked, query=[*asked.query, ("long", "x" * 70_000)]),
        replace(asked, query=[*asked.query, ("nul", "\x00")]),
    ):
        told = stage.send(bomb)
        assert told.refusal == "IDP-PARAMETERS"
        assert told.status == 400
        assert told.answer.headers["Content-Type"].startswith("text/html")
    body = replace(stage.code_exchange(), body=[("a", "x" * 70_000)])
    assert stage.send(body).json["error"] == "invalid_request"


def test_a_parameter_in_the_address_and_in_the_form(stage: Stage) -> None:
    exchange = stage.code_exchange()
    twice = replace(exchange, query=[("code", "other")])
    assert stage.send(twice).refusal == "IDP-REPEATED"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/token", 405), ("PUT", "/authorize", 405), ("GET", "/nothing", 404), ("DELETE", "/userinfo", 405)],
)
def test_other_methods_and_paths(stage: Stage, method: str, path: str, status: int) -> None:
    assert stage.send(stage.browser.request(path, method)).status == status


def test_a_world_that_does_not_exist(stage: Stage) -> None:
    told = stage.room.send(stage.authorization(), "nowhere")
    assert told.status == 500
    assert "SIM-WORLD" in told.rules


# --- the way out


def test_logout_by_id_token(stage: Stage) -> None:
    told = stage.send(stage.logout())
    assert told.location == f"{OUT}?state=s"
    assert not stage.browser.cookies
    assert stage.send(stage.userinfo()).refusal == "IDP-BEARER-OVER"
    assert stage.send(stage.browser.asking(stage.client, prompt="none")).back["error"] == "login_required"
    assert stage.send(stage.logout()).status == 302, "a second time does no harm, though the token is over"


def test_logout_by_a_server_with_the_id_token_alone(stage: Stage) -> None:
    stage.room.pass_time(0)
    hint = stage.browser.request("/logout", query=[("id_token_hint", stage.tokens["id_token"])])
    told = Browser(stage.room, stage.world).send(hint)
    assert told.status == 200
    assert stage.send(stage.userinfo()).refusal == "IDP-BEARER-OVER"


def test_logout_without_proof_is_confirmed_by_the_person(stage: Stage) -> None:
    import re

    stage.browser.code(stage.client)
    query = [("client_id", stage.client.client_id), ("post_logout_redirect_uri", OUT), ("state", "bye")]
    page = stage.send(stage.browser.request("/logout", query=query))
    assert page.status == 200
    fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    forged = [(name, "x" if name == "csrf" else value) for name, value in fields]
    assert stage.send(stage.browser.request("/logout", "POST", body=forged)).refusal == "IDP-CSRF"
    assert "code" in stage.send(stage.browser.asking(stage.client, prompt="none")).back
    told = stage.send(stage.browser.request("/logout", "POST", body=fields))
    assert told.location == f"{OUT}?state=bye"
    assert stage.send(stage.browser.asking(stage.client, prompt="none")).back["error"] == "login_required"


def test_logout_of_nobody(stage: Stage) -> None:
    assert stage.send(stage.browser.request("/logout")).status == 200


def test_an_unknown_way_out_is_adopted_or_refused(room: Room) -> None:
    stage = Stage(room)
    elsewhere = ("post_logout_redirect_uri", "https://dpi.test/elsewhere")
    told = stage.send(stage.browser.request("/logout", query=[("id_token_hint", stage.tokens["id_token"]), elsewhere]))
    assert told.row.marks["adopted"] == ["redirects:https://dpi.test/elsewhere"]
    assert told.location == "https://dpi.test/elsewhere"


def test_a_verdict_can_be_read_as_json(stage: Stage) -> None:
    told = stage.send(stage.browser.exchanging(stage.client, "forged"))
    body = json.loads(told.answer.body)
    assert set(body) == {"error", "error_description", "error_uri"}
    assert body["error_description"].isascii()
    assert '"' not in body["error_description"]
