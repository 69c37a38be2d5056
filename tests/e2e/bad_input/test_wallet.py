"""Hostile input at the pages of the wallet: refused with a reason, nothing kept, the next person is served."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import requests

from simulators.core import journal
from simulators.sandbox import Sandbox
from tests.support.dump import dump
from tests.support.psc_person import BACK, PERSON, Person
from tests.support.raw_http import Place, converse

FORM = "application/x-www-form-urlencoded"
WRITTEN = {"exchanges", "exchange_keys", "journal_blobs", "counters", "certificates"}
Send = Callable[[Person], requests.Response]


def kept(sandbox: Sandbox, world: str) -> dict[str, object]:
    """Every row of the world but the journal's."""
    return {name: found for name, found in dump(sandbox.store, world).items() if name not in WRITTEN}


def login(person: Person) -> str:
    return f"{person.wallet}/login"


def auth(person: Person) -> str:
    return f"{person.wallet}/auth"


HOSTILE: dict[str, tuple[str, Send]] = {
    "a bomb of parameters": (
        "PSC-PARAMETERS",
        lambda p: p.get(auth(p), {**p.asked(), **{f"p{n}": "x" for n in range(200)}}),
    ),
    "a long form": ("PSC-PARAMETERS", lambda p: p.post(login(p), {"login": "x" * 70_000})),
    "a form of another type": (
        "PSC-PARAMETERS",
        lambda p: p.post(login(p), b'{"login": "x"}', headers={"Content-Type": "application/json"}),
    ),
    "octets that are no text": (
        "PSC-PARAMETERS",
        lambda p: p.post(login(p), b"login=%ff%fe", headers={"Content-Type": FORM}),
    ),
    "octets beyond ASCII": (
        "PSC-PARAMETERS",
        lambda p: p.post(login(p), "login=é".encode(), headers={"Content-Type": FORM}),
    ),
    "a parameter twice": (
        "PSC-REPEATED",
        lambda p: p.post(login(p), [("login", "a"), ("login", "b"), ("choice", PERSON)]),
    ),
    "two return addresses": (
        "PSC-REPEATED",
        lambda p: p.get(f"{auth(p)}?redirect_uri=https://voleur.test/cb", p.asked()),
    ),
    "another method": ("PSC-METHOD", lambda p: p.web.delete(login(p), timeout=20)),
    "a script to return to": ("PSC-REDIRECT-FORM", lambda p: p.authorize(redirect_uri="javascript:alert(1)")),
    "lines in the return address": (
        "PSC-REDIRECT-FORM",
        lambda p: p.authorize(redirect_uri=f"{BACK}\r\nSet-Cookie: segur_psc_main=x"),
    ),
    "a name beyond ASCII": ("PSC-REDIRECT-FORM", lambda p: p.authorize(redirect_uri="https://prоduit.test/retour")),
    "a client_id with lines": ("PSC-AUTHZ-CLIENT", lambda p: p.authorize(client_id="a\r\nb")),
    "a client_id without end": ("PSC-AUTHZ-CLIENT", lambda p: p.authorize(client_id="a" * 3000)),
    "a request object without signature": (
        "PSC-REQUEST-OBJECT",
        lambda p: p.authorize(request="eyJhbGciOiJub25lIn0.eyJyZWRpcmVjdF91cmkiOiJodHRwczovL3ZvbGV1ci50ZXN0In0."),
    ),
    "a request object elsewhere": (
        "PSC-REQUEST-OBJECT",
        lambda p: p.authorize(request_uri="http://169.254.169.254/latest"),
    ),
    "a hint of nobody's form": ("PSC-LOGIN-HINT-FORM", lambda p: p.authorize(login_hint="' OR 1=1 --")),
    "a sign-in nobody began": ("PSC-LOGIN-OVER", lambda p: p.post(login(p), {"login": "../" * 20, "choice": PERSON})),
    "a session asked of nobody": ("PSC-PARAMETERS", lambda p: p.get(login(p), {"login": "\x00"})),
    "a form of another site": (
        "PSC-LOGIN-FOREIGN",
        lambda p: p.post(f"{p.wallet}/login-page", {"x": "1"}, headers={"Origin": "https://voleur.test"}),
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_refused_with_a_reason_and_nothing_kept(sandbox: Sandbox, world: str, name: str) -> None:
    rule, send = HOSTILE[name]
    person = Person(sandbox, world)
    person.sign_in()  # what signing in makes by itself is made before
    before, since = kept(sandbox, world), journal.cursor(sandbox.store, world)
    person.web.cookies.clear()
    answer = send(person)
    assert answer.status_code in {302, 400, 405} and rule in found(sandbox, world, since)
    assert "voleur" not in answer.headers.get("Location", "") and "Set-Cookie" not in answer.headers
    assert kept(sandbox, world) == before
    assert "code" in Person(sandbox, world).sign_in()


def found(sandbox: Sandbox, world: str, since: int) -> list[str]:
    """The rules that refused since."""
    rows = journal.read(sandbox.store, world, since=since)
    return [finding["rule"] for row in rows for finding in row.verdict["findings"] if row.outcome == "refused"]


def test_a_form_from_another_browser(sandbox: Sandbox, world: str) -> None:
    thief, victim = Person(sandbox, world), Person(sandbox, world)
    thief.authorize()
    where, form = thief.form(PERSON)
    before, since = kept(sandbox, world), journal.cursor(sandbox.store, world)
    assert victim.post(where, form).status_code == 400
    assert found(sandbox, world, since) == ["PSC-LOGIN-FOREIGN"] and not victim.web.cookies
    assert kept(sandbox, world) == before
    assert "code" in (thief.post(where, form), thief.told)[1]
    assert thief.post(where, form).status_code == 400


def test_a_planted_cookie_never_becomes_a_session(sandbox: Sandbox, world: str) -> None:
    victim, thief = Person(sandbox, world), Person(sandbox, world)
    for each in (victim, thief):
        for name in (f"segur_psc_{world}", f"segur_psc_login_{world}"):
            each.web.cookies.set(name, "0" * 64, domain="localhost.local", path="/")
    victim.sign_in()
    thief.authorize(prompt="none")
    assert thief.told["error"] == "login_required"


@pytest.mark.parametrize("cookie", [b"segur_psc_main=\xff\xfe", b"a=\xe9; b", b';;;===;"', b"x=" + b"y" * 7000])
def test_cookies_of_other_sites_of_this_host(sandbox: Sandbox, world: str, cookie: bytes) -> None:
    """Ports do not separate cookies: whatever another program on localhost has set comes here too."""
    person = Person(sandbox, world)
    place = Place.of(person.wallet, ssl.create_default_context(cafile=str(person.web.verify)))
    host = urlsplit(person.wallet).netloc
    asked = requests.Request("GET", auth(person), params=person.asked()).prepare().path_url
    raw = f"GET {asked} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nCookie: ".encode() + cookie + b"\r\n\r\n"
    assert converse(place, [raw]).status == 200
