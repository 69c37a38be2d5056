"""Before anything is understood: the address, the method, the parameters. None of these can be switched off."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Rule
from simulators.pro_sante_connect.rules.making import INFERRED, STANDARD, rule

PARAMETERS = rule(
    "PARAMETERS",
    "query and form of the request",
    "les paramètres ne peuvent pas être lus",
    "the parameters cannot be read",
    "formulaire application/x-www-form-urlencoded en UTF-8, 100 paramètres et 64 Kio au plus",
    "an application/x-www-form-urlencoded form in UTF-8, at most 100 parameters and 64 KiB",
    code="invalid_request",
    said="Invalid form",
    source="RFC 6749 appendix B; limits of this project",
    grade=STANDARD,
    switchable=False,
    example=Example("header.Content-Type", "application/json", "application/x-www-form-urlencoded"),
)
REPEATED = rule(
    "REPEATED",
    "each parameter",
    "un paramètre est donné plus d'une fois",
    "a parameter is given more than once",
    "ne l'envoyez qu'une fois, dans l'adresse ou dans le corps",
    "send it once only, in the address or in the body",
    code="invalid_request",
    said="duplicated parameter",
    source="RFC 6749 §3.1, §3.2",
    switchable=False,
    example=Example("body.grant_type", "2", "once"),
)
METHOD = rule(
    "METHOD",
    "HTTP method",
    "cette méthode HTTP n'est pas offerte à cette adresse",
    "this HTTP method is not offered at this address",
    "utilisez la méthode attendue",
    "use the expected method",
    code="invalid_request",
    said="HTTP 405 Method Not Allowed",
    form="json-405",
    switchable=False,
    example=Example("method", "GET", "POST"),
)
PATH = rule(
    "PATH",
    "path of the request",
    "rien n'est offert à cette adresse",
    "nothing is offered at this address",
    "prenez les adresses du document de découverte ; l'autorisation est sur l'hôte du wallet, le reste sur l'autre",
    "take the addresses from the discovery document; authorization is on the wallet host, the rest on the other one",
    code="invalid_request",
    said="HTTP 404 Not Found",
    form="json-404",
    switchable=False,
    example=Example("path", "/auth/realms/esante-wallet/token", "an address of the discovery document"),
)
STANDARD_NAME = rule(
    "STANDARD-NAME",
    "path of the discovery document",
    "le nom standard du document de découverte n'est pas servi dans ce monde",
    "the standard name of the discovery document is not served in this world",
    "lisez .well-known/wallet-openid-configuration (réglage psc.standard-discovery)",
    "read .well-known/wallet-openid-configuration (setting psc.standard-discovery)",
    code="invalid_request",
    said="HTTP 404 Not Found",
    form="json-404",
    source="public clients had to override the name (facts psc §1.2)",
    kind="state",
    switchable=False,
    example=Example("path", "openid-configuration", "wallet-openid-configuration"),
)
NOT_OFFERED = rule(
    "NOT-OFFERED",
    "path of the request",
    "ce service figure au document national mais le bac à sable ne le joue pas",
    "the national document names this endpoint but the sandbox does not play it",
    "utilisez le code d'autorisation ou CIBA",
    "use the authorization code or CIBA",
    code="SIMNotOffered",
    form="json-501",
    source="this project",
    grade=INFERRED,
    switchable=False,
    example=Example("path", "/protocol/openid-connect/auth/device", "authorization code or CIBA"),
)
RULES: Final[tuple[Rule, ...]] = (PARAMETERS, REPEATED, METHOD, PATH, STANDARD_NAME, NOT_OFFERED)
