"""The userinfo endpoint (OpenID Connect Core §5.3): claims for an access token."""

from __future__ import annotations

from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers
from simulators.core.oidc.jose import TokenRefused
from simulators.hospital_idp import issuing, sessions, users
from simulators.hospital_idp.authorization import note
from simulators.hospital_idp.flow import bearer
from simulators.hospital_idp.model import IdpRequest
from simulators.hospital_idp.providers import Provider
from simulators.hospital_idp.rules import bearer as rules
from simulators.hospital_idp.sessions import Token


def perform(call: Call, request: IdpRequest, provider: Provider) -> Answer:
    """``GET`` or ``POST <issuer>/userinfo``. Raises ``Refused``."""
    place, text = _presented(call, request)
    row = _proved(call, provider, place, text)
    session = sessions.session(call.tx, row.sid)
    user = users.find(call.tx, session.user) if session is not None else None
    closed = session is None or session.over(call.wire_now, provider) or user is None or user.disabled
    if closed or not row.live(call.wire_now):
        found = row.state if row.state != "live" else "session over" if closed else "expired"
        call.find(rules.OVER.finding(place, found=found, expected="live"))
    if "openid" not in row.scope.split():
        call.find(rules.SCOPE.finding(place, found=row.scope, expected="openid"))
    if session is None or user is None:
        raise AssertionError("a guard cannot be switched off")
    note(call, user, session)
    call.who["client"] = row.client_id
    told = issuing.identity(provider, user, row.scope) if provider.claims_in != "id_token" else {}
    return answers.json_answer({"sub": user.subject(provider.name), **told})


def _presented(call: Call, request: IdpRequest) -> tuple[str, str]:
    """Where the token stands, and the token (RFC 6750 §2). Raises ``Refused``."""
    header, body = bearer(request), request.params.get("access_token")
    if request.query.has("access_token"):
        call.find(rules.IN_QUERY.finding("query.access_token", found="present", expected="absent"))
    if header and body:
        call.find(rules.TWICE.finding("body.access_token", found="a second token", expected="absent"))
    if not header and not body:
        call.find(rules.MISSING.finding("header.Authorization", expected="Bearer access_token"))
    return ("header.Authorization", header) if header else ("body.access_token", body)


def _proved(call: Call, provider: Provider, place: str, text: str) -> Token:
    """The row of an access token whose signature is ours. Raises ``Refused``."""
    try:
        token = issuing.read_token(call, provider, text)
    except TokenRefused as refused:
        found = f"{refused.where}: {refused.found}"
        call.find(rules.TOKEN.finding(place, found=found, expected=refused.expected))
        raise
    row = sessions.token(call.tx, provider.name, token.text("jti"))
    if row is None or row.kind != "access":
        found = f"{token.text('typ') or 'id'} token"
        call.find(rules.TOKEN.finding(place, found=found, expected="an access token"))
        raise AssertionError("a guard cannot be switched off")
    return row
