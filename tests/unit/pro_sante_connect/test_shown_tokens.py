"""Userinfo, introspection, revocation and logout: tokens shown to the provider."""

from __future__ import annotations

import base64
import json

import pytest

from simulators.core.rules import Policy
from simulators.population import registry
from simulators.pro_sante_connect import sessions
from simulators.pro_sante_connect.names import CONNECT
from simulators.pro_sante_connect.rules import authorization as asking
from simulators.pro_sante_connect.rules import bearer as rules
from tests.support.psc_room import PERSON, Ask, Room, assert_forced, authorization, claims, form, refresh

LOGOUT_BACK = "https://produit.test/adieu"


def userinfo(token: str) -> Ask:
    return Ask(f"{CONNECT}/userinfo", headers={"Authorization": f"Bearer {token}"})


def introspect(token: str, client_id: str = "produit") -> Ask:
    return form("token/introspect", token=token, client_id=client_id, client_secret="s3cret")


def logout(**query: str) -> Ask:
    return Ask(f"{CONNECT}/logout", query)


# --- userinfo


def test_userinfo_has_the_observed_keys_in_order(room: Room) -> None:
    told = room.send(userinfo(room.tokens()["access_token"])).json
    assert list(told)[:4] == ["Secteur_Activite", "sub", "email_verified", "SubjectOrganization"]
    assert told["SubjectNameID"] == told["preferred_username"] == PERSON
    assert told["otherIds"] == [{"identifiant": PERSON, "origine": "RPPS", "qualite": 1}]
    activity = told["SubjectRefPro"]["exercices"][0]["activities"][0]
    assert len(activity) == 30 and all(isinstance(value, str) for value in activity.values())
    assert "numeroFinessetablissementJuridique" in activity


def test_somebody_who_practises_nowhere(room: Room) -> None:
    with room.store.write("main") as tx:
        person = registry.professional(tx, PERSON)
        assert person is not None
        registry.save_professional(tx, type(person).from_json({**person.to_json(), "activities": []}))
    told = room.send(userinfo(room.tokens()["access_token"])).json
    assert "SubjectRefPro" not in told and "SubjectRole" not in told and told["Secteur_Activite"] == ""


def test_userinfo_by_post_in_either_place(room: Room) -> None:
    token = room.tokens()["access_token"]
    by_header = Ask(f"{CONNECT}/userinfo", body={}, headers=userinfo(token).headers)
    by_form = form("userinfo", access_token=token)
    assert room.send(by_header).json == room.send(by_form).json
    seen = room.send(Ask(f"{CONNECT}/userinfo", {"access_token": token}))
    assert seen.rules == [rules.QUERY.id] and seen.answer.status == 401


def test_userinfo_refusals_say_what_is_wrong_with_the_token(room: Room) -> None:
    given = room.tokens()
    token = given["access_token"]
    missing = room.send(Ask(f"{CONNECT}/userinfo"))
    assert missing.rules == [rules.MISSING.id] and missing.finding(rules.MISSING)["where"] == "header.Authorization"
    for wrong in (given["id_token"], given["refresh_token"], "abc", token[:-4] + "AAAA", f"{token}.x"):
        seen = room.send(userinfo(wrong))
        assert seen.rules == [rules.INVALID.id], wrong
        assert seen.answer.status == 401 and 'error="invalid_token"' in seen.answer.headers["WWW-Authenticate"]
    assert_forced(room, userinfo(token), rules.INVALID, seen)
    room.pass_time(119)
    assert room.send(userinfo(token)).answer.status == 200
    room.pass_time(1)
    late = room.send(userinfo(token))
    assert late.rules == [rules.EXPIRED.id] and late.finding(rules.EXPIRED)["where"] == "claim.exp"


def test_userinfo_without_openid(room: Room) -> None:
    token = room.tokens(scope="scope_all")["access_token"]
    seen = room.send(userinfo(token))
    assert seen.answer.status == 403 and seen.json["error"] == "insufficient_scope"


def test_one_token_may_be_expired_on_command(room: Room) -> None:
    token = room.tokens()["access_token"]
    with room.store.write("main") as tx:
        sessions.set_token(tx, claims(token)["jti"], "expired")
    assert room.send(userinfo(token)).rules == [rules.EXPIRED.id]


# --- introspection and revocation


def test_introspection_tells_the_claims_and_the_name_of_an_access_token_only(room: Room) -> None:
    given = room.tokens()
    access = room.send(introspect(given["access_token"])).json
    renewal = room.send(introspect(given["refresh_token"])).json
    assert access["active"] and access["SubjectNameID"] == access["username"] == PERSON
    assert access["client_id"] == "produit" and access["typ"] == "Bearer"
    assert renewal["active"] and "SubjectNameID" not in renewal


def test_an_inactive_token_is_no_refusal_but_its_reason_is_told(room: Room) -> None:
    token = room.tokens()["access_token"]
    room.pass_time(120)
    seen = room.send(introspect(token))
    assert seen.json == {"active": False} and seen.row.outcome == "accepted"
    assert seen.finding(rules.INACTIVE)["found"] == "expired"
    assert room.send(introspect("abc")).json == {"active": False}


def test_introspection_is_for_entitled_clients(room: Room) -> None:
    token = room.tokens()["access_token"]
    room.client(client_id="sans-droit", introspection=False)
    seen = room.send(introspect(token, "sans-droit"))
    assert seen.answer.status == 403 and seen.rules == [rules.INTROSPECTION.id]
    assert room.send(form("token/introspect", client_id="produit", client_secret="s3cret")).rules == [
        rules.TOKEN_MISSING.id
    ]


def test_revoking_a_refresh_token_takes_its_access_token_along(room: Room) -> None:
    given = room.tokens()
    done = room.send(form("revoke", token=given["refresh_token"], client_id="produit", client_secret="s3cret"))
    assert done.answer.status == 200 and done.answer.body == b""
    assert room.send(userinfo(given["access_token"])).rules == [rules.REVOKED.id]
    assert room.send(refresh(given["refresh_token"])).answer.status == 400


def test_revocation_of_the_unknown_and_of_another_clients_token(room: Room) -> None:
    given = room.tokens()
    room.client(client_id="autre")
    other = form("revoke", token=given["access_token"], client_id="autre", client_secret="s3cret")
    assert room.send(other).rules == [rules.REVOCATION_CLIENT.id]
    assert room.send(userinfo(given["access_token"])).answer.status == 200
    unknown = room.send(form("revoke", token="abc", client_id="produit", client_secret="s3cret"))
    assert unknown.answer.status == 200 and unknown.rules == [rules.INACTIVE.id]


# --- logout


def test_a_server_may_close_the_session_with_the_hint_alone(room: Room) -> None:
    given = room.tokens()
    room.pass_time(300)
    seen = room.send(logout(id_token_hint=given["id_token"]))
    assert seen.answer.status == 200 and seen.row.marks["session_closed"]
    assert room.send(refresh(given["refresh_token"])).json["error_description"] == "Session not active"


def test_a_browser_comes_back_with_its_state(room: Room) -> None:
    room.client(post_logout_redirect_uris=(LOGOUT_BACK,))
    first, second = room.tokens(), room.tokens()
    seen = room.send(logout(id_token_hint=first["id_token"], post_logout_redirect_uri=LOGOUT_BACK, state="s"))
    assert seen.answer.headers["Location"] == f"{LOGOUT_BACK}?state=s"
    assert "Max-Age=0" in seen.answer.headers["Set-Cookie"]
    world = room.world(Policy(settings={"psc.logout-drops-state": "true"}))
    room.client(world, client_id="autre", post_logout_redirect_uris=(LOGOUT_BACK,))
    third = room.tokens("autre")
    dropped = logout(id_token_hint=third["id_token"], post_logout_redirect_uri=LOGOUT_BACK, state="s")
    assert room.send(dropped).answer.headers["Location"] == LOGOUT_BACK
    assert room.send(refresh(second["refresh_token"])).answer.status == 200


def test_logout_refusals(room: Room) -> None:
    given = room.tokens()
    for wrong in ("abc", given["access_token"]):
        seen = room.send(logout(id_token_hint=wrong))
        assert seen.rules == [rules.LOGOUT_HINT.id] and seen.answer.status == 400
    assert room.send(logout(post_logout_redirect_uri=LOGOUT_BACK)).rules == [rules.LOGOUT_WHO.id]
    foreign = logout(id_token_hint=given["id_token"], client_id="autre")
    assert room.send(foreign).rules == [rules.LOGOUT_CLIENT.id]
    closed = room.world(Policy(unknown={"*": "refuse"}))
    room.client(closed, client_id="fermee")
    with room.store.write(closed) as tx:
        assert registry.professional(tx, PERSON) is not None
    token = room.tokens("fermee")["id_token"]
    undeclared = logout(id_token_hint=token, post_logout_redirect_uri=LOGOUT_BACK)
    assert room.send(undeclared).rules == [rules.LOGOUT_REDIRECT.id]


def test_after_logout_nobody_is_signed_in_silently(room: Room) -> None:
    first = room.authorize()
    cookie = first.answer.headers["Set-Cookie"].partition(";")[0]
    silent = authorization(login_hint="", prompt="none").with_("header.Cookie", cookie)
    assert "code" in room.send(silent).sent_back
    room.send(logout().with_("header.Cookie", cookie))
    seen = room.send(silent)
    assert seen.sent_back["error"] == "login_required" and seen.rules == [asking.LOGIN_REQUIRED.id]


# --- discovery


@pytest.mark.parametrize("name", ["wallet-openid-configuration", "openid-configuration"])
def test_discovery_names_two_hosts(room: Room, name: str) -> None:
    document = room.send(Ask(f"/auth/realms/esante-wallet/.well-known/{name}")).json
    assert document["issuer"] == "https://psc.test/auth/realms/esante-wallet"
    assert document["authorization_endpoint"] == "https://wallet.test/auth"
    assert document["token_endpoint"].startswith(document["issuer"])


def test_the_standard_name_may_be_switched_off_and_national_lists_on(room: Room) -> None:
    settings = {"psc.standard-discovery": "false", "psc.discovery": "national"}
    world = room.world(Policy(settings=settings))
    prefix = f"/w/{world}/auth/realms/esante-wallet"
    assert room.send(Ask(f"{prefix}/.well-known/openid-configuration")).answer.status == 404
    document = room.send(Ask(f"{prefix}/.well-known/wallet-openid-configuration")).json
    assert document["issuer"] == f"https://psc.test{prefix}"
    assert "implicit" in document["grant_types_supported"]
    assert room.send(Ask(f"{CONNECT}/auth/device", body={})).answer.status == 501


def test_the_key_set_has_no_private_half(room: Room) -> None:
    keys = room.send(Ask(f"{CONNECT}/certs")).json["keys"]
    assert len(keys) == 1 and set(keys[0]) == {"n", "e", "kty", "kid", "alg", "use"}
    token = room.tokens()["id_token"]
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    assert header == {"alg": "RS256", "typ": "JWT", "kid": keys[0]["kid"]} and len(keys[0]["kid"]) == 43


def test_requests_that_are_nothing_of_ours(room: Room) -> None:
    assert room.send(Ask("/rien")).rules == ["PSC-PATH"]
    assert room.send(Ask(f"{CONNECT}/token")).answer.status == 405
    doubled = Ask(f"{CONNECT}/token", {"grant_type": "password"}, body={"grant_type": "authorization_code"})
    assert room.send(doubled).rules == ["PSC-REPEATED"]
    bomb = Ask(f"{CONNECT}/token", body={f"p{n}": "x" for n in range(101)})
    assert room.send(bomb).rules == ["PSC-PARAMETERS"]
    as_json = Ask(f"{CONNECT}/token", body={"a": "b"}, headers={"Content-Type": "application/json"})
    seen = room.send(as_json)
    assert seen.rules == ["PSC-PARAMETERS"] and seen.json["error"] == "invalid_request"
