"""What never became a request ends in the journal of the pseudo-world ``-``, with its reason."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from simulators.assembly.client_hello import read_hello
from simulators.assembly.incident_mends import MENDS
from simulators.core import journal
from simulators.core.errors import SandboxError
from simulators.core.listeners import Incident, Kind
from simulators.core.rules import Finding, Grade, Level, Rule, Text, Verdict
from simulators.core.store.open import PSEUDO_WORLD
from simulators.core.world import Worlds

log = logging.getLogger("simulators")
_TO_A_PROXY = re.compile(rb"CONNECT [^ ]+:[0-9]+ HTTP/|[A-Z]{3,7} https?://")
_READABLE = re.compile(rb"[ -~]{4}")


def _rule(kind: Kind, fr: str, en: str, mend_fr: str, mend_en: str, source: str) -> Rule:
    return Rule(
        id=f"CORE-{kind.value.upper().replace('_', '-')}",
        level=Level.REFUSE,
        looks_at="connection",
        source=source,
        grade=Grade.STANDARD,
        sentence=Text(fr, en),
        mend=Text(mend_fr, mend_en),
        switchable=False,
        kind="transport",
        form="none",
    )


_TEXTS: dict[Kind, tuple[str, str, str, str, str]] = {
    Kind.HANDSHAKE_FAILED: (
        "la poignée de main TLS a échoué",
        "the TLS handshake failed",
        "présentez un certificat de la PKI du bac à sable, ni expiré ni révoqué, et faites-lui confiance",
        "present a certificate of the sandbox's PKI, neither expired nor revoked, and trust its root",
        "RFC 8446 §4.4, RFC 5246 §7.4",
    ),
    Kind.PLAIN_ON_TLS_PORT: (
        "du HTTP en clair est arrivé sur un port TLS",
        "plain HTTP came to a TLS port",
        "appelez cette adresse en https",
        "call this address with https",
        "RFC 2818",
    ),
    Kind.TLS_ON_PLAIN_PORT: (
        "du TLS est arrivé sur un port en clair",
        "TLS came to a plain port",
        "appelez cette adresse sans TLS, ou le port TLS du même service",
        "call this address without TLS, or the TLS port of the same service",
        "RFC 9110 §4.2",
    ),
    Kind.WRONG_PROTOCOL: (
        "un autre protocole est arrivé sur ce port",
        "another protocol came to this port",
        "vérifiez le numéro de port dans le tableau des services",
        "check the port number in the table of services",
        "RFC 9110",
    ),
    Kind.MALFORMED: (
        "la requête est illisible",
        "the request cannot be read",
        "envoyez une requête HTTP/1.1 bien formée",
        "send a well-formed HTTP/1.1 request",
        "RFC 9112 §2",
    ),
    Kind.OVERSIZED: (
        "la requête dépasse la taille acceptée",
        "the request is larger than what is accepted",
        "réduisez la requête sous la limite annoncée",
        "make the request smaller than the limit",
        "RFC 9110 §15.5.14",
    ),
    Kind.TIMEOUT: (
        "le correspondant n'a pas parlé à temps",
        "the counterpart did not speak in time",
        "envoyez la requête aussitôt la connexion ouverte",
        "send the request as soon as the connection is open",
        "RFC 9110 §15.5.9",
    ),
    Kind.HUNG_UP: (
        "le correspondant a raccroché avant la fin",
        "the counterpart hung up before the end",
        "gardez la connexion ouverte jusqu'à la réponse",
        "keep the connection open until the answer",
        "RFC 9112 §9.6",
    ),
    Kind.TOO_MANY_CONNECTIONS: (
        "trop de connexions sont ouvertes",
        "too many connections are open",
        "réutilisez les connexions, fermez celles qui ne servent plus",
        "reuse connections, close those no longer used",
        "RFC 9112 §9.4",
    ),
    Kind.FRAMING: (
        "la trame est invalide",
        "the frame is not valid",
        "respectez l'encadrement du protocole",
        "follow the framing of the protocol",
        "RFC 5321 §2.3.8, HL7 MLLP",
    ),
    Kind.STARTTLS_INJECTION: (
        "des données en clair suivent STARTTLS",
        "plain data follow STARTTLS",
        "attendez la réponse à STARTTLS avant d'envoyer autre chose",
        "wait for the answer to STARTTLS before sending anything else",
        "RFC 3207 §4.2",
    ),
    Kind.MISDIRECTED: (
        "le nom demandé n'est pas servi sur le port HTTPS commun, ou Host et SNI se contredisent",
        "the name asked for is not served on the shared HTTPS port, or Host and SNI disagree",
        "appelez le service par son nom, le même dans l'URL, le SNI et l'en-tête Host",
        "call the service by its name, the same in the URL, in SNI and in the Host header",
        "RFC 6066 §3, RFC 9110 §7.4",
    ),
    Kind.MISDIRECTED: (
        "aucun service ne répond à ce nom sur ce port",
        "no service answers to this name on this port",
        "appelez un des noms servis, ou le port propre du service",
        "call one of the names served, or the service's own port",
        "RFC 6066 §3, RFC 9110 §15.5.20",
    ),
    Kind.BUG: (
        "le bac à sable a rencontré une erreur imprévue",
        "the sandbox met an unforeseen error",
        "signalez-la ; votre message n'est pas en cause",
        "report it; your message is not at fault",
        "this project",
    ),
}
RULES: dict[Kind, Rule] = {k: _rule(k, fr, en, mfr, men, src) for k, (fr, en, mfr, men, src) in _TEXTS.items()}


_PROXY = Text(
    "Le client prend ce port pour un mandataire (proxy) : il demande un tunnel (CONNECT) ou une URL entière",
    "The client takes this port for a proxy: it asks for a tunnel (CONNECT) or for a whole URL",
)


def recorder(worlds: Worlds) -> Callable[[Incident], None]:
    """The listeners' sink: stamps the incident and writes its row."""

    def record(incident: Incident) -> None:
        entry = journal.Entry(
            protocol=incident.listener,
            operation=f"{incident.listener}.{incident.kind.value}",
            who={"address": f"{incident.peer[0]}:{incident.peer[1]}"},
            outcome="incident",
            status=_cause(incident),
            verdict=Verdict((explained(incident),)),
            request=incident.raw,
        )
        try:
            world = worlds.get(PSEUDO_WORLD)
            with worlds.store.write(PSEUDO_WORLD) as tx:
                journal.record(tx, world, worlds.now(), entry)
        except SandboxError:
            log.warning("an incident could not be journalled: %s", incident.reason_en)

    return record


def explained(incident: Incident) -> Finding:
    """The incident in plain words: what happened, what the client had asked for, and what to change."""
    rule, cause = RULES[incident.kind], _cause(incident)
    said = _PROXY if cause == "proxy_connect" else Text(incident.reason_fr, incident.reason_en)
    told = replace(rule, sentence=said, mend=MENDS.get(cause, rule.mend))
    where = f"{incident.listener} ← {incident.peer[0]}:{incident.peer[1]}"
    found = f"{said.fr} / {said.en}"
    finding = told.finding(where, found=found, cause=cause, **dict(_asked(incident.raw)))
    return replace(finding, level=Level.REFUSE)


def _cause(incident: Incident) -> str:
    # A plain port refuses such a target as malformed, a TLS port as plain text: the cause is the same.
    unread = incident.kind in {Kind.MALFORMED, Kind.PLAIN_ON_TLS_PORT, Kind.WRONG_PROTOCOL}
    return "proxy_connect" if unread and _TO_A_PROXY.match(incident.raw) else incident.cause


def _asked(raw: bytes) -> Iterator[tuple[str, str]]:
    """What the first octets tell of the client: the name it called and the TLS versions it offered, or its text."""
    hello = read_hello(raw)
    if hello is not None:
        yield "server_name", hello.server_name or ""
        yield "offered", ", ".join(hello.versions)
    elif _READABLE.match(raw):
        yield "first_line", raw.split(b"\n", 1)[0].strip()[:120].decode("ascii", "backslashreplace")
