"""Why a TLS handshake that *we* began failed, in plain words: the other direction of ``core.listeners.tls_reasons``.

Python's ``ssl`` gives a ``verify_code`` (X509_V_ERR numbers of OpenSSL's x509_vfy.h) when we refuse the certificate,
and a ``reason`` when the server sends an alert (RFC 8446 §6.2) or no TLS at all.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping

from simulators.core.rules import Text

Words = tuple[Text, Text]

_UNKNOWN_CA: Words = (
    Text(
        "le certificat n'est signé par aucune autorité connue ici",
        "the certificate is signed by no authority known here",
    ),
    Text(
        "démarrez le bac à sable avec « --trust-ca DOSSIER » (la racine qui a signé ce certificat), et faites envoyer "
        "au serveur son autorité intermédiaire",
        "start the sandbox with '--trust-ca DIR' (the root that signed this certificate), and have the server send its "
        "intermediate authority",
    ),
)
_SELF_SIGNED: Words = (
    Text("le certificat est auto-signé", "the certificate is self-signed"),
    Text(
        "mettez ce certificat dans le dossier de « --trust-ca », ou servez-en un que signe une autorité",
        "put this certificate into the folder of '--trust-ca', or serve one that an authority signed",
    ),
)
_EXPIRED: Words = (
    Text("le certificat a expiré", "the certificate has expired"),
    Text("renouvelez le certificat du serveur", "renew the server's certificate"),
)
_NOT_YET: Words = (
    Text("le certificat n'est pas encore valide", "the certificate is not valid yet"),
    Text("vérifiez les horloges et la date de début du certificat", "check the clocks and the certificate's start"),
)
_NAME: Words = (
    Text("le certificat ne porte pas le nom appelé", "the certificate does not bear the name that was called"),
    Text(
        "faites émettre un certificat dont le subjectAltName porte ce nom, ou appelez un nom qu'il porte",
        "have a certificate issued whose subjectAltName bears this name, or call a name that it bears",
    ),
)
_PURPOSE: Words = (
    Text("le certificat n'est pas fait pour un serveur", "the certificate is not meant for a server"),
    Text("servez un certificat dont l'usage étendu porte serverAuth", "serve a certificate with the usage serverAuth"),
)
_PLAIN: Words = (
    Text("ce port ne parle pas TLS", "this port does not speak TLS"),
    Text("écrivez http:// (ou activez TLS sur ce port)", "write http:// (or turn TLS on on this port)"),
)
_WANTS_CERTIFICATE: Words = (
    Text(
        "le serveur exige un certificat client, et cette sonde n'en présente aucun",
        "the server demands a client certificate, and this probe presents none",
    ),
    Text(
        "rendez le certificat client facultatif pour cet essai, ou ignorez cette ligne si le service l'exige vraiment",
        "make the client certificate optional for this try, or ignore this line if the service really demands one",
    ),
)
_VERSION: Words = (
    Text("aucune version de TLS commune (ici : 1.2 et 1.3)", "no TLS version in common (here: 1.2 and 1.3)"),
    Text("activez TLS 1.2 ou 1.3 sur le serveur", "enable TLS 1.2 or 1.3 on the server"),
)
_NOTHING_COMMON: Words = (
    Text(
        "le serveur refuse la négociation : aucune suite commune, ou il exige un certificat client",
        "the server refuses the handshake: no suite in common, or it demands a client certificate",
    ),
    Text(
        "activez une suite ECDHE avec AES-GCM et un certificat RSA ou ECDSA ; voyez son journal",
        "enable an ECDHE suite with AES-GCM and an RSA or ECDSA certificate; see its log",
    ),
)
_SNI: Words = (
    Text("le serveur ne connaît pas le nom annoncé (SNI)", "the server does not know the name announced (SNI)"),
    Text("appelez-le par un de ses noms, ou ajoutez ce nom à sa configuration", "call it by one of its names"),
)
_CUT: Words = (
    Text("le serveur coupe pendant la négociation TLS", "the server cuts during the TLS handshake"),
    Text("vérifiez que ce port parle TLS, et le journal du serveur", "check that this port speaks TLS, and its log"),
)

_VERIFY: Mapping[int, Words] = {
    2: _UNKNOWN_CA,
    9: _NOT_YET,
    10: _EXPIRED,
    18: _SELF_SIGNED,
    19: _UNKNOWN_CA,
    20: _UNKNOWN_CA,
    21: _UNKNOWN_CA,
    26: _PURPOSE,
    62: _NAME,
    64: _NAME,
}
# Fragments of OpenSSL's reason names: their prefixes vary between releases.
_REASONS: tuple[tuple[str, Words], ...] = (
    ("WRONG_VERSION_NUMBER", _PLAIN),
    ("RECORD_LAYER_FAILURE", _PLAIN),
    ("HTTP_REQUEST", _PLAIN),
    ("PACKET_LENGTH_TOO_LONG", _PLAIN),
    ("CERTIFICATE_REQUIRED", _WANTS_CERTIFICATE),
    ("UNRECOGNIZED_NAME", _SNI),
    ("PROTOCOL_VERSION", _VERSION),
    ("UNSUPPORTED_PROTOCOL", _VERSION),
    ("HANDSHAKE_FAILURE", _NOTHING_COMMON),
    ("BAD_CERTIFICATE", _WANTS_CERTIFICATE),
    ("UNEXPECTED_EOF", _CUT),
)


def handshake_words(problem: BaseException) -> Words:
    """What happened and what to change, for what a client's handshake raised."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return _VERIFY.get(problem.verify_code) or _other(problem.verify_message)
    reason = str(getattr(problem, "reason", None) or "").upper()
    known = next((words for fragment, words in _REASONS if fragment in reason), None)
    if known is not None:
        return known
    if isinstance(problem, ssl.SSLEOFError | ConnectionError):
        return _CUT
    return _other(reason or str(problem))


def _other(said: str) -> Words:
    return (
        Text(f"la négociation TLS échoue ; OpenSSL dit : {said}", f"the TLS handshake fails; OpenSSL says: {said}"),
        Text("voyez le journal du serveur", "see the server's log"),
    )
