"""Tokens renewed (RFC 6749 §6). Each refresh token serves once where the world rotates them."""

from __future__ import annotations

from typing import Any

from simulators.core.exchange import Call
from simulators.core.oidc import keys
from simulators.core.oidc.jose import Jwt, SigningKey, TokenRefused, verify
from simulators.pro_sante_connect import people, sessions
from simulators.pro_sante_connect.clients import Client
from simulators.pro_sante_connect.issuing import granted
from simulators.pro_sante_connect.model import PscRequest
from simulators.pro_sante_connect.names import NAME
from simulators.pro_sante_connect.rules import token as rules
from simulators.pro_sante_connect.sessions import Session, TokenRow
from simulators.pro_sante_connect.settings import ROTATION


def grant(call: Call, request: PscRequest, client: Client) -> dict[str, Any]:
    """Raises ``Refused``. A token used twice ends its whole family, though this exchange is refused."""
    jwt, row = _refresh_token(call, request)
    at = request.where("refresh_token")
    if row.client_id != client.client_id:
        found, expected = client.client_id, row.client_id
        call.find(rules.REFRESH_CLIENT.finding(request.where("client_id"), found=found, expected=expected))
    if row.state == "used" and ROTATION.flag(call.world.policy):
        call.if_refused(lambda tx: sessions.revoke_grant(tx, row.grant))
        call.find(rules.REFRESH_REUSED.finding(at, found="used", expected="the last refresh token"))
    session, person = _open(call, request, row)
    if row.state in {"revoked", "expired"} or call.wire_now >= row.expires:
        found = row.state if row.state != "live" else "expired"
        call.find(rules.REFRESH_EXPIRED.finding(at, found=found, expected="a live refresh token"))
    scope = jwt.text("scope")
    _check_scope(call, request, scope)
    if ROTATION.flag(call.world.policy):
        sessions.set_token(call.tx, row.jti, "used")
    call.who["professional"] = person.national_id
    nonce = jwt.text("nonce")
    return granted(call, client, session, person, issuer=jwt.text("iss"), grant=row.grant, scope=scope, nonce=nonce)


def _refresh_token(call: Call, request: PscRequest) -> tuple[Jwt, TokenRow]:
    value, at = request.params.get("refresh_token"), request.where("refresh_token")
    if not value:
        raise call.refusal(rules.REFRESH_MISSING.finding(at, expected="the last refresh token"))
    try:
        jwt = verify(value, lambda kid: _own_key(call, kid))
        row = sessions.token(call.tx, jwt.text("jti"))
        if row is not None and row.kind == "refresh":
            return jwt, row
        found = f"a token of type {jwt.text('typ')}"
    except TokenRefused as refused:
        found = f"{refused.where}: {refused.found}"
    raise call.refusal(rules.REFRESH.finding(at, found=found, expected="a refresh token of this provider"))


def _own_key(call: Call, kid: str) -> SigningKey | None:
    return keys.find(call.tx, NAME, kid)


def _open(call: Call, request: PscRequest, row: TokenRow) -> tuple[Session, people.Person]:
    session = sessions.session(call.tx, row.sid)
    person = people.person(call.tx, session.person) if session else None
    over = session.over(call.wire_now, call.world.policy) if session else "unknown"
    if session is None or person is None or over:
        at = request.where("refresh_token")
        raise call.refusal(rules.SESSION_OVER.finding(at, found=over or "no person", expected="an open session"))
    return session, person


def _check_scope(call: Call, request: PscRequest, granted_scope: str) -> None:
    more = [word for word in request.params.words("scope") if word not in granted_scope.split()]
    if more:
        found = request.params.get("scope")
        call.find(rules.REFRESH_SCOPE.finding(request.where("scope"), found=found, expected=granted_scope))
