"""Pro Santé Connect as one list: two hosts, endpoints, rules, settings, seed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from simulators.core.exchange import Runtime
from simulators.core.http import http_app
from simulators.core.pki import Trust
from simulators.core.rules import Rule
from simulators.core.service import Fidelity, ListenerSpec, Service, WSGIApp
from simulators.pro_sante_connect import clients, seeds
from simulators.pro_sante_connect.authorization import authorization
from simulators.pro_sante_connect.discovery import discovery, jwks
from simulators.pro_sante_connect.flow import PscFlow
from simulators.pro_sante_connect.introspection import introspection
from simulators.pro_sante_connect.logout import logout
from simulators.pro_sante_connect.model import Perform
from simulators.pro_sante_connect.names import (
    AUTH,
    AUTHORIZE,
    CONNECT,
    DISCOVERY,
    NAME,
    REALM,
    STANDARD_DISCOVERY,
    WALLET,
)
from simulators.pro_sante_connect.operations import OPERATIONS
from simulators.pro_sante_connect.revocation import revocation
from simulators.pro_sante_connect.rules import authorization as authorization_rules
from simulators.pro_sante_connect.rules import bearer, client, request
from simulators.pro_sante_connect.rules import token as token_rules
from simulators.pro_sante_connect.settings import SETTINGS
from simulators.pro_sante_connect.token import token
from simulators.pro_sante_connect.userinfo import userinfo

LISTENERS: Final = (ListenerSpec(AUTH, 21, "mutual"), ListenerSpec(WALLET, 20, "server"))
PERFORMERS: Final[dict[str, Perform]] = {
    "discovery": discovery,
    "jwks": jwks,
    "authorization": authorization,
    "token": token,
    "userinfo": userinfo,
    "introspection": introspection,
    "revocation": revocation,
    "logout": logout,
}
RULES: Final[tuple[Rule, ...]] = (
    *request.RULES,
    *client.RULES,
    *authorization_rules.RULES,
    *token_rules.RULES,
    *bearer.RULES,
)
FIDELITY: Final = (
    Fidelity(
        "authorization",
        "code flow on the wallet host: PKCE, state, nonce, acr_values, prompt, max_age, exact redirect matching",
        "PKCE, state and acr policies of the national provider are partly unknown: such rules warn, or are inferred",
    ),
    Fidelity(
        "token",
        "code and refresh with rotation, four ways of client authentication, Keycloak's wording, national lifetimes",
        "life of a code and rotation are not published; token exchange and client credentials are not offered",
    ),
    Fidelity(
        "userinfo",
        "every key observed, in order; empty texts for absent data; nothing for who practises nowhere",
        "claims added after 2023 are unknown; postal and phone data of structures are empty",
    ),
    Fidelity(
        "introspection, revocation, logout",
        "active=false explained in the journal, grant-wide revocation, logout by browser or by server",
        "front- and back-channel logout are not sent",
    ),
)


def service(trust: Callable[[datetime], Trust]) -> Service:
    """Pro Santé Connect as a service; certificates were judged by the handshake, so ``trust`` is not asked again."""

    def wsgi(runtime: Runtime, listener: str) -> WSGIApp:
        return http_app(runtime, PscFlow(listener, PERFORMERS), listener, exchanged=lambda method, path: True)

    return Service(
        name=NAME,
        title_fr="Pro Santé Connect (simulation)",
        title_en="Pro Santé Connect (simulation)",
        listeners=LISTENERS,
        wsgi=wsgi,
        rules=RULES,
        paths={
            "issuer": REALM,
            "discovery": DISCOVERY,
            "standard_discovery": STANDARD_DISCOVERY,
            "authorization": AUTHORIZE,
            "token": f"{CONNECT}/token",
            "userinfo": f"{CONNECT}/userinfo",
            "ciba": f"{CONNECT}/ext/ciba/auth",
            "phone": "/phone",
        },
        path_listeners={"authorization": WALLET, "phone": WALLET},
        seed=seeds.seed,
        fidelity=FIDELITY,
        settings=tuple(setting.name for setting in SETTINGS),
        operations=tuple(dict.fromkeys(f"{NAME}.{operation.name}" for operation in OPERATIONS)),
        clients=clients.described,
        production_names={
            WALLET: ("wallet.bas.psc.esante.gouv.fr", "wallet.esw.esante.gouv.fr"),
            AUTH: ("auth.bas.psc.esante.gouv.fr", "auth.esw.esante.gouv.fr"),
        },
    )
