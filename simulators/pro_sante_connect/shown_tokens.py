"""A token of ours shown to us: whose it is, and whether it is still active."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.core.exchange import Call
from simulators.core.oidc import keys
from simulators.core.oidc.jose import Jwt, TokenRefused, verify
from simulators.pro_sante_connect import sessions
from simulators.pro_sante_connect.names import NAME
from simulators.pro_sante_connect.sessions import Session, TokenRow


@dataclass(frozen=True)
class ShownToken:
    """``row`` and ``session`` are what the store knows of a verified token; ``why`` is why it is not active, empty
    when it is; ``expired`` tells a mere end of life from a revocation."""

    jwt: Jwt
    row: TokenRow
    session: Session
    why: str
    expired: bool


def shown_token(call: Call, value: str, *kinds: str) -> ShownToken:
    """The token, verified and looked up. Raises ``TokenRefused`` for what is no token of ours of these kinds."""
    jwt = verify(value, lambda kid: keys.find(call.tx, NAME, kid))
    row = sessions.token(call.tx, jwt.text("jti"))
    session = sessions.session(call.tx, row.sid) if row is not None else None
    if row is None or session is None or row.kind not in kinds:
        raise TokenRefused("claim.typ", jwt.text("typ") or "none", " or ".join(kinds))
    over = session.over(call.wire_now, call.world.policy)
    expired = row.state == "expired" or call.wire_now >= row.expires
    why = over or (f"the token is {row.state}" if row.state in {"revoked", "used"} else "")
    return ShownToken(jwt, row, session, why or ("expired" if expired else ""), expired and not why)
