"""What tokens say of a person, and how an access token is made and read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from simulators.core.exchange import Call
from simulators.core.oidc import keys
from simulators.core.oidc.jose import Jwt, sign, verify
from simulators.hospital_idp import sessions, users
from simulators.hospital_idp.discovery import current_key
from simulators.hospital_idp.model import epoch
from simulators.hospital_idp.names import keyring
from simulators.hospital_idp.providers import Provider
from simulators.hospital_idp.sessions import Session, Token
from simulators.hospital_idp.users import User


def identity(provider: Provider, user: User, scope: str) -> dict[str, Any]:
    """The claims of a person: ``profile`` gives names, login, RPPS and groups, ``email`` the address. What a person
    does not have is not told."""
    words = scope.split()
    told: dict[str, Any] = {}
    if "profile" in words:
        told |= {"name": user.name, "given_name": user.given, "family_name": user.family}
        named = ((provider.login_claim, user.login), (provider.rpps_claim, user.rpps))
        told |= {claim: value for claim, value in named if claim and value}
        told |= {provider.groups_claim: list(user.groups)} if provider.groups_claim and user.groups else {}
    if "email" in words and user.mail:
        told |= {"email": user.mail, "email_verified": True}
    return told


def access_token(
    call: Call, provider: Provider, session: Session, user: User, client_id: str, issuer: str, grant: str, scope: str
) -> str:
    """A signed access token (claims as in RFC 9068), written down."""
    now = call.wire_now
    ends = now + timedelta(seconds=provider.access_seconds)
    row = sessions.add_token(call.tx, "access", session, client_id, issuer, grant, scope, now, ends)
    claims = {
        "iss": issuer,
        "sub": user.subject(provider.name),
        "aud": issuer,
        "client_id": client_id,
        "iat": epoch(now),
        "exp": epoch(ends),
        "jti": row.jti,
        "scope": scope,
        "sid": session.sid,
        "typ": "access",
    }
    return sign(claims, current_key(call, provider))


def refresh_token(
    call: Call, provider: Provider, session: Session, client_id: str, issuer: str, grant: str, scope: str
) -> str:
    """An opaque refresh token, written down; it never outlives the session."""
    now = call.wire_now
    ends = min(
        now + timedelta(seconds=provider.refresh_seconds),
        session.login + timedelta(seconds=provider.session_seconds),
    )
    return sessions.add_token(call.tx, "refresh", session, client_id, issuer, grant, scope, now, ends).jti


def read_token(call: Call, provider: Provider, text: str) -> Jwt:
    """A token this provider signed, whatever its kind. Raises ``TokenRefused``."""
    return verify(text, lambda kid: keys.find(call.tx, keyring(provider.name), kid))


def known_token(call: Call, provider: Provider, text: str) -> Token | None:
    """The row of an access or refresh token given back, None for anything else."""
    row = sessions.token(call.tx, provider.name, text)
    if row is not None:
        return row if row.kind == "refresh" else None
    try:
        claims = read_token(call, provider, text)
    except ValueError:
        return None
    row = sessions.token(call.tx, provider.name, claims.text("jti"))
    return row if row is not None and row.kind == "access" else None


def described(call: Call, provider: Provider, row: Token) -> Mapping[str, Any]:
    """A live token as introspection tells it (RFC 7662 §2.2)."""
    session = sessions.session(call.tx, row.sid)
    user = users.find(call.tx, session.user) if session is not None else None
    return {
        "active": True,
        "scope": row.scope,
        "client_id": row.client_id,
        "username": user.login if user is not None else "",
        "token_type": "Bearer" if row.kind == "access" else "refresh_token",
        "exp": epoch(row.expires),
        "iat": epoch(row.issued),
        "sub": user.subject(provider.name) if user is not None else "",
        "aud": row.issuer,
        "iss": row.issuer,
        "jti": row.jti,
        "sid": row.sid,
    }
