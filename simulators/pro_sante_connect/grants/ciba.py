"""Tokens of a CIBA request (CIBA Core 1.0 §10.1, facts psc §2.4): the checks in Keycloak's order, so that a poll which
comes too fast hides a refusal. The state of polling is kept also when the poll is refused."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any, Final

from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers, keys
from simulators.core.oidc.jose import Jwt, TokenRefused, verify
from simulators.core.store.api import Tx
from simulators.pro_sante_connect import ciba_store, device, people, sessions
from simulators.pro_sante_connect.ciba import TYPE
from simulators.pro_sante_connect.ciba_store import APPROVED, BLOCKED, REFUSED, USED, CibaRequest
from simulators.pro_sante_connect.clients import Client
from simulators.pro_sante_connect.issuing import granted
from simulators.pro_sante_connect.model import PscRequest
from simulators.pro_sante_connect.names import NAME
from simulators.pro_sante_connect.rules import polling as rules
from simulators.pro_sante_connect.rules import token as token_rules

CLAIM: Final = "urn:openid:params:jwt:claim:auth_req_id"
SLOWER_S: Final = 5
_PENDING: Final = {
    "error": "authorization_pending",
    "error_description": "The authorization request is still pending as the end-user hasn't yet been authenticated.",
}


def grant(call: Call, request: PscRequest, client: Client) -> dict[str, Any] | Answer:
    """The tokens, once. While nobody answered, the standard's 400: no defect of the product, hence no finding.

    Raises ``Refused``."""
    if not client.ciba:
        at, expected = request.where("client_id"), "a client allowed to use CIBA"
        call.find(rules.NOT_ALLOWED.finding(at, found=client.client_id, expected=expected))
    asked = _known(call, request, client)
    _in_time(call, request, asked)
    given = device.automatic(call.world.policy, asked)
    if given:
        call.marks["answered_by"] = "setting psc.ciba-auto"
        call.if_refused(partial(_keep, asked, given))
        asked = device.apply(call.tx, asked, given)
    call.if_refused(partial(_polled, call, asked))
    if asked.state in {REFUSED, BLOCKED}:
        expected = "a request that the person approves"
        raise call.refusal(rules.DENIED.finding(request.where("auth_req_id"), found=asked.state, expected=expected))
    if asked.state != APPROVED:
        ciba_store.polled(call.tx, asked, call.wire_now, pending=True)
        call.marks["ciba"] = "pending"
        return answers.json_answer(_PENDING, 400)
    return _tokens(call, request, client, asked)


def _known(call: Call, request: PscRequest, client: Client) -> CibaRequest:
    """The request, if it is this client's and still kept. Raises ``Refused``."""
    at, jwt = request.where("auth_req_id"), _read(call, request)
    found = ciba_store.find(call.tx, jwt.text("jti"))
    if found is not None and found.state == USED:
        expected = "a request that gave no tokens yet"
        raise call.refusal(rules.USED.finding(at, found="used", expected=expected))
    if found is None or call.wire_now >= found.kept:
        raise call.refusal(rules.UNKNOWN.finding(at, found="forgotten", expected="a request that is still kept"))
    if found.client_id != client.client_id:
        where, expected = request.where("client_id"), "the client of the request"
        raise call.refusal(rules.FOREIGN.finding(where, found=client.client_id, expected=expected))
    call.who["professional"] = found.person
    call.keys.add(f"ciba:{found.id}")
    return found


def _read(call: Call, request: PscRequest) -> Jwt:
    value, at = request.params.get("auth_req_id"), request.where("auth_req_id")
    expected = "an auth_req_id given by the CIBA endpoint"
    if not value:
        raise call.refusal(rules.MISSING.finding(at, expected=expected))
    try:
        jwt = verify(value, lambda kid: keys.find(call.tx, NAME, kid))
    except TokenRefused as refused:
        found = f"{refused.where}: {refused.found}"
        raise call.refusal(rules.UNREADABLE.finding(at, found=found, expected=expected)) from None
    if jwt.text("typ") != TYPE:
        found = f"a token of type {jwt.text('typ')}"
        raise call.refusal(rules.UNREADABLE.finding(at, found=found, expected=expected))
    return jwt


def _in_time(call: Call, request: PscRequest, asked: CibaRequest) -> None:
    """Neither too late nor too fast. Raises ``Refused``."""
    at, now = request.where("auth_req_id"), call.wire_now
    if now >= asked.expires:
        expected = "a request younger than its expires_in"
        raise call.refusal(rules.EXPIRED.finding(at, found=f"expired at {asked.expires}", expected=expected))
    if asked.polled is not None and now < asked.polled + timedelta(seconds=asked.interval):
        call.if_refused(lambda tx: ciba_store.slow_down(tx, asked, SLOWER_S))
        found, expected = f"{(now - asked.polled).total_seconds():g} s", "interval seconds between two polls"
        call.find(rules.SLOW_DOWN.finding(at, found=found, expected=expected, interval=asked.interval))


def _keep(asked: CibaRequest, given: str, tx: Tx) -> None:
    device.apply(tx, asked, given)


def _polled(call: Call, asked: CibaRequest, tx: Tx) -> None:
    ciba_store.polled(tx, asked, call.wire_now, pending=False)


def _tokens(call: Call, request: PscRequest, client: Client, asked: CibaRequest) -> dict[str, Any]:
    """A session without a browser: only logout with ``id_token_hint`` closes it."""
    person = people.person(call.tx, asked.person)
    if person is None:
        expected = "a professional of this world"
        raise call.refusal(
            token_rules.SESSION_OVER.finding(request.where("auth_req_id"), found="no person", expected=expected)
        )
    ciba_store.set_state(call.tx, asked, USED)
    session = sessions.open_session(call.tx, asked.person, asked.channel, call.wire_now, browser=False)
    call.marks["signed_in_by"] = "ciba"
    return granted(
        call,
        client,
        session,
        person,
        issuer=request.issuer,
        grant=asked.id,
        scope=asked.scope,
        nonce="",
        extra={CLAIM: asked.auth_req_id},
    )
