"""Rules about the state of the world: what was done before decides, no edit of the message mends them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from simulators.core.rules import Policy, Rule
from simulators.hospital_idp.rules import authorization, bearer, client, login, request, token
from tests.unit.hospital_idp.room import DISABLED, NURSE, Request
from tests.unit.hospital_idp.stage import Stage

REFUSING = Policy.from_json({"unknown": {"*": "refuse"}})


@dataclass(frozen=True)
class State:
    """``bad`` brings the state about and gives a request that meets it."""

    rule: Rule
    bad: Callable[[Stage], Request]
    policy: Policy | None = None


def no_provider(stage: Stage) -> Request:
    return replace(stage.authorization(), path="/idp/clinique/token", method="POST")


def unknown_client(stage: Stage) -> Request:
    return stage.browser.request("/token", "POST", body=[("grant_type", "refresh_token"), ("client_id", "inconnu")])


def unknown_address(stage: Stage) -> Request:
    return stage.browser.asking(stage.client, redirect_uri="https://dpi.test/autre")


def unknown_way_out(stage: Stage) -> Request:
    uri = ("post_logout_redirect_uri", "https://dpi.test/autre")
    return stage.browser.request("/logout", query=[("id_token_hint", stage.tokens["id_token"]), uri])


def denied(stage: Stage) -> Request:
    return stage.browser.choosing(stage.page, choice="deny")


def another_code(stage: Stage) -> Request:
    return stage.browser.exchanging(stage.other, stage.browser.code(stage.client))


def used_code(stage: Stage) -> Request:
    exchange = stage.code_exchange()
    assert stage.send(exchange).status == 200
    return exchange


def late_code(stage: Stage) -> Request:
    exchange = stage.code_exchange()
    stage.room.pass_time(61)
    return exchange


def closed_session(stage: Stage) -> Request:
    refresh = stage.browser.refreshing(stage.client, stage.tokens["refresh_token"])
    code = stage.browser.exchanging(stage.client, stage.browser.code(stage.client))
    hint = [("id_token_hint", stage.tokens["id_token"])]
    assert stage.send(stage.browser.request("/logout", query=hint)).status == 200
    assert stage.send(refresh).refusal == token.REFRESH_OVER.id
    return code


def another_refresh(stage: Stage) -> Request:
    return stage.browser.refreshing(stage.other, stage.tokens["refresh_token"])


def used_refresh(stage: Stage) -> Request:
    refresh = stage.refresh()
    assert stage.send(refresh).status == 200
    return refresh


def revoked_refresh(stage: Stage) -> Request:
    gone = stage.tokens["refresh_token"]
    assert stage.send(stage.browser.post("/revoke", stage.client, {"token": gone})).status == 200
    return stage.browser.refreshing(stage.client, gone)


def another_token(stage: Stage) -> Request:
    return stage.browser.post("/revoke", stage.other, {"token": stage.tokens["access_token"]})


def revoked_access(stage: Stage) -> Request:
    gone = stage.tokens["access_token"]
    assert stage.send(stage.browser.post("/revoke", stage.client, {"token": gone})).status == 200
    return stage.userinfo()


def poor_access(stage: Stage) -> Request:
    return stage.browser.userinfo(stage.browser.tokens(stage.client, scope="profile")["access_token"])


STATES = (
    State(request.PROVIDER, no_provider),
    State(client.UNKNOWN, unknown_client, REFUSING),
    State(authorization.REDIRECT_UNKNOWN, unknown_address, REFUSING),
    State(authorization.LOGIN_REQUIRED, lambda stage: stage.browser.asking(stage.client, prompt="none")),
    State(login.GONE, lambda stage: stage.browser.request("/login", "POST", body=[("user", NURSE)])),
    State(login.DISABLED, lambda stage: stage.browser.asking(stage.client, login_hint=DISABLED)),
    State(login.DENIED, denied),
    State(login.BACK, unknown_way_out, REFUSING),
    State(token.CODE_CLIENT, another_code),
    State(token.CODE_USED, used_code),
    State(token.CODE_EXPIRED, late_code),
    State(token.SESSION_OVER, closed_session),
    State(token.REFRESH_CLIENT, another_refresh),
    State(token.REFRESH_USED, used_refresh),
    State(token.REFRESH_OVER, revoked_refresh),
    State(token.TOKEN_CLIENT, another_token),
    State(bearer.OVER, revoked_access),
    State(bearer.SCOPE, poor_access),
)
