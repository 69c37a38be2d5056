"""UserInfo (OIDC Core §5.3, facts psc §1.8)."""

from __future__ import annotations

from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers
from simulators.core.oidc.jose import TokenRefused
from simulators.pro_sante_connect import people, sessions
from simulators.pro_sante_connect.model import PscRequest
from simulators.pro_sante_connect.rules import bearer as rules
from simulators.pro_sante_connect.shown_tokens import ShownToken, shown_token

_HEADER = "header.Authorization"


def userinfo(call: Call, request: PscRequest) -> Answer:
    """GET or POST with a bearer token. Raises ``Refused``."""
    token = _token(call, request)
    if token.why:
        if token.expired:
            call.find(rules.EXPIRED.finding("claim.exp", found=token.row.expires.isoformat(), expected="a live token"))
        else:
            call.find(rules.REVOKED.finding("claim.sid", found=token.why, expected="an open session"))
    if "openid" not in token.jwt.text("scope").split():
        call.find(rules.SCOPE.finding("claim.scope", found=token.jwt.text("scope"), expected="openid"))
    person = people.person(call.tx, token.session.person)
    if person is None:
        raise call.refusal(rules.REVOKED.finding("claim.sub", found="nobody of this world", expected="a professional"))
    sessions.touch(call.tx, token.session.sid, call.wire_now)
    call.who |= {"client": token.row.client_id, "professional": person.national_id}
    call.keys.add(f"session:{token.session.sid}")
    return answers.json_answer(people.userinfo(person, token.jwt.text("sub"), token.session.means))


def _token(call: Call, request: PscRequest) -> ShownToken:
    if request.query.has("access_token"):
        expected = "the Authorization header"
        call.find(rules.QUERY.finding("query.access_token", found="present", expected=expected))
    if not request.bearer:
        raise call.refusal(rules.MISSING.finding(_HEADER, expected="Bearer <access_token>"))
    try:
        return shown_token(call, request.bearer, "access")
    except TokenRefused as refused:
        found = f"{refused.where}: {refused.found}"
        raise call.refusal(
            rules.INVALID.finding(request.bearer_place, found=found, expected=refused.expected)
        ) from None
