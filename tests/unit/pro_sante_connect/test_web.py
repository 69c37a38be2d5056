"""Pages: headers, language, and where a form of theirs may end."""

from __future__ import annotations

import re

import pytest

from simulators.pro_sante_connect.names import AUTH, WALLET
from tests.support.psc_browser import Browser
from tests.support.psc_room import Ask, Room, Seen


def policy(seen: Seen) -> str:
    return seen.answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("ask", "form_action"),
    [
        (Ask("/login-page", listener=WALLET), "'self'"),
        (Ask("/auth", {"client_id": "x"}, listener=WALLET), "'self'"),
        (Ask("/auth/realms/esante-wallet/protocol/openid-connect/logout", listener=AUTH), "'self'"),
    ],
)
def test_a_page_is_shut_by_its_policy(room: Room, ask: Ask, form_action: str) -> None:
    seen = room.send(ask)
    directives = dict(part.strip().partition(" ")[::2] for part in policy(seen).split(";"))
    nonce = re.findall(r'<style nonce="([0-9a-f]{32})">', seen.answer.body.decode())
    assert directives == {
        "default-src": "'none'",
        "style-src": f"'nonce-{nonce[0]}'",
        "img-src": "data:",
        "form-action": form_action,
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert seen.answer.headers["X-Content-Type-Options"] == "nosniff"
    assert seen.answer.headers["Cache-Control"] == "no-store"
    assert seen.answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("uri", "sources"),
    [
        ("https://produit.test/retour", "http: https:"),
        ("http://localhost:8083/cb", "http: https:"),
        ("fr.produit.app:/cb", "http: https: fr.produit.app:"),
        ("https://a.test;script-src*/cb", "http: https:"),
    ],
)
def test_the_form_of_a_sign_in_may_end_at_the_product(room: Room, uri: str, sources: str) -> None:
    """And wherever the product goes on from there: browsers check every redirection."""
    seen = Browser(room).authorize(redirect_uri=uri)
    assert f"form-action 'self' {sources};" in policy(seen) and "script-src" not in policy(seen)


def test_no_two_pages_share_a_nonce(room: Room) -> None:
    seen = {policy(room.send(Ask("/login-page", listener=WALLET))) for _ in range(5)}
    assert len(seen) == 5


@pytest.mark.parametrize(
    ("header", "query", "shown"),
    [
        ("fr-FR,fr;q=0.9,en;q=0.8", {}, "fr"),
        ("en-US,en;q=0.5", {}, "en"),
        ("de,en;q=0.1", {}, "en"),
        ("", {}, "fr"),
        ("*", {}, "fr"),
        ("en;q=bad,;;=,", {}, "fr"),
        ("fr", {"lang": "en"}, "en"),
        ("fr", {"lang": "xx"}, "fr"),
        ("fr", {"lang": 'en"><script>'}, "en"),
        ("en", {"ui_locales": "fr"}, "fr"),
    ],
)
def test_the_language_of_a_page(room: Room, header: str, query: dict[str, str], shown: str) -> None:
    seen = room.send(Ask("/login-page", query, listener=WALLET, headers={"Accept-Language": header}))
    page = seen.answer.body.decode()
    assert f'<html lang="{shown}">' in page and "<script" not in page


def test_a_refusal_is_told_in_both_languages(room: Room) -> None:
    for lang, words in (
        ("fr", ("Remède", "trouvé", "le verdict entier")),
        ("en", ("Mend", "found", "the whole verdict")),
    ):
        page = room.send(Ask("/auth", {"lang": lang}, listener=WALLET)).answer.body.decode()
        assert all(word in page for word in (*words, "PSC-AUTHZ-CLIENT-MISSING", "Missing parameters: client_id"))
