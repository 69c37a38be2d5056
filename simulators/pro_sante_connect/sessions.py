"""Sign-ins under way, sessions, authorization codes and tokens of a world. All instants are wire time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, Row, Text

from simulators.core.clock import from_us, to_us
from simulators.core.rules import Policy
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.core.world import identifier
from simulators.pro_sante_connect.settings import IDLE, SESSION

_logins = world_table(
    "psc_logins",
    Column("id", Text),
    Column("client_id", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("browser", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    key=("id",),
)
Index("psc_logins_began", _logins.c.world, _logins.c.at_us)
_sessions = world_table(
    "psc_sessions",
    Column("sid", Text),
    Column("person", Text, nullable=False),
    Column("means", Text, nullable=False),
    Column("browser", Text, nullable=False),
    Column("login_us", BigInteger, nullable=False),
    Column("used_us", BigInteger, nullable=False),
    Column("closed", Text, nullable=False),
    key=("sid",),
)
Index("psc_sessions_browser", _sessions.c.world, _sessions.c.browser)
_codes = world_table(
    "psc_codes",
    Column("code", Text),
    Column("sid", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("used", Integer, nullable=False),
    key=("code",),
)
_tokens = world_table(
    "psc_tokens",
    Column("jti", Text),
    Column("kind", Text, nullable=False),
    Column("sid", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("grant", Text, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    key=("jti",),
)
Index("psc_tokens_grant", _tokens.c.world, _tokens.c.grant)
Index("psc_tokens_session", _tokens.c.world, _tokens.c.sid)


@dataclass(frozen=True)
class Login:
    """A sign-in under way: the authorization request as received, and the browser it began in."""

    id: str
    client_id: str
    request: Mapping[str, str]
    browser: str
    began: datetime


@dataclass(frozen=True)
class Session:
    """``means`` is CARD or MOBILE; ``closed`` the reason of its end, empty while it is open; ``browser`` the secret
    of its cookie, empty for a session opened by CIBA."""

    sid: str
    person: str
    means: str
    browser: str
    login: datetime
    used: datetime
    closed: str

    def over(self, now: datetime, policy: Policy) -> str:
        """Why the session no longer serves at ``now``, empty while it does."""
        if self.closed:
            return self.closed
        if now >= self.login + timedelta(seconds=SESSION.number(policy)):
            return "its longest life is over"
        if now >= self.used + timedelta(seconds=IDLE.number(policy)):
            return "nobody used it"
        return ""


@dataclass(frozen=True)
class Code:
    code: str
    sid: str
    client_id: str
    request: Mapping[str, str]
    issued: datetime
    used: bool


@dataclass(frozen=True)
class TokenRow:
    """``state`` is ``live``, ``used`` (a refresh token that was rotated), ``revoked`` or ``expired`` (on command)."""

    jti: str
    kind: str
    sid: str
    client_id: str
    grant: str
    expires: datetime
    state: str


# --- sign-ins


def begin_login(tx: Tx, client_id: str, request: Mapping[str, str], browser: str, now: datetime) -> Login:
    login = Login(identifier(tx, "psc-login").hex, client_id, dict(request), browser, now)
    tx.insert(_logins, id=login.id, client_id=client_id, request=_dump(request), browser=browser, at_us=to_us(now))
    return login


def login(tx: Tx, login_id: str) -> Login | None:
    row = tx.get(_logins, id=login_id) if login_id else None
    return Login(row.id, row.client_id, json.loads(row.request), row.browser, from_us(row.at_us)) if row else None


def forget_logins(tx: Tx, before: datetime) -> None:
    """Takes away the sign-ins that nobody ended and that began before then."""
    for row in tx.rows(tx.select(_logins, _logins.c.id).where(_logins.c.at_us <= to_us(before))):
        end_login(tx, row.id)


def end_login(tx: Tx, login_id: str) -> bool:
    """Each sign-in ends once; says whether it was still under way."""
    return tx.delete(_logins, id=login_id) > 0


# --- sessions


def open_session(tx: Tx, person: str, means: str, now: datetime, *, browser: bool) -> Session:
    """A new session under a new secret: the one of before the sign-in is never taken over (session fixation)."""
    secret = identifier(tx, "psc-browser").hex + identifier(tx, "psc-browser").hex if browser else ""
    session = Session(str(identifier(tx, "psc-session")), person, means, secret, now, now, "")
    tx.insert(
        _sessions,
        sid=session.sid,
        person=person,
        means=means,
        browser=secret,
        login_us=to_us(now),
        used_us=to_us(now),
        closed="",
    )
    return session


def session(tx: Tx, sid: str) -> Session | None:
    row = tx.get(_sessions, sid=sid) if sid else None
    return _session(row) if row is not None else None


def session_of_browser(tx: Tx, secret: str) -> Session | None:
    """The session of a cookie."""
    rows = tx.find(_sessions, browser=secret) if secret else ()
    return _session(rows[-1]) if rows else None


def open_sessions(tx: Tx) -> list[Session]:
    return [_session(row) for row in tx.find(_sessions, closed="")]


def touch(tx: Tx, sid: str, now: datetime) -> None:
    """The session was used."""
    tx.update(_sessions, {"used_us": to_us(now)}, sid=sid)


def close_session(tx: Tx, sid: str, reason: str) -> None:
    """Ends a session and all its tokens."""
    tx.update(_sessions, {"closed": reason}, sid=sid, closed="")
    tx.update(_tokens, {"state": "revoked"}, sid=sid)


# --- codes


def issue_code(tx: Tx, session: Session, client_id: str, request: Mapping[str, str], now: datetime) -> str:
    """Three parts as in Keycloak; only the whole means something."""
    code = f"{identifier(tx, 'psc-code')}.{session.sid}.{identifier(tx, 'psc-code')}"
    tx.insert(
        _codes,
        code=code,
        sid=session.sid,
        client_id=client_id,
        request=_dump(request),
        at_us=to_us(now),
        used=0,
    )
    return code


def code(tx: Tx, value: str) -> Code | None:
    row = tx.get(_codes, code=value) if value else None
    if row is None:
        return None
    return Code(row.code, row.sid, row.client_id, json.loads(row.request), from_us(row.at_us), bool(row.used))


def code_issued(tx: Tx, client_id: str) -> bool:
    """Whether the client ever got a code in this world: it was seen in the browser flow."""
    return tx.first(tx.select(_codes, _codes.c.code).where(_codes.c.client_id == client_id).limit(1)) is not None


def use_code(tx: Tx, value: str) -> None:
    tx.update(_codes, {"used": 1}, code=value)


# --- tokens


def add_token(
    tx: Tx, kind: str, session: Session, client_id: str, grant: str, expires: datetime, *, jti: str = ""
) -> TokenRow:
    """``grant`` ties every token that came of one code, refresh after refresh."""
    row = TokenRow(jti or str(identifier(tx, f"psc-{kind}")), kind, session.sid, client_id, grant, expires, "live")
    tx.insert(
        _tokens,
        jti=row.jti,
        kind=kind,
        sid=session.sid,
        client_id=client_id,
        grant=grant,
        expires_us=to_us(expires),
        state=row.state,
    )
    return row


def token(tx: Tx, jti: str) -> TokenRow | None:
    row = tx.get(_tokens, jti=jti) if jti else None
    return _token(row) if row is not None else None


def tokens_of(tx: Tx, sid: str) -> list[TokenRow]:
    return [_token(row) for row in tx.find(_tokens, sid=sid)]


def set_token(tx: Tx, jti: str, state: str) -> None:
    tx.update(_tokens, {"state": state}, jti=jti)


def revoke_grant(tx: Tx, grant: str) -> None:
    """Everything that came of one code (RFC 6749 §4.1.2, RFC 9700 §4.14.2)."""
    tx.update(_tokens, {"state": "revoked"}, grant=grant)


def _session(row: Row[Any]) -> Session:
    login, used = from_us(row.login_us), from_us(row.used_us)
    return Session(row.sid, row.person, row.means, row.browser, login, used, row.closed)


def _token(row: Row[Any]) -> TokenRow:
    return TokenRow(row.jti, row.kind, row.sid, row.client_id, row.grant, from_us(row.expires_us), row.state)


def _dump(value: Mapping[str, str] | Sequence[str]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
