"""The access token at the userinfo endpoint (RFC 6750; RFC 7515 for its signature)."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Rule
from simulators.hospital_idp.rules.making import rule

_BEARER: Final = "RFC 6750"

MISSING = rule(
    "BEARER-MISSING",
    "Authorization header",
    "le jeton d'accès manque",
    "the access token is missing",
    "Authorization: Bearer <access_token>",
    "Authorization: Bearer <access_token>",
    code="invalid_request",
    source=f"{_BEARER} §2.1",
    form="bearer-401",
    switchable=False,
    example=Example("header.Authorization", "", "Bearer access_token"),
)
IN_QUERY = rule(
    "BEARER-QUERY",
    "access_token in the address",
    "le jeton est dans l'adresse, que les journaux gardent",
    "the token is in the address, which logs keep",
    "envoyez-le par l'en-tête Authorization: Bearer",
    "send it by the Authorization: Bearer header",
    code="invalid_request",
    source=f"{_BEARER} §2.3; RFC 9700 §2.6",
    form="bearer-400",
    switchable=False,
    example=Example("query.access_token", "present", "absent"),
)
TWICE = rule(
    "BEARER-TWICE",
    "access token",
    "le jeton est donné de deux façons",
    "the token is given in two ways",
    "choisissez l'en-tête ou le corps",
    "choose the header or the body",
    code="invalid_request",
    source=f"{_BEARER} §2",
    form="bearer-400",
    switchable=False,
    example=Example("body.access_token", "a second token", "absent"),
)
TOKEN = rule(
    "BEARER-TOKEN",
    "access token: form, kid, algorithm, signature, kind",
    "ce n'est pas un jeton d'accès de ce fournisseur",
    "this is no access token of this provider",
    "renvoyez l'access_token tel quel (ni l'ID token, ni celui d'un autre issuer)",
    "send the access_token as it is (neither the ID token nor the one of another issuer)",
    code="invalid_token",
    source=f"{_BEARER} §3.1; RFC 7515 §5.2; RFC 8725 §3.1",
    form="bearer-401",
    switchable=False,
    example=Example("header.Authorization", "token: 8 characters", "three parts separated by dots"),
)
OVER = rule(
    "BEARER-OVER",
    "access token: life",
    "ce jeton d'accès a expiré ou a été révoqué",
    "this access token has expired or was revoked",
    "rafraîchissez-le (grant_type=refresh_token), ou reconnectez la personne",
    "refresh it (grant_type=refresh_token), or sign the person in again",
    code="invalid_token",
    source=f"{_BEARER} §3.1",
    form="bearer-401",
    switchable=False,
    kind="state",
    example=Example("header.Authorization", "revoked", "live"),
)
SCOPE = rule(
    "BEARER-SCOPE",
    "scope of the access token",
    "ce jeton d'accès n'a pas le scope openid",
    "this access token does not have the scope openid",
    "demandez scope=openid à la connexion",
    "ask for scope=openid at sign-in",
    code="insufficient_scope",
    source=f"{_BEARER} §3.1; OpenID Connect Core 1.0 §5.3",
    form="bearer-403",
    switchable=False,
    kind="state",
    example=Example("header.Authorization", "profile", "openid"),
)
RULES: Final[tuple[Rule, ...]] = (MISSING, IN_QUERY, TWICE, TOKEN, OVER, SCOPE)
