"""Revocation (RFC 7009): an unknown token is no error; a refresh token takes its whole grant along."""

from __future__ import annotations

from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers
from simulators.core.oidc.jose import TokenRefused
from simulators.pro_sante_connect import sessions
from simulators.pro_sante_connect.authentication import authenticated
from simulators.pro_sante_connect.model import PscRequest
from simulators.pro_sante_connect.rules import bearer as rules
from simulators.pro_sante_connect.shown_tokens import shown_token


def revocation(call: Call, request: PscRequest) -> Answer:
    """Raises ``Refused``."""
    client = authenticated(call, request)
    value, at = request.params.get("token"), request.where("token")
    if not value:
        raise call.refusal(rules.TOKEN_MISSING.finding(at, expected="a token"))
    try:
        token = shown_token(call, value, "access", "refresh")
    except TokenRefused as refused:
        call.find(rules.INACTIVE.finding(at, found=f"{refused.where}: {refused.found}", expected="an active token"))
        return _done()
    if token.row.client_id != client.client_id:
        found, expected = token.row.client_id, client.client_id
        call.find(rules.REVOCATION_CLIENT.finding(at, found=found, expected=expected))
    if token.row.kind == "refresh":
        sessions.revoke_grant(call.tx, token.row.grant)
    else:
        sessions.set_token(call.tx, token.row.jti, "revoked")
    call.keys.add(f"session:{token.session.sid}")
    return _done()


def _done() -> Answer:
    return Answer(200, b"", dict(answers.NO_STORE))
