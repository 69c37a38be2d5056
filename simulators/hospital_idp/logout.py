"""The way out (OpenID Connect RP-Initiated Logout 1.0): by an ID token at once, else confirmed by the person."""

from __future__ import annotations

import hashlib
import hmac

from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers
from simulators.core.oidc.jose import TokenRefused
from simulators.hospital_idp import authentication, cookies, issuing, sessions, web
from simulators.hospital_idp.authorization import form_action
from simulators.hospital_idp.clients import Client
from simulators.hospital_idp.model import IdpRequest
from simulators.hospital_idp.operations import LOGOUT
from simulators.hospital_idp.providers import Provider
from simulators.hospital_idp.redirecting import known_logout
from simulators.hospital_idp.rules import login as rules
from simulators.hospital_idp.sessions import Session, Token

_REASON = "logout"
_KEPT = ("client_id", "post_logout_redirect_uri", "state")


def perform(call: Call, request: IdpRequest, provider: Provider) -> Answer:
    """``GET`` or ``POST <issuer>/logout``. Raises ``Refused``."""
    hint = _hint(call, request, provider)
    client = _client(call, request, provider, hint)
    _check_back(call, request, provider, client)
    here = cookies.current(call, request, provider)
    if hint is not None:
        sessions.close_session(call.tx, hint.sid, _REASON)
        call.keys.add(f"session:{hint.sid}")
        return _gone(call, request, here is not None and here.sid == hint.sid)
    if here is None:
        return _gone(call, request, False)
    if request.method == "POST" and request.params.has("csrf"):
        if not hmac.compare_digest(request.params.get("csrf").encode(), _csrf(here).encode()):
            call.find(rules.CSRF.finding("body.csrf", found="another form", expected="the form of this page"))
        sessions.close_session(call.tx, here.sid, _REASON)
        call.keys.add(f"session:{here.sid}")
        return _gone(call, request, True)
    return _confirm(call, request, provider, here)


def _hint(call: Call, request: IdpRequest, provider: Provider) -> Token | None:
    """The ID token given back, None without one; its date does not matter (§2)."""
    text = request.params.get("id_token_hint")
    if not text:
        return None
    try:
        token = issuing.read_token(call, provider, text)
        row = sessions.token(call.tx, provider.name, token.text("jti"))
        if row is None or row.kind != "id":
            raise TokenRefused("claims", "another kind of token", "an ID token")
        return row
    except TokenRefused as refused:
        place = request.where("id_token_hint")
        call.find(rules.HINT.finding(place, found=refused.found, expected=refused.expected))
        raise


def _client(call: Call, request: IdpRequest, provider: Provider, hint: Token | None) -> Client | None:
    named = request.params.get("client_id")
    if hint is not None and named and named != hint.client_id:
        place, expected = request.where("client_id"), "the audience of id_token_hint"
        call.find(rules.AUDIENCE.finding(place, found=named, expected=expected))
    client_id = hint.client_id if hint is not None else named
    if not client_id:
        return None
    return authentication.known(call, provider.name, client_id, request.where("client_id"))


def _check_back(call: Call, request: IdpRequest, provider: Provider, client: Client | None) -> None:
    uri = request.params.get("post_logout_redirect_uri")
    if not uri:
        return
    if client is None:
        expected = "id_token_hint or client_id"
        call.find(rules.NOBODY.finding(request.where("id_token_hint"), expected=expected))
        return
    known_logout(call, provider.name, client, uri, request.where("post_logout_redirect_uri"), rules.BACK)


def _gone(call: Call, request: IdpRequest, cookie: bool) -> Answer:
    """Back to the product, whose address was checked; else the page."""
    uri, state = request.params.get("post_logout_redirect_uri"), request.params.get("state")
    if uri and (request.params.has("client_id") or request.params.has("id_token_hint")):
        answer = answers.redirect(uri, {"state": state} if state else {})
    else:
        answer = web.page(call, "logout.html", csrf="")
    return cookies.given(call, request, answer, "") if cookie else answer


def _confirm(call: Call, request: IdpRequest, provider: Provider, session: Session) -> Answer:
    """§6: a request that proves nothing may come from anybody."""
    return web.page(
        call,
        "logout.html",
        leads_to=request.params.get("post_logout_redirect_uri"),
        csrf=_csrf(session),
        action=form_action(call, provider, LOGOUT.path),
        asked={name: request.params.get(name) for name in _KEPT if request.params.has(name)},
    )


def _csrf(session: Session) -> str:
    return hashlib.sha256(f"logout {session.sid} {session.browser}".encode()).hexdigest()
