"""The backchannel endpoint: what it acknowledges, what it refuses and why, in which order."""

from __future__ import annotations

import pytest

from simulators.core.rules import Level, Policy, Rule
from simulators.pro_sante_connect import ciba_store
from simulators.pro_sante_connect.ciba_store import CibaRequest
from simulators.pro_sante_connect.rules import ciba as rules
from simulators.pro_sante_connect.rules import client as client_rules
from tests.support.psc_ciba import asked, backchannel, kept, said
from tests.support.psc_room import PERSON, Ask, Room, assert_forced, assert_mends, basic, claims

UNKNOWN = "899700000997"


def ciba_alone(seen_rules: list[str]) -> list[str]:
    """The findings besides the one on the missing browser flow."""
    return [name for name in seen_rules if name != rules.ALONE.id]


def test_the_acknowledgement(room: Room) -> None:
    seen = room.send(backchannel())
    assert seen.answer.status == 200 and ciba_alone(seen.rules) == []
    assert set(seen.json) == {"auth_req_id", "expires_in", "interval"}
    assert (seen.json["expires_in"], seen.json["interval"]) == (120, 5)
    assert not {"Cache-Control", "Pragma"} & set(seen.answer.headers)
    told = claims(seen.json["auth_req_id"])
    assert told["typ"] == "CIBA" and told["azp"] == "produit" and told["exp"] - told["iat"] == 120
    assert seen.row.who["professional"] == PERSON and seen.row.marks["binding_message"] == "42"
    assert f"ciba:{told['jti']}" in seen.row.keys


@pytest.mark.parametrize(("given", "channel"), [("", "MOBILE"), ("MOBILE", "MOBILE"), ("CARD", "CARD")])
def test_the_channel(room: Room, given: str, channel: str) -> None:
    assert kept(room, asked(room, channel=given)).channel == channel


def test_requested_expiry_and_settings(room: Room) -> None:
    assert room.send(backchannel(requested_expiry="30")).json["expires_in"] == 30
    world = room.world(Policy(settings={"psc.ciba-seconds": "60", "psc.ciba-interval": "1"}))
    room.client(world, client_id="autre")
    given = room.send(backchannel("autre")).json
    assert (given["expires_in"], given["interval"]) == (60, 1)


def test_basic_authentication_is_the_usual_way(room: Room) -> None:
    ask = backchannel().with_("body.client_id", None).with_("body.client_secret", None)
    assert room.send(Ask(ask.path, body=ask.body, headers=basic("produit", "s3cret"))).answer.status == 200
    refused = room.send(Ask(ask.path, body=ask.body, headers=basic("produit", "faux")))
    assert refused.answer.status == 401 and refused.rules == [client_rules.SECRET.id]
    assert not {"Cache-Control", "Pragma"} & set(refused.answer.headers)


MESSAGES: list[tuple[Rule, str, str | None]] = [
    (rules.HINT_MISSING, "body.login_hint", None),
    (rules.HINTS, "body.login_hint_token", "eyJhbGciOiJub25lIn0.e30."),
    (rules.HINTS, "body.login_hint_token", "x"),
    (rules.USER_FORM, "body.login_hint", "dupont"),
    (rules.SCOPE_MISSING, "body.scope", None),
    (rules.SCOPE, "body.scope", "openid,scope_all"),
    (rules.OPENID, "body.scope", "scope_all"),
    (rules.SCOPE_ALL, "body.scope", "openid"),
    (rules.BINDING, "body.binding_message", "code 42"),
    (rules.BINDING, "body.binding_message", "4" * 51),
    (rules.DIGITS, "body.binding_message", "bonjour"),
    (rules.DIGITS, "body.binding_message", "4"),
    (rules.DIGITS, "body.binding_message", None),
    (rules.ACR_MISSING, "body.acr_values", None),
    (rules.ACR, "body.acr_values", "eidas2"),
    (rules.CHANNEL, "body.channel", "PHONE"),
    (rules.CHANNEL, "body.channel", "card"),
    (rules.NOTIFICATION_POLL, "body.client_notification_token", "jeton"),
    (rules.USER_CODE, "body.user_code", "1234"),
    (rules.EXPIRY, "body.requested_expiry", "2 minutes"),
    (rules.EXPIRY, "body.requested_expiry", "0"),
    (rules.EXPIRY, "body.requested_expiry", "-1"),
    (rules.EXPIRY, "body.requested_expiry", "9999999999"),
    (rules.REQUEST_OBJECT, "body.request", "eyJhbGciOiJub25lIn0.e30."),
]


@pytest.mark.parametrize(("rule", "place", "broken"), MESSAGES, ids=lambda value: getattr(value, "id", repr(value)))
def test_mending_where_it_points_makes_it_go(room: Room, rule: Rule, place: str, broken: str | None) -> None:
    assert_mends(room, backchannel, place, broken, rule)


@pytest.mark.parametrize("message", ["42\n", "４２", "<b>", "a" * 4000])
def test_a_binding_message_is_never_more_than_plain_characters(room: Room, message: str) -> None:
    seen = room.send(backchannel(binding_message=message))
    assert seen.answer.status == 400 and rules.BINDING.id in seen.rules and rules.DIGITS.id not in seen.rules


@pytest.mark.parametrize("rule", [rules.HINTS, rules.OPENID, rules.DIGITS, rules.ACR_MISSING], ids=lambda rule: rule.id)
def test_a_warning_refuses_in_the_strict_profile(room: Room, rule: Rule) -> None:
    world = room.world(Policy(profile="strict"))
    room.client(world, client_id="stricte")
    assert rule.example is not None
    ask = backchannel("stricte")
    assert room.send(ask).answer.status == 200
    seen = room.send(ask.with_(rule.example.where, rule.example.found or None))
    assert seen.answer.status == 400 and seen.finding(rule)["level"] == "refuse"
    assert_forced(room, ask, rule, seen)


WORDS: list[tuple[str, str | None, int, str, str]] = [
    ("login_hint", None, 400, "invalid_request", "missing parameter : login_hint"),
    ("login_hint", "dupont", 400, "invalid_request", "invalid_user"),
    ("scope", None, 400, "invalid_request", "missing parameter : scope"),
    ("scope", "openid,scope_all", 400, "invalid_scope", "Invalid scopes: openid,scope_all"),
    ("scope", 'openid é"\\', 400, "invalid_scope", "Invalid scopes: openid ???"),
    (
        "binding_message",
        "a b",
        400,
        "invalid_binding_message",
        "the binding_message value has to be max 50 characters in length and must contain only basic plain-text "
        "characters without spaces",
    ),
    ("user_code", "1234", 400, "invalid_request", "User code not supported"),
    (
        "client_notification_token",
        "x",
        400,
        "invalid_request",
        "Client Notification token supported only for the ping mode",
    ),
]


@pytest.mark.parametrize(("name", "broken", "status", "error", "description"), WORDS)
def test_keycloaks_words(room: Room, name: str, broken: str | None, status: int, error: str, description: str) -> None:
    assert said(room.send(backchannel().with_(f"body.{name}", broken))) == (status, error, description)


def test_the_order_of_the_checks(room: Room) -> None:
    room.client(client_id="sans", ciba=False)
    everything_wrong = backchannel("sans", login_hint="", scope="", binding_message="a b", client_secret="faux")
    order: list[tuple[dict[str, str], str]] = [
        ({}, client_rules.SECRET.id),
        ({"client_secret": "s3cret"}, rules.NOT_ALLOWED.id),
        ({"client_id": "produit"}, rules.HINT_MISSING.id),
        ({"login_hint": "dupont"}, rules.USER_FORM.id),
        ({"login_hint": PERSON}, rules.SCOPE_MISSING.id),
        ({"scope": "x"}, rules.SCOPE.id),
        ({"scope": "openid scope_all"}, rules.BINDING.id),
    ]
    ask = everything_wrong
    for mended, expected in order:
        for name, value in mended.items():
            ask = ask.with_(f"body.{name}", value)
        refusing = [f["rule"] for f in room.send(ask).row.verdict["findings"] if f["level"] == "refuse"]
        assert refusing[0] == expected
    assert room.send(ask.with_("body.binding_message", "42")).answer.status == 200


def test_a_client_without_the_right_gets_401_here(room: Room) -> None:
    room.client(ciba=False)
    seen = room.send(backchannel())
    assert said(seen) == (401, "invalid_grant", "Client not allowed OIDC CIBA Grant")
    assert_forced(room, backchannel(), rules.NOT_ALLOWED, seen)
    room.client()
    assert room.send(backchannel()).answer.status == 200


def test_an_unknown_person_is_adopted_or_refused_by_policy(room: Room) -> None:
    seen = room.send(backchannel(login_hint=UNKNOWN))
    assert seen.answer.status == 200 and f"professionals:{UNKNOWN}" in seen.row.marks["adopted"]
    world = room.world(Policy(unknown={"professionals": "refuse", "*": "adopt"}))
    room.client(world, client_id="autre")
    refused = room.send(backchannel("autre", login_hint=UNKNOWN))
    assert said(refused) == (400, "invalid_request", "invalid_user") and refused.rules == [rules.USER.id]
    assert refused.finding(rules.USER)["where"] == "body.login_hint"
    assert_forced(room, backchannel("autre"), rules.USER, refused)


def test_a_refused_request_adopts_nobody(room: Room) -> None:
    assert room.send(backchannel(login_hint=UNKNOWN, scope="x")).answer.status == 400
    world = room.world(Policy(unknown={"*": "refuse"}))
    room.client(world, client_id="autre")
    assert rules.USER.id in room.send(backchannel("autre", login_hint=UNKNOWN)).rules
    with room.store.read("main") as tx:
        assert ciba_store.waiting(tx, room.now) == []


@pytest.mark.parametrize("hint", [UNKNOWN, "dupont"])
def test_the_error_of_the_standard_on_demand(room: Room, hint: str) -> None:
    world = room.world(Policy(settings={"psc.ciba-spec-errors": "true"}, unknown={"*": "refuse"}))
    room.client(world, client_id="autre")
    seen = room.send(backchannel("autre", login_hint=hint))
    assert said(seen) == (400, "unknown_user_id", "invalid_user") and seen.rules == [rules.SPEC_USER.id]


def test_ciba_alone_is_a_warning_until_the_browser_flow_was_seen(room: Room) -> None:
    seen = room.send(backchannel())
    assert seen.answer.status == 200 and seen.finding(rules.ALONE)["level"] == "warn"
    room.client(client_id="autre")
    room.tokens("autre")
    assert rules.ALONE.id in room.send(backchannel()).rules
    room.tokens()
    assert rules.ALONE.id not in room.send(backchannel()).rules


def test_the_browser_flow_of_another_world_does_not_count(room: Room) -> None:
    room.tokens()
    world = room.world()
    room.client(world)
    assert rules.ALONE.id in room.send(backchannel(world=world)).rules


@pytest.mark.parametrize(
    ("state", "rule", "words"),
    [
        (ciba_store.OFFLINE, rules.UNREACHED, "Failed to send authentication request"),
        (ciba_store.PIN_BLOCKED, rules.LOCKED, "Unexpected response from authentication device"),
    ],
)
def test_a_device_out_of_service(room: Room, state: str, rule: Rule, words: str) -> None:
    with room.store.write("main") as tx:
        ciba_store.set_device(tx, PERSON, state)
    seen = room.send(backchannel())
    assert said(seen) == (503, "server_error", words) and ciba_alone(seen.rules) == [rule.id]
    with room.store.write("main") as tx:
        assert ciba_store.devices(tx) == {PERSON: state} and ciba_store.waiting(tx, room.now) == []
        ciba_store.set_device(tx, PERSON, ciba_store.READY)
    assert_forced(room, backchannel(), rule, seen)
    assert room.send(backchannel()).answer.status == 200
    lenient = room.world(Policy(overrides={rule.id: Level.OFF}))
    room.client(lenient, client_id="autre")
    with room.store.write(lenient) as tx:
        ciba_store.set_device(tx, PERSON, state)
    assert room.send(backchannel("autre")).answer.status == 200


def test_ping_mode_wants_a_token_and_an_address(room: Room) -> None:
    room.client(delivery="ping", notification_endpoint="https://produit.test/ping")

    def good() -> Ask:
        return backchannel(client_notification_token="jeton-1")

    assert ciba_alone(room.send(good()).rules) == []
    assert_mends(room, good, "body.client_notification_token", None, rules.NOTIFICATION_MISSING)
    assert_mends(room, good, "body.client_notification_token", "j" * 1025, rules.NOTIFICATION_LONG)
    assert room.send(backchannel(client_notification_token="j" * 1024)).answer.status == 200
    hostile = room.send(backchannel(client_notification_token="a\r\nX-Evil: 1"))
    assert hostile.answer.status == 400 and rules.NOTIFICATION_LONG.id in hostile.rules


@pytest.mark.parametrize(
    "endpoint", ["", "https://partner.example/ping", "https://x.gouv.fr/", "ftp://produit.test/", "https://[::1/", "x"]
)
def test_an_address_that_will_not_be_called_is_told_at_once(room: Room, endpoint: str) -> None:
    room.client(delivery="ping", notification_endpoint=endpoint)
    seen = room.send(backchannel(client_notification_token="jeton"))
    assert seen.answer.status == 200 and seen.finding(rules.NOTIFICATION_WHERE)["level"] == "warn"


def test_a_named_host_may_be_called(room: Room) -> None:
    world = room.world(Policy(settings={"outbound.hosts": "partner.example"}))
    room.client(world, client_id="autre", delivery="ping", notification_endpoint="https://partner.example/ping")
    seen = room.send(backchannel("autre", client_notification_token="jeton"))
    assert rules.NOTIFICATION_WHERE.id not in seen.rules


def test_only_post(room: Room) -> None:
    ask = backchannel()
    assert room.send(Ask(ask.path, query=dict(ask.body or {}))).answer.status == 405


def test_a_repeated_parameter(room: Room) -> None:
    ask = backchannel()
    seen = room.send(Ask(ask.path, query={"login_hint": PERSON}, body=ask.body))
    assert seen.answer.status == 400 and seen.rules == ["PSC-REPEATED"]


def test_waiting_lists_what_may_still_be_answered(room: Room) -> None:
    first, second = asked(room), asked(room, login_hint="899700000013")

    def listed(person: str = "") -> list[CibaRequest]:
        with room.store.read("main") as tx:
            return ciba_store.waiting(tx, room.now, person)

    assert [one.auth_req_id for one in listed()] == [first, second]
    assert [one.auth_req_id for one in listed(PERSON)] == [first]
    room.pass_time(120)
    assert listed() == []
