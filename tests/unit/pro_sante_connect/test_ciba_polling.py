"""Polling for the result: order of the checks, slow_down, one success, what a refusal leaves behind."""

from __future__ import annotations

import base64
import json

import pytest

from simulators.core.oidc import keys
from simulators.core.oidc.jose import sign
from simulators.core.rules import Level, Policy
from simulators.pro_sante_connect import ciba_store
from simulators.pro_sante_connect.names import CONNECT, NAME
from simulators.pro_sante_connect.rules import polling as rules
from tests.support.psc_ciba import answer, asked, backchannel, kept, poll, said, settled
from tests.support.psc_room import PERSON, Ask, Room, assert_forced, assert_mends, claims, refresh

PENDING = (
    400,
    "authorization_pending",
    "The authorization request is still pending as the end-user hasn't yet been authenticated.",
)
SLOW = (400, "slow_down", "too early to access")
DENIED = (400, "access_denied", "not authorized")
EXPIRED = (400, "expired_token", "authentication timed out")
GONE = (400, "invalid_grant", "Invalid auth_req_id")


def test_pending_then_approved_then_used(room: Room) -> None:
    number = asked(room, channel="CARD")
    pending = room.send(poll(number))
    assert said(pending) == PENDING and pending.row.outcome == "accepted" and pending.rules == []
    answer(room, number, "approve")
    room.pass_time(5)
    seen = room.send(poll(number))
    given = seen.json
    assert seen.answer.status == 200 and given["expires_in"] == 120 and given["token_type"] == "Bearer"
    assert {"refresh_expires_in", "session_state", "scope", "refresh_token"} <= set(given)
    access, identity = claims(given["access_token"]), claims(given["id_token"])
    assert identity["urn:openid:params:jwt:claim:auth_req_id"] == number
    assert access["SubjectNameID"] == PERSON and access["azp"] == "produit" and access["authMode"] == "CARD"
    assert access["session_state"] == given["session_state"] and access["nonce"] == ""
    assert access["auth_time"] == access["iat"]
    assert pending.row.keys[0] in seen.row.keys
    again = room.send(poll(number))
    assert said(again) == GONE and again.rules == [rules.USED.id]
    assert room.send(refresh(given["refresh_token"])).answer.status == 200
    assert_forced(room, poll(asked(room)), rules.USED, again)


def test_logout_with_the_hint_closes_the_session(room: Room) -> None:
    number = asked(room)
    answer(room, number, "approve")
    given = room.send(poll(number)).json
    assert room.send(Ask(f"{CONNECT}/logout", {"id_token_hint": given["id_token"]})).answer.status == 200
    assert room.send(refresh(given["refresh_token"])).rules == ["PSC-SESSION-OVER"]
    bearer = {"Authorization": f"Bearer {given['access_token']}"}
    assert room.send(Ask(f"{CONNECT}/userinfo", headers=bearer)).answer.status == 401


@pytest.mark.parametrize("given", ["refuse", "pin-blocked"])
def test_a_refusal_is_told_again_until_it_is_forgotten(room: Room, given: str) -> None:
    number = asked(room)
    answer(room, number, given)
    seen = room.send(poll(number))
    assert said(seen) == DENIED and seen.rules == [rules.DENIED.id]
    assert said(room.send(poll(number))) == SLOW
    room.pass_time(10)
    assert said(room.send(poll(number))) == DENIED
    assert_forced(room, poll(asked(room, login_hint="899700000013")), rules.DENIED, seen)


@pytest.mark.parametrize("given", ["ignore", "offline"])
def test_who_does_not_answer_is_pending_until_it_expires(room: Room, given: str) -> None:
    number = asked(room)
    answer(room, number, given)
    assert said(room.send(poll(number))) == PENDING
    room.pass_time(120)
    assert said(room.send(poll(number))) == EXPIRED


def test_too_fast_hides_the_answer_and_lengthens_the_interval(room: Room) -> None:
    number = asked(room)
    room.send(poll(number))
    answer(room, number, "refuse")
    room.pass_time(4)
    seen = room.send(poll(number))
    assert said(seen) == SLOW and seen.rules == [rules.SLOW_DOWN.id]
    assert seen.finding(rules.SLOW_DOWN)["facts"]["interval"] == "5"
    assert kept(room, number).interval == 10
    room.pass_time(5)
    assert said(room.send(poll(number))) == SLOW
    assert kept(room, number).interval == 15
    room.pass_time(6)
    assert said(room.send(poll(number))) == DENIED
    assert_forced(room, poll(asked(room)), rules.SLOW_DOWN, seen)


def test_a_forced_slow_down_changes_nothing(room: Room) -> None:
    number = asked(room)
    room.book.forced = rules.SLOW_DOWN
    assert said(room.send(poll(number))) == SLOW
    room.book.forced = None
    assert kept(room, number).interval == 5 and said(room.send(poll(number))) == PENDING


def test_polling_freely_where_the_world_allows_it(room: Room) -> None:
    world = room.world(Policy(overrides={rules.SLOW_DOWN.id: Level.WARN}))
    room.client(world, client_id="autre")
    number = asked(room, "autre")
    room.send(poll(number, "autre"))
    seen = room.send(poll(number, "autre"))
    assert said(seen) == PENDING and seen.rules == [rules.SLOW_DOWN.id]


@pytest.mark.parametrize(
    ("seconds", "expected"), [(119, PENDING), (120, EXPIRED), (134, EXPIRED), (135, GONE), (9999, GONE)]
)
def test_pending_expired_forgotten(room: Room, seconds: int, expected: tuple[int, str, str]) -> None:
    number = asked(room)
    room.pass_time(seconds)
    assert said(room.send(poll(number))) == expected


def test_an_approval_that_is_fetched_too_late(room: Room) -> None:
    number = asked(room)
    answer(room, number, "approve")
    room.pass_time(120)
    seen = room.send(poll(number))
    assert said(seen) == EXPIRED and seen.rules == [rules.EXPIRED.id]
    room.pass_time(15)
    gone = room.send(poll(number))
    assert gone.rules == [rules.UNKNOWN.id]
    assert_forced(room, poll(asked(room)), rules.EXPIRED, seen)
    assert_forced(room, poll(asked(room)), rules.UNKNOWN, gone)


def test_what_is_no_auth_req_id(room: Room) -> None:
    number = asked(room)
    good = lambda: poll(number)  # noqa: E731
    assert_mends(room, good, "body.auth_req_id", None, rules.MISSING)
    room.pass_time(60)
    assert_mends(room, good, "body.auth_req_id", "abc", rules.UNREADABLE)
    words = [said(room.send(poll(number).with_("body.auth_req_id", value))) for value in (None, "abc")]
    assert words == [
        (400, "invalid_request", "Missing parameter: auth_req_id"),
        (400, "invalid_grant", "Invalid Auth Req ID"),
    ]


def test_forged_and_foreign_tokens(room: Room) -> None:
    number, tokens = asked(room), room.tokens()
    header, payload, signature = number.split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    named = {**json.loads(base64.urlsafe_b64decode(header + "==")), "alg": "none"}
    kid = base64.urlsafe_b64encode(json.dumps(named).encode()).decode().rstrip("=")
    wrong = [f"{none}.{payload}.", f"{kid}.{payload}.", f"{header}.{payload}.{signature[:-4]}AAAA", f"{number}.x.y"]
    wrong += [tokens["access_token"], tokens["id_token"], tokens["refresh_token"], "é", "." * 3, "a" * 20_000]
    for value in wrong:
        assert room.send(poll(value)).rules == [rules.UNREADABLE.id], value[:40]
    assert said(room.send(poll(number))) == PENDING


def test_a_token_of_ours_with_an_unknown_number(room: Room) -> None:
    asked(room)
    with room.store.write("main") as tx:
        forged = sign({"typ": "CIBA", "jti": "0"}, keys.hmac_key(tx, NAME))
    assert room.send(poll(forged)).rules == [rules.UNKNOWN.id]


def test_another_client_cannot_poll(room: Room) -> None:
    room.client(client_id="autre")
    number = asked(room)
    answer(room, number, "approve")
    seen = room.send(poll(number, "autre"))
    assert said(seen) == (400, "invalid_grant", "unauthorized client") and seen.rules == [rules.FOREIGN.id]
    assert seen.finding(rules.FOREIGN)["where"] == "body.client_id"
    assert_forced(room, poll(asked(room)), rules.FOREIGN, seen)
    assert kept(room, number).polled is None
    assert room.send(poll(number)).answer.status == 200


def test_another_world_cannot_poll(room: Room) -> None:
    world = settled(room)
    number = asked(room)
    answer(room, number, "approve")
    assert room.send(poll(number, "autre")).rules == [rules.UNREADABLE.id]
    assert room.send(poll(number, "produit", world=world)).answer.status in {400, 401}
    assert room.send(poll(number)).answer.status == 200


def test_without_the_right_the_token_endpoint_says_400(room: Room) -> None:
    number = asked(room)
    room.client(ciba=False)
    seen = room.send(poll(number))
    assert said(seen) == (400, "invalid_grant", "Client not allowed OIDC CIBA Grant")
    room.client()
    assert_forced(room, poll(number), rules.NOT_ALLOWED, seen)


@pytest.mark.parametrize(("given", "expected"), [("approve", 200), ("refuse", DENIED), ("pin-blocked", DENIED)])
@pytest.mark.parametrize("after", [0, 1, 3])
def test_the_automatic_answer_comes_after_so_many_polls(room: Room, given: str, expected: object, after: int) -> None:
    settings = {"psc.ciba-auto": given, "psc.ciba-auto-after-polls": str(after), "psc.ciba-interval": "0"}
    world = room.world(Policy(settings=settings))
    room.client(world, client_id="autre")
    number = asked(room, "autre")
    for _ in range(after):
        assert said(room.send(poll(number, "autre"))) == PENDING
    seen = room.send(poll(number, "autre"))
    assert seen.answer.status == expected or said(seen) == expected
    assert seen.row.marks["answered_by"] == "setting psc.ciba-auto"
    with room.store.read(world) as tx:
        assert ciba_store.devices(tx) == {}
    assert room.send(backchannel("autre")).answer.status == 200


def test_an_automatic_refusal_stays_when_the_setting_goes(room: Room) -> None:
    world = settled(room, **{"psc.ciba-auto": "refuse", "psc.ciba-auto-after-polls": "0"})
    number = asked(room, "autre")
    assert said(room.send(poll(number, "autre"))) == DENIED
    room.worlds.set_policy(world, Policy())
    room.pass_time(5)
    assert said(room.send(poll(number, "autre"))) == DENIED


@pytest.mark.parametrize("given", ["offline", "nonsense"])
def test_an_automatic_silence_is_pending(room: Room, given: str) -> None:
    settled(room, **{"psc.ciba-auto": given, "psc.ciba-auto-after-polls": "0"})
    number = asked(room, "autre")
    assert said(room.send(poll(number, "autre"))) == PENDING
    room.pass_time(120)
    assert said(room.send(poll(number, "autre"))) == EXPIRED


def test_the_person_may_answer_before_the_automatic_answer(room: Room) -> None:
    settled(room, **{"psc.ciba-auto": "approve"})
    number = asked(room, "autre")
    world = next(name for name in room.worlds.names() if name != "main")
    answer(room, number, "refuse", world)
    assert said(room.send(poll(number, "autre"))) == DENIED


def test_a_frozen_clock_holds_the_request_open(room: Room) -> None:
    number = asked(room)
    room.worlds.freeze("main", room.now)
    room.pass_time(3600)
    assert said(room.send(poll(number))) == PENDING
    room.worlds.freeze("main", None)
    assert said(room.send(poll(number))) == GONE
