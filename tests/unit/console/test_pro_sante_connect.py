"""The control API of Pro Santé Connect, on a room without a socket."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from simulators.console.api.pro_sante_connect import CLIENT, ROUTES
from simulators.console.api.route import Values
from simulators.console.problems import Problem
from simulators.pro_sante_connect.clients import Client
from simulators.pro_sante_connect.names import CONNECT
from tests.support.psc_ciba import asked, backchannel, poll, said
from tests.support.psc_room import PERSON, Ask, Room, claims, code_exchange, refresh

OTHER = "899700000013"


class Api:
    """Calls a route as Flask would."""

    def __init__(self, room: Room, *services: str) -> None:
        names = [SimpleNamespace(name=name) for name in services]
        self.sandbox: Any = SimpleNamespace(
            services=names, store=room.store, worlds=room.worlds, now=lambda: room.now, runtime=room.runtime
        )

    def __call__(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
        whole = f"/worlds/<world>/psc/{path}"
        route = next(route for route in ROUTES if (route.method, route.path) == (method, whole))
        values = Values(body or {}, query)
        values.check(route)
        return route.handler(self.sandbox, values, world="main")

    def refuses(self, status: int, path: str, body: dict[str, Any]) -> str:
        with pytest.raises(Problem) as refused:
            self("POST", path, body)
        assert refused.value.status == status
        return refused.value.detail


@pytest.fixture
def room() -> Any:
    made = Room()
    made.client()
    yield made
    made.close()


@pytest.fixture
def api(room: Room) -> Api:
    return Api(room, "pro_sante_connect")


def test_every_field_of_a_client_can_be_declared() -> None:
    assert set(CLIENT) == set(Client("x").to_json()) - {"adopted"}


def test_a_client_is_declared_replaced_and_removed(room: Room, api: Api) -> None:
    whole = {"client_id": "neuf", "secret": "s3cret", "redirect_uris": ["https://produit.test/retour"], "ciba": False}
    assert api("POST", "clients", whole) == Client("neuf", "", "s3cret", ciba=False).to_json() | {
        "redirect_uris": ["https://produit.test/retour"]
    }
    assert room.send(backchannel("neuf")).answer.status == 401
    api("POST", "clients", {"client_id": "neuf", "secret": "s3cret"})
    assert room.send(backchannel("neuf")).answer.status == 200
    assert [client["client_id"] for client in api("GET", "clients")["clients"]] == ["neuf", "produit", "segur-sandbox"]
    assert api("POST", "clients/remove", {"client_id": "neuf"}) == {"removed": "neuf"}
    assert "neuf" in api.refuses(404, "clients/remove", {"client_id": "neuf"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "a b"},
        {"client_id": "x" * 256},
        {"client_id": "x", "auth": "magic"},
        {"client_id": "x", "delivery": "push"},
        {"client_id": "x", "redirect_uris": ["javascript:alert(1)"]},
        {"client_id": "x", "redirect_uris": [1]},
    ],
)
def test_a_client_that_can_never_work(api: Api, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        api("POST", "clients", wrong)
    assert [client["client_id"] for client in api("GET", "clients")["clients"]] == ["produit", "segur-sandbox"]


def test_an_adopted_client_is_promoted(room: Room, api: Api) -> None:
    room.send(code_exchange(room.code("adopte"), "adopte"))
    assert api("POST", "clients/promote", {"client_id": "adopte"})["adopted"] is False
    assert api("POST", "clients/promote", {"client_id": "adopte"})["secret"] == "s3cret"
    api.refuses(404, "clients/promote", {"client_id": "nobody"})


@pytest.mark.parametrize("by", ["auth_req_id", "id", "person", "only"])
def test_a_request_is_listed_and_answered(room: Room, api: Api, by: str) -> None:
    number = asked(room)
    listed = api("GET", "ciba")["requests"]
    assert [one["auth_req_id"] for one in listed] == [number] and listed[0]["expires_in"] == 120
    named = {"auth_req_id": {"auth_req_id": number}, "id": {"auth_req_id": listed[0]["id"]}}
    chosen = {**named, "person": {"person": PERSON}, "only": {}}[by]
    assert api("POST", "ciba/answer", {"answer": "approve", **chosen})["request"]["state"] == "approved"
    assert room.send(poll(number)).answer.status == 200
    assert api("GET", "ciba") == {"requests": [], "devices": {}}


def test_the_newest_request_of_a_person(room: Room, api: Api) -> None:
    first = asked(room)
    room.pass_time(1)
    second = asked(room)
    assert "give auth_req_id or person" in api.refuses(409, "ciba/answer", {"answer": "approve"})
    api("POST", "ciba/answer", {"answer": "approve", "person": PERSON})
    assert room.send(poll(second)).answer.status == 200
    assert said(room.send(poll(first)))[1] == "authorization_pending"


def test_answers_that_cannot_be_given(room: Room, api: Api) -> None:
    api.refuses(404, "ciba/answer", {"answer": "approve"})
    api.refuses(404, "ciba/answer", {"answer": "approve", "person": PERSON})
    api.refuses(404, "ciba/answer", {"answer": "approve", "auth_req_id": "x"})
    number = asked(room)
    assert "approve" in api.refuses(400, "ciba/answer", {"answer": "oui"})
    api("POST", "ciba/answer", {"answer": "refuse"})
    assert "refused" in api.refuses(409, "ciba/answer", {"answer": "approve", "auth_req_id": number})
    late = asked(room)
    room.pass_time(120)
    assert "expired" in api.refuses(409, "ciba/answer", {"answer": "approve", "auth_req_id": late})


def test_a_device_out_of_service_and_back(room: Room, api: Api) -> None:
    asked(room)
    api("POST", "ciba/answer", {"answer": "offline"})
    assert api("GET", "ciba")["devices"] == {PERSON: "offline"}
    assert api("GET", "ciba", person=OTHER)["requests"] == []
    assert room.send(backchannel()).answer.status == 503
    assert api("POST", "devices", {"person": PERSON, "state": "ready"}) == {"person": PERSON, "state": "ready"}
    assert room.send(backchannel()).answer.status == 200
    api.refuses(400, "devices", {"person": PERSON, "state": "broken"})
    api.refuses(404, "devices", {"person": "899700000997", "state": "ready"})


def test_the_automatic_answer(room: Room, api: Api) -> None:
    assert api("POST", "ciba/auto", {"answer": "approve", "after_polls": 0}) == {"answer": "approve", "after_polls": 0}
    assert room.send(poll(asked(room))).answer.status == 200
    api("POST", "ciba/auto", {})
    assert said(room.send(poll(asked(room))))[1] == "authorization_pending"
    api.refuses(400, "ciba/auto", {"answer": "ignore"})
    api.refuses(400, "ciba/auto", {"answer": "approve", "after_polls": -1})


def test_sessions_are_listed_and_closed(room: Room, api: Api) -> None:
    given = room.tokens()
    (one,) = api("GET", "sessions")["sessions"]
    assert (one["sid"], one["person"], one["browser"], one["clients"]) == (
        *(given["session_state"], PERSON, True, ["produit"]),
    )
    assert api("POST", "sessions/close", {"sid": one["sid"]}) == {"closed": one["sid"], "was_open": True}
    assert api("GET", "sessions") == {"sessions": []}
    assert room.send(refresh(given["refresh_token"])).rules == ["PSC-SESSION-OVER"]
    api.refuses(404, "sessions/close", {"sid": "x"})


def test_a_session_of_which_the_life_is_over_is_not_listed(room: Room, api: Api) -> None:
    room.tokens()
    room.pass_time(1800)
    assert api("GET", "sessions") == {"sessions": []}


def test_one_token_expires_now(room: Room, api: Api) -> None:
    given = room.tokens()
    done = api("POST", "tokens/expire", {"token": given["access_token"]})["expired"]
    assert done == [{"jti": claims(given["access_token"])["jti"], "kind": "access", "client_id": "produit"}]
    bearer = {"Authorization": f"Bearer {given['access_token']}"}
    assert room.send(Ask(f"{CONNECT}/userinfo", headers=bearer)).rules == ["PSC-BEARER-EXPIRED"]
    assert room.send(refresh(given["refresh_token"])).answer.status == 200
    assert api("POST", "tokens/expire", {"token": given["access_token"]}) == {"expired": []}


def test_the_tokens_of_a_session_by_kind(room: Room, api: Api) -> None:
    given = room.tokens()
    body = {"sid": given["session_state"], "kind": "refresh"}
    assert [one["kind"] for one in api("POST", "tokens/expire", body)["expired"]] == ["refresh"]
    assert room.send(refresh(given["refresh_token"])).rules == ["PSC-REFRESH-EXPIRED"]
    kinds = [one["kind"] for one in api("POST", "tokens/expire", {"sid": given["session_state"]})["expired"]]
    assert sorted(kinds) == ["access", "id"]
    jti = claims(room.tokens()["refresh_token"])["jti"]
    assert api("POST", "tokens/expire", {"token": jti})["expired"][0]["jti"] == jti


def test_tokens_that_are_none(room: Room, api: Api) -> None:
    given = room.tokens()
    for wrong in ("x", given["access_token"][:-4] + "AAAA", asked(room)):
        api.refuses(404, "tokens/expire", {"token": wrong})
    api.refuses(400, "tokens/expire", {})
    api.refuses(400, "tokens/expire", {"token": "x", "sid": "y"})
    api.refuses(400, "tokens/expire", {"sid": "y", "kind": "cookie"})


def test_keys_are_rotated_and_withdrawn(room: Room, api: Api) -> None:
    old = room.tokens()
    (first,) = api("GET", "keys")["keys"]
    second = api("POST", "keys/rotate")["kid"]
    assert [key["kid"] for key in api("GET", "keys")["keys"]] == [second, first["kid"]]
    bearer = {"Authorization": f"Bearer {old['access_token']}"}
    assert room.send(Ask(f"{CONNECT}/userinfo", headers=bearer)).answer.status == 200
    assert api("POST", "keys/withdraw", {"kid": first["kid"]}) == {"withdrawn": first["kid"]}
    assert room.send(Ask(f"{CONNECT}/userinfo", headers=bearer)).answer.status == 401
    api.refuses(404, "keys/withdraw", {"kid": first["kid"]})
    assert room.tokens()["access_token"]


def test_without_the_room_every_route_says_so(room: Room) -> None:
    api = Api(room, "dmp")
    for route in ROUTES:
        body = dict.fromkeys(route.required, "x")
        with pytest.raises(Problem) as refused:
            api(route.method, route.path.partition("/psc/")[2], body)
        assert refused.value.status == 404
