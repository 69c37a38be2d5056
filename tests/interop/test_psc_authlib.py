"""Authlib's client, on requests, signs people in through Pro Santé Connect; joserfc validates the ID token."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.interop.psc import room as rooms
from tests.interop.psc.browser import Browser
from tests.interop.psc.room import Bench, Room

pytestmark = pytest.mark.interop

REDIRECT = "https://product.test/secure/psc/redirect"
SCOPE = "openid scope_all"
Product = Callable[..., Any]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with rooms.bench(tmp_path_factory.mktemp("psc-authlib")) as running:
        yield running


@pytest.fixture(
    scope="module",
    params=[("main", rooms.room), ("authlib-here", rooms.room), ("authlib-later", rooms.later)],
    ids=["at the production paths", "in a world of its own", "six months later"],
)
def room(bench: Bench, request: pytest.FixtureRequest) -> Room:
    world, enter = request.param
    found: Room = enter(bench, world)
    return found


@pytest.fixture
def product(room: Room) -> Product:
    """An OAuth2Session of the room's client; arguments replace its own."""

    def made(**more: Any) -> Any:
        from authlib.integrations.requests_client import OAuth2Session

        settings = {
            "client_id": room.client["client_id"],
            "client_secret": room.client["secret"],
            "scope": SCOPE,
            "redirect_uri": REDIRECT,
            "code_challenge_method": "S256",
            "token_endpoint": metadata(room)["token_endpoint"],
        }
        session = OAuth2Session(**{**settings, **more})
        session.trust_env = False
        session.verify = room.facts["roots"]
        return session

    return made


def metadata(room: Room) -> dict[str, Any]:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(room.psc["discovery"], verify=room.facts["roots"], timeout=30)
        found: dict[str, Any] = answer.json()
        return found


def signed_in(room: Room, session: Any, browser: Browser | None = None, **more: str) -> tuple[dict[str, Any], str]:
    """The tokens of a code flow and its nonce."""
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    url, state = session.create_authorization_url(
        metadata(room)["authorization_endpoint"],
        code_verifier=verifier,
        nonce=nonce,
        acr_values="eidas1",
        **{"login_hint": room.professional, **more},
    )
    back = (browser or Browser(room.facts["roots"])).open(url)
    assert back.query["state"] == state and back.query["iss"] == room.psc["issuer"]
    return session.fetch_token(authorization_response=back.url, state=state, code_verifier=verifier), nonce


def claims_of(room: Room, id_token: str) -> dict[str, Any]:
    """The claims of an ID token whose signature, issuer, audience and times are right."""
    from joserfc import jwt
    from joserfc.jwk import KeySet

    with requests.Session() as session:
        session.trust_env = False
        keys = session.get(metadata(room)["jwks_uri"], verify=room.facts["roots"], timeout=30).json()
    token = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=["RS256"])
    needed: dict[str, Any] = {name: {"essential": True} for name in ("exp", "iat", "sub", "auth_time")}
    for name, value in {"iss": room.psc["issuer"], "aud": room.client["client_id"]}.items():
        needed[name] = {"essential": True, "value": value}
    registry = jwt.JWTClaimsRegistry(**needed)
    registry.validate(token.claims)
    claims: dict[str, Any] = token.claims
    return claims


def half_hash(token: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:16]).decode().rstrip("=")


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_code_with_pkce_userinfo_and_refresh(room: Room, product: Product, method: str) -> None:
    session = product(token_endpoint_auth_method=method)
    tokens, nonce = signed_in(room, session)
    claims = claims_of(room, tokens["id_token"])
    assert claims["nonce"] == nonce and claims["at_hash"] == half_hash(tokens["access_token"])
    assert claims["preferred_username"] == room.professional
    user = session.get(room.psc["userinfo"]).json()
    assert user["sub"] == claims["sub"] and user["SubjectNameID"] == room.professional
    renewed = session.refresh_token(room.psc["token"], refresh_token=tokens["refresh_token"])
    assert renewed["refresh_token"] != tokens["refresh_token"]
    assert claims_of(room, renewed["id_token"])["auth_time"] == claims["auth_time"]
    assert session.get(room.psc["userinfo"]).status_code == 200


def test_an_old_token_is_renewed_by_itself(room: Room, product: Product) -> None:
    """Authlib renews a minute ahead: a token of 30 seconds is too old at once."""
    kept: list[dict[str, Any]] = []
    session = product(update_token=lambda token, **_: kept.append(token))
    room.settings(psc_access_seconds="30")
    try:
        tokens, _ = signed_in(room, session)
    finally:
        room.settings(psc_access_seconds=None)
    assert session.get(room.psc["userinfo"]).json()["SubjectNameID"] == room.professional
    (renewed,) = kept
    assert renewed["access_token"] != tokens["access_token"] and renewed["expires_in"] == 120


def test_introspection_and_revocation(room: Room, product: Product) -> None:
    session = product()
    tokens, _ = signed_in(room, session)
    found = metadata(room)
    asked = session.introspect_token(found["introspection_endpoint"], token=tokens["access_token"]).json()
    assert asked["active"] is True and asked["SubjectNameID"] == room.professional
    gone = session.revoke_token(found["revocation_endpoint"], token=tokens["refresh_token"])
    assert gone.status_code == 200
    asked = session.introspect_token(found["introspection_endpoint"], token=tokens["access_token"]).json()
    assert asked == {"active": False}


def test_a_wrong_secret_is_told(room: Room, product: Product) -> None:
    from authlib.integrations.base_client import OAuthError

    with pytest.raises(OAuthError) as refused:
        signed_in(room, product(client_secret="not-the-secret"))
    assert refused.value.error == "unauthorized_client"
    assert refused.value.description == "Invalid client or Invalid client credentials"


def test_a_refusal_comes_back_in_the_address(room: Room, product: Product) -> None:
    """Where Authlib's sessions leave the product to read it."""
    browser = Browser(room.facts["roots"])
    url, state = product().create_authorization_url(metadata(room)["authorization_endpoint"], acr_values="eidas1")
    back = browser.submit(browser.open(url), choice="refuse")
    assert (back.query["error"], back.query["state"]) == ("access_denied", state)
    assert back.query["iss"] == room.psc["issuer"] and "code" not in back.query


def test_another_verifier_is_refused(room: Room, product: Product) -> None:
    from authlib.integrations.base_client import OAuthError

    session = product()
    url, state = session.create_authorization_url(
        metadata(room)["authorization_endpoint"], code_verifier="a" * 48, login_hint=room.professional
    )
    back = Browser(room.facts["roots"]).open(url)
    with pytest.raises(OAuthError) as refused:
        session.fetch_token(authorization_response=back.url, state=state, code_verifier="b" * 48)
    assert refused.value.error == "invalid_grant"


def test_the_same_session_six_months_later_and_after_a_rotation(bench: Bench, product: Product, room: Room) -> None:
    session = product()
    signed_in(room, session)
    for path, change in rooms.CHANGES:
        bench.call("POST", f"/worlds/{room.world}{path}", change)
        assert session.get(room.psc["userinfo"]).json()["SubjectNameID"] == room.professional, path
        tokens, nonce = signed_in(room, session)
        assert claims_of(room, tokens["id_token"])["nonce"] == nonce, path
        renewed = session.refresh_token(room.psc["token"], refresh_token=tokens["refresh_token"])
        assert claims_of(room, renewed["id_token"])["preferred_username"] == room.professional, path
