"""The authorization endpoint (OpenID Connect Core §3.1.2): signed in already, by a hint, or shown the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from simulators.core.exchange import Answer, Call
from simulators.core.oidc.jose import TokenRefused
from simulators.hospital_idp import cookies, issuing, sessions, users, web
from simulators.hospital_idp.clients import Client
from simulators.hospital_idp.model import IdpRequest
from simulators.hospital_idp.operations import LOGIN
from simulators.hospital_idp.providers import Provider
from simulators.hospital_idp.redirecting import answered
from simulators.hospital_idp.rules import authorization as rules
from simulators.hospital_idp.rules import client as client_rules
from simulators.hospital_idp.rules import login as login_rules
from simulators.hospital_idp.sessions import Session
from simulators.hospital_idp.users import User


@dataclass(frozen=True)
class _Chosen:
    """Who is signed in without a page. ``session`` is the one that serves, None when a new one is to be opened."""

    user: User
    session: Session | None


def perform(call: Call, request: IdpRequest, provider: Provider) -> Answer:
    """``GET`` or ``POST <issuer>/authorize``. Raises ``Refused``."""
    from simulators.hospital_idp.engine.run import Consent

    asked = dict(pair for pair in request.params.pairs if pair[1])
    if not asked.get("client_id"):
        call.find(client_rules.MISSING.finding(request.where("client_id"), expected="client_id"))
    chosen = _chosen(call, request, provider, asked)
    consent = Consent(call, request, provider, asked, request.issuer)
    client = consent.check(chosen.user if chosen is not None else None)
    _check_hint(call, request, asked)
    if chosen is None:
        return _page(call, request, provider, client, asked)
    session = chosen.session or sign_in(call, provider, chosen.user)
    note(call, chosen.user, session)
    answer = answered(call, asked, consent.granted(chosen.user, session), request.issuer)
    return answer if chosen.session is not None else cookies.given(call, request, answer, session.browser)


def sign_in(call: Call, provider: Provider, user: User) -> Session:
    """A new session of that account. Raises ``Refused`` when it is disabled."""
    if user.disabled:
        call.find(login_rules.DISABLED.finding("user", found="disabled", expected="enabled"))
    return sessions.open_session(call.tx, provider.name, users.settle(call.tx, user).key, call.wire_now)


def note(call: Call, user: User, session: Session) -> None:
    """Who signed in, for the journal."""
    call.who["professional"] = user.key
    call.who["login"] = user.login
    call.keys.add(f"session:{session.sid}")


def _chosen(call: Call, request: IdpRequest, provider: Provider, asked: Mapping[str, str]) -> _Chosen | None:
    prompts, meant = asked.get("prompt", "").split(), _meant(call, request, provider, asked)
    if "select_account" in prompts:
        return None
    session = None if "login" in prompts else _fresh(call, cookies.current(call, request, provider), asked)
    user = users.find(call.tx, session.user) if session is not None else None
    wanted = users.named(call.tx, asked.get("login_hint", "") or provider.auto_login)
    if session is not None and user is not None and not user.disabled and (wanted is None or wanted.key == user.key):
        return _Chosen(user, session) if meant in {"", user.subject(provider.name)} else None
    return _Chosen(wanted, None) if wanted is not None and "none" not in prompts else None


def _fresh(call: Call, session: Session | None, asked: Mapping[str, str]) -> Session | None:
    """The session, unless it began more than ``max_age`` ago."""
    age = asked.get("max_age", "")
    if session is None or not (age.isascii() and age.isdigit()) or len(age) > 9:
        return session
    return session if call.wire_now < session.login + timedelta(seconds=int(age)) else None


def _meant(call: Call, request: IdpRequest, provider: Provider, asked: Mapping[str, str]) -> str:
    """``sub`` of ``id_token_hint``, empty without one. It may have expired."""
    hint = asked.get("id_token_hint", "")
    if not hint:
        return ""
    try:
        return issuing.read_token(call, provider, hint).text("sub")
    except TokenRefused as refused:
        place = request.where("id_token_hint")
        call.find(rules.ID_TOKEN_HINT.finding(place, found=refused.found, expected=refused.expected))
        raise


def _check_hint(call: Call, request: IdpRequest, asked: Mapping[str, str]) -> None:
    hint = asked.get("login_hint", "")
    if hint and users.named(call.tx, hint) is None:
        found, expected = hint, "an account of this world"
        call.find(rules.LOGIN_HINT.finding(request.where("login_hint"), found=found, expected=expected))


def _page(call: Call, request: IdpRequest, provider: Provider, client: Client, asked: Mapping[str, str]) -> Answer:
    secret = cookies.shown(call, request)
    known = sessions.has_login(call.tx, provider.name, secret) or bool(cookies.current(call, request, provider))
    login = sessions.begin_login(call.tx, provider.name, request.issuer, asked, secret if known else "", call.wire_now)
    call.marks["page"] = "sign-in"
    answer = web.page(
        call,
        "login.html",
        leads_to=asked["redirect_uri"],
        provider=provider,
        client=client.title,
        login=login,
        users=users.every(call.tx),
        action=form_action(call, provider),
    )
    return cookies.given(call, request, answer, login.browser)


def form_action(call: Call, provider: Provider, path: str = LOGIN.path) -> str:
    """Where a form of a page leads: its own world, whatever address it was asked at."""
    return f"/w/{call.world.name}/idp/{provider.name}{path}?lang={web.language(call)}"
