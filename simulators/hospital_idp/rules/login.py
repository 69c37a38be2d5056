"""The sign-in page and the way out: a form forged elsewhere, a person who refuses, a logout nobody asked for."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Rule
from simulators.hospital_idp.rules.making import INVALID_REQUEST, OIDC, OURS, rule

_LOGOUT: Final = "OpenID Connect RP-Initiated Logout 1.0"

GONE = rule(
    "LOGIN-GONE",
    "sign-in under way",
    "cette connexion n'existe pas, est terminée ou a trop duré",
    "this sign-in does not exist, is over or took too long",
    "recommencez depuis le logiciel",
    "begin again from the software",
    code=INVALID_REQUEST,
    source=OURS,
    form="page",
    kind="state",
    switchable=False,
    example=Example("body.login", "", "a sign-in under way"),
)
CSRF = rule(
    "CSRF",
    "form of the page and cookie of the browser",
    "ce formulaire ne vient pas de la page affichée dans ce navigateur",
    "this form does not come from the page shown in this browser",
    "recommencez depuis le logiciel, dans un seul navigateur, avec les cookies",
    "begin again from the software, in one browser, with cookies",
    code=INVALID_REQUEST,
    source="RFC 6749 §10.12; OpenID Connect RP-Initiated Logout 1.0 §6",
    form="page-403",
    switchable=False,
    example=Example("body.csrf", "another form", "the form of this page"),
)
USER_UNKNOWN = rule(
    "USER-UNKNOWN",
    "account chosen",
    "ce compte n'existe pas",
    "this account does not exist",
    "choisissez un compte de la liste",
    "choose an account of the list",
    code=INVALID_REQUEST,
    source=OURS,
    form="page",
    switchable=False,
    example=Example("body.user", "personne", "an account of the list"),
)
USER_FORM = rule(
    "USER-FORM",
    "form of a new account",
    "ce compte ne peut pas être créé",
    "this account cannot be created",
    "corrigez la valeur citée",
    "mend the value quoted",
    code=INVALID_REQUEST,
    source=OURS,
    form="page",
    switchable=False,
    example=Example(
        "body.new_login",
        "login: expected lower-case letters, digits and . _ - (at most 40), found 'Nouveau Compte'",
        "a new account",
    ),
)
DISABLED = rule(
    "USER-DISABLED",
    "account that signs in",
    "ce compte est désactivé",
    "this account is disabled",
    "traitez access_denied dans votre logiciel, ou réactivez le compte par l'API de contrôle",
    "handle access_denied in your software, or enable the account by the control API",
    code="access_denied",
    source="RFC 6749 §4.1.2.1",
    form="redirect",
    kind="state",
    switchable=False,
    example=Example("user", "disabled", "enabled"),
)
DENIED = rule(
    "DENIED",
    "choice of the person",
    "la personne a refusé de se connecter",
    "the person refused to sign in",
    "traitez access_denied dans votre logiciel",
    "handle access_denied in your software",
    code="access_denied",
    source="RFC 6749 §4.1.2.1",
    form="redirect",
    kind="state",
    switchable=False,
    example=Example("body.choice", "deny", "an account"),
)
HINT = rule(
    "LOGOUT-HINT",
    "id_token_hint",
    "id_token_hint n'est pas un ID token de ce fournisseur",
    "id_token_hint is no ID token of this provider",
    "renvoyez l'ID token tel qu'il a été reçu (il peut être expiré)",
    "send back the ID token as it was received (it may have expired)",
    code=INVALID_REQUEST,
    source=f"{_LOGOUT} §2, §4",
    form="page",
    switchable=False,
    example=Example("query.id_token_hint", "5 characters", "three parts separated by dots"),
)
AUDIENCE = rule(
    "LOGOUT-CLIENT",
    "client_id",
    "client_id n'est pas le destinataire de l'ID token donné",
    "client_id is not the audience of the ID token given",
    "donnez le client_id qui a reçu cet ID token, ou ne donnez que l'ID token",
    "give the client_id that received this ID token, or the ID token alone",
    code=INVALID_REQUEST,
    source=f"{_LOGOUT} §2",
    form="page",
    switchable=False,
    example=Example("query.client_id", "autre", "the audience of id_token_hint"),
)
NOBODY = rule(
    "LOGOUT-NOBODY",
    "client_id or id_token_hint",
    "post_logout_redirect_uri est donné sans dire pour quel client",
    "post_logout_redirect_uri is given without saying for which client",
    "ajoutez id_token_hint ou client_id",
    "add id_token_hint or client_id",
    code=INVALID_REQUEST,
    source=f"{_LOGOUT} §3",
    form="page",
    example=Example("query.id_token_hint", "", "id_token_hint or client_id"),
)
BACK = rule(
    "LOGOUT-REDIRECT",
    "post_logout_redirect_uri",
    "cette adresse de retour de déconnexion n'est pas déclarée pour ce client",
    "this logout callback address is not declared for this client",
    "comparez-la caractère par caractère avec la déclaration, ou laissez le monde adopter (unknown.redirects)",
    "compare it character by character with the declaration, or let the world adopt (unknown.redirects)",
    code=INVALID_REQUEST,
    source=f"{_LOGOUT} §3; {OIDC}",
    form="page",
    kind="state",
    example=Example("query.post_logout_redirect_uri", "https://dpi.test/autre", "a declared address"),
)
RULES: Final[tuple[Rule, ...]] = (
    *(GONE, CSRF, USER_UNKNOWN, USER_FORM, DISABLED, DENIED, HINT, AUDIENCE, NOBODY, BACK),
)
