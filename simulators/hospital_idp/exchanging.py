"""What a code or a refresh token must be to become tokens: one straight list each (RFC 6749 §4.1.3, §6; RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from simulators.core.exchange import Call
from simulators.core.rules import Check, Finding
from simulators.hospital_idp import sessions, users
from simulators.hospital_idp.clients import Client
from simulators.hospital_idp.model import IdpRequest
from simulators.hospital_idp.providers import Provider
from simulators.hospital_idp.rules import client as client_rules
from simulators.hospital_idp.rules import token as rules
from simulators.hospital_idp.sessions import Code, Session, Token

_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)


@dataclass(frozen=True)
class Granted:
    """What tokens are made for; ``grant`` ties all that comes of one code."""

    session: Session
    client_id: str
    issuer: str
    grant: str


@dataclass(frozen=True)
class _CodeCase:
    request: IdpRequest
    client: Client
    code: Code
    now: datetime
    proved: bool


@dataclass(frozen=True)
class _RefreshCase:
    request: IdpRequest
    client: Client
    token: Token
    now: datetime


def redeemed(
    call: Call, request: IdpRequest, provider: Provider, client: Client, *, proved: bool
) -> tuple[Code, Session]:
    """The code of a token request, and its session. ``proved``: the client authenticated. Raises ``Refused``."""
    given = request.params.get("code")
    if not given:
        call.find(rules.CODE_MISSING.finding("body.code", expected="code"))
    code = sessions.code(call.tx, provider.name, given)
    if code is None:
        call.find(rules.CODE_UNKNOWN.finding("body.code", found="unknown", expected="a code of this provider"))
        raise AssertionError("a guard cannot be switched off")
    if code.used and code.client_id == client.client_id:
        call.if_refused(lambda tx: sessions.revoke_grant(tx, code.code))
    call.judge(_CODE_CHECKS, _CodeCase(request, client, code, call.wire_now, proved))
    return code, _open(call, provider, code.sid)


def refreshed(call: Call, request: IdpRequest, provider: Provider, client: Client) -> tuple[Token, Session]:
    """The refresh token of a token request, and its session. Raises ``Refused``."""
    given = request.params.get("refresh_token")
    if not given:
        call.find(rules.REFRESH_MISSING.finding("body.refresh_token", expected="refresh_token"))
    token = sessions.token(call.tx, provider.name, given)
    if token is None or token.kind != "refresh":
        expected = "a refresh token of this provider"
        call.find(rules.REFRESH_UNKNOWN.finding("body.refresh_token", found="unknown", expected=expected))
        raise AssertionError("a guard cannot be switched off")
    if token.state == "used" and token.client_id == client.client_id:
        call.if_refused(lambda tx: sessions.revoke_grant(tx, token.grant))
    call.judge(_REFRESH_CHECKS, _RefreshCase(request, client, token, call.wire_now))
    return token, _open(call, provider, token.sid)


def _open(call: Call, provider: Provider, sid: str) -> Session:
    session = sessions.session(call.tx, sid)
    reason = session.over(call.wire_now, provider) if session is not None else "unknown"
    user = users.find(call.tx, session.user) if session is not None else None
    if not reason and (user is None or user.disabled):
        reason = "account removed" if user is None else "account disabled"
    if session is None or reason:
        call.find(rules.SESSION_OVER.finding("session", found=reason, expected="open"))
        raise AssertionError("a guard cannot be switched off")
    return session


def _code_client(case: _CodeCase) -> Iterator[Finding]:
    if case.code.client_id != case.client.client_id:
        yield rules.CODE_CLIENT.finding("body.code", found="of another client", expected="a code of this client")


def _code_life(case: _CodeCase) -> Iterator[Finding]:
    if case.code.used:
        yield rules.CODE_USED.finding("body.code", found="used", expected="a code that was not used")
    elif case.now >= case.code.expires:
        yield rules.CODE_EXPIRED.finding("body.code", found="expired", expected="a code in its life")


def _redirect(case: _CodeCase) -> Iterator[Finding]:
    given = case.request.params.get("redirect_uri")
    if given != case.code.asked["redirect_uri"]:
        expected = "the one of the authorization request"
        yield rules.CODE_REDIRECT.finding("body.redirect_uri", found=given, expected=expected)


def _public(case: _CodeCase) -> Iterator[Finding]:
    if not case.proved and not case.code.asked.get("code_challenge"):
        yield client_rules.SECRET_MISSING.finding("header.Authorization", expected="the client's secret")


def _verifier(case: _CodeCase) -> Iterator[Finding]:
    challenge, verifier = case.code.asked.get("code_challenge"), case.request.params.get("code_verifier")
    place = "body.code_verifier"
    if not challenge:
        if verifier:
            yield rules.VERIFIER_UNASKED.finding(place, found="present", expected="absent")
    elif not verifier:
        yield rules.VERIFIER_MISSING.finding(place, expected="code_verifier")
    elif not _VERIFIER.fullmatch(verifier):
        found = f"{len(verifier)} characters"
        yield rules.VERIFIER_FORM.finding(place, found=found, expected="43 to 128 characters")
    elif not hmac.compare_digest(_s256(verifier), challenge):
        yield rules.VERIFIER.finding(place, found="another verifier", expected="the one of the request")


def _s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _refresh_client(case: _RefreshCase) -> Iterator[Finding]:
    if case.token.client_id != case.client.client_id:
        expected = "a refresh token of this client"
        yield rules.REFRESH_CLIENT.finding("body.refresh_token", found="of another client", expected=expected)


def _refresh_life(case: _RefreshCase) -> Iterator[Finding]:
    place, state = "body.refresh_token", case.token.state
    if state == "used":
        yield rules.REFRESH_USED.finding(place, found="used", expected="the last one received")
    elif not case.token.live(case.now):
        found = state if state != "live" else "expired"
        yield rules.REFRESH_OVER.finding(place, found=found, expected="live")


def _refresh_scope(case: _RefreshCase) -> Iterator[Finding]:
    wanted, granted = case.request.params.words("scope"), case.token.scope.split()
    if not set(granted).issuperset(wanted):
        yield rules.SCOPE_WIDER.finding("body.scope", found=" ".join(wanted), expected=case.token.scope)


_CODE_CHECKS: Final[tuple[Check[_CodeCase], ...]] = (_code_client, _code_life, _redirect, _public, _verifier)
_REFRESH_CHECKS: Final[tuple[Check[_RefreshCase], ...]] = (_refresh_client, _refresh_life, _refresh_scope)
