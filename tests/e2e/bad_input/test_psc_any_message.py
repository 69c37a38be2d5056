"""Any message at any operation of Pro Santé Connect, under any policy: told what is wrong, and never our bug."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.clients.control import Control
from simulators.core import journal
from simulators.core.rules import Level
from simulators.pro_sante_connect import service
from simulators.pro_sante_connect.names import CIBA_GRANT
from simulators.pro_sante_connect.operations import OPERATIONS, Operation
from simulators.sandbox import Sandbox
from tests.support.psc_person import BACK, PERSON, Person
from tests.support.psc_product import Product

NAMES: Final = (
    *("client_id", "client_secret", "response_type", "redirect_uri", "scope", "state", "nonce", "acr_values", "acr"),
    *("prompt", "max_age", "login_hint", "ui_locales", "response_mode", "code_challenge", "code_challenge_method"),
    *("request", "request_uri", "grant_type", "code", "code_verifier", "refresh_token", "auth_req_id", "token"),
    *("binding_message", "channel", "requested_expiry", "user_code", "client_notification_token", "id_token_hint"),
    *("post_logout_redirect_uri", "access_token", "login", "choice", "means", "family", "profession", "structure1"),
    *("sector1", "person", "answer", "device", "left", "lang", "q", "request", "identifier", "login_hint_token"),
)
VALUES: Final = (
    *("'", '"', "' OR 1=1 --", "é\u202e", "\U0001f4a9", "\x00", "\x01", "-1", "9" * 400, "1e999", "NaN", "0", "{}"),
    *("%s%n", "../../etc/passwd", "\t\n ", "javascript:alert(1)", "https://voleur.test/", "http://[::1", "http://a:b/"),
    *("none", "login none", "eidas9", "S256", "plain", "fragment", "form_post", "jwt", "approve", "offline", "new"),
    *(
        "a.b.c",
        "eyJhbGciOiJub25lIn0.e30.",
        "eyJraWQiOiJcdWQ4MDAifQ.e30.x",
        "authorization_code",
        CIBA_GRANT,
        "x" * 9000,
    ),
)
REST: Final[Mapping[str, tuple[str, ...]]] = {
    "authorization": ("max_age", "prompt", "response_mode", "code_challenge", "code_challenge_method", "request"),
    "ciba": ("requested_expiry", "user_code", "client_notification_token", "id_token_hint", "request"),
    "token": ("code_verifier", "scope"),
    "phone": ("device", "left"),
}
"""What a good request does without, and a hostile one may hold."""
VALUE: Final = st.one_of(st.sampled_from(VALUES), st.text(max_size=40).filter(str.isprintable))
ODD: Final = st.lists(st.tuples(st.sampled_from(NAMES), VALUE), min_size=1, max_size=6)
COOKIE: Final = st.sampled_from(["", '="\\000"', "=%00", "=x; =y", '="', "=" + "y" * 4000])
KEPT: Final = st.sets(st.integers(0, 20), max_size=3)
HEADERS: Final = st.sampled_from(
    [{}, {"Authorization": "Basic"}, {"Authorization": "Bearer eyJraWQiOiJcdWQ4MDAifQ.e30.x"}]
    + [{"Authorization": "Basic " + base64.b64encode(pair).decode()} for pair in (b"a:b", b"%00:x", b"\xff", b":")]
    + [{"Origin": "null"}, {"Origin": "http://["}, {"Accept-Language": ";;q=x,"}, {"Content-Type": "text/plain"}]
)


@dataclass
class Stage:
    """One world, and a good form for every operation, made before anything hostile comes."""

    sandbox: Sandbox
    control: Control
    person: Person
    tokens: Mapping[str, Any]
    product: Product
    number: str

    def good(self, operation: Operation) -> dict[str, str]:
        client = {"client_id": self.product.client_id, "client_secret": self.product.secret}
        token = {
            "grant_type": "refresh_token",
            "refresh_token": self.tokens["refresh_token"],
            "code": "a.b.c",
            "redirect_uri": BACK,
            "auth_req_id": self.number,
        }
        asked = {"scope": "openid scope_all", "login_hint": PERSON, "acr_values": "eidas1"}
        return {
            "authorization": self.person.asked(),
            "token": client | token,
            "ciba": client | asked | {"binding_message": "42", "channel": "CARD"},
            "introspection": client | {"token": self.tokens["access_token"]},
            "revocation": client | {"token": "a.b.c"},
            "logout": {"id_token_hint": self.tokens["id_token"], "post_logout_redirect_uri": BACK, "state": "s"},
            "userinfo": {"access_token": self.tokens["access_token"]},
            "login": {"login": "x", "choice": PERSON, "means": "CARD"},
            "phone": {"person": PERSON, "answer": "approve", "request": "1", "token": "0" * 64},
        }.get(operation.name, {})

    def rows(self, since: int) -> list[journal.Exchange]:
        return journal.read(self.sandbox.store, self.product.world, since=since)


@pytest.fixture(scope="module")
def stage(sandbox: Sandbox, control: Control) -> Stage:
    sandbox.create_world("psc-any")
    person, product = Person(sandbox, "psc-any"), Product(sandbox, "psc-any")
    person.client = {"client_id": product.client_id, "secret": product.secret}
    tokens = person.exchange(person.sign_in()["code"])
    return Stage(sandbox, control, person, tokens, product, product.number())


def sends() -> Iterator[tuple[Operation, str]]:
    yield from ((operation, method) for operation in OPERATIONS for method in operation.methods if method != "HEAD")


@pytest.mark.parametrize(("operation", "method"), list(sends()), ids=lambda part: getattr(part, "name", part))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(odd=ODD, drop=KEPT, cookie=COOKIE, headers=HEADERS)
def test_no_message_is_our_bug(
    stage: Stage,
    operation: Operation,
    method: str,
    odd: list[tuple[str, str]],
    drop: set[int],
    cookie: str,
    headers: dict[str, str],
) -> None:
    good = [pair for number, pair in enumerate(stage.good(operation).items()) if number not in drop]
    pairs = list({**dict(good), **dict(odd)}.items())
    base = stage.person.wallet if operation.listener == "wallet" else stage.person.provider
    world = stage.product.world
    whole = {"Content-Type": "application/x-www-form-urlencoded", **headers} if method == "POST" else dict(headers)
    if cookie:
        whole["Cookie"] = "; ".join(
            f"{name}_{world}{cookie}" for name in ("segur_psc", "segur_psc_login", "segur_phone")
        )
    since = journal.cursor(stage.sandbox.store, world)
    address, body = f"{base}{operation.paths[0]}", urlencode(pairs)
    answer = stage.product.web.request(
        method,
        address if method == "POST" else f"{address}?{body}",
        data=body.encode() if method == "POST" else None,
        headers=whole,
        allow_redirects=False,
        timeout=20,
    )
    (row,) = stage.rows(since)
    assert row.outcome in {"accepted", "refused"}, (row.marks.get("traceback"), pairs)
    assert answer.status_code in {200, 302, 307, 400, 401, 403, 404, 405, 501, 503}, answer.text
    assert row.outcome == "accepted" or any(finding["level"] == "refuse" for finding in row.verdict["findings"])


def test_it_still_serves_after_all_that(stage: Stage) -> None:
    person = Person(stage.sandbox, stage.product.world)
    person.client = stage.person.client
    assert "access_token" in person.exchange(person.sign_in()["code"])
    stage.control.call("POST", f"/worlds/{stage.product.world}/psc/devices", {"person": PERSON, "state": "ready"})
    number = stage.product.number()
    body = {"answer": "approve", "auth_req_id": number}
    stage.control.call("POST", f"/worlds/{stage.product.world}/psc/ciba/answer", body)
    assert stage.product.told(number) == ""


@pytest.mark.parametrize("level", [Level.OFF, Level.WARN])
def test_with_every_rule_that_can_be_switched(sandbox: Sandbox, control: Control, world: str, level: Level) -> None:
    """All at once: what one rule would have kept out meets the code behind all the others."""
    overrides = {rule.id: level.value for rule in service.RULES if rule.switchable}
    control.call("PATCH", f"/worlds/{world}/policy", {"overrides": overrides})
    stage = Stage(sandbox, control, Person(sandbox, world), {}, Product(sandbox, world), "")
    stage.tokens = stage.person.exchange(stage.person.sign_in()["code"])
    stage.number = stage.product.number()
    since = journal.cursor(sandbox.store, world)
    for operation, method in sends():
        for name in dict.fromkeys((*stage.good(operation), *REST.get(operation.name, ()))):
            for value in ("", "'", "-1", "9" * 400, "a.b.c", "none"):
                form = {**stage.good(operation), name: value}
                base = stage.person.wallet if operation.listener == "wallet" else stage.person.provider
                place = f"{base}{operation.paths[0]}"
                if method == "GET":
                    stage.person.get(place, form)
                else:
                    stage.person.post(place, form)
    bugs = [(row.operation, row.marks.get("traceback")) for row in stage.rows(since) if row.outcome == "failed"]
    assert bugs == []
    assert "code" in stage.person.sign_in()
