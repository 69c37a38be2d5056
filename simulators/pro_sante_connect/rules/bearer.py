"""Tokens shown to us: userinfo (RFC 6750), introspection (RFC 7662), revocation (RFC 7009), logout."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Level, Rule
from simulators.pro_sante_connect.rules.making import INFERRED, SOURCED, rule

_BEARER: Final = "RFC 6750 §3"
_LOGOUT: Final = "OpenID Connect RP-Initiated Logout 1.0"

MISSING = rule(
    "BEARER-MISSING",
    "Authorization header",
    "le jeton d'accès manque",
    "the access token is missing",
    "Authorization: Bearer <access_token>",
    "Authorization: Bearer <access_token>",
    code="invalid_request",
    said="Missing token",
    form="bearer-401",
    source=_BEARER,
    switchable=False,
    example=Example("header.Authorization", "", "Bearer <access_token>"),
)
INVALID = rule(
    "BEARER-INVALID",
    "access token",
    "ce jeton ne vient pas d'ici, ou a été changé",
    "this token does not come from here, or was changed",
    "envoyez l'access_token tel quel : ni l'ID token, ni le refresh_token",
    "send the access_token as it is: neither the ID token nor the refresh token",
    code="invalid_token",
    said="Token verification failed",
    form="bearer-401",
    source=_BEARER,
    switchable=False,
    example=Example("header.Authorization", "signature", "a signature of this provider"),
)
EXPIRED = rule(
    "BEARER-EXPIRED",
    "claim exp of the access token",
    "le jeton d'accès est expiré",
    "the access token has expired",
    "un jeton vit 2 minutes : renouvelez-le avant l'appel",
    "a token lives 2 minutes: refresh it before the call",
    code="invalid_token",
    said="Token verification failed",
    form="bearer-401",
    source="national guide (facts psc §1.6)",
    grade=SOURCED,
    kind="state",
    example=Example("claim.exp", "past", "a live token"),
)
REVOKED = rule(
    "BEARER-REVOKED",
    "the token, the person's session",
    "ce jeton ou la session de la personne n'est plus actif",
    "this token or the person's session is no longer active",
    "renvoyez la personne à la page de connexion",
    "send the person back to the sign-in page",
    code="invalid_token",
    said="User session not found or doesn't have client attached on it",
    form="bearer-401",
    kind="state",
    example=Example("claim.sid", "closed", "an open session"),
)
SCOPE = rule(
    "BEARER-SCOPE",
    "claim scope of the access token",
    "ce jeton n'a pas le scope openid",
    "this token does not have scope openid",
    "demandez scope=openid scope_all à l'autorisation",
    "ask for scope=openid scope_all at the authorization",
    code="insufficient_scope",
    said="Missing openid scope",
    form="bearer-403",
    source=_BEARER,
    kind="state",
    example=Example("claim.scope", "scope_all", "openid"),
)
QUERY = rule(
    "BEARER-QUERY",
    "access_token in the address",
    "le jeton d'accès est dans l'adresse, où il fuit dans les journaux",
    "the access token is in the address, where logs leak it",
    "Authorization: Bearer <access_token>",
    "Authorization: Bearer <access_token>",
    code="invalid_request",
    form="bearer-401",
    source="RFC 6750 §2.3, RFC 9700 §4.3.2",
    example=Example("query.access_token", "present", "the Authorization header"),
)
TOKEN_MISSING = rule(
    "TOKEN-MISSING",
    "token",
    "le paramètre token manque",
    "parameter token is missing",
    "token=<jeton> dans le corps du formulaire",
    "token=<token> in the form body",
    code="invalid_request",
    said="Token not provided.",
    source="RFC 7662 §2.1, RFC 7009 §2.1",
    switchable=False,
    example=Example("body.token", "", "a token"),
)
INACTIVE = rule(
    "TOKEN-INACTIVE",
    "token",
    "le jeton n'est pas actif : la réponse est active=false, sans raison sur le fil",
    "the token is not active: the answer is active=false, without a reason on the wire",
    "lisez la raison ici ; le client doit refuser l'appel",
    "read the reason here; the client must refuse the call",
    code="invalid_token",
    source="RFC 7662 §2.2",
    level=Level.WARN,
    switchable=False,
    example=Example("body.token", "expired", "an active token"),
)
INTROSPECTION = rule(
    "INTROSPECTION-CLIENT",
    "client_id",
    "ce client n'est pas habilité à l'introspection",
    "this client may not introspect",
    "faites habiliter le client (champ introspection de sa déclaration)",
    "have the client entitled (field introspection of its declaration)",
    code="invalid_request",
    said="Client not allowed.",
    form="json-403",
    source="national page on introspection: the client must be entitled (facts psc §1.9)",
    grade=SOURCED,
    kind="state",
    example=Example("body.client_id", "not entitled", "an entitled client"),
)
REVOCATION_CLIENT = rule(
    "REVOCATION-CLIENT",
    "client_id, token",
    "ce jeton appartient à un autre client",
    "this token belongs to another client",
    "révoquez avec le client qui l'a reçu",
    "revoke with the client that received it",
    code="invalid_token",
    said="Unmatching clients",
    source="RFC 7009 §2.1",
    kind="state",
    example=Example("body.token", "another client", "a token of this client"),
)
LOGOUT_HINT = rule(
    "LOGOUT-HINT",
    "id_token_hint",
    "id_token_hint n'est pas un ID token d'ici",
    "id_token_hint is no ID token of this provider",
    "envoyez le dernier id_token reçu (même expiré)",
    "send the last id_token received (even expired)",
    code="invalid_request",
    said="Invalid parameter: id_token_hint",
    form="page",
    source=_LOGOUT,
    switchable=False,
    example=Example("query.id_token_hint", "token: 3 characters", "an ID token of this provider"),
)
LOGOUT_CLIENT = rule(
    "LOGOUT-CLIENT",
    "client_id, id_token_hint",
    "client_id n'est pas le client de l'ID token, ou n'est pas déclaré",
    "client_id is not the client of the ID token, or is not declared",
    "donnez le client de l'ID token, ou ne donnez pas client_id",
    "give the client of the ID token, or no client_id",
    code="invalid_request",
    said="Invalid parameter: client_id",
    form="page",
    source=_LOGOUT,
    needs=("LOGOUT-HINT",),
    example=Example("query.client_id", "another client", "the client of the ID token"),
)
LOGOUT_WHO = rule(
    "LOGOUT-WHO",
    "id_token_hint, client_id",
    "rien ne dit de quel client vient cette déconnexion",
    "nothing tells which client this logout comes from",
    "ajoutez id_token_hint",
    "add id_token_hint",
    code="invalid_request",
    said="Missing parameters: id_token_hint",
    form="page",
    source=_LOGOUT,
    switchable=False,
    example=Example("query.id_token_hint", "", "an ID token of this provider"),
)
LOGOUT_REDIRECT = rule(
    "LOGOUT-REDIRECT",
    "post_logout_redirect_uri",
    "cette adresse de retour après déconnexion n'est pas déclarée pour ce client",
    "this return address after logout is not declared for this client",
    "elle est comparée caractère par caractère : déclarez-la telle quelle",
    "it is compared character by character: declare it exactly",
    code="invalid_request",
    said="Invalid redirect uri",
    form="page",
    source=_LOGOUT,
    grade=INFERRED,
    kind="state",
    example=Example("query.post_logout_redirect_uri", "https://produit.test/autre", "a declared logout URI"),
)

RULES: Final[tuple[Rule, ...]] = (
    *(MISSING, INVALID, EXPIRED, REVOKED, SCOPE, QUERY, TOKEN_MISSING, INACTIVE, INTROSPECTION),
    *(REVOCATION_CLIENT, LOGOUT_HINT, LOGOUT_CLIENT, LOGOUT_WHO, LOGOUT_REDIRECT),
)
