"""How the rules on mails are written down. Nothing on a mail blocks by default: the operator delivers and tells.

In the strict profile what a text asks for refuses, the X-MSS headers apart: they never stop a mail (facts mssante.md
3.1). The reply code is the one an operator whose policy refuses would answer after DATA.
"""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Grade, Level, Rule
from simulators.mssante.rules.wire import rule

SOURCED, STANDARD, INFERRED = Grade.SOURCED, Grade.STANDARD, Grade.INFERRED
REFERENTIAL: Final = "ANS, référentiel socle MSSanté #2, quoted second hand"
"""Followed by the number of the requirement."""
MEDIA: Final = "554 5.6.0"
"""Other or undefined media error (RFC 3463 section 3.7)."""
SECURITY: Final = "554 5.7.1"

TEXT: Final = "mime[1]"
ZIP: Final = "mime[2]"
PDF: Final = "mime[3]"
SUBSET: Final = f"{ZIP}.xdm:/IHE_XDM/SUBSET01"
METADATA: Final = f"{SUBSET}/METADATA.XML"
CDA: Final = f"{SUBSET}/DOC0001.XML"
LIST: Final = "/lcm:SubmitObjectsRequest/rim:RegistryObjectList"
ENTRY: Final = f"{METADATA}#{LIST}/rim:ExtrinsicObject"
"""Places of the examples: a text, an archive of one CDA, its PDF."""
PATIENT: Final = "SIMULE ALIX 15/01/1985"
MATRICULE: Final = "185010099900171"
OTHER_MATRICULE: Final = "290050099900233"
AUTHOR: Final = "899700000039"
DOCUMENT: Final = "1.2.250.1.999.9.1.71"
"""What the examples hold: two patients and a professional of the reference population, a document of ours."""
UNREAD: Final = (
    *("TRANSFER-ENCODING", "ARCHIVE-DAMAGED", "ARCHIVE-ENCRYPTED", "XDM-METADATA", "XDM-DOCUMENT", "CDA-UNREADABLE"),
)
"""What leaves a document unread: nothing more can be said of it."""


def cx(matricule: str) -> str:
    """A patient as the metadata name him."""
    return f"{matricule}^^^&1.2.250.1.213.1.4.10&ISO^NH"


def mail_rule(
    name: str,
    looks_at: str,
    fr: str,
    en: str,
    mend_fr: str,
    mend_en: str,
    *,
    source: str,
    grade: Grade,
    example: Example,
    needs: tuple[str, ...] = (),
    code: str = MEDIA,
    strict: Level | None = Level.REFUSE,
) -> Rule:
    """A rule on a mail: warns, and refuses in the strict profile unless it is inferred."""
    return rule(
        name,
        looks_at,
        fr,
        en,
        mend_fr,
        mend_en,
        code=code,
        source=source,
        grade=grade,
        level=Level.WARN,
        strict=None if grade is INFERRED else strict,
        kind="message",
        needs=needs,
        example=example,
    )


def eco(number: str) -> str:
    """The source of a requirement of the référentiel #2."""
    return f"{REFERENTIAL}: ECO.{number}"
