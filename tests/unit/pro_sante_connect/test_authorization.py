"""A session of this browser, a machine's hint, or the page: prompt, max_age, single sign-on, lifetimes, worlds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from simulators.core.rules import Policy
from simulators.pro_sante_connect.names import AUTH, CONNECT, WALLET
from simulators.pro_sante_connect.rules import authorization as rules
from simulators.pro_sante_connect.rules import login as login_rules
from tests.support.psc_browser import Browser
from tests.support.psc_room import BACK, PERSON, Ask, Room, Seen, authorization, claims, code_exchange, refresh

OTHER = "899700000039"


@pytest.fixture
def browser(room: Room) -> Browser:
    """Where somebody signed in."""
    made = Browser(room)
    made.authorize()
    made.choose(PERSON)
    return made


def shows_page(seen: Seen) -> bool:
    return seen.answer.status == 200 and b'name="login"' in seen.answer.body


def logout(**given: str) -> Ask:
    return Ask(f"{CONNECT}/logout", given, listener=AUTH)


# --- prompt and max_age


@pytest.mark.parametrize(
    ("prompt", "page"),
    [
        ("", False),
        ("none", False),
        ("consent", False),
        ("login", True),
        ("select_account", True),
        ("login consent", True),
    ],
)
def test_prompt_with_a_session(browser: Browser, prompt: str, page: bool) -> None:
    seen = browser.authorize(prompt=prompt)
    assert shows_page(seen) == page
    if not page:
        assert "code" in seen.sent_back and seen.row.marks["signed_in_by"] == "session"


@pytest.mark.parametrize(("prompt", "page"), [("", True), ("login", True), ("consent", True), ("none", False)])
def test_prompt_without_a_session(room: Room, prompt: str, page: bool) -> None:
    seen = Browser(room).authorize(prompt=prompt)
    assert shows_page(seen) == page
    if not page:
        assert seen.sent_back["error"] == "login_required" and seen.sent_back["state"] == "etat"


@pytest.mark.parametrize(
    ("age", "after", "page"), [("60", 60, False), ("60", 61, True), ("0", 0, True), ("9" * 9, 1500, False)]
)
def test_max_age(browser: Browser, room: Room, age: str, after: int, page: bool) -> None:
    room.pass_time(after)
    assert shows_page(browser.authorize(max_age=age)) == page
    silent = browser.authorize(max_age=age, prompt="none")
    assert (silent.sent_back.get("error") == "login_required") == page


def test_auth_time_is_that_of_the_sign_in(browser: Browser, room: Room) -> None:
    room.pass_time(600)
    tokens = room.send(code_exchange(browser.authorize().sent_back["code"])).json
    token = claims(tokens["id_token"])
    assert token["iat"] - token["auth_time"] == 600


# --- single sign-on


def test_two_products_one_page(browser: Browser, room: Room) -> None:
    room.client(client_id="second", redirect_uris=("https://second.test/cb",))
    seen = browser.authorize("second", redirect_uri="https://second.test/cb")
    first = browser.authorize()
    assert seen.sent_back["session_state"] == first.sent_back["session_state"]
    assert seen.row.who["professional"] == PERSON


def test_a_hint_at_somebody_else_leaves_the_session(browser: Browser) -> None:
    seen = browser.authorize(login_hint=OTHER)
    assert seen.row.who["professional"] == OTHER and seen.row.marks["signed_in_by"] == "query.login_hint"
    assert browser.authorize(login_hint=PERSON, prompt="none").sent_back["error"] == "login_required"
    assert browser.authorize(login_hint=OTHER, prompt="none").row.who["professional"] == OTHER


def test_a_hint_may_only_propose(room: Room) -> None:
    world = room.world(Policy(settings={"psc.login-hint": "prefill"}))
    room.client(world, client_id="essai")
    browser = Browser(room)
    assert shows_page(browser.authorize("essai", login_hint=OTHER))
    assert browser.checked == [OTHER] and browser.listed[0] == OTHER
    assert shows_page(browser.authorize("essai", login_hint="899700123451"))
    assert not browser.checked and 'name="identifier" value="899700123451"' in browser.page
    browser.choose(PERSON)
    assert "code" in browser.authorize("essai", login_hint=OTHER).sent_back


def test_a_world_may_sign_everybody_in(room: Room) -> None:
    world = room.world(Policy(settings={"psc.auto-login": OTHER}))
    room.client(world, client_id="essai")
    seen = Browser(room).authorize("essai")
    assert seen.row.who["professional"] == OTHER and seen.row.marks["signed_in_by"] == "setting psc.auto-login"


# --- lifetimes, on wire time


def test_a_session_nobody_uses_ends_after_half_an_hour(browser: Browser, room: Room) -> None:
    room.pass_time(1799)
    assert "code" in browser.authorize().sent_back
    room.pass_time(1799)
    assert "code" in browser.authorize().sent_back
    room.pass_time(1800)
    assert browser.authorize(prompt="none").sent_back["error"] == "login_required"
    assert shows_page(browser.authorize())


def test_a_session_ends_after_four_hours_however_busy(browser: Browser, room: Room) -> None:
    for _ in range(9):
        room.pass_time(1599)
        assert "code" in browser.authorize().sent_back
    room.pass_time(9)
    assert browser.authorize(prompt="none").sent_back["error"] == "login_required"


def test_a_refresh_is_a_use(browser: Browser, room: Room) -> None:
    tokens = room.send(code_exchange(browser.authorize().sent_back["code"])).json
    room.pass_time(1500)
    room.send(refresh(tokens["refresh_token"]))
    room.pass_time(1500)
    assert "code" in browser.authorize().sent_back


def test_business_time_changes_nothing(browser: Browser, room: Room) -> None:
    before = room.worlds.get("main")
    room.worlds.move("main", before.business(room.now) + timedelta(days=184))
    assert "code" in browser.authorize().sent_back
    room.worlds.freeze("main", room.now)
    room.pass_time(7200)
    assert "code" in browser.authorize(max_age="600").sent_back
    room.worlds.freeze("main", room.now)
    assert browser.authorize(prompt="none").sent_back["error"] == "login_required"


# --- leaving


def test_after_a_logout_nobody_is_signed_in(browser: Browser, room: Room) -> None:
    kept = dict(browser.cookies)
    assert browser.send(logout()).answer.status == 200
    assert "segur_psc_main" not in browser.cookies
    browser.cookies = kept
    assert browser.authorize(prompt="none").sent_back["error"] == "login_required"
    assert shows_page(browser.authorize())


def test_a_server_may_log_the_browser_out(browser: Browser, room: Room) -> None:
    tokens = room.send(code_exchange(browser.authorize().sent_back["code"])).json
    assert room.send(logout(id_token_hint=tokens["id_token"])).answer.status == 200
    assert browser.authorize(prompt="none").sent_back["error"] == "login_required"


def test_the_portal_tells_who_and_signs_out(browser: Browser, room: Room) -> None:
    room.send(code_exchange(browser.authorize().sent_back["code"]))
    portal = Ask("/login-page", listener=WALLET)
    browser.send(portal)
    assert "SACHA SIMULE" in browser.page and PERSON in browser.page and ">produit<" in browser.page
    assert "2026-01-05 09:00:00 UTC" in browser.page and "2026-01-05 09:30:00 UTC" in browser.page
    forged = replace(portal, body={"x": "1"}, headers={"Origin": "https://voleur.test"})
    assert browser.send(forged).rules == [login_rules.LOGIN_FOREIGN.id]
    left = browser.send(replace(portal, body={}, method="POST", headers={"Origin": "https://wallet.test"}))
    assert left.row.marks["session_closed"] and "La session est fermée" in browser.page
    assert "segur_psc_main" not in browser.cookies
    browser.send(portal)
    assert "Personne n&#39;est connecté" in browser.page
    again = browser.send(replace(portal, body={}, method="POST"))
    assert not again.row.marks["session_closed"]


# --- how the request comes, how the answer goes


def test_the_request_may_be_posted(room: Room) -> None:
    browser, ask = Browser(room), authorization(login_hint="", ui_locales="en")
    browser.send(replace(ask, query={}, body=ask.query))
    assert '<html lang="en">' in browser.page
    assert browser.choose(PERSON).sent_back["state"] == "etat"
    seen = browser.send(replace(ask, query={}, body={**ask.query, "response_type": "token"}))
    assert seen.finding(rules.RESPONSE_TYPE)["where"] == "body.response_type"


def test_a_fragment(browser: Browser) -> None:
    location = browser.authorize(response_mode="fragment").answer.headers["Location"]
    parts = urlsplit(location)
    assert not parts.query and {"code", "state", "iss", "session_state"} == set(dict(parse_qsl(parts.fragment)))


def test_a_form_posted_by_the_browser(browser: Browser) -> None:
    seen = browser.authorize(response_mode="form_post", state='"><script>alert(1)</script>')
    assert seen.answer.status == 200 and f'action="{BACK}"' in browser.page
    assert "<script>alert" not in browser.page
    policy = seen.answer.headers["Content-Security-Policy"]
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert f'<script nonce="{nonce}">' in browser.page
    browser.authorize(response_mode="form_post")
    assert nonce not in browser.page
    refused = browser.authorize(response_mode="form_post", response_type="token")
    assert refused.answer.status == 200 and 'name="error" value="unsupported_response_type"' in browser.page


def test_keycloaks_own_path_leads_to_the_wallet(room: Room) -> None:
    ask = authorization(login_hint="", state="é&")
    for native in (
        replace(ask, path=f"{CONNECT}/auth", listener=AUTH),
        replace(ask, path=f"{CONNECT}/auth", listener=AUTH, body={"x": "1"}),
    ):
        seen = room.send(native)
        there = urlsplit(seen.answer.headers["Location"])
        assert (
            seen.answer.status == 307 and f"{there.scheme}://{there.netloc}{there.path}" == "https://wallet.test/auth"
        )
        assert dict(parse_qsl(there.query)) == ask.query


# --- worlds


def test_two_worlds_in_one_browser(room: Room) -> None:
    for world in ("alpha", "beta"):
        room.worlds.create(world)
        room.client(world, client_id=f"essai-{world}")
    browser = Browser(room)
    browser.authorize("essai-alpha")
    alpha = browser.form(PERSON)
    browser.authorize("essai-beta", world="beta")
    assert browser.action.startswith("/w/beta/login")
    beta = browser.choose(OTHER)
    assert beta.sent_back["iss"] == "https://psc.test/w/beta/auth/realms/esante-wallet"
    assert browser.authorize("essai-alpha", prompt="none").sent_back["error"] == "login_required"
    seen = browser.send(alpha)
    assert seen.row.who["professional"] == PERSON and seen.row.marks["world_by"] == "credential:oidc-client"
    assert seen.sent_back["iss"] == "https://psc.test/auth/realms/esante-wallet"
    assert set(browser.cookies) >= {"segur_psc_alpha", "segur_psc_beta"}
    assert browser.authorize("essai-beta", world="beta", prompt="none").row.who["professional"] == OTHER
    browser.send(Ask("/w/alpha/login-page", body={}, method="POST", listener=WALLET))
    assert browser.authorize("essai-alpha", prompt="none").sent_back["error"] == "login_required"
    assert browser.authorize("essai-beta", world="beta", prompt="none").row.who["professional"] == OTHER


def test_a_sign_in_of_one_world_is_unknown_in_the_other(room: Room) -> None:
    room.worlds.create("alpha")
    browser = Browser(room)
    browser.authorize()
    seen = browser.send(replace(browser.form(PERSON), world="alpha"))
    assert seen.rules == [login_rules.LOGIN_OVER.id]
    browser.authorize()
    assert "code" in browser.choose(PERSON).sent_back
