"""Tokens of one grant: access, ID and refresh, signed and written down (facts psc §1.6, §1.7)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from simulators.core.exchange import Call
from simulators.core.oidc.jose import SigningKey, sign
from simulators.core.oidc.keys import hmac_key, signing_key
from simulators.pro_sante_connect import sessions
from simulators.pro_sante_connect.clients import Client
from simulators.pro_sante_connect.model import epoch
from simulators.pro_sante_connect.names import NAME, subject_of
from simulators.pro_sante_connect.people import Person
from simulators.pro_sante_connect.sessions import Session
from simulators.pro_sante_connect.settings import ACCESS, ACR, REFRESH, SESSION

NO_ACR: Final = "absent"


def granted(
    call: Call,
    client: Client,
    session: Session,
    person: Person,
    *,
    issuer: str,
    grant: str,
    scope: str,
    nonce: str,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The token response. ``extra`` goes into the ID token (CIBA binds its request there)."""
    now, policy = call.wire_now, call.world.policy
    access_ends = now + timedelta(seconds=ACCESS.number(policy))
    refresh_ends = min(
        now + timedelta(seconds=REFRESH.number(policy)), session.login + timedelta(seconds=SESSION.number(policy))
    )
    key = signing_key(call.tx, NAME, call.runtime.new_key)
    common = _common(call, client, session, person, issuer, scope, nonce)
    access = _signed(call, key, "access", session, client, grant, access_ends, {**common, **_access(person)})
    identity = {**common, **_identity(client, person), "at_hash": _half_hash(access), **(extra or {})}
    id_token = _signed(call, key, "id", session, client, grant, access_ends, identity)
    refresh = _refresh(call, client, session, grant, refresh_ends, common)
    sessions.touch(call.tx, session.sid, now)
    call.keys.add(f"session:{session.sid}")
    return {
        "access_token": access,
        "expires_in": _seconds(access_ends, now),
        "refresh_expires_in": _seconds(refresh_ends, now),
        "refresh_token": refresh,
        "token_type": "Bearer",
        "id_token": id_token,
        "not-before-policy": 0,
        "session_state": session.sid,
        "scope": scope,
    }


def _common(
    call: Call, client: Client, session: Session, person: Person, issuer: str, scope: str, nonce: str
) -> dict[str, Any]:
    """What the three tokens share. ``nonce`` is there even when empty: a known client reads it as text."""
    acr = ACR.text(call.world.policy)
    return {
        "iat": epoch(call.wire_now),
        "auth_time": epoch(session.login),
        "iss": issuer,
        "sub": subject_of(person.national_id),
        "azp": client.client_id,
        "nonce": nonce,
        "session_state": session.sid,
        "sid": session.sid,
        "scope": scope,
        "authMode": session.means,
        **({} if acr == NO_ACR else {"acr": acr}),
    }


def _access(person: Person) -> dict[str, Any]:
    """No ``aud``: the national access token has none (facts psc §8, 4)."""
    return {
        "typ": "Bearer",
        "otherIds": person.other_ids,
        "preferred_username": person.national_id,
        "SubjectNameID": person.national_id,
    }


def _identity(client: Client, person: Person) -> dict[str, Any]:
    """``aud`` is a text: a known client would fail on a list."""
    return {
        "typ": "ID",
        "aud": client.client_id,
        "email_verified": False,
        "preferred_username": person.national_id,
        "SubjectNameID": person.national_id,
        "given_name": person.given,
        "family_name": person.family,
        "name": f"{person.given} {person.family}".strip(),
    }


def _signed(
    call: Call,
    key: SigningKey,
    kind: str,
    session: Session,
    client: Client,
    grant: str,
    ends: datetime,
    claims: Mapping[str, Any],
) -> str:
    row = sessions.add_token(call.tx, kind, session, client.client_id, grant, ends)
    return sign({"exp": epoch(ends), "jti": row.jti, **claims}, key)


def _refresh(
    call: Call, client: Client, session: Session, grant: str, ends: datetime, common: Mapping[str, Any]
) -> str:
    claims = {**common, "typ": "Refresh", "aud": common["iss"]}
    return _signed(call, hmac_key(call.tx, NAME), "refresh", session, client, grant, ends, claims)


def _half_hash(token: str) -> str:
    """``at_hash`` (OIDC Core §3.1.3.6): left half of the SHA-256, base64url."""
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:16]).decode().rstrip("=")


def _seconds(ends: datetime, now: datetime) -> int:
    return max(0, int((ends - now).total_seconds()))
