"""The sign-in: page, hint, session, prompt, max_age, response modes, forged forms."""

from __future__ import annotations

import pytest

from simulators.core.rules import Policy
from simulators.hospital_idp import users
from tests.unit.hospital_idp.room import BACK, DISABLED, DOCTOR, NURSE, VERIFIER, Browser, Room, Told, claims
from tests.unit.hospital_idp.stage import Stage


@pytest.fixture
def stage(room: Room) -> Stage:
    return Stage(room)


def cookie(told: Told) -> str:
    return told.answer.headers.get("Set-Cookie", "").partition(";")[0].partition("=")[2]


def test_the_page_is_plainly_a_simulation_in_both_languages(stage: Stage) -> None:
    french = stage.send(stage.authorization())
    english = stage.send(stage.browser.asking(stage.client, ui_locales="en-GB en"))
    for told in (french, english):
        assert "SIMULATION" in told.text
        assert 'type="password"' not in told.text
        assert "<script" not in told.text
        policy = told.answer.headers["Content-Security-Policy"]
        assert "script-src" not in policy
        assert "default-src 'none'" in policy
        assert "form-action 'self' http: https:;" in policy
        assert told.answer.headers["Cache-Control"] == "no-store"
    assert "aucun mot de passe" in french.text
    assert "no password is asked" in english.text
    assert "ysoinsfictif" in french.text
    assert "dofficinefictif" not in french.text, "who works in town has no account"


def test_choosing_an_account_brings_the_browser_back_with_everything(stage: Stage) -> None:
    before = cookie(stage.page)
    told = stage.send(stage.choice())
    assert told.status == 302
    assert told.location.startswith(f"{BACK}&code=")
    assert told.back["state"] == "state 1"
    assert told.back["iss"] == stage.browser.issuer
    assert cookie(told) not in {"", before}, "the session has a secret of its own"
    line = told.answer.headers["Set-Cookie"]
    assert all(word in line for word in ("Secure", "HttpOnly", "SameSite=Lax"))
    tokens = stage.send(stage.browser.exchanging(stage.client, told.back["code"])).json
    assert claims(tokens["id_token"])["rpps"] == NURSE[1:]


def test_a_form_of_another_browser_is_refused(stage: Stage, room: Room) -> None:
    request = stage.choice()
    thief = Browser(room, stage.world)
    told = thief.send(request)
    assert told.refusal == "IDP-CSRF"
    assert told.status == 403
    assert told.findings[0]["where"] == "header.Cookie"
    assert "https://dpi.test" not in told.location
    thief.cookies = {"hospital-idp_" + stage.world.name + "_chu": "x" * 64}
    assert thief.send(request).refusal == "IDP-CSRF"
    assert stage.send(request).status == 302, "the right browser still can"


def test_a_cookie_given_beforehand_is_never_a_session(stage: Stage) -> None:
    """Session fixation: a secret somebody else chose is replaced at the page, and again at the sign-in."""
    name = f"hospital-idp_{stage.world.name}_chu"
    stage.browser.cookies[name] = "chosen-by-the-attacker"
    page = stage.send(stage.authorization())
    assert cookie(page) != "chosen-by-the-attacker"
    told = stage.send(stage.browser.choosing(page, user=NURSE))
    assert cookie(told) not in {"chosen-by-the-attacker", cookie(page)}


def test_each_sign_in_ends_once(stage: Stage) -> None:
    request = stage.choice()
    assert stage.send(request).status == 302
    assert stage.send(request).refusal == "IDP-LOGIN-GONE"


def test_a_sign_in_that_takes_too_long_is_over(stage: Stage) -> None:
    request = stage.choice()
    stage.room.pass_time(1801)
    assert stage.send(request).refusal == "IDP-LOGIN-GONE"


def test_two_tabs_of_one_browser(stage: Stage) -> None:
    one, two = stage.send(stage.authorization()), stage.send(stage.browser.asking(stage.client, state="two"))
    assert stage.send(stage.browser.choosing(one, user=NURSE)).status == 302
    told = stage.send(stage.browser.choosing(two, user=DOCTOR))
    assert told.status == 302
    assert told.back["state"] == "two"


def test_refusing_tells_the_product_and_ends_the_sign_in(stage: Stage) -> None:
    deny = stage.browser.choosing(stage.page, choice="deny")
    told = stage.send(deny)
    assert told.refusal == "IDP-DENIED"
    assert told.back["error"] == "access_denied"
    assert told.back["state"] == "state 1"
    assert told.back["iss"] == stage.browser.issuer
    assert told.back["error_uri"].startswith("https://console.test/exchanges/")
    assert stage.send(deny).refusal == "IDP-LOGIN-GONE"


def test_an_account_made_on_the_page_signs_in(stage: Stage) -> None:
    told = stage.send(stage.creation())
    assert told.status == 302
    with stage.room.store.read(stage.world.name) as tx:
        made = users.named(tx, "nouveau.compte")
    assert made is not None
    assert (made.rpps, made.groups, made.mail) == ("", ("medecins",), "nouveau.compte@chu.test")
    tokens = stage.send(stage.browser.exchanging(stage.client, told.back["code"])).json
    told_claims = claims(tokens["id_token"])
    assert "rpps" not in told_claims, "who has no RPPS has no claim for it"
    again = stage.send(stage.browser.asking(stage.client, prompt="login"))
    more = stage.browser.choosing(again, choice="create", new_login="nouveau.compte", new_family="AUTRE")
    assert stage.send(more).refusal == "IDP-USER-FORM"


@pytest.mark.parametrize("hint", [NURSE, NURSE[1:], "nurse", "ysoinsfictif", "ysoinsfictif@chu.test"])
def test_a_hint_signs_in_at_once(stage: Stage, hint: str) -> None:
    told = stage.send(stage.browser.asking(stage.client, login_hint=hint))
    assert told.status == 302
    assert told.row.who["professional"] == NURSE


def test_an_unknown_hint_shows_the_page_and_a_warning(stage: Stage) -> None:
    told = stage.send(stage.browser.asking(stage.client, login_hint="personne"))
    assert told.status == 200
    assert told.rules == ["IDP-LOGIN-HINT"]


def test_somebody_of_a_town_practice_has_no_account(stage: Stage) -> None:
    assert stage.send(stage.browser.asking(stage.client, login_hint="pharmacist")).status == 200


def test_a_provider_may_sign_in_somebody_by_itself(room: Room) -> None:
    stage = Stage(room, provider={"auto_login": "hospital-specialist"})
    told = stage.send(stage.authorization())
    assert told.row.who["professional"] == DOCTOR


def test_the_session_serves_until_it_is_over(stage: Stage) -> None:
    stage.browser.code(stage.client)
    silent = stage.browser.asking(stage.client, prompt="none")
    assert "code" in stage.send(silent).back
    stage.room.pass_time(28_801)
    assert stage.send(silent).back["error"] == "login_required"


def test_another_hint_is_another_session(stage: Stage) -> None:
    stage.browser.code(stage.client)
    silent = stage.browser.asking(stage.client, prompt="none", login_hint=DOCTOR)
    assert stage.send(silent).back["error"] == "login_required"
    told = stage.send(stage.browser.asking(stage.client, login_hint=DOCTOR))
    assert told.row.who["professional"] == DOCTOR
    assert cookie(told)


def test_prompt_login_and_select_account_show_the_page(stage: Stage) -> None:
    stage.browser.code(stage.client)
    for prompt in ("login", "select_account", "login consent"):
        assert stage.send(stage.browser.asking(stage.client, prompt=prompt)).status == 200
    assert stage.send(stage.browser.asking(stage.client, prompt="consent")).status == 302, "there is nothing to consent"


def test_prompt_login_with_a_hint_is_a_new_sign_in(stage: Stage) -> None:
    stage.browser.code(stage.client)
    stage.room.pass_time(100)
    code = stage.browser.code(stage.client, prompt="login")
    token = claims(stage.send(stage.browser.exchanging(stage.client, code)).json["id_token"])
    assert token["auth_time"] == token["iat"] == int(stage.room.at.timestamp())


def test_max_age(stage: Stage) -> None:
    first = claims(stage.tokens["id_token"])["auth_time"]
    stage.room.pass_time(60)
    young = claims(stage.browser.tokens(stage.client, max_age="61")["id_token"])
    assert young["auth_time"] == first
    old = claims(stage.browser.tokens(stage.client, max_age="60")["id_token"])
    assert old["auth_time"] == first + 60
    silent = stage.browser.asking(stage.client, prompt="none", max_age="0")
    assert stage.send(silent).back["error"] == "login_required"


def test_an_id_token_hint_of_somebody_else(stage: Stage) -> None:
    nurse = stage.tokens["id_token"]
    mine = stage.browser.asking(stage.client, prompt="none", id_token_hint=nurse)
    assert "code" in stage.send(mine).back
    stage.browser.code(stage.client, login_hint=DOCTOR)
    assert stage.send(mine).back["error"] == "login_required"


def test_a_disabled_account(stage: Stage) -> None:
    by_hint = stage.send(stage.browser.asking(stage.client, login_hint=DISABLED))
    assert (by_hint.refusal, by_hint.back["error"]) == ("IDP-USER-DISABLED", "access_denied")
    page = stage.send(stage.authorization())
    by_page = stage.send(stage.browser.choosing(page, user=DISABLED))
    assert by_page.refusal == "IDP-USER-DISABLED"
    tokens = stage.tokens
    stage.disable(NURSE)
    assert stage.send(stage.userinfo()).refusal == "IDP-BEARER-OVER"
    assert stage.send(stage.browser.refreshing(stage.client, tokens["refresh_token"])).refusal == "IDP-SESSION-OVER"
    assert stage.send(stage.browser.asking(stage.client, prompt="none")).back["error"] == "login_required"


def test_response_modes(stage: Stage) -> None:
    fragment = stage.send(stage.browser.asking(stage.client, login_hint=NURSE, response_mode="fragment"))
    assert fragment.location.startswith(f"{BACK}#code=")
    posted = stage.send(stage.browser.asking(stage.client, login_hint=NURSE, response_mode="form_post"))
    assert posted.status == 200
    assert f'action="{BACK}"' in posted.text.replace("&amp;", "&")
    assert 'name="code"' in posted.text
    assert 'name="state" value="state 1"' in posted.text


def test_the_request_may_come_as_a_form(stage: Stage) -> None:
    asked = stage.browser.asking(stage.client, login_hint=NURSE)
    told = stage.send(stage.browser.request("/authorize", "POST", body=asked.query))
    code = told.back["code"]
    assert stage.send(stage.browser.exchanging(stage.client, code, code_verifier=VERIFIER)).status == 200


def test_a_hostile_client_name_is_text_on_the_page(room: Room) -> None:
    stage = Stage(room, client={"name": '<img src=x onerror="alert(1)">'})
    page = stage.send(stage.authorization())
    assert "<img" not in page.text
    assert "&lt;img" in page.text


def test_a_native_product_comes_back_by_its_own_scheme(stage: Stage) -> None:
    told = stage.send(stage.browser.asking(stage.client, redirect_uri="test.dpi.app:/callback"))
    assert "form-action 'self' http: https: test.dpi.app:;" in told.answer.headers["Content-Security-Policy"]
    back = stage.send(stage.browser.choosing(told, user=NURSE))
    assert back.location.startswith("test.dpi.app:/callback?code=")


def test_a_hostile_address_cannot_widen_the_policy_of_the_page(room: Room) -> None:
    stage = Stage(room, Policy())
    told = stage.send(stage.browser.asking(stage.client, redirect_uri="https://dpi.test;script-src*/cb"))
    assert "script-src" not in told.answer.headers.get("Content-Security-Policy", "")
