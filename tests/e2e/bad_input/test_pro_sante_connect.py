"""Replays, wrong addresses and bombs at Pro Santé Connect: refused with a reason, nothing kept, and a good flow passes
afterwards."""

from __future__ import annotations

import base64
import ssl
import threading
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import pytest
import requests

from simulators.clients.control import Control
from simulators.core import journal
from simulators.sandbox import Sandbox
from tests.e2e.bad_input.test_wallet import found, kept
from tests.e2e.test_phone import Phone
from tests.support.psc_person import BACK, CONNECT, PERSON, Person
from tests.support.psc_product import Product
from tests.support.raw_http import Place, converse

FORM: Final = "application/x-www-form-urlencoded"


# --- replays, with what they cost


def test_a_code_brought_twice_ends_what_it_gave(sandbox: Sandbox, world: str) -> None:
    person = Person(sandbox, world)
    code = person.sign_in()["code"]
    tokens = person.exchange(code)
    newer = person.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    replayed = person.exchange(code)
    assert (replayed["error"], replayed["error_description"]) == ("invalid_grant", "Code not valid")
    for given in (tokens, newer):
        bearer = {"Authorization": f"Bearer {given['access_token']}"}
        assert person.get(f"{person.provider}{CONNECT}/userinfo", headers=bearer).status_code == 401
    assert "error" in person.token(grant_type="refresh_token", refresh_token=newer["refresh_token"])
    assert "access_token" in person.exchange(person.sign_in()["code"])


def test_a_refresh_token_brought_twice_ends_its_family(sandbox: Sandbox, world: str) -> None:
    person = Person(sandbox, world)
    tokens = person.exchange(person.sign_in()["code"])
    apart = person.exchange((person.authorize(), person.told)[1]["code"])
    newer = person.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    since = journal.cursor(sandbox.store, world)
    assert person.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])["error"] == "invalid_grant"
    assert found(sandbox, world, since) == ["PSC-REFRESH-REUSED"]
    assert "error" in person.token(grant_type="refresh_token", refresh_token=newer["refresh_token"])
    bearer = {"Authorization": f"Bearer {newer['access_token']}"}
    assert person.get(f"{person.provider}{CONNECT}/userinfo", headers=bearer).status_code == 401
    # The other grant of the same session is nobody's replay.
    assert "access_token" in person.token(grant_type="refresh_token", refresh_token=apart["refresh_token"])


@pytest.mark.parametrize("kind", ["code", "refresh"])
def test_of_two_at_once_one_wins(sandbox: Sandbox, world: str, kind: str) -> None:
    person = Person(sandbox, world)
    code = person.sign_in()["code"]
    known = {"client_id": person.client["client_id"], "client_secret": person.client["secret"]}
    form = {**known, "grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    if kind == "refresh":
        form = {**known, "grant_type": "refresh_token", "refresh_token": person.exchange(code)["refresh_token"]}
    answers = together(6, lambda: person.web.post(f"{person.provider}{CONNECT}/token", data=form, timeout=20))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 5
    assert {answer.json()["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}
    assert "access_token" in person.exchange(person.sign_in()["code"])


def together(count: int, act: Callable[[], requests.Response]) -> list[requests.Response]:
    """``act`` in so many threads that begin at once."""
    gate, answers = threading.Barrier(count), list[requests.Response]()

    def run() -> None:
        gate.wait(20)
        answers.append(act())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


def test_a_code_with_another_return_address_or_client(sandbox: Sandbox, control: Control, world: str) -> None:
    control.call("POST", f"/worlds/{world}/psc/clients", {"client_id": f"zone-{world}", "secret": "s"})
    person = Person(sandbox, world)
    code = person.sign_in()["code"]
    grant = {"grant_type": "authorization_code", "code": code}
    before = kept(sandbox, world)
    wrong = {
        "PSC-CODE-REDIRECT": [{"redirect_uri": f"{BACK}/"}, {"redirect_uri": "https://voleur.test/retour"}, {}],
        "PSC-CODE-CLIENT": [{"redirect_uri": BACK, "client_id": f"zone-{world}", "client_secret": "s"}],
        "PSC-SECRET": [{"redirect_uri": BACK, "client_secret": "faux"}],
    }
    for rule, ways in wrong.items():
        for given in ways:
            since = journal.cursor(sandbox.store, world)
            refused = person.token(**{**grant, **given})
            assert found(sandbox, world, since) == [rule], refused
            assert refused["error"] in {"invalid_grant", "unauthorized_client"} and refused["error_uri"]
    assert kept(sandbox, world) == before
    assert "access_token" in person.exchange(code)


@pytest.mark.parametrize(
    "uri",
    [
        f"{BACK}/",
        f"{BACK}?a=1",
        f"{BACK}%2f..%2fx",
        "https://produit.test@voleur.test/retour",
        "https://produit.test.voleur.test/retour",
        "https://PRODUIT.test/retour",
        "http://produit.test/retour",
        "https://produit.test:444/retour",
        "//voleur.test/retour",
        "https://voleur.test\\@produit.test/retour",
    ],
)
def test_a_return_address_that_is_only_like_the_declared_one(
    sandbox: Sandbox, control: Control, world: str, uri: str
) -> None:
    client = {"client_id": f"strict-{world}", "secret": "s", "redirect_uris": [BACK]}
    control.call("POST", f"/worlds/{world}/psc/clients", client)
    control.call("PATCH", f"/worlds/{world}/policy", {"unknown": {"redirects": "refuse"}})
    person = Person(sandbox, world)
    person.client = client
    refused = person.authorize(redirect_uri=uri, login_hint=PERSON)
    assert refused.status_code == 400 and "Location" not in refused.headers and "Set-Cookie" not in refused.headers
    assert "PSC-REDIRECT" in refused.text
    assert "code" in (person.authorize(login_hint=PERSON), person.told)[1]


# --- the phone page


def test_the_phone_form_of_another_browser_or_site(sandbox: Sandbox, world: str) -> None:
    product = Product(sandbox, world)
    number = product.number()
    victim, thief = Phone(sandbox, world), Phone(sandbox, world)
    where, fields = victim.form()
    whole = {**fields, "answer": "approve"}
    before, since = kept(sandbox, world), journal.cursor(sandbox.store, world)
    assert thief.post(where, whole).status_code == 403
    thief.web.cookies.clear()
    for wrong in (whole, {**whole, "token": ""}, {**whole, "token": "é" * 64}):
        assert thief.post(where, wrong).status_code == 403
    for name, value in (
        ("Origin", "https://voleur.test"),
        ("Origin", "null"),
        ("Referer", "https://voleur.test/x"),
        ("Sec-Fetch-Site", "cross-site"),
    ):
        refused = victim.post(where, whole, headers={name: value})
        assert refused.status_code == 400 and "PSC-LOGIN-FOREIGN" in refused.text
    assert set(found(sandbox, world, since)) == {"PSC-PHONE-FORM", "PSC-LOGIN-FOREIGN"}
    # A link never answers: only the form does.
    assert victim.web.get(where, params=whole, timeout=20).status_code == 200
    assert kept(sandbox, world) == before and product.told(number) == "authorization_pending"
    victim.post(where, whole)
    assert victim.page.status_code == 200


def test_a_planted_phone_cookie_gives_nothing(sandbox: Sandbox, world: str) -> None:
    number = (product := Product(sandbox, world)).number()
    victim, thief = Phone(sandbox, world), Phone(sandbox, world)
    for each in (victim, thief):
        each.web.cookies.clear()
        each.web.cookies.set(f"segur_phone_{world}", "0" * 32, domain="localhost.local", path="/")
    assert thief.post(victim.address, {"request": "1", "answer": "approve", "token": "0" * 64}).status_code == 403
    assert product.told(number) == "authorization_pending"


# --- bombs at the endpoints that products call

BOMBS: dict[str, tuple[int, str, bytes, str]] = {
    "many": (400, "PSC-PARAMETERS", b"&".join(b"p%d=x" % n for n in range(101)), FORM),
    "many and empty": (400, "PSC-PARAMETERS", b"&".join(b"p%d=" % n for n in range(5000)), FORM),
    "huge": (400, "PSC-PARAMETERS", b"a=" + b"x" * 70_000, FORM),
    "huge name": (400, "PSC-PARAMETERS", b"x" * 70_000 + b"=a", FORM),
    "repeated": (400, "PSC-REPEATED", b"grant_type=a&grant_type=b", FORM),
    "repeated and empty": (400, "PSC-REPEATED", b"scope=&scope=", FORM),
    "JSON": (400, "PSC-PARAMETERS", b'{"grant_type": "authorization_code"}', "application/json"),
    "JSON that says it is a form": (401, "PSC-CLIENT-MISSING", b'{"grant_type": "x"}', FORM),
    "multipart": (400, "PSC-PARAMETERS", b"--a\r\n\r\n\r\n--a--", "multipart/form-data; boundary=a"),
    "no type": (400, "PSC-PARAMETERS", b"grant_type=a", ""),
    "UTF-16": (400, "PSC-PARAMETERS", "grant_type=é".encode("utf-16"), f"{FORM}; charset=utf-16"),
    "Latin-1": (400, "PSC-PARAMETERS", "grant_type=é".encode("latin-1"), f"{FORM}; charset=iso-8859-1"),
    "overlong": (400, "PSC-PARAMETERS", b"grant_type=%c0%af", FORM),
    "half a character": (400, "PSC-PARAMETERS", b"grant_type=%ed%a0%80", FORM),
    "NUL": (400, "PSC-PARAMETERS", b"client_id=a%00b&client_secret=x", FORM),
    "raw octets": (400, "PSC-PARAMETERS", bytes(range(128, 256)), FORM),
    "broken escapes": (401, "PSC-CLIENT-UNKNOWN", b"client_id=%zz%&client_secret=%", FORM),
}
ENDPOINTS: Final = ("token", "ext/ciba/auth", "token/introspect", "revoke")


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_bomb_at_an_endpoint(sandbox: Sandbox, control: Control, world: str, name: str, endpoint: str) -> None:
    status, rule, body, kind = BOMBS[name]
    control.call("PATCH", f"/worlds/{world}/policy", {"unknown": {"*": "refuse"}})
    person = Person(sandbox, world)
    before, since = kept(sandbox, world), journal.cursor(sandbox.store, world)
    headers = {"Content-Type": kind} if kind else {}
    answer = person.post(f"{person.provider}{CONNECT}/{endpoint}", body, headers=headers)
    assert (answer.status_code, found(sandbox, world, since)) == (status, [rule])
    assert answer.json()["error"] and answer.json()["error_description"] and answer.json()["error_uri"]
    assert kept(sandbox, world) == before
    assert Product(sandbox, world).backchannel().status_code == 200


@pytest.mark.parametrize("path", ["/auth", "/login", "/login-page", "/phone"])
@pytest.mark.parametrize("name", ["many", "huge", "repeated", "JSON", "half a character", "NUL"])
def test_a_bomb_at_a_page_is_answered_by_a_page(sandbox: Sandbox, world: str, path: str, name: str) -> None:
    _, rule, body, kind = BOMBS[name]
    person = Person(sandbox, world)
    before, since = kept(sandbox, world), journal.cursor(sandbox.store, world)
    answer = person.post(f"{person.wallet}{path}", body, headers={"Content-Type": kind})
    assert (answer.status_code, found(sandbox, world, since)) == (400, [rule])
    assert answer.headers["Content-Type"].startswith("text/html") and rule in answer.text
    assert "Location" not in answer.headers and "Set-Cookie" not in answer.headers
    assert kept(sandbox, world) == before
    assert "code" in Person(sandbox, world).sign_in()


HEADERS: Final = {
    "a Basic of octets": b"Authorization: Basic \xff\xfe",
    "a Basic of NUL": b"Authorization: Basic " + base64.b64encode(b"a%00b:%00"),
    "a Basic of half a character": b"Authorization: Basic " + base64.b64encode(b"a%ed%a0%80:x"),
    "a Basic without end": b"Authorization: Basic " + base64.b64encode(b"x" * 5000),
    "a Digest": b'Authorization: Digest username="a"',
    "a Bearer of octets": b"Authorization: Bearer \xff\xfe",
    "a Bearer of nothing": b"Authorization: Bearer ",
    "two Authorizations": b"Authorization: Bearer a\r\nAuthorization: Basic YTpi",
    "a certificate in a header": b"X-SSL-Client-Cert: -----BEGIN CERTIFICATE-----",
}


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("endpoint", ["token", "userinfo"])
def test_a_header_that_proves_nothing(sandbox: Sandbox, world: str, name: str, endpoint: str) -> None:
    person = Person(sandbox, world)
    place = Place.of(person.provider, ssl.create_default_context(cafile=str(person.web.verify)))
    path = urlsplit(f"{person.provider}{CONNECT}/{endpoint}")
    before, since = kept(sandbox, world), journal.cursor(sandbox.store, world)
    raw = f"POST {path.path} HTTP/1.1\r\nHost: {path.netloc}\r\nConnection: close\r\n".encode()
    raw += f"Content-Type: {FORM}\r\nContent-Length: 13\r\n".encode() + HEADERS[name] + b"\r\n\r\ngrant_type=ok"
    answer = converse(place, [raw])
    assert answer.status in {400, 401}
    for row in journal.read(sandbox.store, world, since=since):
        assert row.outcome == "refused", row.marks.get("traceback")
    assert kept(sandbox, world) == before
    assert "code" in person.sign_in()
