"""What is refused before it is read, what a world only warns of, and what nobody came back for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from simulators.core.rules import Policy
from simulators.pro_sante_connect import sessions
from simulators.pro_sante_connect.names import CONNECT, WALLET
from simulators.pro_sante_connect.rules import authorization as rules
from simulators.pro_sante_connect.rules import client, request
from simulators.pro_sante_connect.settings import SETTINGS
from tests.support.psc_ciba import backchannel, poll, said
from tests.support.psc_room import Ask, Room, authorization, code_exchange, form

PAGES = [
    Ask("/auth", listener=WALLET),
    Ask("/login", listener=WALLET),
    Ask("/login-page", listener=WALLET),
    Ask("/phone", listener=WALLET),
    Ask(f"{CONNECT}/logout"),
    Ask(f"{CONNECT}/auth"),
]


@pytest.mark.parametrize("ask", PAGES, ids=lambda ask: ask.path)
def test_a_person_is_shown_a_page(room: Room, ask: Ask) -> None:
    bomb = replace(ask, query={f"p{number}": "x" for number in range(200)})
    twice = replace(ask, query={"state": "a"}, body={"state": "b"})
    for one, rule, status in ((bomb, request.PARAMETERS, 400), (twice, request.REPEATED, 400)):
        seen = room.send(one)
        assert (seen.answer.status, seen.rules) == (status, [rule.id])
        assert seen.answer.headers["Content-Type"].startswith("text/html") and "Location" not in seen.answer.headers
        assert rule.id in seen.answer.body.decode() and "Set-Cookie" not in seen.answer.headers
    other = room.send(replace(ask, method="DELETE"))
    assert (other.answer.status, other.answer.headers["Allow"]) == (405, "GET, POST")
    assert other.answer.headers["Content-Type"].startswith("text/html")


def test_a_product_is_told_in_json(room: Room) -> None:
    for ask in (form("token", a="1"), form("token/introspect", a="1"), form("userinfo", a="1"), form("revoke", a="1")):
        seen = room.send(replace(ask, query={"a": "2"}))
        assert (seen.answer.status, seen.json["error"], seen.rules) == (400, "invalid_request", [request.REPEATED.id])
    assert "Cache-Control" not in room.send(replace(backchannel(), query={"scope": "openid"})).answer.headers


@pytest.mark.parametrize("client_id", ["inconnu", "client-à-accents"])
def test_an_unknown_client_is_warned_of_once_and_served(room: Room, client_id: str) -> None:
    world = room.world(Policy(unknown={"clients": "warn"}))
    seen = room.send(authorization(client_id, world=world))
    assert seen.row.outcome == "accepted" and seen.finding(rules.CLIENT)["level"] == "warn"
    assert f"clients:{client_id}" in seen.row.marks["adopted"]
    again = room.send(code_exchange(seen.sent_back["code"], client_id, world=world))
    assert again.row.outcome == "accepted" and client.UNKNOWN.id not in again.rules


def test_an_unknown_client_that_calls_is_warned_of_too(room: Room) -> None:
    world = room.world(Policy(unknown={"clients": "warn"}))
    seen = room.send(backchannel("inconnu", world=world))
    assert seen.row.outcome == "accepted" and seen.finding(client.UNKNOWN)["level"] == "warn"
    adopting = room.send(backchannel("inconnu", world=room.world()))
    assert client.UNKNOWN.id not in adopting.rules


def test_sign_ins_nobody_ended_are_forgotten_at_the_next_one(room: Room) -> None:
    room.client()
    began = room.now
    for _ in range(2):
        room.authorize(login_hint="")
        room.pass_time(1000)
    with room.store.write("main") as tx:
        first = sessions.begin_login(tx, "produit", {}, "x", began)
    room.authorize(login_hint="")
    with room.store.read("main") as tx:
        assert sessions.login(tx, first.id) is None
        rows = tx.find(sessions._logins)
    assert len(rows) == 2 and min(row.at_us for row in rows) > began.timestamp() * 1_000_000
    assert room.now - began == timedelta(seconds=2000)


@pytest.mark.parametrize("value", ["9" * 30, "999999999", "-1", "x", ""])
def test_settings_that_are_no_sensible_number(room: Room, value: str) -> None:
    world = room.world(Policy(settings={one.name: value for one in SETTINGS if one.default.isdecimal()}))
    room.client(world, client_id="autre")
    assert "access_token" in room.tokens("autre", world)
    number = room.send(backchannel("autre", world=world)).json["auth_req_id"]
    assert said(room.send(poll(number, "autre", world=world)))[1] == "authorization_pending"
