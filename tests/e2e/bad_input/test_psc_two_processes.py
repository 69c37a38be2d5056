"""Two processes on one PostgreSQL: what one gave is taken once at the other, whoever asks first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from simulators.clients.control import Control, Refusal
from tests.support.postgres import TestDatabase
from tests.support.psc_person import BACK, PERSON
from tests.support.running import Up

pytestmark = pytest.mark.postgresql
WORLD = "deux"
ROUNDS = 8


@dataclass
class Process:
    """One process as a product sees it; both know the same client of the same world."""

    control: Control
    places: Mapping[str, str]
    web: requests.Session

    @classmethod
    def of(cls, up: Up) -> Process:
        control = Control(dict(up.endpoints))
        web = requests.Session()
        web.trust_env = False
        web.verify = up.endpoints["trust"]["roots"]
        if WORLD not in control.call("GET", "/worlds")["worlds"]:
            control.call("POST", "/worlds", {"name": WORLD})
        places = control.call("GET", f"/worlds/{WORLD}")["services"]["pro_sante_connect"]
        return cls(control, places, web)

    def client(self) -> dict[str, str]:
        found = self.control.call("GET", f"/worlds/{WORLD}/psc/clients")["clients"]
        own = next(client for client in found if client["client_id"] == f"segur-sandbox-{WORLD}")
        return {"client_id": own["client_id"], "client_secret": own["secret"]}

    def token(self, **form: str) -> requests.Response:
        return self.web.post(self.places["token"], data={**self.client(), **form}, timeout=30)

    def code(self) -> str:
        asked = {
            "response_type": "code",
            "client_id": self.client()["client_id"],
            "redirect_uri": BACK,
            "scope": "openid scope_all",
            "acr_values": "eidas1",
            "state": "s",
            "nonce": "n",
            "login_hint": PERSON,
            "prompt": "login",
        }
        sent = self.web.get(self.places["authorization"], params=asked, allow_redirects=False, timeout=30)
        return str(requests.models.parse_url(sent.headers["Location"]).query).partition("code=")[2].partition("&")[0]

    def exchange(self, code: str) -> requests.Response:
        return self.token(grant_type="authorization_code", code=code, redirect_uri=BACK)


@pytest.fixture(scope="module")
def both(
    cache: Path, _postgres_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Process, Process]]:
    _postgres_database.empty()
    folder = tmp_path_factory.mktemp("endpoints")
    line = ("--data", _postgres_database.url, "--random-ports", "--only", "pro_sante_connect")
    with (
        Up(cache, *line, "--endpoints", str(folder / "1.json")) as first,
        Up(cache, *line, "--endpoints", str(folder / "2.json")) as second,
    ):
        yield Process.of(first), Process.of(second)


def at_once(*acts: Callable[[], requests.Response]) -> list[requests.Response]:
    gate, answers = threading.Barrier(len(acts)), list[requests.Response]()

    def run(act: Callable[[], requests.Response]) -> None:
        gate.wait(30)
        answers.append(act())

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def one_won(answers: list[requests.Response]) -> dict[str, Any]:
    """The tokens of the only one that got any; the others were told why not."""
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * (len(answers) - 1)
    assert all(answer.json()["error_uri"] for answer in answers if answer.status_code == 400)
    return next(dict(answer.json()) for answer in answers if answer.status_code == 200)


def test_a_code_of_one_is_exchanged_at_the_other_once(both: tuple[Process, Process]) -> None:
    here, there = both
    code = here.code()
    tokens = there.exchange(code).json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    for process in both:
        assert process.web.get(process.places["userinfo"], headers=bearer, timeout=30).status_code == 200
    assert here.exchange(code).json()["error"] == "invalid_grant"
    # The replay at one process ended what the other had given.
    assert there.web.get(there.places["userinfo"], headers=bearer, timeout=30).status_code == 401


def test_of_codes_brought_to_both_at_once_one_wins(both: tuple[Process, Process]) -> None:
    for _ in range(ROUNDS):
        code = both[0].code()
        one_won(at_once(*(partial(process.exchange, code) for process in (*both, *both))))


def test_of_refreshes_at_both_at_once_one_wins(both: tuple[Process, Process]) -> None:
    for _ in range(ROUNDS):
        token = both[0].exchange(both[0].code()).json()["refresh_token"]
        form = {"grant_type": "refresh_token", "refresh_token": token}
        one_won(at_once(*(partial(process.token, **form) for process in both)))


def test_ciba_asked_here_approved_there_polled_at_both(both: tuple[Process, Process]) -> None:
    here, there = both
    asked = {"scope": "openid scope_all", "login_hint": PERSON, "binding_message": "42", "acr_values": "eidas1"}
    acknowledged = here.web.post(here.places["ciba"], data={**here.client(), **asked}, timeout=30).json()
    number = acknowledged["auth_req_id"]
    there.control.call("POST", f"/worlds/{WORLD}/psc/ciba/answer", {"answer": "approve", "auth_req_id": number})
    form = {"grant_type": "urn:openid:params:grant-type:ciba", "auth_req_id": number}
    tokens = one_won(at_once(*(partial(process.token, **form) for process in both)))
    hint = {"id_token_hint": tokens["id_token"]}
    base = there.places["token"].removesuffix("/token")
    assert there.web.get(f"{base}/logout", params=hint, timeout=30).status_code == 200
    gone = here.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert gone.json()["error_description"] == "Session not active"


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("client_id=a%00b", {}),
        ("client_id=" + "a" * 3000, {}),
        ("client_id=x&login_hint=%ED%A0%80", {}),
        ("id_token_hint=eyJraWQiOiJcdWQ4MDAifQ.e30.x", {}),
        ("id_token_hint=eyJraWQiOiJcdTAwMDAifQ.e30.x", {}),
        ("prompt=none", {"Cookie": f'segur_psc_{WORLD}="\\000"; segur_phone_{WORLD}="\\000"'}),
        ("login=%01", {"Cookie": f'segur_psc_login_{WORLD}="\\377\\000"'}),
    ],
)
def test_texts_that_postgresql_does_not_keep(
    both: tuple[Process, Process], query: str, headers: dict[str, str]
) -> None:
    here = both[0]
    wallet = here.places["authorization"].removesuffix("/auth")
    base = here.places["token"].removesuffix("/token")
    good = f"response_type=code&redirect_uri={BACK}&scope=openid+scope_all&acr_values=eidas1&state=s&nonce=n"
    since = here.control.call("GET", f"/worlds/{WORLD}/exchanges?last=1")["cursor"]
    for place in (f"{wallet}/auth", f"{wallet}/login", f"{wallet}/login-page", f"{wallet}/phone", f"{base}/logout"):
        answer = here.web.get(f"{place}?{good}&{query}", headers=headers, allow_redirects=False, timeout=30)
        assert answer.status_code < 500, (place, answer.text)
    rows = here.control.call("GET", f"/worlds/{WORLD}/exchanges?since={since}")["exchanges"]
    assert len(rows) == 5 and {row["outcome"] for row in rows} <= {"accepted", "refused"}
    assert here.exchange(here.code()).status_code == 200


def test_the_control_api_too(both: tuple[Process, Process]) -> None:
    here = both[0]
    for path, body in (
        ("devices", {"person": "\x00", "state": "ready"}),
        ("clients", {"client_id": "a\x00b"}),
        ("clients/remove", {"client_id": "\x00"}),
        ("ciba/answer", {"answer": "approve", "auth_req_id": "\x00"}),
        ("ciba/answer", {"answer": "approve", "auth_req_id": "\ud800"}),
        ("sessions/close", {"sid": "\x00"}),
        ("tokens/expire", {"token": "\x00"}),
        ("keys/withdraw", {"kid": "\x00"}),
    ):
        with pytest.raises(Refusal) as refused:
            here.control.call("POST", f"/worlds/{WORLD}/psc/{path}", body)
        assert 400 <= refused.value.status < 500, (path, refused.value)
