"""The token endpoint: what is given, what is refused and why, and what a refusal leaves behind."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

import pytest

from simulators.core.rules import Policy, Rule
from simulators.pro_sante_connect.rules import client as client_rules
from simulators.pro_sante_connect.rules import token as rules
from tests.support.psc_room import (
    BACK,
    PERSON,
    Ask,
    Room,
    assert_forced,
    assert_mends,
    basic,
    claims,
    code_exchange,
    form,
    refresh,
)

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


def test_a_code_gives_three_tokens_of_the_national_shape(room: Room) -> None:
    given = room.tokens()
    assert given["token_type"] == "Bearer" and given["expires_in"] == 120 and given["refresh_expires_in"] == 1800
    access, identity, renewal = (claims(given[name]) for name in ("access_token", "id_token", "refresh_token"))
    assert access["SubjectNameID"] == identity["SubjectNameID"] == PERSON
    assert access["sub"] == f"f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:{PERSON}"
    assert "aud" not in access and identity["aud"] == "produit" and renewal["typ"] == "Refresh"
    assert {access["nonce"], identity["nonce"]} == {"nonce"}
    assert given["session_state"] == access["sid"] == access["session_state"]
    assert access["acr"] == "eidas1" and access["iss"] == "https://psc.test/auth/realms/esante-wallet"
    half = hashlib.sha256(given["access_token"].encode()).digest()[:16]
    assert identity["at_hash"] == base64.urlsafe_b64encode(half).decode().rstrip("=")


@pytest.mark.parametrize("acr", ["eidas2", "eidas3", "absent"])
def test_the_returned_acr_is_the_worlds_choice(room: Room, acr: str) -> None:
    world = room.world(Policy(settings={"psc.acr": acr}))
    room.client(world, client_id="autre")
    given = room.tokens("autre")
    assert claims(given["id_token"]).get("acr", "absent") == acr


@pytest.mark.parametrize("settings", [{}, {"psc.refresh-rotation": "false"}])
def test_a_refresh_keeps_the_login_and_moves_the_rest(room: Room, settings: dict[str, str]) -> None:
    world = room.world(Policy(settings=settings))
    room.client(world, client_id="autre")
    first = room.tokens("autre")
    room.pass_time(600)
    second = room.send(refresh(first["refresh_token"], "autre")).json
    before, after = claims(first["access_token"]), claims(second["access_token"])
    assert after["auth_time"] == before["auth_time"] and after["iat"] == before["iat"] + 600
    assert after["sid"] == before["sid"] and after["nonce"] == before["nonce"]
    again = room.send(refresh(first["refresh_token"], "autre"))
    assert (again.answer.status == 200) == bool(settings)


def good_exchange(room: Room, **asked: str) -> Callable[[], Ask]:
    return lambda: code_exchange(room.code(**asked))


MESSAGES: list[tuple[Rule, str, str | None]] = [
    (rules.GRANT_MISSING, "body.grant_type", None),
    (rules.GRANT, "body.grant_type", "password"),
    (rules.CODE_MISSING, "body.code", None),
    (rules.CODE, "body.code", "abc"),
    (client_rules.SECRET_MISSING, "body.client_secret", None),
    (client_rules.SECRET, "body.client_secret", "autre"),
    (client_rules.MISSING, "body.client_id", None),
]


@pytest.mark.parametrize(("rule", "place", "broken"), MESSAGES, ids=lambda value: getattr(value, "id", None))
def test_mending_where_it_points_makes_it_go(room: Room, rule: Rule, place: str, broken: str | None) -> None:
    assert_mends(room, good_exchange(room), place, broken, rule)


def test_an_unknown_client_is_refused_by_a_world_that_adopts_nobody(room: Room) -> None:
    world = room.world(Policy(unknown={"*": "refuse"}))
    room.client(world, client_id="declare")
    ask = form("token", world, client_id="declare", client_secret="s3cret", grant_type="authorization_code", code="x")
    seen = room.send(ask.with_("body.client_id", "inconnu"))
    assert seen.answer.status == 401 and seen.json["error"] == "invalid_client"
    assert seen.finding(client_rules.UNKNOWN)["where"] == "body.client_id"
    assert client_rules.UNKNOWN.id not in room.send(ask).rules


def test_an_adopted_client_learns_its_first_secret_and_keeps_to_it(room: Room) -> None:
    first = room.send(code_exchange(room.code("neuf"), "neuf", client_secret="un"))
    assert first.answer.status == 200 and "credentials" in first.row.marks["learnt"]
    second = room.send(code_exchange(room.code("neuf"), "neuf", client_secret="deux"))
    assert second.rules == [client_rules.SECRET.id] and second.answer.status == 401


def test_another_redirect_uri(room: Room) -> None:
    good = good_exchange(room)
    seen = room.send(good().with_("body.redirect_uri", "https://produit.test/autre"))
    assert seen.json["error_description"] == "Incorrect redirect_uri"
    assert seen.finding(rules.CODE_REDIRECT)["expected"] == BACK
    assert_forced(room, good(), rules.CODE_REDIRECT, seen)


def test_pkce_is_verified_and_its_absence_told(room: Room) -> None:
    asked = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    good = lambda: code_exchange(room.code(**asked), code_verifier=VERIFIER)  # noqa: E731
    assert room.send(good()).answer.status == 200
    assert_mends(room, good, "body.code_verifier", None, rules.VERIFIER_MISSING)
    assert_mends(room, good, "body.code_verifier", "w" * 43, rules.VERIFIER)
    plain = {"code_challenge": VERIFIER, "code_challenge_method": "plain"}
    assert room.send(code_exchange(room.code(**plain), code_verifier=VERIFIER)).answer.status == 200
    alone = room.send(code_exchange(room.code(), code_verifier=VERIFIER))
    assert alone.answer.status == 200 and alone.rules == [rules.VERIFIER_ALONE.id]


def test_a_replayed_code_revokes_what_it_gave(room: Room) -> None:
    code = room.code()
    given = room.send(code_exchange(code)).json
    seen = room.send(code_exchange(code))
    assert seen.json["error_description"] == "Code not valid" and seen.rules == [rules.CODE_REPLAYED.id]
    assert room.send(refresh(given["refresh_token"])).rules == [rules.REFRESH_EXPIRED.id]
    info = room.send(Ask("/auth/realms/esante-wallet/protocol/openid-connect/userinfo", headers=bearer(given)))
    assert info.answer.status == 401 and info.rules == ["PSC-BEARER-REVOKED"]
    assert_forced(room, code_exchange(room.code()), rules.CODE_REPLAYED, seen)


def test_a_forced_replay_revokes_nothing(room: Room) -> None:
    given = room.tokens()
    room.book.forced = rules.CODE_REPLAYED
    room.send(code_exchange("x"))
    room.book.forced = None
    assert room.send(refresh(given["refresh_token"])).answer.status == 200


def bearer(given: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {given['access_token']}"}


def test_an_old_code_and_one_of_another_client(room: Room) -> None:
    code = room.code()
    room.pass_time(60)
    assert room.send(code_exchange(code)).json["error_description"] == "Code is expired"
    room.client(client_id="autre")
    seen = room.send(code_exchange(room.code(), "autre"))
    assert seen.json["error_description"] == "Auth error" and seen.rules == [rules.CODE_CLIENT.id]


def test_a_reused_refresh_token_ends_its_family(room: Room) -> None:
    first = room.tokens()
    second = room.send(refresh(first["refresh_token"])).json
    seen = room.send(refresh(first["refresh_token"]))
    assert seen.json["error_description"] == "Maximum allowed refresh token reuse exceeded"
    assert room.send(refresh(second["refresh_token"])).rules == [rules.REFRESH_EXPIRED.id]


@pytest.mark.parametrize(("seconds", "refused"), [(1799, ""), (1800, "PSC-SESSION-OVER")])
def test_thirty_minutes_without_use(room: Room, seconds: int, refused: str) -> None:
    given = room.tokens()
    room.pass_time(seconds)
    assert room.send(refresh(given["refresh_token"])).rules == ([refused] if refused else [])


def test_four_hours_however_busy(room: Room) -> None:
    given = room.tokens()
    for _ in range(9):
        room.pass_time(1500)
        given = room.send(refresh(given["refresh_token"])).json
    assert given["refresh_expires_in"] == 14400 - 9 * 1500
    room.pass_time(900)
    assert room.send(refresh(given["refresh_token"])).rules == [rules.SESSION_OVER.id]


def test_refresh_tokens_of_others(room: Room) -> None:
    given = room.tokens()
    room.client(client_id="autre")
    seen = room.send(refresh(given["refresh_token"], "autre"))
    assert seen.rules == [rules.REFRESH_CLIENT.id]
    for wrong in (given["access_token"], given["id_token"], "abc", given["refresh_token"][:-4] + "AAAA"):
        assert room.send(refresh(wrong)).rules == [rules.REFRESH.id]
    assert room.send(refresh(given["refresh_token"], scope="openid phone")).rules == [rules.REFRESH_SCOPE.id]
    assert room.send(refresh(given["refresh_token"], scope="openid")).answer.status == 200
    assert room.send(refresh("").with_("body.refresh_token", None)).rules == [rules.REFRESH_MISSING.id]


def test_the_four_ways_to_authenticate(room: Room) -> None:
    for auth, header in (("client_secret_basic", True), ("client_secret_post", False)):
        room.client(auth=auth)
        post, by_header = code_exchange(room.code()), code_exchange(room.code())
        by_header = Ask(by_header.path, body=dict(by_header.body or {}), headers=basic("produit", "s3cret"))
        by_header = by_header.with_("body.client_secret", None).with_("body.client_id", None)
        right, wrong = (by_header, post) if header else (post, by_header)
        assert room.send(right).answer.status == 200
        assert room.send(wrong).rules == [client_rules.METHOD.id]
    room.client(auth="none")
    assert room.send(code_exchange(room.code()).with_("body.client_secret", None)).answer.status == 200
    room.client(auth="tls_client_auth")
    assert room.send(code_exchange(room.code()).with_("body.client_secret", None)).rules == [
        client_rules.CERTIFICATE_MISSING.id
    ]


def test_a_secret_with_signs_in_a_basic_header(room: Room) -> None:
    room.client(secret="a%b+c&d=é:f")
    ask = code_exchange(room.code()).with_("body.client_secret", None)
    assert room.send(Ask(ask.path, body=ask.body, headers=basic("produit", "a%b+c&d=é:f"))).answer.status == 200
    for header in ("Basic", "Basic ???", "Basic " + base64.b64encode(b"no-colon").decode()):
        seen = room.send(Ask(ask.path, body=ask.body, headers={"Authorization": header}))
        assert seen.rules == [client_rules.HEADER.id] and seen.answer.status == 401
        assert "WWW-Authenticate" in seen.answer.headers
    seen = room.send(Ask(ask.path, body=ask.body, headers=basic("produit", "wrong")))
    assert seen.answer.status == 401 and "WWW-Authenticate" not in seen.answer.headers


def test_both_ways_at_once_is_a_warning_and_strictly_a_refusal(room: Room) -> None:
    ask = code_exchange(room.code())
    seen = room.send(Ask(ask.path, body=ask.body, headers=basic("produit", "s3cret")))
    assert seen.answer.status == 200 and seen.rules == [client_rules.TWICE.id]
    strict = room.world(Policy(profile="strict"))
    room.client(strict, client_id="stricte")
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    ask = code_exchange(room.code("stricte", **pkce), "stricte", code_verifier=VERIFIER)
    assert room.send(Ask(ask.path, body=ask.body, headers=basic("stricte", "s3cret"))).answer.status == 400
