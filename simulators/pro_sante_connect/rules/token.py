"""The token endpoint: codes, verifiers and refresh tokens (RFC 6749 §4.1.3, §6, RFC 7636 §4.6)."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Level, Rule
from simulators.pro_sante_connect.names import CIBA_GRANT
from simulators.pro_sante_connect.rules.making import INFERRED, SOURCED, rule

GRANTS: Final = f"authorization_code | refresh_token | {CIBA_GRANT}"
_CODE: Final = "RFC 6749 §4.1.3"
_LIVES: Final = "national guide: access 2 minutes, refresh 30 minutes, session 4 hours (facts psc §1.6)"

GRANT_MISSING = rule(
    "GRANT-MISSING",
    "grant_type",
    "grant_type manque",
    "grant_type is missing",
    "authorization_code, refresh_token ou urn:openid:params:grant-type:ciba",
    "authorization_code, refresh_token or urn:openid:params:grant-type:ciba",
    code="invalid_request",
    said="Missing form parameter: grant_type",
    switchable=False,
    example=Example("body.grant_type", "", GRANTS),
)
GRANT = rule(
    "GRANT",
    "grant_type",
    "ce type d'accord n'est pas ouvert aux fournisseurs de service",
    "this grant type is not open to service providers",
    "authorization_code, refresh_token ou urn:openid:params:grant-type:ciba",
    "authorization_code, refresh_token or urn:openid:params:grant-type:ciba",
    code="unsupported_grant_type",
    said="Unsupported grant_type",
    needs=("GRANT-MISSING",),
    switchable=False,
    example=Example("body.grant_type", "password", GRANTS),
)
CODE_MISSING = rule(
    "CODE-MISSING",
    "code",
    "le code manque",
    "the code is missing",
    "renvoyez le paramètre code reçu sur l'adresse de retour",
    "send the code parameter received at the return address",
    code="invalid_request",
    said="Missing parameter: code",
    switchable=False,
    example=Example("body.code", "", "the code received"),
)
CODE = rule(
    "CODE",
    "code",
    "ce code n'a pas été délivré ici",
    "this code was not issued here",
    "renvoyez le code tel quel, décodé une seule fois de l'adresse de retour",
    "send the code as it is, decoded once only from the return address",
    code="invalid_grant",
    said="Code not valid",
    switchable=False,
    example=Example("body.code", "abc", "a code issued by the authorization endpoint"),
)
CODE_REPLAYED = rule(
    "CODE-REPLAYED",
    "code",
    "ce code a déjà servi : les jetons qu'il avait donnés sont révoqués",
    "this code was used already: the tokens it gave are revoked",
    "un code s'échange une fois ; cherchez une page de retour rechargée ou une double requête",
    "a code is exchanged once; look for a reloaded return page or a doubled request",
    code="invalid_grant",
    said="Code not valid",
    source="RFC 6749 §4.1.2",
    kind="state",
    example=Example("body.code", "used", "a code used once"),
)
CODE_EXPIRED = rule(
    "CODE-EXPIRED",
    "code",
    "ce code est trop vieux",
    "this code is too old",
    "échangez-le aussitôt reçu (réglage psc.code-seconds)",
    "exchange it as soon as it is received (setting psc.code-seconds)",
    code="invalid_grant",
    said="Code is expired",
    kind="state",
    example=Example("body.code", "old", "a fresh code"),
)
CODE_CLIENT = rule(
    "CODE-CLIENT",
    "client_id, code",
    "ce code a été délivré à un autre client",
    "this code was issued to another client",
    "échangez-le avec le client_id de la demande d'autorisation",
    "exchange it with the client_id of the authorization request",
    code="invalid_grant",
    said="Auth error",
    source=_CODE,
    kind="state",
    example=Example("body.client_id", "another client", "the client of the authorization request"),
)
CODE_REDIRECT = rule(
    "CODE-REDIRECT",
    "redirect_uri",
    "redirect_uri n'est pas celle de la demande d'autorisation",
    "redirect_uri is not that of the authorization request",
    "répétez-la à l'identique",
    "repeat it identically",
    code="invalid_grant",
    said="Incorrect redirect_uri",
    source=_CODE,
    example=Example("body.redirect_uri", "https://produit.test/autre", "the redirect_uri of the authorization request"),
)
VERIFIER_MISSING = rule(
    "VERIFIER-MISSING",
    "code_verifier",
    "le vérificateur PKCE manque",
    "the PKCE verifier is missing",
    "envoyez code_verifier, dont code_challenge est le condensat",
    "send code_verifier, whose digest is code_challenge",
    code="invalid_grant",
    said="PKCE code verifier not specified",
    source="RFC 7636 §4.5",
    example=Example("body.code_verifier", "", "the verifier of the challenge"),
)
VERIFIER = rule(
    "VERIFIER",
    "code_verifier",
    "le vérificateur PKCE ne correspond pas au condensat de la demande",
    "the PKCE verifier does not match the challenge of the request",
    "code_challenge = base64url(SHA-256(code_verifier)) sans remplissage",
    "code_challenge = base64url(SHA-256(code_verifier)) without padding",
    code="invalid_grant",
    said="PKCE verification failed: Code mismatch",
    source="RFC 7636 §4.6",
    needs=("VERIFIER-MISSING",),
    example=Example("body.code_verifier", "another verifier", "the verifier of the challenge"),
)
VERIFIER_ALONE = rule(
    "VERIFIER-ALONE",
    "code_verifier",
    "un vérificateur est donné, mais la demande n'avait pas de code_challenge",
    "a verifier is given, but the request had no code_challenge",
    "ajoutez code_challenge à la demande d'autorisation",
    "add code_challenge to the authorization request",
    code="invalid_grant",
    said="PKCE code verifier specified but challenge not present in authorization",
    source="RFC 9700 §4.8.2",
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example("body.code_verifier", "present", "absent, or code_challenge in the authorization request"),
)
SESSION_OVER = rule(
    "SESSION-OVER",
    "the person's session",
    "la session de la personne est finie",
    "the person's session is over",
    "renvoyez la personne à la page de connexion",
    "send the person back to the sign-in page",
    code="invalid_grant",
    said="Session not active",
    source=_LIVES,
    grade=SOURCED,
    kind="state",
    switchable=False,
    example=Example("body.refresh_token", "session closed", "an open session"),
)
REFRESH_MISSING = rule(
    "REFRESH-MISSING",
    "refresh_token",
    "refresh_token manque",
    "refresh_token is missing",
    "renvoyez le dernier refresh_token reçu",
    "send the last refresh_token received",
    code="invalid_request",
    said="No refresh token",
    switchable=False,
    example=Example("body.refresh_token", "", "the last refresh token"),
)
REFRESH = rule(
    "REFRESH",
    "refresh_token",
    "ce jeton n'est pas un refresh_token d'ici",
    "this token is no refresh token of this provider",
    "renvoyez le refresh_token tel quel : ni l'access_token, ni un jeton d'un autre fournisseur",
    "send the refresh_token as it is: neither the access_token nor a token of another provider",
    code="invalid_grant",
    said="Invalid refresh token",
    switchable=False,
    example=Example("body.refresh_token", "abc", "a refresh token of this provider"),
)
REFRESH_CLIENT = rule(
    "REFRESH-CLIENT",
    "client_id, refresh_token",
    "ce refresh_token appartient à un autre client",
    "this refresh token belongs to another client",
    "renouvelez avec le client qui l'a reçu",
    "refresh with the client that received it",
    code="invalid_grant",
    said="Invalid refresh token. Token client and authorized client don't match",
    source="RFC 6749 §6",
    kind="state",
    example=Example("body.client_id", "another client", "the client of the token"),
)
REFRESH_EXPIRED = rule(
    "REFRESH-EXPIRED",
    "refresh_token",
    "ce refresh_token n'est plus valable",
    "this refresh token is no longer valid",
    "renvoyez la personne à la page de connexion (30 minutes sans usage)",
    "send the person back to the sign-in page (30 minutes without use)",
    code="invalid_grant",
    said="Token is not active",
    source=_LIVES,
    grade=SOURCED,
    kind="state",
    example=Example("body.refresh_token", "expired", "a live refresh token"),
)
REFRESH_REUSED = rule(
    "REFRESH-REUSED",
    "refresh_token",
    "ce refresh_token a déjà servi : toute sa famille est révoquée",
    "this refresh token was used already: its whole family is revoked",
    "gardez le refresh_token de la dernière réponse, et ne renouvelez pas deux fois en parallèle",
    "keep the refresh_token of the last answer, and do not refresh twice in parallel",
    code="invalid_grant",
    said="Maximum allowed refresh token reuse exceeded",
    source="RFC 9700 §4.14.2; whether the national realm rotates is not published",
    grade=INFERRED,
    kind="state",
    example=Example("body.refresh_token", "used", "the last refresh token"),
)
REFRESH_SCOPE = rule(
    "REFRESH-SCOPE",
    "scope",
    "le renouvellement demande plus que l'accord d'origine",
    "the refresh asks for more than the original grant",
    "ne donnez pas scope, ou une partie de l'origine",
    "leave scope out, or give a part of the original",
    code="invalid_scope",
    source="RFC 6749 §6",
    example=Example("body.scope", "openid scope_all phone", "a part of the original scope"),
)

RULES: Final[tuple[Rule, ...]] = (
    *(GRANT_MISSING, GRANT, CODE_MISSING, CODE, CODE_REPLAYED, CODE_EXPIRED, CODE_CLIENT, CODE_REDIRECT),
    *(VERIFIER_MISSING, VERIFIER, VERIFIER_ALONE, SESSION_OVER, REFRESH_MISSING, REFRESH, REFRESH_CLIENT),
    *(REFRESH_EXPIRED, REFRESH_REUSED, REFRESH_SCOPE),
)
