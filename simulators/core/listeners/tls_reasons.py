"""From an exception of a TLS handshake, seen by the server, to a sentence a developer can act on.

Python's ``ssl`` tells three different stories: a refusal of the client's certificate (``verify_code``, the X509_V_ERR
numbers of OpenSSL's x509_vfy.h), an alert sent by the client (``reason`` ending in ALERT_..., RFC 8446 §6.2), and a
local failure (other ``reason``). Unknown ones keep OpenSSL's own words.
"""

from __future__ import annotations

import ssl

from simulators.core.listeners.incident import Reason

_VERIFY: dict[int, Reason] = {
    2: Reason(
        "certificate_unknown_ca",
        "Autorité inconnue : le certificat client n'est pas signé par une autorité acceptée ici (chaîne incomplète "
        "ou autre IGC).",
        "Unknown CA: the client certificate is not signed by an authority accepted here (incomplete chain or foreign "
        "PKI).",
    ),
    3: Reason(
        "crl_missing",
        "La liste de révocation de l'autorité du certificat client manque ici.",
        "The revocation list of the client certificate's authority is missing here.",
    ),
    7: Reason(
        "certificate_bad_signature",
        "La signature du certificat client est fausse.",
        "The signature of the client certificate is wrong.",
    ),
    9: Reason(
        "certificate_not_yet_valid",
        "Le certificat client n'est pas encore valide (notBefore dans le futur) : vérifiez l'horloge.",
        "The client certificate is not valid yet (notBefore in the future): check the clock.",
    ),
    10: Reason(
        "certificate_expired",
        "Le certificat client a expiré (notAfter dépassé).",
        "The client certificate has expired (notAfter is past).",
    ),
    12: Reason("crl_expired", "La liste de révocation a expiré.", "The revocation list has expired."),
    18: Reason(
        "certificate_self_signed",
        "Le certificat client est auto-signé : il faut un certificat de l'IGC de test.",
        "The client certificate is self-signed: one of the test PKI is needed.",
    ),
    23: Reason(
        "certificate_revoked",
        "Le certificat client est révoqué (présent dans la CRL).",
        "The client certificate is revoked (listed in the CRL).",
    ),
    24: Reason(
        "invalid_ca",
        "Un certificat intermédiaire présenté n'a pas le droit de signer des certificats.",
        "A presented intermediate certificate is not allowed to sign certificates.",
    ),
    26: Reason(
        "certificate_wrong_purpose",
        "Le certificat client n'est pas fait pour l'authentification TLS client (usage étendu clientAuth absent).",
        "The client certificate is not meant for TLS client authentication (extended usage clientAuth missing).",
    ),
    47: Reason(
        "certificate_name_not_permitted",
        "Le nom du certificat client sort des contraintes de nom de son autorité.",
        "The name of the client certificate is outside the name constraints of its authority.",
    ),
    66: Reason(
        "certificate_key_too_weak",
        "La clé du certificat client est trop faible pour le niveau de sécurité de ce port.",
        "The key of the client certificate is too weak for the security level of this port.",
    ),
    68: Reason(
        "certificate_digest_too_weak",
        "L'algorithme de signature du certificat client (MD5, SHA-1) est trop faible.",
        "The signature algorithm of the client certificate (MD5, SHA-1) is too weak.",
    ),
}
_SAME_VERIFY = {
    20: 2, 21: 2, 27: 2, 19: 2, 28: 2, 33: 3, 13: 9, 14: 10, 48: 47, 67: 66, 79: 24,
}  # fmt: skip

_ALERTS: dict[str, Reason] = {
    "UNKNOWN_CA": Reason(
        "client_rejected_unknown_ca",
        "Le client a refusé notre certificat : il ne connaît pas l'autorité de test. Installez la racine du bac à "
        "sable dans son magasin.",
        "The client refused our certificate: it does not know the test authority. Install the sandbox root in its "
        "store.",
    ),
    "CERTIFICATE_EXPIRED": Reason(
        "client_rejected_expired",
        "Le client a refusé notre certificat : il le dit expiré (vérifiez son horloge).",
        "The client refused our certificate: it says it has expired (check its clock).",
    ),
    "CERTIFICATE_UNKNOWN": Reason(
        "client_rejected_certificate",
        "Le client a refusé notre certificat sans dire pourquoi (racine inconnue ou nom d'hôte qui ne correspond pas).",
        "The client refused our certificate without saying why (unknown root, or host name that does not match).",
    ),
    "NO_RENEGOTIATION": Reason(
        "client_no_renegotiation",
        "Le client refuse une renégociation TLS.",
        "The client refuses a TLS renegotiation.",
    ),
    "PROTOCOL_VERSION": Reason(
        "client_rejected_version",
        "Le client refuse les versions de TLS proposées ici (1.2 et 1.3).",
        "The client refuses the TLS versions offered here (1.2 and 1.3).",
    ),
    "HANDSHAKE_FAILURE": Reason(
        "client_handshake_failure",
        "Le client a interrompu la négociation : rien de commun (suites, courbes, signatures).",
        "The client aborted the handshake: nothing in common (suites, curves, signatures).",
    ),
}
_SAME_ALERT = {
    "BAD_CERTIFICATE": "CERTIFICATE_UNKNOWN",
    "UNSUPPORTED_CERTIFICATE": "CERTIFICATE_UNKNOWN",
    "CERTIFICATE_REVOKED": "CERTIFICATE_UNKNOWN",
    "ACCESS_DENIED": "CERTIFICATE_UNKNOWN",
    "ILLEGAL_PARAMETER": "HANDSHAKE_FAILURE",
    "INSUFFICIENT_SECURITY": "HANDSHAKE_FAILURE",
}

_NO_SHARED_CIPHER = Reason(
    "no_shared_cipher",
    "Aucune suite de chiffrement commune entre le client et ce port.",
    "No cipher suite in common between the client and this port.",
)
_VERSION = Reason(
    "protocol_version",
    "Version de TLS non acceptée : ce port veut TLS 1.2 ou 1.3.",
    "TLS version not accepted: this port wants TLS 1.2 or 1.3.",
)
_NO_CERTIFICATE = Reason(
    "certificate_missing",
    "Ce port exige un certificat client et le client n'en a présenté aucun.",
    "This port demands a client certificate and the client presented none.",
)
_NOT_TLS = Reason(
    "not_tls",
    "Les octets reçus pendant la négociation ne sont pas du TLS.",
    "The octets received during the handshake are not TLS.",
)
_LOCAL: dict[str, Reason] = {
    "NO_SHARED_CIPHER": _NO_SHARED_CIPHER,
    "NO_SUITABLE_SIGNATURE_ALGORITHM": _NO_SHARED_CIPHER,
    "NO_SUITABLE_KEY_SHARE": _NO_SHARED_CIPHER,
    "NO_SUITABLE_GROUPS": _NO_SHARED_CIPHER,
    "UNSUPPORTED_PROTOCOL": _VERSION,
    "WRONG_SSL_VERSION": _VERSION,
    "VERSION_TOO_LOW": _VERSION,
    "NO_PROTOCOLS_AVAILABLE": _VERSION,
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": _NO_CERTIFICATE,
    "WRONG_VERSION_NUMBER": _NOT_TLS,
    "HTTP_REQUEST": _NOT_TLS,
    "HTTPS_PROXY_REQUEST": _NOT_TLS,
}
_HUNG_UP = Reason(
    "hung_up_in_handshake",
    "Le client a fermé la connexion pendant la négociation TLS, sans alerte : souvent parce qu'il ne fait pas "
    "confiance à notre certificat ou n'accepte pas le nom d'hôte.",
    "The client closed the connection during the TLS handshake, without an alert: often because it does not trust our "
    "certificate or does not accept the host name.",
)


def handshake_reason(error: Exception) -> Reason:
    """The reason of a failed handshake; never raises, whatever ``error`` is."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _verify_reason(error)
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ConnectionError):
        return _HUNG_UP
    if isinstance(error, ssl.SSLError):
        return _ssl_reason(error.reason or "")
    return _other("handshake_error", str(error))


def _verify_reason(error: ssl.SSLCertVerificationError) -> Reason:
    code = error.verify_code
    known = _VERIFY.get(_SAME_VERIFY.get(code, code))
    return known or _other(f"certificate_verify_{code}", error.verify_message)


def _ssl_reason(reason: str) -> Reason:
    _, is_alert, alert = reason.partition("ALERT_")
    if is_alert:
        known = _ALERTS.get(_SAME_ALERT.get(alert, alert))
        return known or _other(f"client_alert_{alert.lower()}", f"alert {alert}")
    if reason == "UNEXPECTED_EOF_WHILE_READING":
        return _HUNG_UP
    return _LOCAL.get(reason) or _other("handshake_error", reason or "unknown")


def _other(cause: str, words: str) -> Reason:
    return Reason(
        cause,
        f"La négociation TLS a échoué ; OpenSSL dit : {words}.",
        f"The TLS handshake failed; OpenSSL says: {words}.",
    )
