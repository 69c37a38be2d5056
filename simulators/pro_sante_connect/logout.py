"""End of session (RP-Initiated Logout 1.0, facts psc §1.9): by a browser, or by a server that sends the hint alone."""

from __future__ import annotations

from dataclasses import replace

from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers, keys, redirects
from simulators.core.oidc.jose import Jwt, TokenRefused, verify
from simulators.core.rules import Level, Verdict
from simulators.pro_sante_connect import clients, sessions, web
from simulators.pro_sante_connect.authorization import browser_secret, cookie_name
from simulators.pro_sante_connect.clients import Client
from simulators.pro_sante_connect.model import PscRequest
from simulators.pro_sante_connect.names import NAME
from simulators.pro_sante_connect.rules import bearer as rules
from simulators.pro_sante_connect.settings import DROP_STATE


def logout(call: Call, request: PscRequest) -> Answer:
    """Raises ``Refused``. An expired ID token is a good hint: it only says whose session it is."""
    hint = _hint(call, request)
    client = _client(call, request, hint)
    back = _way_back(call, request, client)
    session = sessions.session(call.tx, hint.text("sid")) if hint is not None else None
    session = session or sessions.session_of_browser(call.tx, browser_secret(call, request))
    if session is not None:
        sessions.close_session(call.tx, session.sid, "logout")
        call.who["professional"] = session.person
        call.keys.add(f"session:{session.sid}")
    call.marks["session_closed"] = session is not None
    answer = _answered(call, request, back, closed=session is not None)
    return answers.set_cookie(answer, cookie_name(call), "", seconds=0)


def _answered(call: Call, request: PscRequest, back: str, *, closed: bool) -> Answer:
    if not back:
        return web.page(call, "logged_out.html", closed=closed)
    state = request.params.get("state")
    kept = {"state": state} if state and not DROP_STATE.flag(call.world.policy) else {}
    return answers.redirect(back, kept)


def _hint(call: Call, request: PscRequest) -> Jwt | None:
    value = request.params.get("id_token_hint")
    if not value:
        return None
    try:
        jwt = verify(value, lambda kid: keys.find(call.tx, NAME, kid))
        row = sessions.token(call.tx, jwt.text("jti"))
        if row is not None and row.kind == "id":
            return jwt
        found = f"a token of type {jwt.text('typ')}"
    except TokenRefused as refused:
        found = f"{refused.where}: {refused.found}"
    expected = "an ID token of this provider"
    raise call.refusal(rules.LOGOUT_HINT.finding(request.where("id_token_hint"), found=found, expected=expected))


def _client(call: Call, request: PscRequest, hint: Jwt | None) -> Client | None:
    named = request.params.get("client_id")
    holder = hint.text("aud") if hint is not None else ""
    client = clients.find(call.tx, named or holder)
    if named and (client is None or (holder and named != holder)):
        at, expected = request.where("client_id"), holder or "a declared client"
        call.find(rules.LOGOUT_CLIENT.finding(at, found=named, expected=expected))
    if client is not None:
        call.who["client"] = client.client_id
    return client


def _way_back(call: Call, request: PscRequest, client: Client | None) -> str:
    """``post_logout_redirect_uri``; ``redirect_uri``, its name before 2022, is refused by the national engine too."""
    uri, at = request.params.get("post_logout_redirect_uri"), request.where("post_logout_redirect_uri")
    if not uri:
        return ""
    if client is None:
        raise call.refusal(
            rules.LOGOUT_WHO.finding(request.where("id_token_hint"), expected="an ID token of this provider")
        )
    return _declared(call, client, uri, at)


def _declared(call: Call, client: Client, uri: str, at: str) -> str:
    if uri in client.post_logout_redirect_uris:
        return uri
    choice = call.world.policy.on_unknown("redirects")
    expected = " | ".join(client.post_logout_redirect_uris) or "a declared logout URI"
    finding = rules.LOGOUT_REDIRECT.finding(at, found=uri, expected=expected)
    if redirects.problem(uri):  # never a script, whatever the policy
        raise call.refusal(finding)
    if choice == "refuse":
        call.find(finding)
    elif choice == "warn":
        call.verdict += Verdict((replace(finding, level=Level.WARN),))
    changed = replace(client, post_logout_redirect_uris=(*client.post_logout_redirect_uris, uri))
    clients.save(call.tx, changed)
    call.adopted("redirects", uri)
    return uri
