"""The message itself, as a server looks at it before it says 250, and what a citizen's mailbox does not take."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Level
from simulators.mssante.rules.wire import INFERRED, STANDARD, rule

_TABLE: Final = "facts mssante §7.2"

VIRUS = rule(
    "DATA-VIRUS",
    "parts of the message",
    "le message porte le fichier d'essai EICAR : il est traité comme un virus",
    "the message carries the EICAR test file: it is treated as a virus",
    "retirez la pièce jointe d'essai",
    "remove the test attachment",
    code="554 5.7.1",
    source=_TABLE,
    kind="message",
    example=Example("message", "EICAR", "no virus"),
)
NUL = rule(
    "DATA-NUL",
    "octets of the message",
    "le message contient l'octet nul",
    "the message holds a NUL octet",
    "encodez les pièces binaires en base64",
    "encode binary parts in base64",
    code="554 5.6.0",
    source="RFC 5322 §2.3",
    grade=STANDARD,
    switchable=False,
    kind="message",
    example=Example("message", "NUL", "no NUL"),
)
LOOP = rule(
    "DATA-LOOP",
    "Received headers",
    "le message tourne en boucle entre serveurs",
    "the message loops between servers",
    "vérifiez les règles de renvoi",
    "look at the forwarding rules",
    code="554 5.4.6",
    source="RFC 5321 §6.3",
    grade=STANDARD,
    kind="message",
    example=Example("header:Received", "51", "at most 50"),
)
HEADER_FROM = rule(
    "DATA-FROM",
    "header From",
    "l'en-tête From ne nomme pas la BAL authentifiée",
    "the From header does not name the authenticated mailbox",
    "From = adresse de la BAL (pour un PFI, la BAL applicative)",
    "From = address of the mailbox (for a PFI, the applicative mailbox)",
    code="550 5.7.1",
    source="facts mssante §3.1 (CI-SIS, mapping MSS)",
    grade=INFERRED,
    level=Level.WARN,
    strict=Level.REFUSE,
    kind="message",
    example=Example("header:From", "autre@main.mssante.test", "the authenticated mailbox"),
)
CITIZEN_ADDRESS = rule(
    "MES-ADDRESS",
    "address of a citizen",
    "le matricule INS de l'adresse est mal formé ou sa clé est fausse",
    "the INS matricule of the address is malformed or its key is wrong",
    "15 caractères, clé comprise : <matricule INS>@patient.mssante.fr",
    "15 characters, key included: <INS matricule>@patient.mssante.fr",
    code="550 5.1.3",
    source=f"{_TABLE}; facts §1.3",
    example=Example("command:RCPT", "123@patient.mssante.test", "15 characters"),
)
CITIZEN_UNKNOWN = rule(
    "MES-UNKNOWN",
    "address of a citizen",
    "aucun profil Mon espace santé pour ce matricule",
    "no Mon espace sante profile for this matricule",
    "prenez un patient du monde, ou laissez-le adopter (unknown.mailboxes=adopt)",
    "use a patient of the world, or let it adopt (unknown.mailboxes=adopt)",
    code="550 5.1.1",
    source=f"{_TABLE}; facts §1.5",
    example=Example("command:RCPT", "unknown", "a patient with a profile"),
)
CITIZEN_CLOSED = rule(
    "MES-CLOSED",
    "mailbox of a citizen",
    "le patient n'a pas, ou a fermé, sa messagerie Mon espace santé",
    "the patient has no Mon espace sante mailbox, or closed it",
    "prévenez le patient autrement : l'existence de cette BAL n'est jamais garantie",
    "reach the patient another way: this mailbox is never guaranteed to exist",
    code="550 5.2.1",
    source=f"{_TABLE}; facts §1.5",
    example=Example("mailbox.state", "closed", "open"),
)
CITIZEN_SIZE = rule(
    "MES-SIZE",
    "size of a message to a citizen",
    "Mon espace santé refuse un message de plus de 25 Mo",
    "Mon espace sante refuses a message above 25 MB",
    "allégez les pièces jointes : 25 Mo pour le message entier",
    "lighten the attachments: 25 MB for the whole message",
    code="552 5.3.4",
    source="CNAM, ENS Mon espace santé Messagerie V1.3 §6 (second hand)",
    example=Example("message.size", "26000000", "at most 25000000"),
)
CITIZEN_OPENS = rule(
    "MES-OPENS",
    "right of a citizen to write",
    "un usager ne peut répondre qu'à qui lui a écrit, tant que la conversation est ouverte",
    "a citizen may only answer who wrote first, as long as the conversation is open",
    "écrivez-lui d'abord depuis une BAL professionnelle, sans [FIN] ni X-MSS-MES: FIN",
    "write first from a professional mailbox, without [FIN] nor X-MSS-MES: FIN",
    code="550 5.7.1",
    source="facts mssante §1.5 (CNAM, second hand)",
    example=Example("command:RCPT", "no open conversation", "an open conversation"),
)

BOUNCED: Final = (CITIZEN_ADDRESS, CITIZEN_UNKNOWN, CITIZEN_CLOSED, CITIZEN_SIZE)
RULES: Final = (VIRUS, NUL, LOOP, HEADER_FROM, *BOUNCED, CITIZEN_OPENS)
