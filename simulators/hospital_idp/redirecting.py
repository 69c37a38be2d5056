"""Back to the product: which addresses it may have, and how an answer gets there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from simulators.core.errors import Refused
from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers, redirects
from simulators.core.rules import Finding, Level, Rule, Verdict
from simulators.hospital_idp import clients, sessions
from simulators.hospital_idp.clients import Client
from simulators.hospital_idp.model import IdpRequest
from simulators.hospital_idp.rules import authorization as rules

MODES: Final = ("query", "fragment", "form_post")
FAMILY: Final = "redirects"


def known_redirect(call: Call, provider: str, client: Client, uri: str, where: str) -> Client:
    """The client with that address among its own, adopted where the world allows it. Raises ``Refused``."""
    check_form(call, uri, where)
    if redirects.matches(uri, client.redirect_uris, loopback_port=True):
        return client
    unknown(call, FAMILY, rules.REDIRECT_UNKNOWN, where, uri, "a declared address")
    return _adopted(call, provider, replace(client, redirect_uris=(*client.redirect_uris, uri)), uri)


def known_logout(call: Call, provider: str, client: Client, uri: str, where: str, rule: Rule) -> None:
    """The same for the address after a logout (OpenID Connect RP-Initiated Logout §3)."""
    check_form(call, uri, where)
    if uri in client.post_logout_redirect_uris:
        return
    unknown(call, FAMILY, rule, where, uri, "a declared address")
    known = (*client.post_logout_redirect_uris, uri)
    _adopted(call, provider, replace(client, post_logout_redirect_uris=known), uri)


def check_form(call: Call, uri: str, where: str) -> None:
    """What could never be an address to send a browser to. Raises ``Refused``."""
    problem = redirects.problem(uri)
    if problem:
        call.find(rules.REDIRECT_FORM.finding(where, found=uri, expected=f"not: {problem}"))


def unknown(call: Call, family: str, rule: Rule, where: str, found: str, expected: str) -> None:
    """What the world says of something it does not know: refused, noted as a warning, or nothing."""
    choice = call.world.policy.on_unknown(family)
    if choice == "adopt":
        return
    level = Level.REFUSE if choice == "refuse" else Level.WARN
    finding: Finding = replace(rule.finding(where, found=found, expected=expected), level=level)
    call.verdict = call.verdict + Verdict((finding,))
    if choice == "refuse":
        raise Refused(call.verdict)


def answered(call: Call, asked: Mapping[str, str], parameters: Mapping[str, str], issuer: str) -> Answer:
    """The browser sent back with ``parameters``, the untouched state and the issuer (RFC 9207)."""
    state = {"state": asked["state"]} if asked.get("state") else {}
    mode = asked.get("response_mode", "query")
    nonce = hashlib.sha256(f"{call.arrival.peer} {call.wall.timestamp()}".encode()).hexdigest()[:24]
    whole = {**parameters, **state, "iss": issuer}
    return answers.redirect(asked["redirect_uri"], whole, mode=mode if mode in MODES else "query", nonce=nonce)


def error(call: Call, request: IdpRequest, parameters: Mapping[str, str]) -> Answer | None:
    """The error sent to the product, or None when no address of its own is known for sure.

    An address that the world would have adopted had the request been right is taken for known.
    """
    begun = sessions.login(call.tx, request.provider, request.params.get("login"))
    asked = begun.asked if begun is not None else dict(request.params.pairs)
    if not _is_known(call, request.provider, asked):
        return None
    return answered(call, asked, parameters, begun.issuer if begun is not None else request.issuer)


def _is_known(call: Call, provider: str, asked: Mapping[str, str]) -> bool:
    uri, client_id = asked.get("redirect_uri", ""), asked.get("client_id", "")
    if not uri or redirects.problem(uri) or clients.odd(client_id):
        return False
    client, policy = clients.find(call.tx, provider, client_id), call.world.policy
    if client is None and policy.on_unknown("clients") == "refuse":
        return False
    registered = client.redirect_uris if client is not None else ()
    return redirects.matches(uri, registered, loopback_port=True) or policy.on_unknown(FAMILY) != "refuse"


def _adopted(call: Call, provider: str, client: Client, uri: str) -> Client:
    clients.save(call.tx, provider, client)
    call.adopted(FAMILY, uri)
    return client
