"""The authorization endpoint (OIDC Core §3.1.2): a session of this browser, a machine's hint, or the wallet page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers
from simulators.core.world import identifier
from simulators.pro_sante_connect import redirecting, sessions, wallet
from simulators.pro_sante_connect.asking import Asked, asked
from simulators.pro_sante_connect.model import PscRequest
from simulators.pro_sante_connect.names import AUTHORIZE
from simulators.pro_sante_connect.operations import NATIVE
from simulators.pro_sante_connect.rules import authorization as rules
from simulators.pro_sante_connect.sessions import Session
from simulators.pro_sante_connect.settings import AUTO, HINT, LOGIN, MEANS
from simulators.pro_sante_connect.signing_in import person_of_hint


def authorization(call: Call, request: PscRequest) -> Answer:
    """The product's browser arrives. Raises ``Refused``."""
    if request.operation is NATIVE:
        return _to_wallet(request)
    found = asked(call, request)
    prompt = request.params.words("prompt")
    session = None if {"login", "select_account"} & set(prompt) else _session(call, found)
    if session is not None:
        call.marks["signed_in_by"] = "session"
        return with_code(call, request, dict(reversed(request.params.pairs)), session)
    if "none" in prompt:
        expected = "a session of this browser"
        raise call.refusal(rules.LOGIN_REQUIRED.finding(request.where("prompt"), found="none", expected=expected))
    return _machine(call, found) or _wallet(call, found)


def with_code(call: Call, request: PscRequest, asked: Mapping[str, str], session: Session) -> Answer:
    """Sends the browser back with a code, and keeps the session in its cookie."""
    sessions.touch(call.tx, session.sid, call.wire_now)
    code = sessions.issue_code(call.tx, session, asked["client_id"], asked, call.wire_now)
    call.who["professional"] = session.person
    call.keys.add(f"session:{session.sid}")
    told = {"session_state": session.sid, "code": code}
    answer = redirecting.answered(request, asked, told, identifier(call.tx, "psc-nonce").hex)
    return answers.set_cookie(answer, cookie_name(call), session.browser)


def cookie_name(call: Call) -> str:
    """Two worlds in one browser never see each other's session."""
    return f"segur_psc_{call.world.name}"


def login_cookie_name(call: Call) -> str:
    """A cookie of its own: what a browser held before a sign-in never becomes a session, nor takes one away."""
    return f"segur_psc_login_{call.world.name}"


def browser_secret(call: Call, request: PscRequest) -> str:
    return answers.cookie(request.headers, cookie_name(call))


def open_session(call: Call, request: PscRequest) -> Session | None:
    """The session of this browser, if it still serves."""
    session = sessions.session_of_browser(call.tx, browser_secret(call, request))
    return None if session is None or session.over(call.wire_now, call.world.policy) else session


def _to_wallet(request: PscRequest) -> Answer:
    """One host holds the cookies of a browser; method and form are kept (307)."""
    query = urlencode(request.query.pairs)
    return Answer(307, b"", {"Location": f"{request.wallet}{AUTHORIZE}?{query}", **answers.NO_STORE})


def _session(call: Call, found: Asked) -> Session | None:
    """The open session of this browser, unless the product wants a fresher one or, by its hint, somebody else's."""
    session = open_session(call, found.request)
    if session is None:
        return None
    age, hint = found.get("max_age"), found.get("login_hint")
    if age and (int(age) == 0 or call.wire_now > session.login + timedelta(seconds=int(age))):
        return None
    if hint and hint != session.person and HINT.text(call.world.policy) == "login":
        return None
    return session


def _machine(call: Call, found: Asked) -> Answer | None:
    """Signed in without a page: by the world's setting, or by the product's login_hint."""
    policy = call.world.policy
    hint, at = AUTO.text(policy).strip(), "setting psc.auto-login"
    if not hint and HINT.text(policy) == "login":
        hint, at = found.get("login_hint"), found.at("login_hint")
    if not hint:
        return None
    person = person_of_hint(call, hint, at)
    call.marks["signed_in_by"] = at
    session = sessions.open_session(call.tx, person.national_id, MEANS.text(policy), call.wire_now, browser=True)
    return with_code(call, found.request, dict(reversed(found.request.params.pairs)), session)


def _wallet(call: Call, found: Asked) -> Answer:
    """The page where a person chooses who to be; the cookie ties the choice to this browser."""
    name, life = login_cookie_name(call), timedelta(seconds=LOGIN.number(call.world.policy))
    sessions.forget_logins(call.tx, call.wire_now - life)
    secret = answers.cookie(found.request.headers, name) or identifier(call.tx, "psc-login-browser").hex
    request = dict(reversed(found.request.params.pairs))
    login = sessions.begin_login(call.tx, found.client.client_id, request, secret, call.wire_now)
    return answers.set_cookie(wallet.page(call, login, found.client), name, secret)
