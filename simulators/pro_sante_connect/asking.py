"""The checks of an authorization request, in order: the client, its address, then everything else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from simulators.core.exchange import Call
from simulators.core.oidc import redirects
from simulators.core.rules import Check, Finding, Level, Verdict
from simulators.pro_sante_connect import authentication, clients
from simulators.pro_sante_connect.clients import Client
from simulators.pro_sante_connect.model import PscRequest
from simulators.pro_sante_connect.names import SCOPES
from simulators.pro_sante_connect.redirecting import MODES
from simulators.pro_sante_connect.rules import authorization as rules
from simulators.pro_sante_connect.settings import LOOPBACK

ACR_VALUE: Final = "eidas1"
PROMPTS: Final = frozenset({"none", "login", "consent", "select_account"})
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True)
class Asked:
    """An authorization request and its client."""

    request: PscRequest
    client: Client

    def get(self, name: str) -> str:
        return self.request.params.get(name)

    def at(self, name: str) -> str:
        return self.request.where(name)


def asked(call: Call, request: PscRequest) -> Asked:
    """The request, checked. Raises ``Refused``: by a page until the return address is known, then by redirection."""
    client_id = request.params.get("client_id")
    if not client_id:
        raise call.refusal(rules.CLIENT_MISSING.finding(request.where("client_id"), expected="client_id"))
    client = authentication.known(call, client_id, request.where("client_id"), rules.CLIENT)
    found = Asked(request, _with_redirect(call, request, client))
    call.judge(CHECKS, found)
    return found


def _with_redirect(call: Call, request: PscRequest, client: Client) -> Client:
    uri, at = request.params.get("redirect_uri"), request.where("redirect_uri")
    if not uri:
        raise call.refusal(rules.REDIRECT_MISSING.finding(at, expected="redirect_uri"))
    if redirects.problem(uri):
        raise call.refusal(
            rules.REDIRECT_FORM.finding(at, found=uri, expected="an absolute URI", reason=redirects.problem(uri))
        )
    if redirects.matches(uri, client.redirect_uris, loopback_port=LOOPBACK.flag(call.world.policy)):
        return client
    choice = call.world.policy.on_unknown("redirects")
    if choice != "adopt":
        expected = " | ".join(client.redirect_uris) or "a declared redirect URI"
        finding = rules.REDIRECT.finding(at, found=uri, expected=expected)
        if choice == "refuse":
            raise call.refusal(finding)
        call.verdict += Verdict((replace(finding, level=Level.WARN),))
    client = replace(client, redirect_uris=(*client.redirect_uris, uri))
    clients.save(call.tx, client)
    call.adopted("redirects", uri)
    return client


def _request_object(asked: Asked) -> Iterator[Finding]:
    for name in ("request", "request_uri"):
        if asked.get(name):
            yield rules.REQUEST_OBJECT.finding(asked.at(name), found=asked.get(name)[:40], expected="no request object")


def _response(asked: Asked) -> Iterator[Finding]:
    kind, mode = asked.get("response_type"), asked.get("response_mode")
    if not kind:
        yield rules.RESPONSE_TYPE_MISSING.finding(asked.at("response_type"), expected="code")
    elif kind != "code":
        yield rules.RESPONSE_TYPE.finding(asked.at("response_type"), found=kind, expected="code")
    if mode and mode not in MODES:
        yield rules.RESPONSE_MODE.finding(asked.at("response_mode"), found=mode, expected=", ".join(MODES))


def _scope(asked: Asked) -> Iterator[Finding]:
    given, at = asked.request.params.words("scope"), asked.at("scope")
    whole, expected = asked.get("scope"), "openid scope_all"
    if any(word not in SCOPES for word in given):
        yield rules.SCOPE.finding(at, found=whole, expected=expected)
    if "openid" not in given:
        yield rules.OPENID.finding(at, found=whole, expected=expected)
    if "scope_all" not in given:
        yield rules.SCOPE_ALL.finding(at, found=whole, expected=expected)


def _acr(asked: Asked) -> Iterator[Finding]:
    values = asked.request.params.words("acr_values")
    if asked.get("acr"):
        yield rules.ACR_NAME.finding(asked.at("acr"), found=asked.get("acr"), expected="acr_values=eidas1")
    if not values:
        yield rules.ACR_MISSING.finding(asked.at("acr_values"), expected=ACR_VALUE)
    elif ACR_VALUE not in values:
        yield rules.ACR.finding(asked.at("acr_values"), found=asked.get("acr_values"), expected=ACR_VALUE)


def _unpredictable(asked: Asked) -> Iterator[Finding]:
    for name, rule in (("state", rules.STATE), ("nonce", rules.NONCE)):
        if not asked.get(name):
            yield rule.finding(asked.at(name), expected="an unpredictable value")


def _pkce(asked: Asked) -> Iterator[Finding]:
    challenge, method, at = asked.get("code_challenge"), asked.get("code_challenge_method"), asked.at("code_challenge")
    expected = "43 to 128 characters"
    if not challenge and not method:
        if asked.client.pkce_required:
            yield rules.PKCE_MISSING.finding(at, expected=expected)
        yield rules.PKCE_ABSENT.finding(at, expected=expected)
        return
    if method not in {"", "plain", "S256"}:
        yield rules.PKCE_METHOD.finding(asked.at("code_challenge_method"), found=method, expected="S256")
    elif method != "S256":
        yield rules.PKCE_PLAIN.finding(asked.at("code_challenge_method"), found=method, expected="S256")
    if not _CHALLENGE.fullmatch(challenge):
        shape = "43 to 128 characters among A-Z a-z 0-9 - . _ ~"
        yield rules.PKCE_CHALLENGE.finding(at, found=challenge, expected=shape)


def _interaction(asked: Asked) -> Iterator[Finding]:
    words = asked.request.params.words("prompt")
    expected = "none alone, or login, consent, select_account"
    if any(word not in PROMPTS for word in words) or ("none" in words and len(words) > 1):
        yield rules.PROMPT.finding(asked.at("prompt"), found=asked.get("prompt"), expected=expected)
    age = asked.get("max_age")
    if age and not (age.isdecimal() and len(age) < 10):
        yield rules.MAX_AGE.finding(asked.at("max_age"), found=age, expected="a whole number of seconds")


CHECKS: Final[tuple[Check[Asked], ...]] = (
    *(_request_object, _response, _scope, _acr, _unpredictable, _pkce, _interaction),
)
