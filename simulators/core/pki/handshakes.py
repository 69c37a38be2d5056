"""Why a TLS handshake failed, said so that a vendor knows what to do; for the journal row a listener writes."""

from __future__ import annotations

import enum
import ssl

from simulators.core.pki.judge import ChainReason
from simulators.core.pki.words import Words

# X509_V_ERR_* values of OpenSSL's x509_vfy.h.
_VERIFY_CODES = {
    2: ChainReason.FOREIGN_ISSUER,
    18: ChainReason.FOREIGN_ISSUER,
    19: ChainReason.FOREIGN_ISSUER,
    20: ChainReason.FOREIGN_ISSUER,
    21: ChainReason.FOREIGN_ISSUER,
    7: ChainReason.BAD_SIGNATURE,
    9: ChainReason.NOT_YET_VALID,
    10: ChainReason.EXPIRED,
    23: ChainReason.REVOKED,
    26: ChainReason.WRONG_USAGE,
}
_CONSTRAINT_CODES = frozenset({47, 48})
_CRL_CODES = frozenset({3, 11, 12})


class HandshakeReason(enum.Enum):
    """Causes of a failed handshake that are not about the peer's certificate chain."""

    NAME_NOT_PERMITTED = "name-not-permitted"
    OUR_CRL_OUTDATED = "our-crl-outdated"
    CERTIFICATE_REQUIRED = "certificate-required"
    PLAIN_HTTP = "plain-http"
    NO_COMMON_CIPHER = "no-common-cipher"
    NO_COMMON_VERSION = "no-common-version"
    NOT_TLS = "not-tls"
    PEER_REFUSED_US = "peer-refused-us"
    PEER_LEFT = "peer-left"
    OTHER = "other"

    @property
    def words(self) -> Words:
        """The cause and its mend, in both languages."""
        return _WORDS[self]


_WORDS = {
    HandshakeReason.NAME_NOT_PERMITTED: Words(
        "Le certificat porte un nom hors des contraintes de la racine de ce bac à sable : émettez-en un autre.",
        "The certificate carries a name outside the constraints of this sandbox's root: issue another one.",
    ),
    HandshakeReason.OUR_CRL_OUTDATED: Words(
        "La CRL du bac à sable manque ou n'est pas à jour : vérifiez l'horloge de la machine, puis redémarrez-le.",
        "The sandbox's own CRL is missing or out of date: check this machine's clock, then restart it.",
    ),
    HandshakeReason.CERTIFICATE_REQUIRED: Words(
        "Aucun certificat client présenté alors qu'il est exigé ici : configurez le certificat AUTH_CLI.",
        "No client certificate was presented and one is required here: configure the AUTH_CLI certificate.",
    ),
    HandshakeReason.PLAIN_HTTP: Words(
        "Requête HTTP en clair sur un port TLS : utilisez https.",
        "Plain HTTP on a TLS port: use https.",
    ),
    HandshakeReason.NO_COMMON_CIPHER: Words(
        "Aucune suite cryptographique commune : activez une suite ECDHE-RSA avec AES-GCM ou ChaCha20.",
        "No cipher suite in common: enable an ECDHE-RSA suite with AES-GCM or ChaCha20.",
    ),
    HandshakeReason.NO_COMMON_VERSION: Words(
        "Aucune version de TLS commune : activez TLS 1.2.",
        "No TLS version in common: enable TLS 1.2.",
    ),
    HandshakeReason.NOT_TLS: Words(
        "Les octets reçus ne sont pas du TLS : vérifiez le port et le protocole.",
        "The bytes received are not TLS: check port and protocol.",
    ),
    HandshakeReason.PEER_REFUSED_US: Words(
        "Le client a refusé le certificat de ce serveur : installez la racine du bac à sable dans son magasin de "
        "confiance et appelez le serveur par un nom de son certificat.",
        "The client refused this server's certificate: install the sandbox's root in its trust store and call the "
        "server by a name of its certificate.",
    ),
    HandshakeReason.PEER_LEFT: Words(
        "Le client a fermé la connexion pendant la négociation TLS, sans dire pourquoi.",
        "The client closed the connection during the TLS handshake without saying why.",
    ),
    HandshakeReason.OTHER: Words(
        "La négociation TLS a échoué ; voir le message d'OpenSSL.",
        "The TLS handshake failed; see the OpenSSL message.",
    ),
}

# Fragments of OpenSSL's reason names; they vary between releases, the fragments do not.
_FRAGMENTS = (
    ("HTTP_REQUEST", HandshakeReason.PLAIN_HTTP),
    ("PEER_DID_NOT_RETURN", HandshakeReason.CERTIFICATE_REQUIRED),
    ("NO_SHARED_CIPHER", HandshakeReason.NO_COMMON_CIPHER),
    ("NO_SUITABLE_SIGNATURE", HandshakeReason.NO_COMMON_CIPHER),
    ("UNSUPPORTED_PROTOCOL", HandshakeReason.NO_COMMON_VERSION),
    ("VERSION_TOO_LOW", HandshakeReason.NO_COMMON_VERSION),
    ("ALERT_UNKNOWN_CA", HandshakeReason.PEER_REFUSED_US),
    ("ALERT_BAD_CERTIFICATE", HandshakeReason.PEER_REFUSED_US),
    ("ALERT_CERTIFICATE", HandshakeReason.PEER_REFUSED_US),
    ("ALERT_UNSUPPORTED_CERTIFICATE", HandshakeReason.PEER_REFUSED_US),
    ("WRONG_VERSION_NUMBER", HandshakeReason.NOT_TLS),
    ("RECORD_LAYER_FAILURE", HandshakeReason.NOT_TLS),
    ("UNEXPECTED_EOF", HandshakeReason.PEER_LEFT),
)


def explain_handshake(error: BaseException) -> ChainReason | HandshakeReason:
    """Name the cause of what ``do_handshake`` of a *server* raised; ``.words`` of the answer says it to users."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _verification(error.verify_code)
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ConnectionError):
        return HandshakeReason.PEER_LEFT
    reason = (getattr(error, "reason", None) or "").upper()
    return next((cause for fragment, cause in _FRAGMENTS if fragment in reason), HandshakeReason.OTHER)


def _verification(code: int) -> ChainReason | HandshakeReason:
    if code in _CONSTRAINT_CODES:
        return HandshakeReason.NAME_NOT_PERMITTED
    if code in _CRL_CODES:
        return HandshakeReason.OUR_CRL_OUTDATED
    return _VERIFY_CODES.get(code, HandshakeReason.OTHER)
