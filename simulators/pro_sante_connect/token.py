"""The token endpoint: the client first, then the grant it asks for (RFC 6749 §3.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers
from simulators.pro_sante_connect.authentication import authenticated
from simulators.pro_sante_connect.clients import Client
from simulators.pro_sante_connect.grants import authorization_code, ciba, refresh_token
from simulators.pro_sante_connect.model import PscRequest
from simulators.pro_sante_connect.names import CIBA_GRANT
from simulators.pro_sante_connect.rules import token as rules

GRANTS: Final[Mapping[str, Callable[[Call, PscRequest, Client], dict[str, object] | Answer]]] = {
    "authorization_code": authorization_code.grant,
    "refresh_token": refresh_token.grant,
    CIBA_GRANT: ciba.grant,
}


def token(call: Call, request: PscRequest) -> Answer:
    """Raises ``Refused``."""
    client = authenticated(call, request)
    kind, at = request.params.get("grant_type"), request.where("grant_type")
    if not kind:
        raise call.refusal(rules.GRANT_MISSING.finding(at, expected=rules.GRANTS))
    if kind not in GRANTS:
        raise call.refusal(rules.GRANT.finding(at, found=kind, expected=rules.GRANTS))
    given = GRANTS[kind](call, request, client)
    return given if isinstance(given, Answer) else answers.json_answer(given)
