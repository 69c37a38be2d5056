"""Sign-ins under way, sessions, authorization codes and tokens. Instants are wire time; expiries compared at read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, Row, Text

from simulators.core.clock import from_us, to_us
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.core.world import identifier
from simulators.hospital_idp.providers import Provider

_logins = world_table(
    "idp_logins",
    Column("id", Text),
    Column("provider", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("asked", Text, nullable=False),
    Column("browser", Text, nullable=False),
    Column("csrf", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    key=("id",),
)
Index("idp_logins_browser", _logins.c.world, _logins.c.browser)
_sessions = world_table(
    "idp_sessions",
    Column("sid", Text),
    Column("provider", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("browser", Text, nullable=False),
    Column("login_us", BigInteger, nullable=False),
    Column("closed", Text, nullable=False),
    key=("sid",),
)
Index("idp_sessions_browser", _sessions.c.world, _sessions.c.browser)
_codes = world_table(
    "idp_codes",
    Column("code", Text),
    Column("provider", Text, nullable=False),
    Column("sid", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("asked", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("used", Integer, nullable=False),
    key=("code",),
)
_tokens = world_table(
    "idp_tokens",
    Column("jti", Text),
    Column("kind", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("sid", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("grant", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("issued_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    key=("jti",),
)
Index("idp_tokens_grant", _tokens.c.world, _tokens.c.grant)
Index("idp_tokens_session", _tokens.c.world, _tokens.c.sid)
_assertions = world_table("idp_assertions", Column("client_id", Text), Column("jti", Text), key=("client_id", "jti"))


@dataclass(frozen=True)
class Login:
    """A sign-in under way: the authorization request as received, and the browser it began in."""

    id: str
    provider: str
    issuer: str
    asked: Mapping[str, str]
    browser: str
    csrf: str
    began: datetime


@dataclass(frozen=True)
class Session:
    """``browser`` is the secret of its cookie; ``closed`` the reason of its end, empty while it is open."""

    sid: str
    provider: str
    user: str
    browser: str
    login: datetime
    closed: str

    def over(self, now: datetime, provider: Provider) -> str:
        """Why the session no longer serves at ``now``, empty while it does."""
        if self.closed:
            return self.closed
        return "expired" if now >= self.login + timedelta(seconds=provider.session_seconds) else ""


@dataclass(frozen=True)
class Code:
    """``asked`` is the authorization request; ``issuer`` as its sender knew it."""

    code: str
    provider: str
    sid: str
    client_id: str
    issuer: str
    asked: Mapping[str, str]
    scope: str
    expires: datetime
    used: bool


@dataclass(frozen=True)
class Token:
    """``state`` is ``live``, ``used`` (a refresh token that was rotated), ``revoked`` or ``expired`` (on command);
    ``grant`` ties all that came of one code, refresh after refresh."""

    jti: str
    kind: str
    provider: str
    sid: str
    client_id: str
    issuer: str
    grant: str
    scope: str
    issued: datetime
    expires: datetime
    state: str

    def live(self, now: datetime) -> bool:
        return self.state == "live" and now < self.expires


# --- sign-ins


def begin_login(tx: Tx, provider: str, issuer: str, asked: Mapping[str, str], browser: str, now: datetime) -> Login:
    """``browser`` is the secret of the cookie it came with, empty to give it one."""
    login = Login(_secret(tx, "login"), provider, issuer, asked, browser or _secret(tx), _secret(tx), now)
    tx.insert(
        _logins,
        id=login.id,
        provider=provider,
        issuer=issuer,
        asked=_dump(asked),
        browser=login.browser,
        csrf=login.csrf,
        at_us=to_us(now),
    )
    return login


def login(tx: Tx, provider: str, login_id: str) -> Login | None:
    row = tx.get(_logins, id=login_id, provider=provider) if login_id else None
    if row is None:
        return None
    asked = json.loads(row.asked)
    return Login(row.id, row.provider, row.issuer, asked, row.browser, row.csrf, from_us(row.at_us))


def has_login(tx: Tx, provider: str, browser: str) -> bool:
    """Whether a sign-in began in the browser of that cookie."""
    return bool(browser) and tx.get(_logins, provider=provider, browser=browser) is not None


def end_login(tx: Tx, login_id: str, browser: str) -> None:
    """Each sign-in ends once; the others of that browser go on under its new secret."""
    row = tx.get(_logins, id=login_id)
    tx.delete(_logins, id=login_id)
    if row is not None:
        tx.update(_logins, {"browser": browser}, browser=row.browser)


def spend_login(tx: Tx, login_id: str) -> None:
    """The person refused: nothing follows any more, but where to say so is still known."""
    tx.update(_logins, {"csrf": ""}, id=login_id)


# --- sessions


def open_session(tx: Tx, provider: str, user: str, now: datetime) -> Session:
    """A session under a new secret: the one of before the sign-in is never taken over (session fixation)."""
    session = Session(str(identifier(tx, "idp-session")), provider, user, _secret(tx), now, "")
    tx.insert(
        _sessions,
        sid=session.sid,
        provider=provider,
        user=user,
        browser=session.browser,
        login_us=to_us(now),
        closed="",
    )
    return session


def session(tx: Tx, sid: str) -> Session | None:
    row = tx.get(_sessions, sid=sid) if sid else None
    return _session(row) if row is not None else None


def session_of_browser(tx: Tx, provider: str, secret: str) -> Session | None:
    """The session of a cookie."""
    row = tx.get(_sessions, provider=provider, browser=secret) if secret else None
    return _session(row) if row is not None else None


def sessions_of(tx: Tx, provider: str) -> list[Session]:
    return [_session(row) for row in tx.find(_sessions, provider=provider)]


def close_session(tx: Tx, sid: str, reason: str) -> None:
    """Ends a session and all its tokens."""
    tx.update(_sessions, {"closed": reason}, sid=sid, closed="")
    tx.update(_tokens, {"state": "revoked"}, sid=sid, state="live")


# --- codes


def issue_code(
    tx: Tx,
    provider: Provider,
    session: Session,
    client_id: str,
    issuer: str,
    asked: Mapping[str, str],
    scope: str,
    now: datetime,
) -> str:
    code = _secret(tx, "code")
    tx.insert(
        _codes,
        code=code,
        provider=provider.name,
        sid=session.sid,
        client_id=client_id,
        issuer=issuer,
        asked=_dump(asked),
        scope=scope,
        expires_us=to_us(now + timedelta(seconds=provider.code_seconds)),
        used=0,
    )
    return code


def code(tx: Tx, provider: str, value: str) -> Code | None:
    row = tx.get(_codes, code=value, provider=provider) if value else None
    if row is None:
        return None
    asked, expires = json.loads(row.asked), from_us(row.expires_us)
    return Code(row.code, row.provider, row.sid, row.client_id, row.issuer, asked, row.scope, expires, bool(row.used))


def use_code(tx: Tx, value: str) -> None:
    tx.update(_codes, {"used": 1}, code=value)


# --- tokens


def add_token(
    tx: Tx,
    kind: str,
    session: Session,
    client_id: str,
    issuer: str,
    grant: str,
    scope: str,
    now: datetime,
    expires: datetime,
) -> Token:
    """Writes a token down; ``kind`` is ``access``, ``id`` or ``refresh``."""
    jti = _secret(tx, "refresh") if kind == "refresh" else str(identifier(tx, f"idp-{kind}"))
    token = Token(jti, kind, session.provider, session.sid, client_id, issuer, grant, scope, now, expires, "live")
    tx.insert(
        _tokens,
        jti=jti,
        kind=kind,
        provider=session.provider,
        sid=session.sid,
        client_id=client_id,
        issuer=issuer,
        grant=grant,
        scope=scope,
        issued_us=to_us(now),
        expires_us=to_us(expires),
        state="live",
    )
    return token


def token(tx: Tx, provider: str, jti: str) -> Token | None:
    row = tx.get(_tokens, jti=jti, provider=provider) if jti else None
    return _token(row) if row is not None else None


def set_token(tx: Tx, jti: str, state: str) -> None:
    tx.update(_tokens, {"state": state}, jti=jti)


def expire(tx: Tx, provider: str, *, kind: str = "", sid: str = "", jti: str = "") -> int:
    """Ends live tokens at once, as if their time were over; how many."""
    chosen = {name: value for name, value in {"kind": kind, "sid": sid, "jti": jti}.items() if value}
    return tx.update(_tokens, {"state": "expired"}, provider=provider, state="live", **chosen)


def expire_codes(tx: Tx, provider: str, now: datetime) -> int:
    """The same for codes nobody has exchanged yet."""
    return tx.update(_codes, {"expires_us": to_us(now)}, provider=provider, used=0)


def revoke_grant(tx: Tx, grant: str) -> None:
    """Everything that came of one code (RFC 6749 §4.1.2, RFC 9700 §4.14.2)."""
    tx.update(_tokens, {"state": "revoked"}, grant=grant, state="live")


def first_use(tx: Tx, client_id: str, jti: str) -> bool:
    """Whether a client's assertion is seen for the first time."""
    return tx.add(_assertions, client_id=client_id, jti=jti)


def forget(tx: Tx, provider: str) -> None:
    """All that a removed provider left."""
    for table in (_logins, _sessions, _codes, _tokens):
        tx.delete(table, provider=provider)


def _secret(tx: Tx, name: str = "secret") -> str:
    return identifier(tx, f"idp-{name}").hex + identifier(tx, f"idp-{name}").hex


def _session(row: Row[Any]) -> Session:
    return Session(row.sid, row.provider, row.user, row.browser, from_us(row.login_us), row.closed)


def _token(row: Row[Any]) -> Token:
    return Token(
        row.jti,
        row.kind,
        row.provider,
        row.sid,
        row.client_id,
        row.issuer,
        row.grant,
        row.scope,
        from_us(row.issued_us),
        from_us(row.expires_us),
        row.state,
    )


def _dump(value: Mapping[str, str]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
