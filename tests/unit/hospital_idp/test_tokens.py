"""Codes, tokens and keys: lives, replays, rotation, what a stranger's token is worth."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from simulators.core.oidc import keys
from simulators.core.oidc.jose import SigningKey, sign
from simulators.hospital_idp import clients, discovery, sessions
from simulators.hospital_idp.clients import Client
from simulators.hospital_idp.names import keyring
from simulators.hospital_idp.providers import Provider
from simulators.hospital_idp.rules.token import CODE_USED
from tests.unit.hospital_idp.mending_cases import JWKS, asserted
from tests.unit.hospital_idp.room import BACK, VERIFIER, Browser, Room, basic, claims
from tests.unit.hospital_idp.stage import Stage


@pytest.fixture
def stage(room: Room) -> Stage:
    return Stage(room)


def header(token: str) -> dict[str, Any]:
    part = token.split(".")[0]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def forged(head: dict[str, Any], body: dict[str, Any], signature: str = "") -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (head, body))
    return ".".join([*parts, signature])


def verified(stage: Stage, token: str) -> dict[str, Any]:
    """By the published keys, as a product does."""
    from joserfc import jwt
    from joserfc.jwk import KeySet

    found = KeySet.import_key_set(stage.send(stage.browser.request("/jwks")).json)
    return dict(jwt.decode(token, found, algorithms=["RS256", "ES256"]).claims)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_tokens_verify_with_the_published_keys(room: Room, algorithm: str) -> None:
    stage = Stage(room, provider={"algorithm": algorithm})
    tokens = stage.tokens
    told = verified(stage, tokens["id_token"])
    assert header(tokens["id_token"])["alg"] == algorithm
    assert told["iss"] == stage.browser.issuer
    assert told["aud"] == stage.client.client_id
    assert told["nonce"] == "nonce-1"
    assert told["exp"] - told["iat"] == tokens["expires_in"] == 300
    assert verified(stage, tokens["access_token"])["sub"] == told["sub"]


def test_the_names_of_the_claims_are_the_providers(room: Room) -> None:
    names = {"login_claim": "preferred_username", "rpps_claim": "https://chu.test/rpps", "groups_claim": ""}
    stage = Stage(room, provider=names)
    told = claims(stage.tokens["id_token"])
    assert told["preferred_username"] == "ysoinsfictif"
    assert told["https://chu.test/rpps"] == "99700000088"
    assert not {"uid", "rpps", "groups"} & set(told)
    assert "preferred_username" in stage.send(stage.browser.request("/.well-known/openid-configuration")).text


@pytest.mark.parametrize(("place", "in_token", "in_userinfo"), [("id_token", 1, 0), ("userinfo", 0, 1), ("both", 1, 1)])
def test_where_claims_are(room: Room, place: str, in_token: int, in_userinfo: int) -> None:
    stage = Stage(room, provider={"claims_in": place})
    info = stage.send(stage.userinfo()).json
    token = claims(stage.tokens["id_token"])
    assert info["sub"] == token["sub"]
    assert ("rpps" in token, "rpps" in info) == (bool(in_token), bool(in_userinfo))


def test_scopes_choose_the_claims(stage: Stage) -> None:
    told = claims(stage.browser.tokens(stage.client, scope="openid")["id_token"])
    assert not {"name", "rpps", "email", "groups"} & set(told)
    assert claims(stage.browser.tokens(stage.client, scope="openid email")["id_token"])["email"]
    assert "id_token" not in stage.browser.tokens(stage.client, scope="profile")


def test_a_replayed_code_revokes_what_came_of_it(stage: Stage) -> None:
    exchange = stage.code_exchange()
    tokens = stage.send(exchange).json
    assert stage.send(exchange).refusal == "IDP-CODE-USED"
    assert stage.send(stage.browser.userinfo(tokens["access_token"])).refusal == "IDP-BEARER-OVER"
    again = stage.browser.refreshing(stage.client, tokens["refresh_token"])
    assert stage.send(again).refusal == "IDP-REFRESH-OVER"


def test_a_code_replayed_by_another_client_revokes_nothing(stage: Stage) -> None:
    exchange = stage.code_exchange()
    tokens = stage.send(exchange).json
    stolen = stage.browser.exchanging(stage.other, dict(exchange.body)["code"])
    assert stage.send(stolen).refusal == "IDP-CODE-CLIENT"
    assert stage.send(stage.browser.userinfo(tokens["access_token"])).status == 200


def test_a_forced_refusal_revokes_nothing(stage: Stage) -> None:
    exchange = stage.code_exchange()
    tokens = stage.send(exchange).json
    stage.room.book.forced = CODE_USED
    stage.send(exchange)
    stage.room.book.forced = None
    assert stage.send(stage.browser.userinfo(tokens["access_token"])).status == 200


def test_a_reused_refresh_token_revokes_its_family(stage: Stage) -> None:
    first = stage.tokens["refresh_token"]
    second = stage.send(stage.browser.refreshing(stage.client, first)).json
    third = stage.send(stage.browser.refreshing(stage.client, second["refresh_token"])).json
    assert stage.send(stage.browser.refreshing(stage.client, first)).refusal == "IDP-REFRESH-USED"
    for token in (second["access_token"], third["access_token"]):
        assert stage.send(stage.browser.userinfo(token)).refusal == "IDP-BEARER-OVER"
    assert stage.send(stage.browser.refreshing(stage.client, third["refresh_token"])).refusal == "IDP-REFRESH-OVER"


def test_a_refused_exchange_leaves_the_code_alone(stage: Stage) -> None:
    exchange = stage.code_exchange()
    wrong = replace(exchange, body=[(n, "v" * 43 if n == "code_verifier" else v) for n, v in exchange.body])
    assert stage.send(wrong).refusal == "IDP-VERIFIER"
    assert stage.send(exchange).status == 200


def test_a_refresh_keeps_the_time_of_the_sign_in_and_has_no_nonce(stage: Stage) -> None:
    first = claims(stage.tokens["id_token"])
    stage.room.pass_time(200)
    refreshed = stage.send(stage.browser.refreshing(stage.client, stage.tokens["refresh_token"])).json
    told = claims(refreshed["id_token"])
    assert told["auth_time"] == first["auth_time"]
    assert told["iat"] == first["iat"] + 200
    assert (told["sub"], told["iss"], told["sid"]) == (first["sub"], first["iss"], first["sid"])
    assert "nonce" not in told


def test_a_narrower_refresh_does_not_narrow_the_next(stage: Stage) -> None:
    narrow = stage.send(stage.browser.refreshing(stage.client, stage.tokens["refresh_token"], scope="openid")).json
    assert narrow["scope"] == "openid"
    whole = stage.send(stage.browser.refreshing(stage.client, narrow["refresh_token"])).json
    assert whole["scope"] == "openid profile email"


def test_lives(stage: Stage) -> None:
    tokens = stage.tokens
    stage.room.pass_time(299)
    assert stage.send(stage.browser.userinfo(tokens["access_token"])).status == 200
    stage.room.pass_time(1)
    over = stage.send(stage.browser.userinfo(tokens["access_token"]))
    assert over.refusal == "IDP-BEARER-OVER"
    assert over.status == 401
    assert over.answer.headers["WWW-Authenticate"].startswith('Bearer realm="hospital-idp", error="invalid_token"')
    assert stage.send(stage.browser.post("/introspect", stage.client, {"token": tokens["access_token"]})).json == {
        "active": False
    }
    stage.room.pass_time(28_800)
    assert stage.send(stage.browser.refreshing(stage.client, tokens["refresh_token"])).refusal == "IDP-REFRESH-OVER"


def test_an_id_token_is_no_access_token_and_the_reverse(stage: Stage) -> None:
    told = stage.send(stage.browser.userinfo(stage.tokens["id_token"]))
    assert told.refusal == "IDP-BEARER-TOKEN"
    hint = stage.browser.request("/logout", query=[("id_token_hint", stage.tokens["access_token"])])
    assert stage.send(hint).refusal == "IDP-LOGOUT-HINT"


def test_forged_tokens(stage: Stage, room: Room) -> None:
    """alg none, a public key taken for a secret, another provider's key, a changed payload."""
    real = stage.tokens["access_token"]
    head, body = header(real), claims(real)
    published = json.dumps(stage.send(stage.browser.request("/jwks")).json["keys"][0]).encode()
    confused = sign(body, SigningKey(head["kid"], "HS256", published))
    other = Stage(room)
    stranger = other.tokens["access_token"]
    for token in (
        forged({**head, "alg": "none"}, body),
        forged({**head, "alg": "None"}, body),
        confused,
        forged({**head, "alg": "RS256"}, body, real.split(".")[2]),
        forged(head, {**body, "sub": "x"}, real.split(".")[2]),
        forged({k: v for k, v in head.items() if k != "kid"}, body, real.split(".")[2]),
        forged({**head, "kid": ["x"]}, body, real.split(".")[2]),
        stranger,
        "a.b.c",
        "x" * 20_000,
    ):
        told = stage.send(stage.browser.userinfo(token))
        assert told.refusal == "IDP-BEARER-TOKEN", token[:80]
        assert told.status == 401
    assert stage.send(stage.userinfo()).status == 200


def test_a_token_of_another_provider_of_the_same_world(stage: Stage, room: Room) -> None:
    """A foreign issuer, though the world is the same."""
    room.provide(stage.world, name="clinique", algorithm="ES256")
    room.declare(stage.world, replace(stage.client), "clinique")
    clinic = Browser(room, stage.world, provider="clinique")
    tokens = clinic.tokens(stage.client)
    assert claims(tokens["id_token"])["iss"].endswith("/idp/clinique")
    assert claims(tokens["id_token"])["sub"] != claims(stage.tokens["id_token"])["sub"]
    assert stage.send(stage.browser.userinfo(tokens["access_token"])).refusal == "IDP-BEARER-TOKEN"
    code = clinic.code(stage.client)
    assert stage.send(stage.browser.exchanging(stage.client, code)).refusal == "IDP-CODE-UNKNOWN"
    stranger = stage.browser.refreshing(stage.client, tokens["refresh_token"])
    assert stage.send(stranger).refusal == "IDP-REFRESH-UNKNOWN"
    asked = stage.browser.asking(stage.client, id_token_hint=tokens["id_token"])
    assert stage.send(asked).refusal == "IDP-ID-TOKEN-HINT"


def test_keys_rotate_and_older_tokens_still_verify(stage: Stage) -> None:
    old = stage.tokens["id_token"]
    provider = Provider("chu", algorithm="ES256")
    with stage.room.store.write(stage.world.name) as tx:
        discovery.new_key(tx, provider, stage.room.runtime.new_key)
    new = stage.browser.tokens(stage.client)["id_token"]
    assert header(new)["kid"] != header(old)["kid"]
    assert verified(stage, old)["sub"] == verified(stage, new)["sub"]
    assert stage.send(stage.userinfo()).status == 200
    with stage.room.store.write(stage.world.name) as tx:
        assert keys.withdraw(tx, keyring("chu"), header(old)["kid"])
    assert stage.send(stage.userinfo()).refusal == "IDP-BEARER-TOKEN"


def test_another_algorithm_while_running(stage: Stage, room: Room) -> None:
    before = stage.tokens["id_token"]
    room.provide(stage.world, algorithm="RS256")
    after = stage.browser.tokens(stage.client)["id_token"]
    assert header(after)["alg"] == "RS256"
    assert verified(stage, before)["sub"] == verified(stage, after)["sub"]


def test_introspection_tells_what_a_resource_server_needs(stage: Stage) -> None:
    told = stage.send(stage.introspection()).json
    assert told["active"] is True
    assert told["username"] == "ysoinsfictif"
    assert told["client_id"] == stage.client.client_id
    assert told["scope"] == "openid profile email"
    assert told["sub"] == claims(stage.tokens["id_token"])["sub"]
    by_other = stage.browser.post("/introspect", stage.other, {"token": stage.tokens["refresh_token"]})
    assert stage.send(by_other).json["token_type"] == "refresh_token"
    for stranger in ("forged", stage.tokens["id_token"], "a.b.c"):
        told = stage.send(stage.browser.post("/introspect", stage.client, {"token": stranger})).json
        assert told == {"active": False}


def test_revocation_of_a_refresh_token_takes_the_access_token_along(stage: Stage) -> None:
    gone = stage.browser.post(
        "/revoke", stage.client, {"token": stage.tokens["refresh_token"], "token_type_hint": "refresh_token"}
    )
    assert stage.send(gone).status == 200
    assert stage.send(stage.userinfo()).refusal == "IDP-BEARER-OVER"
    unknown = stage.browser.post("/revoke", stage.client, {"token": "forged", "token_type_hint": "what"})
    assert stage.send(unknown).status == 200, "RFC 7009 §2.2"


def test_ended_on_command(stage: Stage) -> None:
    code = stage.code_exchange()
    with stage.room.store.write(stage.world.name) as tx:
        assert sessions.expire_codes(tx, "chu", stage.room.at) == 1
    assert stage.send(code).refusal == "IDP-CODE-EXPIRED"
    tokens = stage.tokens
    with stage.room.store.write(stage.world.name) as tx:
        assert sessions.expire(tx, "chu", kind="access") == 1
    assert stage.send(stage.userinfo()).refusal == "IDP-BEARER-OVER"
    assert stage.send(stage.browser.refreshing(stage.client, tokens["refresh_token"])).status == 200


# --- clients


def test_a_public_client_wants_pkce_and_nothing_else(room: Room) -> None:
    stage = Stage(room, client={"auth": "none", "secret": ""})
    assert stage.send(stage.code_exchange()).status == 200
    bare = stage.browser.asking(stage.client, code_challenge="", code_challenge_method="")
    assert stage.send(bare).refusal == "IDP-PKCE-MISSING"


@pytest.mark.parametrize("who", ["provider", "client"])
def test_pkce_is_required_where_asked(room: Room, who: str) -> None:
    stage = Stage(room, **{who: {"pkce_required": True}})  # type: ignore[arg-type]
    bare = stage.browser.asking(stage.client, code_challenge="", code_challenge_method="")
    told = stage.send(bare)
    assert (told.refusal, told.back["error"]) == ("IDP-PKCE-MISSING", "invalid_request")
    assert stage.send(stage.code_exchange()).status == 200


def test_a_client_nobody_declared_is_public_with_pkce_and_nothing_without(stage: Stage) -> None:
    public = Client("web-app")
    assert "code" in stage.send(stage.browser.asking(public, login_hint="nurse")).back
    tokens = stage.browser.tokens(public)
    assert "id_token" in stage.send(stage.browser.refreshing(public, tokens["refresh_token"])).json
    code = stage.browser.code(public, code_challenge="", code_challenge_method="")
    bare = stage.browser.exchanging(public, code, code_verifier="")
    assert stage.send(bare).refusal == "IDP-SECRET-MISSING"
    assert stage.send(stage.browser.post("/introspect", public, {"token": "x"})).refusal == "IDP-SECRET-MISSING"


def test_an_adopted_client_keeps_its_first_secret(stage: Stage) -> None:
    mine = Client("dpi-du-vendeur", secret="s e+c%ret")
    told = stage.send(stage.browser.exchanging(mine, stage.browser.code(mine)))
    assert told.status == 200
    assert told.row.marks["learnt"] == "secret of client dpi-du-vendeur"
    wrong = replace(mine, secret="another")
    assert stage.send(stage.browser.exchanging(wrong, stage.browser.code(wrong))).refusal == "IDP-SECRET"
    assert stage.send(stage.browser.exchanging(mine, stage.browser.code(mine))).status == 200
    with stage.room.store.read(stage.world.name) as tx:
        found = clients.find(tx, "chu", "dpi-du-vendeur")
    assert found is not None
    assert (found.secret, found.redirect_uris, found.adopted) == ("s e+c%ret", (BACK,), True)


def test_a_client_proved_by_its_own_key(room: Room) -> None:
    stage = Stage(room, client={"auth": "private_key_jwt", "jwks": JWKS, "secret": ""})
    first = asserted(stage)
    assert stage.send(first).status == 200
    replayed = replace(stage.code_exchange(), headers={}, body=first.body)
    assert stage.send(replayed).refusal == "IDP-CLIENT-ASSERTION"


def test_an_assertion_that_proves_nothing(room: Room) -> None:
    stage = Stage(room, client={"auth": "private_key_jwt", "jwks": JWKS, "secret": ""})
    whole = asserted(stage)
    given = dict(whole.body)["client_assertion"]
    head, body = header(given), claims(given)

    def told(text: str, **more: str) -> str:
        values = {**dict(whole.body), "client_assertion": text, **more}
        answer = stage.send(replace(whole, body=list(values.items())))
        assert answer.status == 401
        assert answer.refusal == "IDP-CLIENT-ASSERTION"
        return str(answer.findings[-1]["where"])

    assert told(forged({**head, "alg": "none"}, body)) == "body.client_assertion#header.alg"
    confused = sign(body, SigningKey("x", "HS256", JWKS.encode()))
    assert told(confused) == "body.client_assertion#header.alg"
    assert told(forged(head, {**body, "exp": 1}, given.split(".")[2])) == "body.client_assertion#signature"
    assert told(given, client_assertion_type="jwt") == "body.client_assertion_type"
    stage.room.pass_time(121)
    assert told(given) == "body.client_assertion#exp"


def test_a_secret_in_basic_that_was_not_encoded_is_a_warning(room: Room) -> None:
    stage = Stage(room, client={"secret": "a%2Bb+c"})
    request = stage.introspection()
    request.headers["Authorization"] = (
        "Basic " + base64.b64encode(f"{stage.client.client_id}:a%2Bb+c".encode()).decode()
    )
    told = stage.send(request)
    assert told.status == 200
    assert told.rules == ["IDP-SECRET-ENCODING"]
    request.headers["Authorization"] = basic(stage.client)
    assert stage.send(request).rules == []


def test_the_verifier_of_the_tests_is_right() -> None:
    assert 43 <= len(VERIFIER) <= 128
