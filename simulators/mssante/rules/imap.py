"""Why an IMAP command is answered NO or BAD. ``code`` is the status and the response code of the wire (RFC 5530)."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Rule
from simulators.mssante.rules.wire import INFERRED, SOURCED, STANDARD, rule

_IMAP: Final = "RFC 3501 §6, §7.1"
_CODES: Final = "RFC 5530 §3"


def _imap(
    name: str, looks_at: str, fr: str, en: str, mend_fr: str, mend_en: str, *, code: str, example: Example, source: str
) -> Rule:
    texts = (looks_at, fr, en, mend_fr, mend_en)
    grade = STANDARD if source.startswith("RFC") else SOURCED if source.startswith("facts") else INFERRED
    return rule(
        f"IMAP-{name}",
        *texts,
        code=code,
        source=source,
        grade=grade,
        switchable=False,
        kind="transport",
        example=example,
    )


SYNTAX: Final = _imap(
    "SYNTAX",
    "IMAP command",
    "la commande n'est pas de l'IMAP, ou pas à ce moment de la session",
    "the command is not IMAP, or not at this point of the session",
    "corrigez l'endroit cité ; une boîte s'ouvre par AUTHENTICATE, un dossier par SELECT",
    "correct the place named; a mailbox is opened by AUTHENTICATE, a folder by SELECT",
    code="BAD",
    source=_IMAP,
    example=Example("command", "FETCH 0 FLAGS", "FETCH 1 FLAGS"),
)
FOLDER: Final = _imap(
    "FOLDER",
    "folder name",
    "ce dossier n'existe pas, existe déjà, ou ne peut pas porter ce nom",
    "this folder does not exist, exists already, or cannot have that name",
    'LIST "" "*" donne les dossiers ; le séparateur est / ; INBOX ne se supprime pas',
    'LIST "" "*" gives the folders; the separator is /; INBOX cannot be deleted',
    code="NO NONEXISTENT",
    source=_CODES,
    example=Example("folder", "Absent", "INBOX"),
)
QUOTA: Final = _imap(
    "QUOTA",
    "size of the mailbox",
    "la boîte est pleine",
    "the mailbox is full",
    "supprimez des messages et EXPUNGE, ou agrandissez le quota ; GETQUOTAROOT le donne",
    "delete messages and EXPUNGE, or raise the quota; GETQUOTAROOT tells it",
    code="NO OVERQUOTA",
    source="facts mssante §7.2; RFC 9208 §4.3",
    example=Example("quota", "full", "room"),
)
LIMIT: Final = _imap(
    "LIMIT",
    "size of the message",
    "le message ou la commande dépasse la taille acceptée",
    "the message or the command is larger than accepted",
    "APPENDLIMIT dans CAPABILITY donne la taille maximale",
    "APPENDLIMIT in CAPABILITY gives the largest size",
    code="NO TOOBIG",
    source="RFC 7889 §4",
    example=Example("literal", "100 MB", "35 MB"),
)
CHARSET: Final = _imap(
    "CHARSET",
    "SEARCH CHARSET",
    "ce jeu de caractères n'est pas connu de SEARCH",
    "SEARCH does not know this charset",
    "UTF-8 ou US-ASCII",
    "UTF-8 or US-ASCII",
    code="NO BADCHARSET (UTF-8 US-ASCII)",
    source="RFC 3501 §6.4.4",
    example=Example("charset", "X", "UTF-8"),
)
GONE: Final = _imap(
    "GONE",
    "messages named",
    "un message demandé a été supprimé par une autre session, ou a changé",
    "a message asked for was expunged by another session, or has changed",
    "NOOP dit ce qui a changé",
    "NOOP tells what changed",
    code="NO EXPUNGEISSUED",
    source=_CODES,
    example=Example("message", "expunged", "present"),
)
DENIED: Final = _imap(
    "DENIED",
    "the command itself",
    "cette commande n'est pas permise ici",
    "this command is not permitted here",
    "un dossier ouvert par EXAMINE est en lecture seule ; le quota ne se change pas par IMAP",
    "a folder opened by EXAMINE is read-only; the quota cannot be changed over IMAP",
    code="NO CANNOT",
    source=_CODES,
    example=Example("command", "STORE", "FETCH"),
)
INTERNAL: Final = _imap(
    "INTERNAL",
    "the operator",
    "erreur interne de l'opérateur (refus forcé : observée sur MOVE)",
    "Internal error",
    "retirez le refus forcé : segur-sandbox refuse list ; un produit doit survivre à cette réponse",
    "remove the forced refusal: segur-sandbox refuse list; a product must survive this answer",
    code="NO SERVERBUG",
    source="facts mssante §2.2 (observed)",
    example=Example("command", "MOVE", ""),
)
RULES: Final = (SYNTAX, FOLDER, QUOTA, LIMIT, CHARSET, GONE, DENIED, INTERNAL)

_BY_CODE: Final = {
    **dict.fromkeys(("NONEXISTENT", "TRYCREATE", "ALREADYEXISTS"), FOLDER),
    "OVERQUOTA": QUOTA,
    **dict.fromkeys(("TOOBIG", "LIMIT"), LIMIT),
    "BADCHARSET": CHARSET,
    **dict.fromkeys(("EXPUNGEISSUED", "MODIFIED"), GONE),
}


def of_code(code: str) -> Rule:
    """The rule behind a response code."""
    return _BY_CODE.get(code.partition(" ")[0], DENIED)
