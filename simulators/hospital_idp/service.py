"""The hospital's OpenID provider as one list: port, paths, operations, rules, seed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from simulators.core.exchange import Answer, Runtime
from simulators.core.http import Get, http_app, plain_page
from simulators.core.pki import Trust
from simulators.core.rules import Rule
from simulators.core.service import Fidelity, ListenerSpec, Service, WSGIApp
from simulators.hospital_idp import authorization, clients, discovery, login, logout, seeds, token, userinfo
from simulators.hospital_idp import operations as at
from simulators.hospital_idp.flow import IdpFlow
from simulators.hospital_idp.model import Perform
from simulators.hospital_idp.names import DEFAULT, LISTENER, NAME, ROOT
from simulators.hospital_idp.rules import authorization as authorization_rules
from simulators.hospital_idp.rules import bearer, client, request
from simulators.hospital_idp.rules import login as login_rules
from simulators.hospital_idp.rules import token as token_rules

PORT: Final = ListenerSpec(LISTENER, 22, "server")
ISSUER: Final = f"{ROOT}/{DEFAULT}"
PERFORMERS: Final[dict[str, Perform]] = {
    at.DISCOVERY.name: discovery.perform,
    at.JWKS.name: discovery.perform_jwks,
    at.AUTHORIZATION.name: authorization.perform,
    at.LOGIN.name: login.perform,
    at.TOKEN.name: token.perform,
    at.USERINFO.name: userinfo.perform,
    at.INTROSPECTION.name: token.introspect,
    at.REVOCATION.name: token.revoke,
    at.LOGOUT.name: logout.perform,
}
RULES: Final[tuple[Rule, ...]] = (
    *request.RULES,
    *client.RULES,
    *authorization_rules.RULES,
    *login_rules.RULES,
    *token_rules.RULES,
    *bearer.RULES,
)
FIDELITY: Final = (
    Fidelity(
        "authorization code",
        "PKCE S256, state, nonce, prompt, max_age, login_hint, query, fragment and form_post, iss (RFC 9207)",
        "no national model: a plain provider as a hospital may have; no password is asked",
    ),
    Fidelity(
        "tokens",
        "ID token RS256 or ES256, access token, refresh with rotation, userinfo, introspection, revocation",
        "names of the RPPS, login and group claims are parameters: each hospital has its own",
    ),
    Fidelity(
        "logout",
        "RP-initiated, by id_token_hint or confirmed by the person",
        "no front-channel or back-channel logout, no dynamic registration, no signed requests (request, PAR)",
    ),
)


def service(trust: Callable[[datetime], Trust]) -> Service:
    """The provider as a service; it asks no client certificate, so ``trust`` serves nothing."""
    flow = IdpFlow(PERFORMERS)

    def wsgi(runtime: Runtime, listener: str) -> WSGIApp:
        return http_app(runtime, flow, listener, page=page, exchanged=lambda method, path: path.startswith(f"{ROOT}/"))

    return Service(
        name=NAME,
        title_fr="Fournisseur d'identité d'établissement, OpenID Connect (simulation)",
        title_en="Hospital identity provider, OpenID Connect (simulation)",
        listeners=(PORT,),
        wsgi=wsgi,
        rules=RULES,
        paths={"issuer": ISSUER, **{operation.name: f"{ISSUER}{operation.path}" for operation in at.OPERATIONS}},
        seed=seeds.seed,
        fidelity=FIDELITY,
        operations=tuple(f"{NAME}.{operation.name}" for operation in at.OPERATIONS),
        clients=clients.described,
    )


def page(get: Get) -> Answer | None:
    """A status line at the root."""
    if get.path == "/":
        return plain_page(f"SIMULATION. Segur sandbox, hospital identity provider.\n{ISSUER}{at.DISCOVERY.path}\n")
    return None
