"""Who calls: the client and its authentication (RFC 6749 §2.3, RFC 8705; facts psc §1.5)."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Level, Rule
from simulators.pro_sante_connect.rules.making import INFERRED, PUBLIC_CODE, SOURCED, rule

_CREDENTIALS: Final = "Invalid client or Invalid client credentials"

MISSING = rule(
    "CLIENT-MISSING",
    "client_id",
    "le client ne se nomme pas",
    "the client does not name itself",
    "donnez client_id dans le corps, ou dans l'en-tête Authorization: Basic",
    "give client_id in the body, or in the Authorization: Basic header",
    code="invalid_client",
    said="Missing client_id parameter",
    form="json-401",
    switchable=False,
    example=Example("body.client_id", "", "client_id"),
)
UNKNOWN = rule(
    "CLIENT-UNKNOWN",
    "client_id",
    "ce client n'est pas déclaré",
    "this client is not declared",
    "vérifiez le client_id, ou déclarez-le : segur-sandbox client add",
    "check the client_id, or declare it: segur-sandbox client add",
    code="invalid_client",
    said=_CREDENTIALS,
    form="json-401",
    kind="state",
    switchable=False,
    example=Example("body.client_id", "inconnu", "a declared client"),
)
HEADER = rule(
    "CLIENT-HEADER",
    "Authorization header",
    "l'en-tête Authorization: Basic ne peut pas être lu",
    "the Authorization: Basic header cannot be read",
    "base64 de client_id:secret, chacun encodé comme dans un formulaire (RFC 6749 §2.3.1)",
    "base64 of client_id:secret, each encoded as in a form (RFC 6749 §2.3.1)",
    code="invalid_client",
    said=_CREDENTIALS,
    form="json-401",
    source="RFC 6749 §2.3.1",
    switchable=False,
    example=Example("header.Authorization", "Basic", "Basic base64(client_id:secret)"),
)
TWICE = rule(
    "CLIENT-TWICE",
    "client authentication",
    "le client s'authentifie de deux façons à la fois",
    "the client authenticates in two ways at once",
    "choisissez l'en-tête Basic ou le corps, pas les deux",
    "choose the Basic header or the body, not both",
    code="invalid_request",
    source="RFC 6749 §2.3",
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example("body.client_secret", "present", "absent"),
)
SECRET_MISSING = rule(
    "SECRET-MISSING",
    "client_secret",
    "le secret du client manque",
    "the client's secret is missing",
    "envoyez client_secret dans le corps ou l'en-tête Basic, ou déclarez le client en tls_client_auth",
    "send client_secret in the body or the Basic header, or declare the client as tls_client_auth",
    code="unauthorized_client",
    said="Client secret not provided in request",
    form="json-401",
    example=Example("body.client_secret", "", "the client's secret"),
)
SECRET = rule(
    "SECRET",
    "client_secret",
    "le secret du client n'est pas le bon",
    "the client's secret is not the right one",
    "comparez avec la page /config ; un secret en Basic est encodé comme dans un formulaire (% + & =)",
    "compare with the /config page; a secret in Basic is encoded as in a form (% + & =)",
    code="unauthorized_client",
    said=_CREDENTIALS,
    form="json-401",
    example=Example("body.client_secret", "another secret", "the declared secret"),
)
METHOD = rule(
    "CLIENT-METHOD",
    "client authentication method",
    "le client ne s'authentifie pas par le moyen déclaré",
    "the client does not authenticate by the declared method",
    "changez le moyen dans votre logiciel, ou dans la déclaration du client",
    "change the method in your software, or in the declaration of the client",
    code="unauthorized_client",
    said=_CREDENTIALS,
    form="json-401",
    source=PUBLIC_CODE,
    grade=INFERRED,
    example=Example("body.client_secret", "client_secret_post", "client_secret_basic"),
)
CERTIFICATE_MISSING = rule(
    "CERTIFICATE-MISSING",
    "client certificate of the TLS connection",
    "aucun certificat client n'est présenté",
    "no client certificate is presented",
    "présentez le certificat AUTH_CLI de la structure au point token (facts psc §1.5)",
    "present the structure's AUTH_CLI certificate at the token endpoint",
    code="unauthorized_client",
    said=_CREDENTIALS,
    form="json-401",
    source="RFC 8705 §2; " + PUBLIC_CODE,
    grade=SOURCED,
    kind="transport",
    example=Example("certificate", "", "an AUTH_CLI certificate"),
)
CERTIFICATE = rule(
    "CERTIFICATE",
    "subject of the client certificate",
    "le certificat présenté n'est pas celui qui est déclaré pour ce client",
    "the certificate presented is not the one declared for this client",
    "présentez le certificat déclaré, ou corrigez subject_dn du client",
    "present the declared certificate, or mend subject_dn of the client",
    code="unauthorized_client",
    said=_CREDENTIALS,
    form="json-401",
    source="RFC 8705 §2.1.2; " + PUBLIC_CODE,
    grade=SOURCED,
    kind="transport",
    example=Example("certificate.subject", "CN=AUTRE", "the declared subject"),
)
CERTIFICATE_CHAIN = rule(
    "CERTIFICATE-CHAIN",
    "client certificate of the TLS connection",
    "le certificat présenté n'est pas valable : autorité, dates ou révocation",
    "the certificate presented is not valid: authority, dates or revocation",
    "présentez un certificat AUTH_CLI en cours de validité (segur-sandbox cert issue)",
    "present an AUTH_CLI certificate in force (segur-sandbox cert issue)",
    code="unauthorized_client",
    said=_CREDENTIALS,
    form="json-401",
    source="RFC 8705 §2.1",
    kind="transport",
    switchable=False,
    needs=("CERTIFICATE-MISSING",),
    example=Example("certificate", "revoked", "a certificate in force"),
)
CERTIFICATE_USAGE = rule(
    "CERTIFICATE-USAGE",
    "key usage of the client certificate",
    "ce certificat n'est pas un certificat d'authentification",
    "this certificate is no authentication certificate",
    "présentez AUTH_CLI et non le certificat cachet",
    "present AUTH_CLI, not the seal certificate",
    code="unauthorized_client",
    said=_CREDENTIALS,
    form="json-401",
    source="certificate profile of API calls (facts psc §1.5)",
    grade=SOURCED,
    kind="transport",
    needs=("CERTIFICATE-MISSING", "CERTIFICATE-CHAIN"),
    example=Example("certificate.keyUsage", "contentCommitment", "digitalSignature, clientAuth"),
)
RULES: Final[tuple[Rule, ...]] = (
    *(
        MISSING,
        UNKNOWN,
        HEADER,
        TWICE,
        SECRET_MISSING,
        SECRET,
        METHOD,
        CERTIFICATE_MISSING,
        CERTIFICATE_CHAIN,
        CERTIFICATE_USAGE,
        CERTIFICATE,
    ),
)
