"""What to change, cause by cause, when a connection never became a request. The causes are the listeners' own words."""

from __future__ import annotations

from collections.abc import Mapping

from simulators.core.rules import Text

_OUR_CERTIFICATES = Text(
    "utilisez le certificat AUTH_CLI d'une structure de ce monde (endpoints.json, ou « segur-sandbox cert issue »), et "
    "envoyez aussi l'autorité intermédiaire ; pour une IGC de test à vous : « up --trust-ca DOSSIER »",
    "use the AUTH_CLI certificate of a structure of this world (endpoints.json, or 'segur-sandbox cert issue') and "
    "send the intermediate authority too; for a test PKI of your own: 'up --trust-ca DIR'",
)
_NEW_CERTIFICATE = Text(
    "prenez un nouveau certificat : « segur-sandbox cert issue --structure ID --out DOSSIER »",
    "take a new certificate: 'segur-sandbox cert issue --structure ID --out DIR'",
)
_CLOCK = Text(
    "mettez à l'heure la machine du produit et celle du bac à sable (NTP), puis vérifiez les dates du certificat",
    "set the clocks of the product's machine and of the sandbox's (NTP), then look at the certificate's dates",
)
_OUR_CRL = Text(
    "vérifiez l'horloge de la machine du bac à sable, puis redémarrez-le : il refait ses listes de révocation",
    "check the clock of the sandbox's machine, then restart it: it makes its revocation lists anew",
)
_TRUST_US = Text(
    "installez la racine du bac à sable (« segur-sandbox trust kit --out DOSSIER ») dans le magasin de confiance que "
    "le produit lit vraiment : celui du système, le cacerts de SON Java, ou son paramètre « autorités »",
    "install the sandbox's root ('segur-sandbox trust kit --out DIR') in the trust store the product really reads: "
    "the system's, the cacerts of ITS Java, or its setting for authorities",
)
_TRUST_OR_NAME = Text(
    "installez la racine du bac à sable (« segur-sandbox trust kit --out DOSSIER ») dans le magasin de confiance du "
    "produit, et appelez le serveur par un nom que porte son certificat (localhost, ou celui de « up --public-host »)",
    "install the sandbox's root ('segur-sandbox trust kit --out DIR') in the product's trust store, and call the "
    "server by a name that its certificate bears (localhost, or that of 'up --public-host')",
)
_VERSION = Text(
    "activez TLS 1.2 ou 1.3 dans le produit (Java 8 ancien : -Dhttps.protocols=TLSv1.2 ; .NET ancien : "
    "SecurityProtocolType.Tls12)",
    "enable TLS 1.2 or 1.3 in the product (old Java 8: -Dhttps.protocols=TLSv1.2; old .NET: "
    "SecurityProtocolType.Tls12)",
)
_SUITE = Text(
    "activez dans le produit une suite ECDHE-RSA avec AES-GCM ; avec --strict-tls le bac à sable n'accepte que les "
    "quatre suites nationales en TLS 1.2",
    "enable an ECDHE-RSA suite with AES-GCM in the product; with --strict-tls the sandbox takes the four national "
    "suites in TLS 1.2 only",
)
_CLIENT_CERTIFICATE = Text(
    "configurez le certificat client AUTH_CLI et sa clé dans le produit",
    "configure the AUTH_CLI client certificate and its key in the product",
)
_USE_TLS = Text(
    "remplacez http:// par https:// dans l'URL du produit, ou activez le TLS implicite pour un autre protocole",
    "replace http:// by https:// in the product's URL, or turn implicit TLS on for another protocol",
)
_NO_TLS = Text(
    "remplacez https:// par http://, ou prenez le port TLS du même service dans le tableau des ports",
    "replace https:// by http://, or take the TLS port of the same service in the table of ports",
)
_PORT = Text(
    "comparez le port configuré dans le produit au tableau des services (« segur-sandbox doctor », page d'accueil)",
    "compare the port set in the product with the table of services ('segur-sandbox doctor', home page)",
)
_AT_ONCE = Text(
    "si c'est le produit, envoyez la requête aussitôt connecté ; une connexion ouverte d'avance (navigateur, sonde de "
    "port) est sans gravité",
    "if it is the product, send the request as soon as connected; a connection opened in advance (browser, port probe) "
    "does no harm",
)
_WHOLE = Text(
    "envoyez tout ce que Content-Length (ou le dernier morceau) annonce, sans pause, et lisez la réponse entière",
    "send all that Content-Length (or the last chunk) announces, without a pause, and read the whole answer",
)
_PATIENCE = Text(
    "allongez le délai d'attente du produit : il raccroche avant d'avoir lu la réponse",
    "give the product a longer time-out: it hangs up before it has read the answer",
)
_PROXY = Text(
    "retirez ce port des paramètres de mandataire du produit, et mettez l'hôte du bac à sable dans NO_PROXY "
    "(Java : -Dhttp.nonProxyHosts)",
    "take this port out of the product's proxy settings, and put the sandbox's host into NO_PROXY "
    "(Java: -Dhttp.nonProxyHosts)",
)
_NAME = Text(
    "appelez un des noms servis, ou le port propre du service ; le produit doit envoyer le SNI",
    "call one of the names served, or the service's own port; the product must send SNI",
)

MENDS: Mapping[str, Text] = {
    "certificate_unknown_ca": _OUR_CERTIFICATES,
    "certificate_self_signed": _OUR_CERTIFICATES,
    "certificate_bad_signature": _NEW_CERTIFICATE,
    "certificate_not_yet_valid": _CLOCK,
    "certificate_expired": _NEW_CERTIFICATE,
    "certificate_revoked": _NEW_CERTIFICATE,
    "certificate_wrong_purpose": Text(
        "présentez le certificat AUTH_CLI : le certificat SIGN (cachet) sert à signer, pas à se connecter",
        "present the AUTH_CLI certificate: the SIGN one (seal) is for signing, not for connecting",
    ),
    "certificate_name_not_permitted": _NEW_CERTIFICATE,
    "certificate_key_too_weak": _NEW_CERTIFICATE,
    "certificate_digest_too_weak": _NEW_CERTIFICATE,
    "certificate_missing": _CLIENT_CERTIFICATE,
    "invalid_ca": Text(
        "n'envoyez que le certificat et ses autorités, dans l'ordre, sans autre certificat final dans la chaîne",
        "send the certificate and its authorities only, in order, with no other end certificate in the chain",
    ),
    "crl_missing": Text(
        "mettez dans le dossier de --trust-ca l'autorité intermédiaire qui a émis le certificat, avec ou sans sa CRL",
        "put the intermediate authority that issued the certificate into the folder of --trust-ca, with or without its "
        "CRL",
    ),
    "crl_expired": _OUR_CRL,
    "client_rejected_unknown_ca": _TRUST_US,
    "client_rejected_certificate": _TRUST_OR_NAME,
    "client_rejected_expired": _CLOCK,
    "client_rejected_version": _VERSION,
    "client_handshake_failure": _SUITE,
    "client_no_renegotiation": Text(
        "ne demandez pas de renégociation : présentez le certificat client dès la connexion",
        "ask for no renegotiation: present the client certificate from the start",
    ),
    "client_alert_internal_error": Text(
        "regardez le journal du produit : l'erreur est dans son propre client TLS",
        "look into the product's log: the error is in its own TLS client",
    ),
    "no_shared_cipher": _SUITE,
    "protocol_version": _VERSION,
    "not_tls": _PORT,
    "hung_up_in_handshake": _TRUST_OR_NAME,
    "gone_after_handshake": _TRUST_OR_NAME,
    "handshake": _WHOLE,
    "first_byte": _AT_ONCE,
    "idle": _AT_ONCE,
    "headers": _WHOLE,
    "request": _WHOLE,
    "unit": _WHOLE,
    "cut_short": _WHOLE,
    "answer": _PATIENCE,
    "gone_before_answer": _PATIENCE,
    "plain_http": _USE_TLS,
    "plain_http/2": _USE_TLS,
    "plain_smtp": _USE_TLS,
    "plain_imap": _USE_TLS,
    "plain_mllp": _USE_TLS,
    "plain_unknown": _USE_TLS,
    "client_hello": _NO_TLS,
    "no_server_name": _NAME,
    "unknown_name": _NAME,
    "name_disagrees": _NAME,
    "proxy_connect": _PROXY,
}
