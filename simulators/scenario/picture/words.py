"""The words of a picture, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal

from simulators.core.clock import add_period
from simulators.scenario.picture.model import Actor, Exchange

Lang = Literal["fr", "en"]
Words = Mapping[str, str]

ACTORS: Final[Mapping[Lang, Words]] = {
    "fr": {
        "sut": "Produit testé",
        "dpi": "DPI",
        "pfi": "PFI",
        "identity_repository": "Référentiel d'identités",
        "dmp": "DMP",
        "mssante": "Opérateur MSSanté",
        "pro_sante_connect": "Pro Santé Connect",
        "hospital_idp": "IdP hospitalier",
        "other_operator": "Autre opérateur",
        "professional": "Professionnel",
        "mailbox": "Boîte aux lettres",
        "structure_mailbox": "Boîte de la structure",
        "patient": "Patient",
        "internet": "Courriel d'internet",
        "phone": "Téléphone",
        "client": "Client du bac à sable",
    },
    "en": {
        "sut": "Product under test",
        "dpi": "DPI",
        "pfi": "PFI",
        "identity_repository": "Identity repository",
        "dmp": "DMP",
        "mssante": "MSSanté operator",
        "pro_sante_connect": "Pro Santé Connect",
        "hospital_idp": "Hospital IdP",
        "other_operator": "Other operator",
        "professional": "Professional",
        "mailbox": "Mailbox",
        "structure_mailbox": "Structure's mailbox",
        "patient": "Patient",
        "internet": "Internet mail",
        "phone": "Phone",
        "client": "Sandbox's client",
    },
}
ACTS: Final[Mapping[Lang, Words]] = {
    "fr": {
        "MDM^T02": "nouveau document",
        "MDM^T10": "remplacement",
        "MDM^T04": "suppression",
        "ORU^R01": "compte rendu",
        "ZAM^Z01": "retour du DMP",
        "ZAM^Z02": "remise MSSanté",
        "ZAM^Z03": "lecture MSSanté",
        "ADT^A01": "admission",
        "ADT^A02": "mutation",
        "ADT^A03": "sortie",
        "ADT^A04": "venue externe",
        "ADT^A05": "préadmission",
        "ADT^A11": "admission annulée",
        "ADT^A12": "mutation annulée",
        "ADT^A13": "sortie annulée",
        "ADT^A28": "identité créée",
        "ADT^A31": "identité modifiée",
        "ADT^A40": "identités fusionnées",
        "ADT^A47": "identifiant changé",
        "ADT^Z99": "mouvement corrigé",
        "TD0.2": "état du DMP",
        "TD0.3": "autorisation d'accès",
        "TD2.1": "alimentation",
        "TD3.1": "recherche",
        "TD3.2": "consultation",
        "TD3.3": "mise à jour d'un document",
        "TD3.3c": "suppression d'un document",
        "MESSAGE": "courriel",
        "MAILBOX": "remis dans la boîte",
        "FORWARD": "transféré dans la boîte",
        "DSN delivered": "avis de remise",
        "DSN relayed": "avis de relais",
        "DSN delayed": "avis de retard",
        "DSN failed": "avis de non-remise",
        "RELAY": "relais",
        "INTERNET": "courriel d'internet",
        "AUTH": "ouverture de la boîte",
        "FETCH": "lecture du courriel",
        "FETCH dsn": "avis de remise lu",
        "FETCH mdn": "accusé de lecture lu",
        "FETCH documents": "documents reçus",
        "authorization": "demande de connexion",
        "token": "jetons",
        "userinfo": "identité du professionnel",
        "introspection": "vérification du jeton",
        "ciba": "demande au téléphone",
        "logout": "déconnexion",
    },
    "en": {
        "MDM^T02": "new document",
        "MDM^T10": "replacement",
        "MDM^T04": "deletion",
        "ORU^R01": "report",
        "ZAM^Z01": "answer of the DMP",
        "ZAM^Z02": "MSSanté delivery",
        "ZAM^Z03": "MSSanté reading",
        "ADT^A01": "admission",
        "ADT^A02": "transfer",
        "ADT^A03": "discharge",
        "ADT^A04": "outpatient",
        "ADT^A05": "pre-admission",
        "ADT^A11": "admission cancelled",
        "ADT^A12": "transfer cancelled",
        "ADT^A13": "discharge cancelled",
        "ADT^A28": "identity created",
        "ADT^A31": "identity changed",
        "ADT^A40": "identities merged",
        "ADT^A47": "identifier changed",
        "ADT^Z99": "movement corrected",
        "TD0.2": "state of the DMP",
        "TD0.3": "access authorisation",
        "TD2.1": "feeding",
        "TD3.1": "search",
        "TD3.2": "retrieval",
        "TD3.3": "update of a document",
        "TD3.3c": "deletion of a document",
        "MESSAGE": "mail",
        "MAILBOX": "put into the mailbox",
        "FORWARD": "forwarded to the mailbox",
        "DSN delivered": "delivery notice",
        "DSN relayed": "relay notice",
        "DSN delayed": "delay notice",
        "DSN failed": "failure notice",
        "RELAY": "relay",
        "INTERNET": "internet mail",
        "AUTH": "mailbox opened",
        "FETCH": "mail read",
        "FETCH dsn": "delivery notice read",
        "FETCH mdn": "reading receipt read",
        "FETCH documents": "documents received",
        "authorization": "sign-in asked",
        "token": "tokens",
        "userinfo": "who the professional is",
        "introspection": "token checked",
        "ciba": "asked on the phone",
        "logout": "sign-out",
    },
}
OUTCOMES: Final[Mapping[Lang, Words]] = {
    "fr": {"accepted": "accepté", "refused": "refusé", "failed": "en panne", "incident": "incident"},
    "en": {"accepted": "accepted", "refused": "refused", "failed": "failed", "incident": "incident"},
}
_ACKS: Final = ("AA", "AE", "AR", "CA", "CE", "CR")
_MOST_MONTHS: Final = 24
_SAME: Final = timedelta(seconds=2)
MARKS: Final[Words] = {"accepted": "✓", "refused": "✗", "failed": "!", "incident": "!"}
SAID: Final[Mapping[Lang, Words]] = {
    "fr": {
        "as": "joue : ",
        "lost": "accepté, réponse perdue",
        "warnings": "avertissements",
        "warning": "avertissement",
        "business": "temps métier",
        "later": "plus tard",
        "earlier": "plus tôt",
        "until": "jusqu'à",
        "title": "Parcours",
        "to": "vers",
        "more": "échanges de plus, voir le tableau",
        "description": "Diagramme de séquence, le temps va vers le bas.",
        "day": "j",
        "no answer": "pas de réponse",
        "attempt": "essai",
        "given_up": "abandonné",
        "again": "à refaire",
        "twice": "déjà reçu",
    },
    "en": {
        "as": "plays: ",
        "lost": "accepted, answer lost",
        "warnings": "warnings",
        "warning": "warning",
        "business": "business time",
        "later": "later",
        "earlier": "earlier",
        "until": "until",
        "title": "Journey",
        "to": "to",
        "more": "more exchanges, see the table",
        "description": "Sequence diagram, time goes downwards.",
        "day": "d",
        "no answer": "no answer",
        "attempt": "attempt",
        "given_up": "given up",
        "again": "to be tried again",
        "twice": "received before",
    },
}


def actor_words(actor: Actor, lang: Lang) -> tuple[str, str]:
    """What stands in its box: the name, and the roles the product plays."""
    known = ACTORS[lang]
    name = known.get(actor.code) or actor.name or actor.code
    roles = ", ".join(known.get(role, role) for role in actor.roles)
    return name, f"{SAID[lang]['as']}{roles}" if roles else ""


_NAMES: Final[Words] = {"MESSAGE": "SMTP", "RELAY": "SMTP", "AUTH": "SASL", "FETCH": "IMAP"}


def name_of(label: str) -> str:
    """What an act is called on its wire."""
    return _NAMES.get(label.partition(" ")[0], label)


def act_words(exchange: Exchange, lang: Lang) -> str:
    """What was done, in words; empty when its name says it all."""
    label = exchange.label
    known = ACTS[lang]
    return known.get(label) or known.get(label.partition(" ")[0]) or known.get(label.rstrip("ab"), "")


def outcome_words(exchange: Exchange, lang: Lang) -> str:
    """The outcome by a mark and by words, with the rule that refused it."""
    mark, said = MARKS.get(exchange.outcome, "!"), SAID[lang]
    words = said["lost"] if exchange.lost else OUTCOMES[lang].get(exchange.outcome, exchange.outcome)
    parts = [f"{mark} {words}"]
    status = exchange.status
    if status.isalpha() or exchange.outcome in ("failed", "incident"):
        parts += [f"ACK {status}" if status in _ACKS else said.get(status, status)] if status else []
    parts += exchange.rules[:1]
    if len(exchange.rules) > 1:
        parts[-1] += f" +{len(exchange.rules) - 1}"
    if exchange.outcome == "accepted" and exchange.warnings:
        parts.append(f"{exchange.warnings} {said['warnings' if exchange.warnings > 1 else 'warning']}")
    parts += [f"{said['attempt']} {exchange.attempt}"] if exchange.attempt > 1 or exchange.note == "again" else []
    parts += [said[exchange.note]] if exchange.note else []
    return " · ".join(parts)


def period(since: datetime, span: timedelta) -> str:
    """A span of business time from an instant on, as ISO 8601 writes it: ``P6M``, ``P3D``, ``PT5M``."""
    for months in range(1, _MOST_MONTHS + 1):
        if abs(add_period(since, f"P{months}M") - since - span) < _SAME:
            return f"P{months}M"
    days, rest = divmod(round(span.total_seconds()), 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    clock = "".join(f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if value)
    return f"P{f'{days}D' if days else ''}{f'T{clock}' if clock else ''}"


def lapse(span: timedelta, lang: Lang) -> str:
    """A span of wire time for people: ``2 j 3 h``, ``5 min 10 s``."""
    days, rest = divmod(int(span.total_seconds()), 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    units = ((days, SAID[lang]["day"]), (hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join([f"{value} {unit}" for value, unit in units if value][:2]) or "0 s"
