"""The archive of a mail: its name, whether it opens, what IHE XDM wants in it; and what a scanner would stop."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from simulators.clients.mail.terms import ARCHIVE_NAME
from simulators.core.mail.eicar import eicar
from simulators.core.rules import Check, Example, Finding, Rule
from simulators.documents.xdm.model import INDEX, README, ROOT
from simulators.documents.xdm.unzip import ENCRYPTED as ENCRYPTED_REASON
from simulators.mssante.rules.mail_making import (
    ENTRY,
    INFERRED,
    SECURITY,
    SOURCED,
    STANDARD,
    SUBSET,
    ZIP,
    mail_rule,
)
from simulators.mssante.verdict.reading import ZIP as ZIP_TYPE
from simulators.mssante.verdict.reading import Archive, Letter

_XDM: Final = "IHE ITI TF-2 section 3.32"
_STEP = re.compile(r"[A-Z0-9_]{1,8}(?:\.[A-Z0-9]{1,3})?")
_SLOT: Final = "/rim:Slot[@name='{}']/rim:ValueList/rim:Value"

NAME = mail_rule(
    "ARCHIVE-NAME",
    "file name of the archive",
    "l'archive XDM ne s'appelle pas IHE_XDM.ZIP : un récepteur ne la reconnaîtra pas",
    "the XDM archive is not called IHE_XDM.ZIP: a receiver will not know it",
    'Content-Disposition: attachment; filename="IHE_XDM.ZIP"',
    'Content-Disposition: attachment; filename="IHE_XDM.ZIP"',
    source="CI-SIS, courriel MSSante",
    grade=SOURCED,
    example=Example(f"{ZIP}.header.Content-Disposition", "documents.zip", ARCHIVE_NAME),
)
CASE = mail_rule(
    "ARCHIVE-CASE",
    "case of the file name of the archive",
    "le nom de l'archive n'est pas en capitales : un récepteur qui compare les octets ne la reconnaîtra pas",
    "the name of the archive is not in capitals: a receiver that compares bytes will not know it",
    "IHE_XDM.ZIP ; les deux écritures se rencontrent, les capitales sont celles de la spécification",
    "IHE_XDM.ZIP; both spellings are met, capitals are those of the specification",
    source="CI-SIS, courriel MSSante: IHE_XDM.ZIP in the text, IHE_XDM.zip in the examples",
    grade=INFERRED,
    example=Example(f"{ZIP}.header.Content-Disposition", "IHE_XDM.zip", ARCHIVE_NAME),
)
TYPE = mail_rule(
    "ARCHIVE-TYPE",
    "Content-Type of the archive",
    "l'archive n'est pas annoncée en application/zip",
    "the archive is not announced as application/zip",
    'Content-Type: application/zip; name="IHE_XDM.ZIP"',
    'Content-Type: application/zip; name="IHE_XDM.ZIP"',
    source="CI-SIS, courriel MSSante, examples",
    grade=INFERRED,
    example=Example(f"{ZIP}.header.Content-Type", "application/octet-stream", ZIP_TYPE),
)
ENCRYPTED = mail_rule(
    "ARCHIVE-ENCRYPTED",
    "ZIP file",
    "le fichier ZIP est chiffré : ni l'antivirus ni le récepteur ne peuvent l'ouvrir",
    "the ZIP file is encrypted: neither the scanner nor the receiver can open it",
    "joignez l'archive en clair : le transport MSSanté la protège déjà",
    "attach the archive in clear: the MSSante transport protects it already",
    source="operators scan attachments",
    grade=INFERRED,
    code=SECURITY,
    needs=("TRANSFER-ENCODING",),
    example=Example(f"{ZIP}.xdm:/INDEX.HTM", ENCRYPTED_REASON, "a ZIP file that opens"),
)
DAMAGED = mail_rule(
    "ARCHIVE-DAMAGED",
    "ZIP file",
    "l'archive ne peut pas être ouverte",
    "the archive cannot be opened",
    "vérifiez l'archive avec un autre logiciel avant l'envoi, et son encodage en base64",
    "check the archive with another program before sending, and its base64",
    source="PKWARE APPNOTE 6.3; IHE ITI TF-2 section 3.32",
    grade=STANDARD,
    needs=("TRANSFER-ENCODING",),
    example=Example(ZIP, "not a ZIP archive", "a ZIP file that opens"),
)
NESTED = mail_rule(
    "ARCHIVE-NESTED",
    "mail inside the mail",
    "l'archive n'est que dans un courriel joint : un récepteur qui ne regarde que les pièces jointes ne la verra pas",
    "the archive stands only in an attached mail: a receiver that looks at attachments alone will not see it",
    "transférez avec les pièces jointes au premier niveau, ou sachez que ce cas existe",
    "forward with the attachments at the first level, or know that this case exists",
    source="Segur DSR-HOP-DPI-Va2 section 3.2.4, forwarding from an ORG mailbox",
    grade=INFERRED,
    example=Example(ZIP, "an archive in an attached mail", "an attachment of this mail"),
)
NO_INDEX = mail_rule(
    "XDM-INDEX",
    INDEX,
    "INDEX.HTM manque à la racine de l'archive",
    "INDEX.HTM is missing at the root of the archive",
    "ajoutez INDEX.HTM (XHTML) à la racine",
    "add INDEX.HTM (XHTML) at the root",
    source=_XDM,
    grade=STANDARD,
    example=Example(f"{ZIP}.xdm:/{INDEX}", "", INDEX),
)
NO_README = mail_rule(
    "XDM-README",
    README,
    "README.TXT manque à la racine de l'archive",
    "README.TXT is missing at the root of the archive",
    "ajoutez README.TXT à la racine",
    "add README.TXT at the root",
    source=_XDM,
    grade=STANDARD,
    example=Example(f"{ZIP}.xdm:/{README}", "", README),
)
NO_METADATA = mail_rule(
    "XDM-METADATA",
    "METADATA.XML",
    "un lot n'a pas son METADATA.XML",
    "a submission set has no METADATA.XML",
    "IHE_XDM/SUBSET01/METADATA.XML décrit les documents du dossier",
    "IHE_XDM/SUBSET01/METADATA.XML describes the documents of the folder",
    source=_XDM,
    grade=STANDARD,
    example=Example(f"{SUBSET}/METADATA.XML", "", "METADATA.XML"),
)
NAMES = mail_rule(
    "XDM-NAME",
    "names in the archive",
    "un nom de l'archive n'est pas en capitales, huit caractères et trois d'extension",
    "a name in the archive is not in capitals, eight characters and three of extension",
    "IHE_XDM/SUBSET01/DOC0001.XML",
    "IHE_XDM/SUBSET01/DOC0001.XML",
    source=f"{_XDM}, ISO 9660 level 1; the 110 published archives",
    grade=SOURCED,
    example=Example(f"{SUBSET}/Readme-first.txt", "Readme-first.txt", "capitals, 8.3"),
)
NO_DOCUMENT = mail_rule(
    "XDM-DOCUMENT",
    "URI of an entry",
    "la fiche ne désigne aucun fichier de l'archive",
    "the entry names no file of the archive",
    "le slot URI donne le nom du fichier, à côté de METADATA.XML",
    "the slot URI gives the name of the file, beside METADATA.XML",
    source=_XDM,
    grade=STANDARD,
    example=Example(f"{ENTRY}{_SLOT.format('URI')}", "DOC0009.XML", "a file of the archive"),
)
EXTRA = mail_rule(
    "XDM-EXTRA",
    "files of IHE_XDM",
    "aucune fiche ne décrit ce fichier : un récepteur l'ignorera",
    "no entry describes this file: a receiver will ignore it",
    "décrivez-le dans METADATA.XML, ou placez-le hors de IHE_XDM",
    "describe it in METADATA.XML, or put it outside IHE_XDM",
    source=_XDM,
    grade=INFERRED,
    needs=("XDM-NAME", "XDM-DOCUMENT", "XDM-METADATA"),
    example=Example(f"{SUBSET}/NOTES.TXT", "", "a file that an entry describes"),
)
HASH = mail_rule(
    "XDM-HASH",
    "hash of a document",
    "l'empreinte annoncée manque ou n'est pas celle du document",
    "the hash announced is missing or is not that of the document",
    "SHA-1 en hexadécimal des octets du fichier, calculé après sa dernière modification",
    "SHA-1 in hexadecimal of the bytes of the file, computed after its last change",
    source="IHE ITI TF-3 section 4.2.3.2.10; the 110 published archives",
    grade=SOURCED,
    example=Example(f"{ENTRY}{_SLOT.format('hash')}", "0" * 40, "the SHA-1 of the file"),
)
SIZE = mail_rule(
    "XDM-SIZE",
    "size of a document",
    "la taille annoncée manque ou n'est pas celle du document",
    "the size announced is missing or is not that of the document",
    "nombre d'octets (pas de caractères) du fichier",
    "number of bytes (not characters) of the file",
    source="IHE ITI TF-3 section 4.2.3.2.27; the 110 published archives",
    grade=SOURCED,
    example=Example(f"{ENTRY}{_SLOT.format('size')}", "12", "the number of bytes of the file"),
)
VIRUS = mail_rule(
    "ARCHIVE-VIRUS",
    "files of a ZIP file",
    "l'archive contient un fichier qu'un antivirus arrête (fichier de test EICAR)",
    "the archive holds a file that a scanner stops (EICAR test file)",
    "envoyez un fichier sain ; hors d'une archive, le même fichier fait refuser le courriel",
    "send a clean file; outside an archive the same file has the mail refused",
    source="EICAR test file; RFC 3463 5.7.1",
    grade=INFERRED,
    code=SECURITY,
    example=Example(f"{ZIP}.xdm:/EICAR.TXT", "the EICAR test file", "a clean file"),
)

_FACTS: Final[Mapping[str, tuple[Rule, str]]] = {
    "index-missing": (NO_INDEX, INDEX),
    "readme-missing": (NO_README, README),
    "metadata-missing": (NO_METADATA, "METADATA.XML"),
    "no-subset": (NO_METADATA, "IHE_XDM/SUBSET01/METADATA.XML"),
    "uri-missing": (NO_DOCUMENT, "a file of the archive"),
    "document-missing": (NO_DOCUMENT, "a file of the archive"),
    "hash-missing": (HASH, "the SHA-1 of the file"),
    "hash-mismatch": (HASH, "the SHA-1 of the file"),
    "size-missing": (SIZE, "the number of bytes of the file"),
    "size-mismatch": (SIZE, "the number of bytes of the file"),
    "not-described": (EXTRA, "a file that an entry describes"),
}


def attachments(letter: Letter) -> Iterator[Finding]:
    for archive in () if letter.answering else letter.zips:
        refusal = archive.refusal
        if refusal is not None and (archive.is_xdm or refusal.reason == ENCRYPTED_REASON):
            rule = ENCRYPTED if refusal.reason == ENCRYPTED_REASON else DAMAGED
            where = archive.where(refusal.where) if refusal.where else archive.part.where()
            yield rule.finding(where, found=refusal.reason, expected="a ZIP file that opens")
    for archive in letter.archives:
        yield from _labels(archive)
    if not letter.answering and not letter.archives and letter.nested:
        inside = letter.nested[0].part
        holder = next(p for p in letter.mail.own() if p is not letter.mail and any(q is inside for q in p.walk()))
        yield NESTED.finding(
            holder.where(), found="an archive in an attached mail", expected="an attachment of this mail"
        )


def contents(letter: Letter) -> Iterator[Finding]:
    for archive in letter.archives:
        if archive.opened is None:
            continue
        for name in archive.opened.files:
            wrong = next((step for step in name.split("/") if not _STEP.fullmatch(step)), None)
            if wrong is not None and _ruled(name):
                yield NAMES.finding(archive.where(name), found=wrong, expected="capitals, 8.3")
        named = archive.opened.facts_of("metadata-missing")
        for fact in archive.opened.facts:
            if fact.kind in _FACTS and not (fact.kind == "no-subset" and named):
                rule, expected = _FACTS[fact.kind]
                yield rule.finding(archive.where(fact.where), found=fact.found, expected=expected)


def virus(letter: Letter) -> Iterator[Finding]:
    signature = eicar()
    for where, data in letter.zipped():
        if signature in data:
            yield VIRUS.finding(where, found="the EICAR test file", expected="a clean file")


def _labels(archive: Archive) -> Iterator[Finding]:
    part, name = archive.part, archive.part.filename
    if name.upper() != ARCHIVE_NAME:
        yield NAME.finding(part.where("Content-Disposition"), found=name, expected=ARCHIVE_NAME)
    elif name != ARCHIVE_NAME:
        yield CASE.finding(part.where("Content-Disposition"), found=name, expected=ARCHIVE_NAME)
    if part.media.kind != ZIP_TYPE:
        yield TYPE.finding(part.where("Content-Type"), found=part.media.kind, expected=ZIP_TYPE)


def _ruled(name: str) -> bool:
    """What IHE XDM names; other files may stand at the root (style sheets, readers)."""
    return name.upper().startswith(f"{ROOT}/") or name.upper() in (INDEX, README)


CHECKS: Final[tuple[Check[Letter], ...]] = (attachments, contents, virus)
RULES: Final[tuple[Rule, ...]] = (
    *(NAME, CASE, TYPE, ENCRYPTED, DAMAGED, NESTED, NO_INDEX, NO_README, NO_METADATA, NAMES, NO_DOCUMENT, EXTRA),
    *(HASH, SIZE, VIRUS),
)
