"""The hospital provider with foreign products (Authlib's client on requests, Node's openid-client) and in Chromium."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests

from tests.interop.psc import nodejs
from tests.interop.psc import room as rooms
from tests.interop.psc.browser import Browser, spki
from tests.interop.psc.room import Bench, Room
from tests.support.chromium import Chromium

pytestmark = pytest.mark.interop

HERE = Path(__file__).resolve().parent
REDIRECT = "https://product.test/callback"
CHECK = "hospital.test.mjs"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with rooms.bench(tmp_path_factory.mktemp("hospital-idp")) as running:
        yield running


def entered(bench: Bench, world: str) -> Room:
    """The room of a world, with its client at the hospital provider and a nurse of the hospital."""
    found = rooms.room(bench, world)
    described = bench.call("GET", f"/worlds/{world}")
    found.facts["hospital"] = next(c for c in described["clients"] if c["provider"] == "hospital_idp")
    found.facts["professional"] = next(p["id"] for p in described["professionals"] if p["slug"] == "nurse")
    return found


@pytest.fixture(
    scope="module", params=["main", "hospital-here", "hospital-later"], ids=["plain", "own world", "six months later"]
)
def room(bench: Bench, request: pytest.FixtureRequest) -> Room:
    found = entered(bench, request.param)
    if request.param.endswith("later"):
        bench.call("POST", f"/worlds/{found.world}/clock", {"advance": "P6M"})
    return found


# --- Authlib


def metadata(room: Room) -> dict[str, Any]:
    with requests.Session() as session:
        session.trust_env = False
        where = room.facts["services"]["hospital_idp"]["discovery"]
        found: dict[str, Any] = session.get(where, verify=room.facts["roots"], timeout=30).json()
        return found


def session_of(room: Room, **more: Any) -> Any:
    from authlib.integrations.requests_client import OAuth2Session

    client = room.facts["hospital"]
    settings = {
        "client_id": client["client_id"],
        "client_secret": client["secret"],
        "scope": "openid profile email",
        "redirect_uri": REDIRECT,
        "code_challenge_method": "S256",
        "token_endpoint": metadata(room)["token_endpoint"],
    }
    made = OAuth2Session(**{**settings, **more})
    made.trust_env = False
    made.verify = room.facts["roots"]
    return made


def signed_in(room: Room, session: Any, browser: Browser) -> tuple[dict[str, Any], str]:
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    url, state = session.create_authorization_url(
        metadata(room)["authorization_endpoint"],
        code_verifier=verifier,
        nonce=nonce,
        login_hint=room.facts["professional"],
    )
    back = browser.open(url)
    assert back.query["iss"] == metadata(room)["issuer"]
    return session.fetch_token(authorization_response=back.url, state=state, code_verifier=verifier), nonce


def claims_of(room: Room, session: Any, id_token: str, nonce: str) -> dict[str, Any]:
    """The claims of an ID token whose signature, issuer, audience, nonce and dates are right."""
    from joserfc import jwt
    from joserfc.jwk import KeySet

    told = metadata(room)
    published = session.get(told["jwks_uri"], withhold_token=True, timeout=30).json()
    token = jwt.decode(id_token, KeySet.import_key_set(published), algorithms=["RS256"])
    jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": told["issuer"]},
        aud={"essential": True, "value": room.facts["hospital"]["client_id"]},
        nonce={"essential": True, "value": nonce},
        exp={"essential": True},
    ).validate(token.claims)
    return dict(token.claims)


@pytest.mark.parametrize("way", ["client_secret_basic", "client_secret_post"])
def test_authlib_signs_in_refreshes_and_signs_out(room: Room, way: str) -> None:
    told = metadata(room)
    session, browser = session_of(room, token_endpoint_auth_method=way), Browser(room.facts["roots"])
    tokens, nonce = signed_in(room, session, browser)
    claims = claims_of(room, session, tokens["id_token"], nonce)
    assert claims["rpps"] == room.facts["professional"][1:]
    assert session.get(told["userinfo_endpoint"], timeout=30).json()["sub"] == claims["sub"]
    newer = session.refresh_token(told["token_endpoint"], tokens["refresh_token"])
    assert newer["refresh_token"] != tokens["refresh_token"]
    active = session.introspect_token(told["introspection_endpoint"], token=newer["access_token"])
    assert active.json()["active"] is True
    assert session.revoke_token(told["revocation_endpoint"], token=newer["refresh_token"]).status_code == 200
    assert session.get(told["userinfo_endpoint"], timeout=30).status_code == 401
    out = f"{told['end_session_endpoint']}?id_token_hint={newer['id_token']}"
    bye = browser.open(f"{out}&post_logout_redirect_uri=https://product.test/bye&state=s")
    assert bye.url == "https://product.test/bye?state=s"


def test_authlib_is_told_why_not(room: Room) -> None:
    from authlib.integrations.base_client.errors import OAuthError

    session = session_of(room)
    tokens, _ = signed_in(room, session, Browser(room.facts["roots"]))
    session.refresh_token(metadata(room)["token_endpoint"], tokens["refresh_token"])
    with pytest.raises(OAuthError) as refused:
        session.refresh_token(metadata(room)["token_endpoint"], tokens["refresh_token"])
    assert refused.value.error == "invalid_grant"
    assert "IDP-REFRESH-USED" in refused.value.description
    with pytest.raises(OAuthError) as refused:
        signed_in(room, session_of(room, client_secret="wrong"), Browser(room.facts["roots"]))
    assert refused.value.error == "invalid_client"


def test_the_same_session_six_months_later_and_after_a_rotation(bench: Bench) -> None:
    room = entered(bench, "hospital-unchanged")
    session, told = session_of(room), metadata(room)
    signed_in(room, session, Browser(room.facts["roots"]))
    for path, change in (("/clock", {"advance": "P6M"}), ("/providers/chu/keys", {})):
        bench.call("POST", f"/worlds/{room.world}{path}", change)
        assert session.get(told["userinfo_endpoint"], timeout=30).ok, path
        tokens, nonce = signed_in(room, session, Browser(room.facts["roots"]))
        assert claims_of(room, session, tokens["id_token"], nonce)["rpps"] == room.facts["professional"][1:], path
        session.refresh_token(told["token_endpoint"], tokens["refresh_token"])


# --- openid-client


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our check beside the helpers and the packages of the Pro Santé Connect ones."""
    return nodejs.project(tmp_path_factory.mktemp("project"), HERE / "hospital_idp")


@pytest.mark.parametrize("world", ["main", "hospital-node"], ids=["at the plain address", "in a world of its own"])
def test_a_node_product(bench: Bench, project: Path, tmp_path: Path, world: str) -> None:
    nodejs.check(project, CHECK, entered(bench, world), tmp_path)


# --- a real browser


class Callback:
    """A product's return address on plain HTTP, which goes on to another host of its own."""

    def __init__(self) -> None:
        self.received: list[str] = []
        callback = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                callback.received.append(self.path)
                onward = self.path.startswith("/cb")
                body = b"" if onward else b"<!doctype html><title>product</title><p>welcome</p>"
                self.send_response(302 if onward else 200)
                if onward:
                    self.send_header("Location", f"http://produit.test:{callback.port}/home")
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *said: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def callback() -> Iterator[Callback]:
    made = Callback()
    yield made
    made.close()


@pytest.mark.parametrize(("language", "words"), [("fr", "Choisissez un compte fictif"), ("en", "no password is asked")])
def test_a_person_in_a_real_browser(
    bench: Bench, callback: Callback, tmp_path: Path, language: str, words: str
) -> None:
    room = entered(bench, f"hospital-browser-{language}")
    told = metadata(room)
    asked = {
        "response_type": "code",
        "client_id": room.facts["hospital"]["client_id"],
        "redirect_uri": f"http://localhost:{callback.port}/cb",
        "scope": "openid",
        "state": "un état & plus",
        "nonce": "n",
    }
    program = rooms.tool("chromium", "Debian package chromium")
    with Chromium(program, tmp_path / "profile", trusted_keys=[spki(told["issuer"])], language=language) as browser:
        browser.open(f"{told['authorization_endpoint']}?{urlencode(asked)}")
        assert "SIMULATION" in browser.text
        assert words in browser.text
        there = browser.click(f"button[value='{room.facts['professional']}']")
        assert urlsplit(there).hostname == "produit.test"
        assert "welcome" in browser.text
        browser.open(f"{told['authorization_endpoint']}?{urlencode({**asked, 'prompt': 'none'})}")
        browser.open(f"{told['authorization_endpoint']}?{urlencode({**asked, 'prompt': 'login'})}")
        browser.click("button[value=deny]")
        browser.open(told["end_session_endpoint"])
        browser.click("form button")
        assert {"fr": "Vous êtes déconnecté", "en": "You are signed out"}[language] in browser.text
        assert not browser.violations
    returns = [dict(parse_qsl(urlsplit(path).query)) for path in callback.received if path.startswith("/cb")]
    assert ["code" in back for back in returns] == [True, True, False]
    assert returns[-1]["error"] == "access_denied"
    assert all(back["state"] == "un état & plus" for back in returns)
