"""The sentences of the incidents that are not TLS errors (those are in ``tls_reasons``)."""

from __future__ import annotations

import traceback
from collections.abc import Iterable

from simulators.core.listeners.incident import Reason
from simulators.core.listeners.sniff import Guess

FIRST_BYTE = Reason(
    "first_byte",
    "Le client s'est connecté et n'a rien envoyé dans le délai : il attend peut-être que le serveur parle le premier "
    "(SMTP, IMAP), ou il a ouvert une connexion d'avance.",
    "The client connected and sent nothing in time: it may expect the server to speak first (SMTP, IMAP), or it opened "
    "a connection in advance.",
)
HANDSHAKE = Reason(
    "handshake",
    "La négociation TLS a commencé et n'a pas fini dans le délai.",
    "The TLS handshake began and did not finish in time.",
)
HEADERS = Reason(
    "headers",
    "Les en-têtes de la requête HTTP ne sont pas arrivés en entier dans le délai.",
    "The headers of the HTTP request did not arrive in full in time.",
)
REQUEST = Reason(
    "request",
    "Le corps de la requête HTTP n'est pas arrivé en entier dans le délai.",
    "The body of the HTTP request did not arrive in full in time.",
)
ANSWER = Reason(
    "answer",
    "Le client n'a pas lu la réponse dans le délai.",
    "The client did not read the answer in time.",
)
UNIT = Reason(
    "unit",
    "L'unité commencée (trame, ligne, message) n'a pas été terminée dans le délai.",
    "The unit that was begun (frame, line, message) was not finished in time.",
)
IDLE = Reason(
    "idle",
    "La connexion est restée inactive plus longtemps que permis.",
    "The connection stayed idle longer than allowed.",
)
CUT_SHORT = Reason(
    "cut_short",
    "Le client a fermé la connexion au milieu d'une requête.",
    "The client closed the connection in the middle of a request.",
)
GONE_BEFORE_ANSWER = Reason(
    "gone_before_answer",
    "Le client a fermé la connexion avant d'avoir lu toute la réponse.",
    "The client closed the connection before it had read the whole answer.",
)
GONE_AFTER_HANDSHAKE = Reason(
    "gone_after_handshake",
    "Le client a fermé la connexion juste après la négociation TLS, sans requête : souvent un nom d'hôte que notre "
    "certificat ne porte pas, ou une connexion ouverte d'avance.",
    "The client closed the connection right after the TLS handshake, without a request: often a host name that our "
    "certificate does not bear, or a connection opened in advance.",
)
TOO_MANY = Reason(
    "open_connections",
    "Trop de connexions ouvertes sur ce port : la nouvelle est refusée.",
    "Too many open connections on this port: the new one is refused.",
)
NO_DESCRIPTOR = Reason(
    "no_descriptor",
    "Le système n'accorde plus de connexion à ce processus (limite de descripteurs).",
    "The system grants this process no more connections (descriptor limit).",
)
BODY_TOO_LARGE = Reason(
    "body_too_large",
    "Le corps de la requête dépasse la taille permise.",
    "The body of the request exceeds the allowed size.",
)
HEAD_TOO_LARGE = Reason(
    "head_too_large",
    "Les en-têtes de la requête dépassent la taille permise.",
    "The headers of the request exceed the allowed size.",
)
INJECTION = Reason(
    "starttls_injection",
    "Des octets en clair suivaient la commande STARTTLS : ils sont ignorés (RFC 3207 §6).",
    "Clear-text octets followed the STARTTLS command: they are dropped (RFC 3207 §6).",
)


def plain_on_tls(seen: Guess) -> Reason:
    """Something that is not TLS came to a TLS port."""
    what_fr = "un protocole inconnu" if seen is Guess.UNKNOWN else f"du {seen} en clair"
    what_en = "an unknown protocol" if seen is Guess.UNKNOWN else f"plain {seen}"
    return Reason(
        f"plain_{seen.lower()}",
        f"Ce port parle TLS et a reçu {what_fr}. Utilisez https:// ou activez TLS dès la connexion.",
        f"This port speaks TLS and received {what_en}. Use https:// or start TLS as soon as connected.",
    )


def tls_on_plain(expected: str) -> Reason:
    """A TLS ClientHello came to a port without TLS."""
    return Reason(
        "client_hello",
        f"Ce port parle {expected} en clair et a reçu un ClientHello TLS : mauvais port ou TLS à désactiver.",
        f"This port speaks plain {expected} and received a TLS ClientHello: wrong port, or TLS to be turned off.",
    )


def wrong_protocol(expected: str, seen: Guess) -> Reason:
    """Another protocol came to this port."""
    return Reason(
        f"looks_like_{seen.lower()}",
        f"Ce port parle {expected} ; les premiers octets ressemblent à : {seen}.",
        f"This port speaks {expected}; the first octets look like: {seen}.",
    )


def no_name(names: Iterable[str]) -> Reason:
    """A client without server_name came to the port that serves several names."""
    listed = ", ".join(names)
    return Reason(
        "no_server_name",
        "Le client n'a pas annoncé de nom (SNI) dans la négociation TLS, ou il a appelé une adresse IP ; ce port sert "
        f"plusieurs noms : {listed}. Appelez l'un d'eux, ou le port propre du service.",
        "The client announced no name (SNI) in the TLS handshake, or called an IP address; this port serves several "
        f"names: {listed}. Call one of them, or the service's own port.",
    )


def unknown_name(asked: str, names: Iterable[str]) -> Reason:
    """The name asked for in the handshake is none of this port's."""
    listed = ", ".join(names)
    return Reason(
        "unknown_name",
        f"Le nom demandé dans la négociation TLS (SNI), {asked}, n'est pas servi sur ce port. Noms servis : {listed}.",
        f"The name asked for in the TLS handshake (SNI), {asked}, is not served on this port. Names served: {listed}.",
    )


def other_name(asked: str, host: str, names: Iterable[str]) -> Reason:
    """Host and server_name disagree."""
    listed = ", ".join(names)
    return Reason(
        "name_disagrees",
        f"La négociation TLS demandait {asked} et l'en-tête Host dit {host} : les deux doivent être le même nom. "
        f"Noms servis : {listed}.",
        f"The TLS handshake asked for {asked} and the Host header says {host}: both must be the same name. "
        f"Names served: {listed}.",
    )


def trace(error: BaseException, limit: int = 4_000) -> bytes:
    """The end of the traceback, where the cause is."""
    return "".join(traceback.format_exception(error)).encode()[-limit:]


def bug(error: BaseException) -> Reason:
    """The application raised what nobody foresaw."""
    name = type(error).__name__
    return Reason(
        "application_error",
        f"L'application a levé une exception imprévue ({name}) : c'est une anomalie du bac à sable.",
        f"The application raised an unforeseen exception ({name}): this is a bug of the sandbox.",
    )
