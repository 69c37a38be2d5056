"""Every rule on an authorization request: broken at one place, found there, mended there; forced looks like true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from simulators.core.rules import Example, Level, Policy, Rule
from simulators.pro_sante_connect.rules import authorization as rules
from tests.support.psc_browser import Browser
from tests.support.psc_room import BACK, PERSON, Ask, Room, Seen, assert_forced, assert_mends, authorization

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


@dataclass(frozen=True)
class Case:
    """A good request (``given`` over the usual one), broken at ``place``. ``unknown`` is the world's policy."""

    rule: Rule
    place: str
    broken: str | None = None
    given: Mapping[str, str] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)
    client: Mapping[str, object] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.rule.id


CASES = [
    Case(rules.CLIENT_MISSING, "query.client_id"),
    Case(rules.CLIENT, "query.client_id", "inconnu", unknown={"clients": "refuse"}),
    Case(rules.REDIRECT_MISSING, "query.redirect_uri"),
    Case(rules.REDIRECT_FORM, "query.redirect_uri", "javascript:alert(1)"),
    Case(rules.REQUEST_OBJECT, "query.request", "eyJhbGciOiJub25lIn0.e30."),
    Case(rules.RESPONSE_MODE, "query.response_mode", "web_message"),
    Case(rules.RESPONSE_TYPE_MISSING, "query.response_type"),
    Case(rules.RESPONSE_TYPE, "query.response_type", "token"),
    Case(rules.SCOPE, "query.scope", "openid,scope_all"),
    Case(rules.OPENID, "query.scope", "scope_all"),
    Case(rules.SCOPE_ALL, "query.scope", "openid"),
    Case(rules.ACR_NAME, "query.acr", "eidas1"),
    Case(rules.ACR_MISSING, "query.acr_values"),
    Case(rules.ACR, "query.acr_values", "eidas2"),
    Case(rules.NONCE, "query.nonce"),
    Case(
        rules.PKCE_MISSING, "query.code_challenge", given={"code_challenge": CHALLENGE}, client={"pkce_required": True}
    ),
    Case(rules.PKCE_ABSENT, "query.code_challenge", given={"code_challenge": CHALLENGE}),
    Case(rules.PKCE_METHOD, "query.code_challenge_method", "SHA256", given=PKCE),
    Case(rules.PKCE_PLAIN, "query.code_challenge_method", "plain", given=PKCE),
    Case(rules.PKCE_CHALLENGE, "query.code_challenge", "abc", given=PKCE),
    Case(rules.PROMPT, "query.prompt", "none login"),
    Case(rules.MAX_AGE, "query.max_age", "-1"),
    Case(rules.LOGIN_REQUIRED, "query.prompt", "none"),
    Case(rules.HINT_FORM, "query.login_hint", "dupont"),
]
ELSEWHERE = (rules.REDIRECT, rules.STATE, rules.HINT)
"""Tested below: what they expect, or the answer, holds values of the world or of the request."""


def refusing(room: Room, case: Case) -> str:
    """A world where the rule refuses, with the product's client."""
    overrides = {case.rule.id: Level.REFUSE} if case.rule.switchable else {}
    world = room.world(Policy(overrides=overrides, unknown={"*": "adopt", **case.unknown}))
    room.client(world, client_id="essai", **case.client)
    return world


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_mends(room: Room, case: Case) -> None:
    world = refusing(room, case)
    assert_mends(room, lambda: authorization("essai", world=world, **case.given), case.place, case.broken, case.rule)


def test_no_rule_is_forgotten() -> None:
    assert {case.rule for case in CASES} | {*ELSEWHERE} == set(rules.RULES)


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.id)
def test_every_rule_is_complete(rule: Rule) -> None:
    texts = (rule.sentence.fr, rule.sentence.en, rule.mend.fr, rule.mend.en, rule.source, rule.looks_at, rule.code)
    assert all(texts) and rule.example is not None and rule.form in {"page", "redirect"}


def forced_like(room: Room, ask: Ask, rule: Rule, true: Seen) -> None:
    """As over the control API, where an example is given: the forced refusal then quotes the true one's place."""
    finding = true.finding(rule)
    example = Example(finding["where"], finding["found"], finding["expected"])
    assert_forced(room, ask, replace(rule, example=example), true)


@pytest.mark.parametrize(
    "other",
    [
        "https://produit.test/autre",
        BACK + "/",
        BACK + "?x=1",
        BACK.upper(),
        "http://produit.test/retour",
        "https://produit.test:8443/retour",
        "https://produit.test./retour",
        "https://xn--produt-p4a.test/retour",
        "https://produit.test.voleur.test/retour",
        "https://produit.test%2f@voleur.test/retour",
    ],
)
def test_a_return_address_is_compared_exactly(room: Room, other: str) -> None:
    world = room.world(Policy(unknown={"*": "refuse"}))
    room.client(world, client_id="essai")
    seen = room.authorize("essai", redirect_uri=other)
    assert seen.answer.status == 400 and "Location" not in seen.answer.headers
    assert seen.rules in (["PSC-REDIRECT"], ["PSC-REDIRECT-FORM"])
    if seen.rules == ["PSC-REDIRECT"]:
        assert seen.finding(rules.REDIRECT)["expected"] == BACK
        forced_like(room, authorization("essai"), rules.REDIRECT, seen)
    assert room.authorize("essai").answer.status == 302


@pytest.mark.parametrize(
    ("choice", "status", "level"), [("adopt", 302, None), ("warn", 302, "warn"), ("refuse", 400, "refuse")]
)
def test_an_unknown_return_address_is_the_worlds_affair(
    room: Room, choice: str, status: int, level: str | None
) -> None:
    world = room.world(Policy(unknown={"redirects": choice}))
    room.client(world, client_id="essai")
    seen = room.authorize("essai", redirect_uri="https://produit.test/autre")
    levels = [f["level"] for f in seen.row.verdict["findings"] if f["rule"] == rules.REDIRECT.id]
    assert (seen.answer.status, levels) == (status, [level] if level else [])
    assert ("adopted" in seen.row.marks) == (choice != "refuse")
    again = room.authorize("essai", redirect_uri="https://produit.test/autre")
    assert rules.REDIRECT.id not in again.rules or choice == "refuse"


def test_state_is_missed_and_never_invented(room: Room) -> None:
    case = Case(rules.STATE, "query.state")
    world = refusing(room, case)
    seen = room.authorize("essai", world, state="")
    assert seen.finding(rules.STATE)["where"] == "query.state"
    assert seen.sent_back["error_description"] == "Missing parameter: state" and "state" not in seen.sent_back
    assert rules.STATE.id not in room.authorize("essai", world).rules
    assert_forced(room, authorization("essai", world=world, state=""), rules.STATE, seen)
    assert room.authorize(state="").rules == [rules.STATE.id] and "code" in room.authorize(state="").sent_back


def test_a_hint_at_nobody(room: Room) -> None:
    case = Case(rules.HINT, "query.login_hint", unknown={"professionals": "refuse"})
    world = refusing(room, case)
    seen = room.authorize("essai", world, login_hint="899700099999")
    assert seen.finding(rules.HINT)["where"] == "query.login_hint"
    assert (seen.sent_back["error"], seen.sent_back["error_description"]) == ("access_denied", "invalid_user")
    forced_like(room, authorization("essai", world=world), rules.HINT, seen)
    adopted = room.authorize(login_hint="899700099999")
    assert adopted.row.who["professional"] == "899700099999" and "professionals:899700099999" in str(adopted.row.marks)


def test_the_order_of_the_checks(room: Room) -> None:
    """Client, address, response type, response mode, scope...: the first names the error, the verdict has them all."""
    wrong = {"response_type": "", "response_mode": "x", "scope": "a,b", "acr_values": "eidas9", "prompt": "none login"}
    seen = room.authorize(**wrong)
    assert seen.sent_back["error_description"] == "Missing parameter: response_type"
    asked = ["PSC-RESPONSE-TYPE-MISSING", "PSC-RESPONSE-MODE", "PSC-SCOPE", "PSC-ACR", "PSC-PROMPT"]
    assert [rule for rule in seen.rules if rule in asked] == asked
    assert room.authorize(**{**wrong, "response_type": "code"}).sent_back["error_description"] == (
        "Invalid parameter: response_mode"
    )
    assert room.authorize("", **wrong, redirect_uri="javascript:x").rules == ["PSC-AUTHZ-CLIENT-MISSING"]
    assert room.authorize(**wrong, redirect_uri="javascript:x").rules == ["PSC-REDIRECT-FORM"]


@pytest.mark.parametrize(
    ("given", "error", "described"),
    [
        ({"response_type": ""}, "invalid_request", "Missing parameter: response_type"),
        ({"response_type": "id_token token"}, "unsupported_response_type", ""),
        ({"scope": "openid lune"}, "invalid_scope", "Invalid scopes"),
        ({"prompt": "none", "login_hint": ""}, "login_required", ""),
        ({"request_uri": "https://produit.test/r"}, "request_not_supported", ""),
        ({"code_challenge": "abc"}, "invalid_request", "Invalid parameter: code_challenge"),
    ],
)
def test_the_words_of_the_national_engine(room: Room, given: dict[str, str], error: str, described: str) -> None:
    told = room.authorize(**given).sent_back
    assert told["error"] == error and told["state"] == "etat"
    assert told["iss"] == "https://psc.test/auth/realms/esante-wallet"
    assert told["error_description"] == described or not described


def test_a_strict_world_wants_what_is_only_advised_elsewhere(room: Room) -> None:
    world = room.world(Policy(profile="strict"))
    room.client(world, client_id="essai")
    for given in ({"state": ""}, {"nonce": ""}, {"acr_values": ""}, {}, {**PKCE, "code_challenge_method": "plain"}):
        assert "error" in room.authorize("essai", **given).sent_back
        assert "code" in room.authorize(**given).sent_back
    assert "code" in room.authorize("essai", **PKCE).sent_back


def test_a_good_request_has_no_finding(room: Room) -> None:
    assert room.authorize(**PKCE).rules == []
    assert Browser(room).authorize().rules == []
    assert room.authorize(acr_values="eidas1 eidas2", prompt="consent", max_age="0", login_hint=PERSON).rules == []
