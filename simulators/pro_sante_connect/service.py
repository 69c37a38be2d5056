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
from simulators.pro_sante_connect.ciba import ciba
from simulators.pro_sante_connect.client_family import CLIENTS
from simulators.pro_sante_connect.device import PING
from simulators.pro_sante_connect.discovery import discovery, jwks
from simulators.pro_sante_connect.flow import PscFlow
from simulators.pro_sante_connect.introspection import introspection
from simulators.pro_sante_connect.login import login
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
from simulators.pro_sante_connect.phone import phone
from simulators.pro_sante_connect.ping import Ping
from simulators.pro_sante_connect.portal import portal
from simulators.pro_sante_connect.revocation import revocation
from simulators.pro_sante_connect.rules import authorization as authorization_rules
from simulators.pro_sante_connect.rules import bearer, client, polling, request
from simulators.pro_sante_connect.rules import ciba as ciba_rules
from simulators.pro_sante_connect.rules import login as login_rules
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
    "login": login,
    "portal": portal,
    "ciba": ciba,
    "phone": phone,
}
RULES: Final[tuple[Rule, ...]] = (
    *request.RULES,
    *client.RULES,
    *authorization_rules.RULES,
    *login_rules.RULES,
    *token_rules.RULES,
    *bearer.RULES,
    *ciba_rules.RULES,
    *polling.RULES,
)
FIDELITY: Final = (
    Fidelity(
        "authorization",
        "code flow on the wallet host: PKCE, state, nonce, acr_values, prompt, max_age, exact redirect matching",
        "PKCE, state and acr policies of the national provider are partly unknown: such rules warn, or are inferred",
    ),
    Fidelity(
        "login, portal",
        "a page to choose or create a professional, the means (e-CPS or card), refusal, single sign-on, sign-out",
        "no PIN, no card, no application; delegation to an establishment is shown, not played; the real page differs",
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
    Fidelity(
        "ciba, phone",
        "poll and ping, channel, binding_message, interval, slow_down, refusal, expiry, Keycloak's words, a phone page",
        "no PIN; errors of a device offline or blocked, of the channel and of the two digits are inferred; interval "
        "grows by 5 s at each slow_down; signed requests are not played",
    ),
)


def service(trust: Callable[[datetime], Trust]) -> Service:
    """Pro Santé Connect as a service. Certificates were judged by the handshake; ``trust`` is asked for those of the
    clients that are called back."""
    ping = Ping(trust)

    def wsgi(runtime: Runtime, listener: str) -> WSGIApp:
        ping.stand_on(runtime)
        return http_app(runtime, PscFlow(listener, PERFORMERS, trust), listener, exchanged=lambda method, path: True)

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
        families=(CLIENTS,),
        senders={PING: ping.send},
        register=clients.register,
        production_names={
            WALLET: ("wallet.bas.psc.esante.gouv.fr", "wallet.esw.esante.gouv.fr"),
            AUTH: ("auth.bas.psc.esante.gouv.fr", "auth.esw.esante.gouv.fr"),
        },
    )
