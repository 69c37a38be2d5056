"""Before anything is understood: the address, the method, the parameters. None of these can be switched off."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Rule
from simulators.hospital_idp.rules.making import INVALID_REQUEST, OAUTH, OURS, rule

PARAMETERS = rule(
    "PARAMETERS",
    "query and form of the request",
    "les paramètres ne peuvent pas être lus",
    "the parameters cannot be read",
    "formulaire application/x-www-form-urlencoded en UTF-8, 100 paramètres et 64 Kio au plus",
    "an application/x-www-form-urlencoded form in UTF-8, at most 100 parameters and 64 KiB",
    code=INVALID_REQUEST,
    source=f"{OAUTH} appendix B; limits of this project",
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
    code=INVALID_REQUEST,
    source=f"{OAUTH} §3.1, §3.2",
    switchable=False,
    example=Example("body.grant_type", "2 values", "1 value"),
)
METHOD = rule(
    "METHOD",
    "HTTP method",
    "cette méthode HTTP n'est pas offerte à cette adresse",
    "this HTTP method is not offered at this address",
    "utilisez la méthode attendue",
    "use the expected method",
    code=INVALID_REQUEST,
    source=f"{OAUTH} §3.2; RFC 9110 §15.5.6",
    form="json-405",
    switchable=False,
    example=Example("method", "GET", "POST"),
)
PATH = rule(
    "PATH",
    "path of the request",
    "rien n'est offert à cette adresse",
    "nothing is offered at this address",
    "prenez les adresses dans <issuer>/.well-known/openid-configuration",
    "take the addresses from <issuer>/.well-known/openid-configuration",
    code=INVALID_REQUEST,
    source="OpenID Connect Discovery 1.0 §4",
    form="json-404",
    switchable=False,
    example=Example("path", "/idp/chu/oauth2/token", "an address of the discovery document"),
)
PROVIDER = rule(
    "PROVIDER",
    "name of the provider in the path",
    "ce monde n'a pas de fournisseur d'identité de ce nom",
    "this world has no identity provider of that name",
    "ajoutez-le par l'API de contrôle, ou passez par l'adresse de son monde : /w/<monde>/idp/<nom>",
    "add it by the control API, or take the address of its world: /w/<world>/idp/<name>",
    code=INVALID_REQUEST,
    source=OURS,
    form="json-404",
    switchable=False,
    kind="state",
    example=Example("path", "clinique", "chu"),
)
RULES: Final[tuple[Rule, ...]] = (PARAMETERS, REPEATED, METHOD, PATH, PROVIDER)
