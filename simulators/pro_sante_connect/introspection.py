"""Introspection (RFC 7662, facts psc §1.9): what a mail operator or an API asks of a token."""

from __future__ import annotations

from typing import Any

from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers
from simulators.core.oidc.jose import TokenRefused
from simulators.pro_sante_connect.authentication import authenticated
from simulators.pro_sante_connect.model import PscRequest
from simulators.pro_sante_connect.rules import bearer as rules
from simulators.pro_sante_connect.shown_tokens import ShownToken, shown_token


def introspection(call: Call, request: PscRequest) -> Answer:
    """Raises ``Refused``; a token that is not active is no refusal, but its reason is a finding."""
    client = authenticated(call, request)
    if not client.introspection:
        found, expected = client.client_id, "an entitled client"
        call.find(rules.INTROSPECTION.finding(request.where("client_id"), found=found, expected=expected))
    value, at = request.params.get("token"), request.where("token")
    if not value:
        raise call.refusal(rules.TOKEN_MISSING.finding(at, expected="a token"))
    try:
        token = shown_token(call, value, "access", "refresh")
    except TokenRefused as refused:
        return _inactive(call, at, f"{refused.where}: {refused.found}")
    return _inactive(call, at, token.why) if token.why else answers.json_answer(_active(call, token))


def _active(call: Call, token: ShownToken) -> dict[str, Any]:
    """The token's own claims; SubjectNameID for an access token only."""
    call.who["professional"] = token.session.person
    call.keys.add(f"session:{token.session.sid}")
    claims = dict(token.jwt.claims)
    if token.row.kind != "access":
        claims.pop("SubjectNameID", None)
    person = token.session.person
    told = {"client_id": token.row.client_id, "username": person, "preferred_username": person}
    return {**claims, "email_verified": False, **told, "active": True}


def _inactive(call: Call, at: str, why: str) -> Answer:
    call.find(rules.INACTIVE.finding(at, found=why, expected="an active token"))
    return answers.json_answer({"active": False})
