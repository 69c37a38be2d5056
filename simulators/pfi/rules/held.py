"""Replacement and deletion against what this PFI took charge of before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.rules import Finding
from simulators.documents.cda.model import Body
from simulators.documents.errors import UnreadableCda
from simulators.documents.hl7.model import Action
from simulators.documents.hl7.names import Flag
from simulators.documents.hl7.read import document_of
from simulators.pfi.rules.making import INFERRED, LPS, VOLET, WARN, rule
from simulators.pfi.rules.subject import Ledger, Subject, Version

_DELETED: Final = "deleted"
_NAMED: Final = ("PFI-PARENT-MISSING", "PFI-PARENT-CDA", "PFI-ID-MISSING", "PFI-ID-CDA", "PFI-ACTION", *LPS)

UNKNOWN = rule(
    "VERSION-UNKNOWN",
    "207",
    "TXA-12, TXA-13",
    (
        "le document à remplacer ou supprimer n'a jamais été confié à cette PFI",
        "the document to replace or delete was never given to this PFI",
    ),
    (
        "envoyez d'abord le document initial ; TXA-13 (ou TXA-12 pour une suppression) est son id",
        "send the initial document first; TXA-13 (or TXA-12 for a deletion) is its id",
    ),
    ("TXA-13", "1.2.250.1.999.9.1.70", "a document this PFI holds"),
    source=f"{VOLET}, error-codes (900)",
    needs=_NAMED,
    kind="state",
    application="900",
)
OUTDATED = rule(
    "VERSION-OUTDATED",
    "207",
    "TXA-12, TXA-13",
    (
        "la version à remplacer ou supprimer n'est pas la dernière, ou a été supprimée",
        "the version to replace or delete is not the latest, or was deleted",
    ),
    ("visez la dernière version confiée", "aim at the latest version given"),
    ("TXA-13", "1.2.250.1.999.9.1.70", "the latest version"),
    source=f"{VOLET}, error-codes (900)",
    needs=_NAMED,
    kind="state",
    application="900",
)
OWNER = rule(
    "VERSION-OWNER",
    "207",
    "PRT SB",
    (
        "l'expéditeur n'est ni l'auteur du document ni de la même structure",
        "the sender is neither the author of the document nor of the same structure",
    ),
    ("faites remplacer ou supprimer par qui a envoyé", "let who sent it replace or delete it"),
    ("PRT[1]-8.10", "0B0999025", "0B0999009"),
    source=f"{VOLET}, error-codes (901)",
    needs=_NAMED,
    kind="state",
    application="901",
)
AGAIN = rule(
    "DOCUMENT-KNOWN",
    "207",
    "TXA-12",
    (
        "un document de même id a déjà été confié à cette PFI : une nouvelle version a un nouvel id",
        "a document with the same id was already given to this PFI: a new version has a new id",
    ),
    ("donnez un id neuf à chaque version, et remplacez (T10) la précédente", "give each version a fresh id"),
    ("TXA-12", "1.2.250.1.999.9.1.71", "an id never used"),
    level=WARN,
    grade=INFERRED,
    needs=_NAMED,
    kind="state",
)
ATTRIBUTES = rule(
    "ATTRIBUTES-ONLY",
    "207",
    "MODIF_CONF_CODE, body of the CDA",
    (
        "cette version a le même corps que celle qu'elle remplace : elle ne change qu'un attribut (B-VER.1)",
        "this version has the same body as the one it replaces: it only changes an attribute (B-VER.1)",
    ),
    (
        "ne versionnez pas pour un attribut seul si l'application de consultation peut le changer (TD3.3)",
        "do not make a version for an attribute alone if the consulting application can change it (TD3.3)",
    ),
    ("OBX[6]-5.1", "Y", "N"),
    level=WARN,
    grade=INFERRED,
    source="Ségur AMA 9 Sept 2025, workshop on versioning (B-VER.1)",
    needs=("PFI-VERSION-UNKNOWN", "PFI-VERSION-OUTDATED", *_NAMED),
    kind="state",
)
RULES = (UNKNOWN, OUTDATED, OWNER, AGAIN, ATTRIBUTES)


def versions(subject: Subject) -> Iterator[Finding]:
    """Nothing when the state is not to be looked at: the same request sent again, a message judged by itself."""
    ledger, said = subject.ledger, subject.transmission
    if ledger is None or said.from_mail:
        return
    if said.action is Action.INITIAL:
        if said.document_id and ledger.held(said.document_id) is not None:
            yield AGAIN.finding(_place(subject, 12), found=said.document_id, expected="an id never used")
        return
    field, target = (12, said.document_id) if said.action is Action.DELETE else (13, said.replaces)
    if target:
        yield from _aimed(subject, ledger, _place(subject, field), target)


def _aimed(subject: Subject, ledger: Ledger, where: str, target: str) -> Iterator[Finding]:
    held = ledger.held(target)
    if held is None:
        yield UNKNOWN.finding(where, found=target, expected="a document this PFI holds")
        return
    if held.successor or held.state == _DELETED:
        yield OUTDATED.finding(where, found=target, expected="the latest version")
    yield from _owned(subject, held)


def _owned(subject: Subject, held: Version) -> Iterator[Finding]:
    one = subject.transmission.sender
    if one is None or one.place is None:
        return
    same_structure = not held.owner or _finess(one.org_id) == _finess(held.owner)
    if not same_structure and (one.person_id or one.device_id) != held.author:
        yield OWNER.finding(one.place.where(8, 10), found=one.org_id, expected=held.owner)


def attributes(subject: Subject) -> Iterator[Finding]:
    said, ledger = subject.transmission, subject.ledger
    if ledger is None or said.action is not Action.REPLACE or not said.flags.modif_conf_code:
        return
    before, now = document_of(ledger.content(said.replaces)), subject.document
    if before is not None and now is not None and _content(before.body) == _content(now.body):
        yield ATTRIBUTES.finding(subject.flag(Flag.MODIF_CONF_CODE), found="Y", expected="N")


def _content(body: Body) -> object:
    """What a reader sees: the embedded file, else the text of the sections."""
    try:
        return body.content()
    except UnreadableCda:
        source = body.source
        return " ".join("".join(str(text) for text in source.itertext()).split()) if source is not None else None


def _place(subject: Subject, field: int) -> str:
    """TXA; an ORU has none, its CDA names the documents."""
    txa = subject.message.first("TXA")
    if txa is not None:
        return txa.where(field)
    document = subject.document
    name = "id" if field == 12 else "relatedDocument"
    return subject.inside(document.where(name)) if document is not None else "OBX"


def _finess(structure: str) -> str:
    """A FINESS with or without the digit of its kind."""
    return structure[1:] if len(structure) == 10 and structure.startswith("1") else structure


CHECKS = (versions, attributes)
