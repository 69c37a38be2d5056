"""A client proved by a JWT it signed (RFC 7523 §3, OpenID Connect Core §9: private_key_jwt)."""

from __future__ import annotations

import json
from typing import Final

from simulators.core.exchange import Call
from simulators.core.oidc.jose import Jwt, TokenRefused, peek_header
from simulators.hospital_idp import sessions
from simulators.hospital_idp.clients import LONGEST_ID, Client
from simulators.hospital_idp.model import IdpRequest, epoch
from simulators.hospital_idp.operations import TOKEN
from simulators.hospital_idp.rules import client as rules

TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS: Final = ("RS256", "ES256")
_SKEW_S: Final = 60


def check(call: Call, request: IdpRequest, client: Client) -> None:
    """Signed by a declared key with that key's own kind of algorithm, for us, now, once. Raises ``Refused``."""
    try:
        token = _verified(request.shown.assertion, client.jwks)
    except TokenRefused as refused:
        _refuse(call, refused.where, refused.found, refused.expected)
        raise
    now, issuer = epoch(call.wire_now), request.issuer
    audience = token.claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    accepted = {issuer, f"{issuer}{TOKEN.path}", f"{issuer}{request.operation.path}"}
    kind = request.params.get("client_assertion_type")
    for ok, where, found, expected in (
        (kind == TYPE, "client_assertion_type", kind, TYPE),
        (token.text("iss") == client.client_id, "iss", token.text("iss"), client.client_id),
        (token.text("sub") == client.client_id, "sub", token.text("sub"), client.client_id),
        (bool(accepted & {a for a in audiences if isinstance(a, str)}), "aud", audience, issuer),
        (token.number("exp") > now - _SKEW_S, "exp", token.number("exp"), f"after {now}"),
        (token.number("nbf") <= now + _SKEW_S, "nbf", token.number("nbf"), f"before {now}"),
        (0 < len(token.text("jti")) <= LONGEST_ID, "jti", token.text("jti"), "an identifier"),
    ):
        if not ok:
            _refuse(call, where, str(found), expected)
    if not sessions.first_use(call.tx, client.client_id, token.text("jti")):
        _refuse(call, "jti", "used", "an identifier that was not used")


def _refuse(call: Call, part: str, found: str, expected: str) -> None:
    where = "body.client_assertion_type" if part == "client_assertion_type" else f"body.client_assertion#{part}"
    call.find(rules.ASSERTION.finding(where, found=found, expected=expected))


def _verified(text: str, jwks: str) -> Jwt:
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    header = peek_header(text)
    if header.get("alg") not in ALGORITHMS:
        raise TokenRefused("header.alg", str(header.get("alg")), " or ".join(ALGORITHMS))
    if not jwks:
        raise TokenRefused("header.kid", str(header.get("kid")), "a client declared with its jwks")
    try:
        found = jwt.decode(text, KeySet.import_key_set(json.loads(jwks)), algorithms=list(ALGORITHMS))
    except (JoseError, ValueError, TypeError) as problem:
        raise TokenRefused("signature", type(problem).__name__, "a signature by a key of the declared jwks") from None
    return Jwt(found.header, found.claims)
