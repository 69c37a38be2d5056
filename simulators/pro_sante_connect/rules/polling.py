"""Polling for the result of a CIBA request, and the phone page that gives it (facts psc §2.4)."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Rule
from simulators.pro_sante_connect.rules.making import CIBA_CODE, INFERRED, SOURCED, rule

_ISSUED: Final = "an auth_req_id given by the CIBA endpoint"
_PAGE: Final = "the phone page of the sandbox"

NOT_ALLOWED = rule(
    "CIBA-GRANT",
    "CIBA right of the client",
    "ce client n'a pas le droit d'utiliser CIBA",
    "this client may not use CIBA",
    "demandez CIBA avec le client, ou ici : segur-sandbox client add sans --no-ciba",
    "ask for CIBA with the client, or here: segur-sandbox client add without --no-ciba",
    code="invalid_grant",
    said="Client not allowed OIDC CIBA Grant",
    source=CIBA_CODE,
    grade=SOURCED,
    kind="state",
    example=Example("body.client_id", "produit", "a client allowed to use CIBA"),
)
MISSING = rule(
    "AUTH-REQ-ID-MISSING",
    "auth_req_id",
    "auth_req_id manque",
    "auth_req_id is missing",
    "renvoyez l'auth_req_id reçu à la demande",
    "send the auth_req_id received with the request",
    code="invalid_request",
    said="Missing parameter: auth_req_id",
    source=CIBA_CODE,
    grade=SOURCED,
    switchable=False,
    example=Example("body.auth_req_id", "", _ISSUED),
)
UNREADABLE = rule(
    "AUTH-REQ-ID-UNREADABLE",
    "auth_req_id",
    "auth_req_id n'est pas un identifiant délivré ici : il ne peut pas être déchiffré",
    "auth_req_id was not issued here: it cannot be decoded",
    "renvoyez-le tel quel, entier : ni un autre jeton, ni celui d'un autre monde",
    "send it as it is, whole: no other token, and not that of another world",
    code="invalid_grant",
    said="Invalid Auth Req ID",
    source=CIBA_CODE,
    grade=SOURCED,
    switchable=False,
    example=Example("body.auth_req_id", "abc", _ISSUED),
)
UNKNOWN = rule(
    "AUTH-REQ-ID",
    "auth_req_id",
    "cette demande n'existe plus : elle a expiré depuis longtemps",
    "this request exists no more: it expired long ago",
    "arrêtez d'interroger après expires_in secondes et refaites une demande",
    "stop polling after expires_in seconds and make a new request",
    code="invalid_grant",
    said="Invalid auth_req_id",
    source=CIBA_CODE,
    grade=SOURCED,
    kind="state",
    switchable=False,
    example=Example("body.auth_req_id", "forgotten", "a request that is still kept"),
)
USED = rule(
    "AUTH-REQ-ID-USED",
    "auth_req_id",
    "cette demande a déjà donné ses jetons",
    "this request gave its tokens already",
    "une demande réussit une fois : gardez les jetons, puis renouvelez-les par refresh_token",
    "a request succeeds once: keep the tokens, then renew them by refresh_token",
    code="invalid_grant",
    said="Invalid auth_req_id",
    source=CIBA_CODE,
    grade=SOURCED,
    kind="state",
    switchable=False,
    example=Example("body.auth_req_id", "used", "a request that gave no tokens yet"),
)
FOREIGN = rule(
    "AUTH-REQ-ID-CLIENT",
    "client_id, auth_req_id",
    "cette demande est celle d'un autre client",
    "this request is another client's",
    "interrogez avec le client qui a fait la demande",
    "poll with the client that made the request",
    code="invalid_grant",
    said="unauthorized client",
    source=CIBA_CODE,
    grade=SOURCED,
    kind="state",
    switchable=False,
    example=Example("body.client_id", "another client", "the client of the request"),
)
EXPIRED = rule(
    "CIBA-EXPIRED",
    "life of the request",
    "la personne n'a pas répondu à temps",
    "the person did not answer in time",
    "dites-le à l'écran et proposez une nouvelle demande (réglage psc.ciba-seconds, paramètre requested_expiry)",
    "say so on the screen and offer a new request (setting psc.ciba-seconds, parameter requested_expiry)",
    code="expired_token",
    said="authentication timed out",
    source=CIBA_CODE,
    grade=SOURCED,
    kind="state",
    switchable=False,
    example=Example("body.auth_req_id", "expired", "a request younger than its expires_in"),
)
SLOW_DOWN = rule(
    "CIBA-SLOW-DOWN",
    "time between two polls",
    "vous interrogez plus vite que l'intervalle donné : il s'allonge de 5 secondes",
    "you poll faster than the interval given: it grows by 5 seconds",
    "attendez interval secondes après chaque réponse ; à chaque slow_down, 5 de plus",
    "wait interval seconds after each answer; at each slow_down, 5 more",
    code="slow_down",
    said="too early to access",
    source=f"{CIBA_CODE}; OpenID Connect CIBA Core 1.0 §11: at least 5 seconds more",
    grade=SOURCED,
    kind="state",
    example=Example("body.auth_req_id", "too early", "interval seconds between two polls"),
)
DENIED = rule(
    "CIBA-DENIED",
    "answer of the person",
    "la personne a refusé, ou son code PIN est bloqué",
    "the person refused, or the PIN is blocked",
    "dites-le à l'écran ; n'interrogez plus cette demande",
    "say so on the screen; do not poll this request any more",
    code="access_denied",
    said="not authorized",
    source=CIBA_CODE,
    grade=SOURCED,
    kind="state",
    switchable=False,
    example=Example("body.auth_req_id", "refused", "a request that the person approves"),
)
FORM = rule(
    "PHONE-FORM",
    "form of the phone page",
    "ce formulaire ne vient pas de la page ouverte dans ce navigateur",
    "this form does not come from the page opened in this browser",
    "rechargez la page du téléphone, dans un navigateur qui accepte les cookies",
    "reload the phone page, in a browser that accepts cookies",
    code="invalid_request",
    form="page-403",
    source="OWASP cross-site request forgery; this project",
    grade=INFERRED,
    kind="transport",
    switchable=False,
    example=Example("body.token", "another page", "the token of the page and its cookie"),
)
CHOICE = rule(
    "PHONE-CHOICE",
    "form of the phone page",
    "le formulaire ne dit rien que ce téléphone sache faire",
    "the form says nothing that this phone can do",
    "utilisez les boutons de la page",
    "use the buttons of the page",
    code="invalid_request",
    form="page",
    source=_PAGE,
    grade=INFERRED,
    switchable=False,
    example=Example("body.answer", "oui", "approve, refuse, ignore, pin-blocked or offline"),
)
OVER = rule(
    "PHONE-OVER",
    "request on the phone page",
    "cette demande n'attend plus de réponse : on y a répondu, ou elle a expiré",
    "this request awaits no answer any more: it was answered, or it expired",
    "revenez à la page du téléphone",
    "go back to the phone page",
    code="invalid_request",
    form="page",
    source=_PAGE,
    grade=INFERRED,
    kind="state",
    switchable=False,
    example=Example("body.request", "", "a pending request"),
)

RULES: Final[tuple[Rule, ...]] = (
    *(NOT_ALLOWED, MISSING, UNREADABLE, UNKNOWN, USED, FOREIGN, EXPIRED, SLOW_DOWN, DENIED, FORM, CHOICE, OVER),
)
