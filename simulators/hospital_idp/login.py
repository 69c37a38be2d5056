"""What the sign-in page sends back: an account, a new one, or a refusal."""

from __future__ import annotations

import hmac
from datetime import timedelta

from simulators.core.exchange import Answer, Call
from simulators.hospital_idp import cookies, sessions, users
from simulators.hospital_idp.authorization import note, sign_in
from simulators.hospital_idp.model import IdpRequest
from simulators.hospital_idp.providers import Provider
from simulators.hospital_idp.redirecting import answered
from simulators.hospital_idp.rules import login as rules
from simulators.hospital_idp.sessions import Login
from simulators.hospital_idp.users import User


def perform(call: Call, request: IdpRequest, provider: Provider) -> Answer:
    """``POST <issuer>/login``. Raises ``Refused``."""
    from simulators.hospital_idp.engine.run import Consent

    login = _login(call, request, provider)
    call.who["client"] = login.asked["client_id"]
    consent = Consent(call, request, provider, login.asked, login.issuer)
    if request.params.get("choice") == "deny":
        call.if_refused(lambda tx: sessions.spend_login(tx, login.id))
        consent.check(User("", "", "", ""))
        consent.denied()
    user = _user(call, request)
    consent.check(user)
    session = sign_in(call, provider, user)
    note(call, user, session)
    answer = answered(call, login.asked, consent.granted(user, session), login.issuer)
    sessions.end_login(call.tx, login.id, session.browser)
    return cookies.given(call, request, answer, session.browser)


def _login(call: Call, request: IdpRequest, provider: Provider) -> Login:
    """The sign-in under way, proved to be of this browser and of the page it was shown. Raises ``Refused``."""
    login = sessions.login(call.tx, provider.name, request.params.get("login"))
    late = login is not None and call.wire_now >= login.began + timedelta(seconds=provider.login_seconds)
    if login is None or not login.csrf or late:
        found = "too long ago" if late else "" if login is None else "refused by the person"
        call.find(rules.GONE.finding("body.login", found=found, expected="a sign-in under way"))
        raise AssertionError("a guard cannot be switched off")
    if not _same(request.params.get("csrf"), login.csrf):
        call.find(rules.CSRF.finding("body.csrf", found="another form", expected="the form of this page"))
    if not _same(cookies.shown(call, request), login.browser):
        found = "another browser" if cookies.shown(call, request) else "no cookie"
        call.find(rules.CSRF.finding("header.Cookie", found=found, expected="the browser the page was shown in"))
    return login


def _user(call: Call, request: IdpRequest) -> User:
    if request.params.get("choice") == "create":
        return _created(call, request)
    key = request.params.get("user")
    user = next((user for user in users.every(call.tx) if user.key == key), None)
    if user is None:
        call.find(rules.USER_UNKNOWN.finding("body.user", found=key, expected="an account of the list"))
        raise AssertionError("a guard cannot be switched off")
    return user


def _created(call: Call, request: IdpRequest) -> User:
    given = request.params.get
    try:
        data = {name: given(f"new_{name}") for name in ("login", "family", "given", "rpps")}
        user = users.new_user({**data, "groups": request.params.words("new_groups")})
        if users.named(call.tx, user.login) is not None:
            raise ValueError(f"login {user.login} is that of another account")
        users.save(call.tx, user)
    except ValueError as wrong:
        call.find(rules.USER_FORM.finding("body.new_login", found=str(wrong), expected="a new account"))
        raise
    return user


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
