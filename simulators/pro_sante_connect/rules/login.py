"""The wallet page and its form (facts psc §1.4)."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Rule
from simulators.pro_sante_connect.rules.making import INFERRED, rule

DENIED = rule(
    "AUTHZ-DENIED",
    "choice of the person on the wallet page",
    "la personne a refusé",
    "the person refused",
    "traitez access_denied : revenez à l'écran de connexion avec un message",
    "handle access_denied: go back to the sign-in screen with a message",
    code="access_denied",
    form="redirect",
    kind="state",
    source="OpenID Connect Core 1.0 §3.1.2.6",
    switchable=False,
    example=Example("body.choice", "refuse", "an identity"),
)
LOGIN_OVER = rule(
    "LOGIN-OVER",
    "the sign-in under way",
    "cette connexion est terminée ou trop ancienne",
    "this sign-in is over or too old",
    "recommencez depuis votre logiciel",
    "begin again from your software",
    code="temporarily_unavailable",
    said="authentication_expired",
    form="page",
    kind="state",
    switchable=False,
    example=Example("body.login", "", "a sign-in under way"),
)
LOGIN_FOREIGN = rule(
    "LOGIN-FOREIGN",
    "cookie of the browser",
    "cette connexion a commencé dans un autre navigateur : formulaire forgé, ou cookies refusés",
    "this sign-in began in another browser: a forged form, or refused cookies",
    "recommencez depuis votre logiciel, dans un navigateur qui accepte les cookies",
    "begin again from your software, in a browser that accepts cookies",
    code="invalid_request",
    said="Cookie not found. Please make sure cookies are enabled in your browser.",
    form="page",
    source="OWASP cross-site request forgery; this project",
    switchable=False,
    kind="transport",
    example=Example("cookie", "", "the cookie given when this sign-in began"),
)
CHOICE = rule(
    "LOGIN-CHOICE",
    "form of the wallet page",
    "le formulaire ne désigne personne, ou pas une personne possible",
    "the form names nobody, or nobody possible",
    "choisissez un professionnel de la liste, ou remplissez les champs de création",
    "choose a professional of the list, or fill in the fields of the new one",
    code="invalid_request",
    said="Invalid username",
    form="page",
    grade=INFERRED,
    source="this project",
    switchable=False,
    example=Example("body.choice", "", "a professional"),
)

RULES: Final[tuple[Rule, ...]] = (DENIED, LOGIN_OVER, LOGIN_FOREIGN, CHOICE)
