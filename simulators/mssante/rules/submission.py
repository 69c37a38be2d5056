"""Commands and envelope of SMTP, on the submission ports and between operators (facts mssante §2.1, §2.5, §7.2)."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Level
from simulators.mssante.rules.wire import INFERRED, SOURCED, STANDARD, rule

_SMTP: Final = "RFC 5321"
_TABLE: Final = "facts mssante §7.2"
_REF1: Final = "Référentiel MSSanté #1 (mutual TLS, DN against domain; general knowledge)"

COMMAND = rule(
    "SMTP-COMMAND",
    "command line",
    "cette commande n'est pas offerte",
    "this command is not offered",
    "commandes : EHLO HELO STARTTLS AUTH MAIL RCPT DATA RSET NOOP VRFY QUIT ; BDAT (CHUNKING) n'est pas annoncé",
    "commands: EHLO HELO STARTTLS AUTH MAIL RCPT DATA RSET NOOP VRFY QUIT; BDAT (CHUNKING) is not announced",
    code="502 5.5.1",
    source=f"{_SMTP} §4.2.4",
    grade=STANDARD,
    switchable=False,
    kind="message",
    example=Example("command", "BDAT 100", "DATA"),
)
SYNTAX = rule(
    "SMTP-SYNTAX",
    "argument of a command",
    "l'argument de la commande est illisible",
    "the argument of the command cannot be read",
    "MAIL FROM:<adresse> [SIZE= BODY= RET= ENVID= SMTPUTF8], RCPT TO:<adresse> [NOTIFY= ORCPT=]",
    "MAIL FROM:<address> [SIZE= BODY= RET= ENVID= SMTPUTF8], RCPT TO:<address> [NOTIFY= ORCPT=]",
    code="501 5.5.4",
    source=f"{_SMTP} §4.1.2, RFC 3461 §4",
    grade=STANDARD,
    switchable=False,
    kind="message",
    example=Example("command:MAIL", "FROM:adresse", "FROM:<adresse>"),
)
SEQUENCE = rule(
    "SMTP-SEQUENCE",
    "order of the commands",
    "cette commande ne vient pas à sa place",
    "this command is out of sequence",
    "dans l'ordre : EHLO, STARTTLS, EHLO, AUTH, MAIL, RCPT, DATA",
    "in this order: EHLO, STARTTLS, EHLO, AUTH, MAIL, RCPT, DATA",
    code="503 5.5.1",
    source=f"{_SMTP} §4.1.4",
    grade=STANDARD,
    switchable=False,
    kind="message",
    example=Example("command:DATA", "before RCPT", "after RCPT"),
)
TLS = rule(
    "SMTP-TLS",
    "TLS of the session",
    "la session n'est pas chiffrée",
    "must issue a STARTTLS command first",
    "envoyez STARTTLS, puis EHLO de nouveau",
    "send STARTTLS, then EHLO again",
    code="530 5.7.0",
    source="Référentiel MSSanté #2, ECO.1.0.1; RFC 3207 §4",
    grade=SOURCED,
    switchable=False,
    kind="transport",
    example=Example("tls", "none", "TLS 1.2 or 1.3"),
)
AUTH = rule(
    "SMTP-AUTH",
    "authentication of the session",
    "la session n'est pas authentifiée",
    "authentication required",
    "AUTH XOAUTH2 (PER, ORG) ou AUTH EXTERNAL (APP) avant MAIL",
    "AUTH XOAUTH2 (PER, ORG) or AUTH EXTERNAL (APP) before MAIL",
    code="530 5.7.0",
    source=f"{_TABLE}; RFC 4954 §6",
    grade=STANDARD,
    switchable=False,
    kind="message",
    example=Example("command:MAIL", "not authenticated", "AUTH"),
)
FROM = rule(
    "MAIL-FROM",
    "MAIL FROM",
    "l'expéditeur n'est pas la BAL authentifiée",
    "the sender is not the authenticated mailbox",
    "MAIL FROM:<BAL authentifiée>, ou <> pour un accusé",
    "MAIL FROM:<authenticated mailbox>, or <> for a receipt",
    code="553 5.7.1",
    source=_TABLE,
    kind="message",
    example=Example("command:MAIL", "autre@main.mssante.test", "the authenticated mailbox"),
)
EXPIRED = rule(
    "MAIL-TOKEN-EXPIRED",
    "life of the access token",
    "le jeton d'accès a expiré pendant la session",
    "the access token expired during the session",
    "ouvrez une nouvelle connexion avec un jeton rafraîchi",
    "open a new connection with a refreshed token",
    code="530 5.7.0",
    source="facts mssante §2.2 (ECO.1.2.6); operators differ",
    level=Level.OFF,
    strict=Level.WARN,
    example=Example("token.exp", "expired", "in force"),
)
SENDER_STATE = rule(
    "MAIL-DISABLED",
    "state of the sender's mailbox",
    "la BAL de l'expéditeur est suspendue ou fermée",
    "the mailbox of the sender is suspended or closed",
    "rouvrez la BAL",
    "open the mailbox again",
    code="550 5.2.1",
    source=_TABLE,
    example=Example("mailbox.state", "suspended", "open"),
)
SENDER_FULL = rule(
    "MAIL-FULL",
    "quota of the sender's mailbox",
    "une BAL pleine ne peut ni recevoir ni émettre",
    "a full mailbox can neither receive nor send",
    "supprimez des messages, ou relevez le quota",
    "delete messages, or raise the quota",
    code="552 5.2.2",
    source="facts mssante §1.6 (esante-hdf.fr)",
    grade=SOURCED,
    example=Example("mailbox.used", "full", "room"),
)
SIZE = rule(
    "SMTP-SIZE",
    "SIZE= or the message itself",
    "le message dépasse la taille acceptée",
    "the message is larger than this operator accepts",
    "restez sous la taille annoncée par EHLO (SIZE)",
    "stay below the size announced by EHLO (SIZE)",
    code="552 5.3.4",
    source=f"{_TABLE}; RFC 1870 §6",
    grade=STANDARD,
    switchable=False,
    kind="message",
    example=Example("command:MAIL SIZE", "99999999", "at most 36700160"),
)
UTF8 = rule(
    "SMTP-UTF8",
    "characters of the address",
    "l'adresse n'est pas ASCII et SMTPUTF8 n'a pas été demandé",
    "the address is not ASCII and SMTPUTF8 was not asked for",
    "ajoutez SMTPUTF8 à MAIL, ou écrivez le domaine en punycode",
    "add SMTPUTF8 to MAIL, or write the domain in punycode",
    code="553 5.6.7",
    source="RFC 6531 §3.5",
    grade=STANDARD,
    kind="message",
    example=Example("command:RCPT", "é", "ASCII"),
)
RCPT_ADDRESS = rule(
    "RCPT-ADDRESS",
    "RCPT TO",
    "l'adresse du destinataire est mal formée",
    "the address of the recipient is malformed",
    "<nom@domaine>, sans route ni espace",
    "<name@domain>, without route or space",
    code="501 5.1.3",
    source=f"{_SMTP} §4.1.2; {_TABLE}",
    grade=STANDARD,
    switchable=False,
    kind="message",
    example=Example("command:RCPT", "<x>", "<x@main.mssante.test>"),
)
RCPT_UNKNOWN = rule(
    "RCPT-UNKNOWN",
    "RCPT TO",
    "cette BAL n'existe pas dans un domaine de cet opérateur",
    "no such mailbox in a domain of this operator",
    "prenez une adresse de la page des BAL du monde",
    "use an address of the mailbox page of the world",
    code="550 5.1.1",
    source=f"{_TABLE}; RFC 3463 §3.2",
    grade=STANDARD,
    example=Example("command:RCPT", "inconnu@main.mssante.test", "a mailbox of the world"),
)
RCPT_OUTSIDE = rule(
    "RCPT-OUTSIDE",
    "RCPT TO",
    "le domaine du destinataire n'est pas de l'espace de confiance MSSanté",
    "the domain of the recipient is not in the MSSante trust space",
    "écrivez à une adresse MSSanté ; un courriel ordinaire va au collecteur (port +35)",
    "write to an MSSante address; ordinary mail goes to the catcher (port +35)",
    code="550 5.7.1",
    source=f"{_TABLE}; facts §1.4",
    example=Example("command:RCPT", "x@example.org", "x@....mssante.fr"),
)
RCPT_DOMAIN = rule(
    "RCPT-DOMAIN",
    "RCPT TO",
    "le domaine n'est ni hébergé par ce monde ni dans sa liste blanche",
    "the domain is neither hosted by this world nor in its white list",
    "ajoutez le domaine à la liste blanche avec sa route, ou laissez le monde adopter (unknown.mailboxes=adopt)",
    "add the domain to the white list with its route, or let the world adopt it (unknown.mailboxes=adopt)",
    code="550 5.1.2",
    source=f"{_TABLE}; facts §1.4",
    example=Example("command:RCPT", "x@ailleurs.mssante.test", "a listed domain"),
)
RCPT_STATE = rule(
    "RCPT-DISABLED",
    "state of the recipient's mailbox",
    "la BAL du destinataire est suspendue ou fermée",
    "the mailbox of the recipient is suspended or closed",
    "rouvrez la BAL, ou écrivez à une autre",
    "open the mailbox again, or write to another one",
    code="550 5.2.1",
    source=_TABLE,
    example=Example("command:RCPT", "suspended", "open"),
)
RCPT_FULL = rule(
    "RCPT-FULL",
    "quota of the recipient's mailbox",
    "la BAL du destinataire est pleine",
    "the mailbox of the recipient is full",
    "réessayez plus tard ; videz la BAL ou relevez son quota",
    "try again later; empty the mailbox or raise its quota",
    code="452 4.2.2",
    source=_TABLE,
    example=Example("command:RCPT", "full", "room"),
)
RCPT_MANY = rule(
    "RCPT-MANY",
    "number of recipients",
    "le message a trop de destinataires",
    "too many recipients",
    "envoyez le message en plusieurs fois",
    "send the message in several times",
    code="452 4.5.3",
    source=f"{_SMTP} §4.5.3.1.10",
    grade=STANDARD,
    kind="message",
    example=Example("command:RCPT", "1001", "at most 1000"),
)
RELAY = rule(
    "RCPT-RELAY",
    "RCPT TO, between operators",
    "cet opérateur ne relaie pas : le destinataire n'est pas hébergé ici",
    "this operator does not relay: the recipient is not hosted here",
    "remettez le message à l'opérateur du domaine du destinataire",
    "hand the message to the operator of the recipient's domain",
    code="550 5.7.1",
    source=f"{_REF1}; facts §2.5",
    grade=INFERRED,
    example=Example("command:RCPT", "x@ailleurs.mssante.test", "a domain hosted here"),
)
PEER_CERTIFICATE = rule(
    "PEER-CERTIFICATE",
    "client certificate of the operator",
    "l'opérateur émetteur n'a pas présenté de certificat valable",
    "the sending operator showed no valid certificate",
    "présentez un certificat client émis ici, ou par une autorité déclarée (--trust-ca)",
    "present a client certificate issued here, or by a declared authority (--trust-ca)",
    code="554 5.7.1",
    source=_REF1,
    grade=INFERRED,
    kind="transport",
    example=Example("tls:client-certificate", "", "a certificate of the white list"),
)
PEER_DOMAIN = rule(
    "PEER-DOMAIN",
    "domain of MAIL FROM",
    "le domaine de l'expéditeur n'est pas dans la liste blanche",
    "the domain of the sender is not in the white list",
    "ajoutez (domaine, DN du certificat) à la liste blanche du monde",
    "add (domain, DN of the certificate) to the white list of the world",
    code="554 5.7.1",
    source=f"{_TABLE}; facts §1.4",
    example=Example("command:MAIL", "x@ailleurs.mssante.test", "a listed domain"),
)
PEER_DN = rule(
    "PEER-DN",
    "DN of the operator's certificate",
    "le DN du certificat n'est pas celui que la liste blanche donne à ce domaine",
    "the DN of the certificate is not the one the white list gives to this domain",
    "présentez le certificat inscrit, ou inscrivez ce DN pour ce domaine",
    "present the listed certificate, or list this DN for this domain",
    code="554 5.7.1",
    source=f"{_TABLE}; facts §1.4",
    needs=("PEER-CERTIFICATE", "PEER-DOMAIN"),
    example=Example("tls:client-certificate", "CN=autre", "CN=operateur"),
)

RULES: Final = (
    *(COMMAND, SYNTAX, SEQUENCE, TLS, AUTH, FROM, EXPIRED, SENDER_STATE, SENDER_FULL, SIZE, UTF8),
    *(RCPT_ADDRESS, RCPT_UNKNOWN, RCPT_OUTSIDE, RCPT_DOMAIN, RCPT_STATE, RCPT_FULL, RCPT_MANY, RELAY),
    *(PEER_CERTIFICATE, PEER_DOMAIN, PEER_DN),
)
