"""The MIME structure and the text of a mail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.mail import Part
from simulators.core.rules import Check, Example, Finding, Rule
from simulators.mssante.rules.mail_making import SOURCED, STANDARD, TEXT, ZIP, eco, mail_rule
from simulators.mssante.verdict.reading import Letter

_STRUCTURE = {
    "no-boundary": "a boundary",
    "no-delimiter": "a line --boundary before each part",
    "unclosed": "a last line --boundary--",
    "closing-delimiter": "a last line --boundary--",
    "too-deep": "20 levels at most",
    "too-many-parts": "500 parts at most",
    "misspelt": "Content-Transfer-Encoding",
    "header-line": "Name: value",
    "no-blank-line": "an empty line after the header of the part",
    "header-too-large": "a header of 256 KiB at most",
}
_HEADER = frozenset({"header-line", "no-blank-line", "header-too-large"})
_COST = frozenset({"too-deep", "too-many-parts"})
_ENCODINGS: Final = "7bit, 8bit, binary, quoted-printable or base64"
_BODY: Final = "text/plain or multipart/alternative"

MIME = mail_rule(
    "MIME",
    "multipart structure",
    "la structure MIME est fautive : un lecteur strict y perdrait des parties",
    "the MIME structure is wrong: a strict reader would lose parts of it",
    "chaque partie entre deux lignes --boundary, la dernière suivie de --boundary--",
    "each part between two lines --boundary, the last one followed by --boundary--",
    source="RFC 2046 section 5.1",
    grade=STANDARD,
    example=Example("mime", "=_goodchamssantetest", "a last line --boundary--"),
)
ENCODING = mail_rule(
    "TRANSFER-ENCODING",
    "Content-Transfer-Encoding",
    "le contenu ne suit pas l'encodage de transfert annoncé",
    "the content does not follow the transfer encoding it announces",
    "base64 ou quoted-printable, sans octet perdu ni ajouté",
    "base64 or quoted-printable, without a byte lost or added",
    source="RFC 2045 section 6",
    grade=STANDARD,
    example=Example(ZIP, "base64", _ENCODINGS),
)
PLAIN = mail_rule(
    "TEXT",
    "text part",
    "le texte du courriel n'est ni text/plain ni multipart/alternative avec un text/plain",
    "the text of the mail is neither text/plain nor multipart/alternative with a text/plain",
    "première partie : text/plain, ou multipart/alternative{text/plain, text/html}",
    "first part: text/plain, or multipart/alternative{text/plain, text/html}",
    source=eco("2.2.4"),
    grade=SOURCED,
    needs=("MIME",),
    example=Example(f"{TEXT}.header.Content-Type", "text/html", _BODY),
)
CHARSET = mail_rule(
    "CHARSET",
    "charset of the text",
    "le texte n'est pas annoncé en UTF-8",
    "the text is not announced as UTF-8",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Type: text/plain; charset=utf-8",
    source=eco("2.2.3"),
    grade=SOURCED,
    example=Example(f"{TEXT}.header.Content-Type", "iso-8859-1", "utf-8"),
)
BYTES = mail_rule(
    "CHARSET-BYTES",
    "bytes of the text",
    "les octets du texte ne sont pas du charset annoncé",
    "the bytes of the text are not of the charset announced",
    "écrivez le texte en UTF-8",
    "write the text in UTF-8",
    source=eco("2.2.3"),
    grade=SOURCED,
    needs=("CHARSET", "TRANSFER-ENCODING"),
    example=Example(TEXT, "bytes that are not utf-8", "utf-8"),
)


def structure(letter: Letter) -> Iterator[Finding]:
    """Of this mail; what stands in a mail inside it is that one's business, its depth apart."""
    own = {id(part) for part in letter.mail.own()}
    for part in letter.mail.walk():
        for defect in part.defects:
            root = part is letter.mail and defect.kind in _HEADER
            if defect.kind in _STRUCTURE and not root and (id(part) in own or defect.kind in _COST):
                yield MIME.finding(defect.where, found=defect.found, expected=_STRUCTURE[defect.kind])


def encoding(letter: Letter) -> Iterator[Finding]:
    for part in letter.mail.own():
        for defect in part.defects:
            if defect.kind in {"encoding-unknown", "encoding-damaged"}:
                yield ENCODING.finding(defect.where, found=defect.found, expected=_ENCODINGS)


def text(letter: Letter) -> Iterator[Finding]:
    part = _first(letter.mail)
    plain = any(p.media.kind == "text/plain" and not p.attached for p in part.own())
    if part.media.kind not in {"text/plain", "multipart/alternative"} or not plain:
        yield PLAIN.finding(part.where("Content-Type"), found=part.media.kind, expected=_BODY)


def charset(letter: Letter) -> Iterator[Finding]:
    for part in letter.mail.own():
        if not part.leaf or part.attached or part.media.kind not in {"text/plain", "text/html"}:
            continue
        told = part.media.params.get("charset", "us-ascii").lower()
        if told not in {"utf-8", "utf8"} and not (told == "us-ascii" and part.content.isascii()):
            yield CHARSET.finding(part.where("Content-Type"), found=told, expected="utf-8")
        if part.shown[1] == "charset-damaged":
            yield BYTES.finding(part.where(), found=f"bytes that are not {told}", expected="utf-8")


def _first(mail: Part) -> Part:
    """What a reader shows first."""
    part = mail
    while part.children and part.media.kind in {"multipart/mixed", "multipart/related", "multipart/report"}:
        part = part.children[0]
    return part


CHECKS: Final[tuple[Check[Letter], ...]] = (structure, encoding, text, charset)
RULES: Final[tuple[Rule, ...]] = (MIME, ENCODING, PLAIN, CHARSET, BYTES)
