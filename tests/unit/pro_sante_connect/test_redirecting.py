"""Nowhere unsafe: what is never redirected to, and what every redirection carries."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.core.oidc import redirects
from simulators.core.oidc.answers import with_parameters
from simulators.core.rules import Policy
from tests.support.psc_browser import Browser
from tests.support.psc_room import BACK, Room

UNSAFE = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "javascript://produit.test/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox",
    "file:///etc/passwd",
    "blob:https://produit.test/x",
    "view-source:https://produit.test/",
    "//voleur.test/cb",
    "/cb",
    "cb",
    "https:voleur.test/cb",
    "https:///voleur.test/cb",
    "https://",
    "https://produit.test@voleur.test/cb",
    "https://u:p@produit.test/cb",
    "https://produit.test\\@voleur.test/cb",
    "https:\\\\voleur.test",
    "https://produit.test/cb#x",
    "https://produit.test/cb#",
    "https://produit.test/cb\r\nSet-Cookie: a=b",
    "https://produit.test/cb\n",
    "https://produit.test/c b",
    "https://produit.test/cb\x01",
    "https://prоduit.test/cb",  # a Cyrillic letter
    "https://produit\u3002test/cb",
    "https://produit.test:99999999/cb",
    "https://[::1/cb",
    "\tjavascript:alert(1)",
    "java\tscript:alert(1)",
    "https://produit.test/" + "x" * 2048,
]
SAFE = [
    BACK,
    "http://localhost:8083/auth/psc/callback",
    "http://127.0.0.1/cb",
    "http://[::1]:4000/cb",
    "https://produit.test/?openidconnectcallback=1",
    "https://produit.test",
    "fr.produit.app:/retour",
    "https://xn--prduit-gxf.test/cb",
    "https://produit.test/cb;a=b,c",
]


@pytest.mark.parametrize("uri", UNSAFE)
def test_never_redirected_to(room: Room, uri: str) -> None:
    """Though the world adopts whatever it is told."""
    for more in ({}, {"response_type": "token"}, {"prompt": "none", "login_hint": ""}, {"response_mode": "form_post"}):
        seen = room.authorize(redirect_uri=uri, **more)
        assert seen.answer.status == 400 and "Location" not in seen.answer.headers
        assert seen.rules == ["PSC-REDIRECT-FORM"]
        assert b"<form" not in seen.answer.body


@pytest.mark.parametrize("uri", SAFE)
def test_redirected_to(room: Room, uri: str) -> None:
    seen = room.authorize(redirect_uri=uri)
    there, asked = urlsplit(seen.answer.headers["Location"]), urlsplit(uri)
    assert (there.scheme, there.netloc, there.path) == (asked.scheme, asked.netloc, asked.path)
    assert there.query.startswith(asked.query) and "code" in seen.sent_back
    browser = Browser(room)
    browser.authorize(redirect_uri=uri, prompt="login")
    assert browser.choose("refuse").answer.headers["Location"].startswith(uri)


@given(st.text(max_size=60) | st.from_regex(r"[a-z]{1,12}:[/\\]{0,3}[ -~]{0,30}", fullmatch=True))
@settings(max_examples=300, deadline=None)
def test_whatever_is_let_through_goes_where_it_says(uri: str) -> None:
    if redirects.problem(uri):
        return
    there = with_parameters(uri, {"code": "x"})
    assert there.isascii() and there.isprintable() and " " not in there
    parts, asked = urlsplit(there), urlsplit(uri)
    assert (parts.scheme, parts.netloc) == (asked.scheme, asked.netloc)
    assert parts.scheme not in {"javascript", "data", "vbscript", "file", "blob"}
    assert "@" not in parts.netloc or parts.scheme not in {"http", "https"}


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post", "jwt"])
@pytest.mark.parametrize("state", ["etat", "a b&c=d#é\r\nX: y", "<b>", "x" * 3000])
def test_an_error_carries_state_and_issuer(room: Room, mode: str, state: str) -> None:
    seen = room.authorize(response_type="token", response_mode=mode, state=state)
    if mode == "form_post":
        assert b'name="state"' in seen.answer.body and b'name="iss"' in seen.answer.body
        return
    parts = urlsplit(seen.answer.headers["Location"])
    told = dict(parse_qsl(parts.fragment if mode == "fragment" else parts.query))
    assert told["state"] == state and told["iss"] == "https://psc.test/auth/realms/esante-wallet"
    assert told["error"] == "unsupported_response_type" and told["error_uri"]
    assert "\r" not in seen.answer.headers["Location"] and "\n" not in seen.answer.headers["Location"]


def test_an_error_goes_to_no_address_the_world_does_not_know(room: Room) -> None:
    world = room.world(Policy(unknown={"*": "refuse"}))
    room.client(world, client_id="essai")
    assert "Location" in room.authorize("essai", response_type="token").answer.headers
    for more in ({"redirect_uri": "https://voleur.test/cb"}, {"client_id": "inconnu"}):
        seen = room.authorize(**{"client_id": "essai", "world": world, "response_type": "token", **more})
        assert seen.answer.status == 400 and "Location" not in seen.answer.headers


def test_a_sign_in_of_somebody_else_is_not_ended_by_a_request(room: Room) -> None:
    browser = Browser(room)
    browser.authorize()
    number = browser.hidden["login"]
    seen = room.authorize(response_type="token", login=number, redirect_uri="https://produit.test/autre")
    assert seen.answer.headers["Location"].startswith("https://produit.test/autre?")
    assert "code" in browser.choose("899700000021").sent_back
