"""Who calls: the client and its authentication (RFC 6749 §2.3, RFC 7523, OpenID Connect Core §9)."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Level, Rule
from simulators.hospital_idp.rules.making import INVALID_CLIENT, INVALID_REQUEST, OAUTH, rule

MISSING = rule(
    "CLIENT-MISSING",
    "client_id",
    "le client ne se nomme pas",
    "the client does not name itself",
    "donnez client_id dans le corps, ou dans l'en-tête Authorization: Basic",
    "give client_id in the body, or in the Authorization: Basic header",
    code=INVALID_CLIENT,
    source=f"{OAUTH} §2.3",
    form="json-401",
    example=Example("body.client_id", "", "client_id"),
)
FORM = rule(
    "CLIENT-FORM",
    "client_id",
    "ce texte ne peut pas être un client_id",
    "this text can be no client_id",
    "1 à 255 caractères ASCII visibles",
    "1 to 255 visible ASCII characters",
    code=INVALID_CLIENT,
    source=f"{OAUTH} appendix A.1; limit of this project",
    form="json-401",
    switchable=False,
    example=Example("body.client_id", "un client", "1 to 255 visible characters"),
)
UNKNOWN = rule(
    "CLIENT-UNKNOWN",
    "client_id",
    "ce client n'est pas déclaré à ce fournisseur",
    "this client is not declared to this provider",
    "vérifiez le client_id, déclarez-le par l'API de contrôle, ou laissez le monde adopter (unknown.clients)",
    "check the client_id, declare it by the control API, or let the world adopt (unknown.clients)",
    code=INVALID_CLIENT,
    source=f"{OAUTH} §5.2",
    form="json-401",
    kind="state",
    example=Example("body.client_id", "inconnu", "a declared client"),
)
HEADER = rule(
    "CLIENT-HEADER",
    "Authorization header",
    "l'en-tête Authorization: Basic ne peut pas être lu",
    "the Authorization: Basic header cannot be read",
    "base64 de client_id:secret, chacun encodé comme dans un formulaire",
    "base64 of client_id:secret, each encoded as in a form",
    code=INVALID_CLIENT,
    source=f"{OAUTH} §2.3.1",
    form="json-401",
    switchable=False,
    example=Example("header.Authorization", "no base64 of client_id:secret", "Basic base64(client_id:secret)"),
)
TWICE = rule(
    "CLIENT-TWICE",
    "client authentication",
    "le client s'authentifie de deux façons à la fois",
    "the client authenticates in two ways at once",
    "choisissez l'en-tête Basic, le corps ou l'assertion, pas deux",
    "choose the Basic header, the body or the assertion, not two",
    code=INVALID_REQUEST,
    source=f"{OAUTH} §2.3",
    example=Example("body.client_secret", "a second proof", "absent"),
)
METHOD = rule(
    "CLIENT-METHOD",
    "client authentication method",
    "le client ne s'authentifie pas par le moyen déclaré",
    "the client does not authenticate by the declared method",
    "changez le moyen dans votre logiciel (token_endpoint_auth_method), ou dans la déclaration du client",
    "change the method in your software (token_endpoint_auth_method), or in the declaration of the client",
    code=INVALID_CLIENT,
    source="OpenID Connect Core 1.0 §9",
    form="json-401",
    example=Example("body.client_secret", "client_secret_post", "client_secret_basic"),
)
SECRET_MISSING = rule(
    "SECRET-MISSING",
    "client_secret",
    "le secret du client manque",
    "the client's secret is missing",
    "envoyez-le par l'en-tête Basic ou client_secret ; un client public déclare auth=none et utilise PKCE",
    "send it by the Basic header or client_secret; a public client declares auth=none and uses PKCE",
    code=INVALID_CLIENT,
    source=f"{OAUTH} §3.2.1",
    form="json-401",
    example=Example("header.Authorization", "", "the client's secret"),
)
SECRET = rule(
    "SECRET",
    "client_secret",
    "le secret du client n'est pas le bon",
    "the client's secret is not the right one",
    "comparez avec la déclaration du client (page /config ou API de contrôle)",
    "compare with the declaration of the client (page /config or control API)",
    code=INVALID_CLIENT,
    source=f"{OAUTH} §2.3.1",
    form="json-401",
    example=Example("header.Authorization", "another secret", "the declared secret"),
)
ENCODING = rule(
    "SECRET-ENCODING",
    "secret of the Authorization: Basic header",
    "le secret de l'en-tête Basic n'est pas encodé comme dans un formulaire",
    "the secret of the Basic header is not encoded as in a form",
    "encodez client_id et secret (espace, %, +, :) avant base64 ; un autre fournisseur refusera",
    "encode client_id and secret (space, %, +, :) before base64; another provider will refuse",
    code=INVALID_CLIENT,
    source=f"{OAUTH} §2.3.1",
    form="json-401",
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example("header.Authorization", "the secret as it stands", "the secret encoded as in a form"),
)
ASSERTION = rule(
    "CLIENT-ASSERTION",
    "client_assertion",
    "l'assertion du client ne prouve rien",
    "the client's assertion proves nothing",
    "JWT signé par une clé du jwks déclaré ; iss = sub = client_id, aud = issuer ou adresse du jeton, exp, jti neuf",
    "a JWT signed by a key of the declared jwks; iss = sub = client_id, aud = issuer or token address, exp, fresh jti",
    code=INVALID_CLIENT,
    source="RFC 7523 §3; OpenID Connect Core 1.0 §9",
    form="json-401",
    switchable=False,
    example=Example("body.client_assertion#token", "6 characters", "three parts separated by dots"),
)
RULES: Final[tuple[Rule, ...]] = (
    *(MISSING, FORM, UNKNOWN, HEADER, TWICE, METHOD, SECRET_MISSING, SECRET, ENCODING, ASSERTION),
)
