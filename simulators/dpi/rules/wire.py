"""How the rules of the record are written down: the code of table 0357, and for 207 the one of table 0533 (ERR-5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from simulators.core.hl7 import hl7_rule
from simulators.core.rules import Example, Finding, Grade, Level, Rule
from simulators.documents.hl7.names import application_error
from simulators.dpi.reading import Received

SOURCED, INFERRED = Grade.SOURCED, Grade.INFERRED
VOLET: Final = "CI-SIS, volet « Transmission au LPS d'un document CDA provenant d'un courriel MSSanté » 1.1"
ReceivedCheck = Callable[[Received], Iterator[Finding]]


def rule(
    name: str,
    looks_at: str,
    fr: str,
    en: str,
    mend_fr: str,
    mend_en: str,
    *,
    code: str,
    example: Example,
    grade: Grade = SOURCED,
    level: Level = Level.REFUSE,
    strict: Level | None = None,
    kind: str = "message",
    needs: tuple[str, ...] = (),
    source: str = VOLET,
    switchable: bool = True,
    application: str = "",
) -> Rule:
    """A rule of this room; ``needs`` without prefix; ``application`` is a code of ``APPLICATION_ERRORS``."""
    return hl7_rule(
        f"DPI-{name}",
        looks_at,
        fr,
        en,
        mend_fr,
        mend_en,
        code=code,
        example=example,
        source=source,
        grade=grade,
        level=level,
        strict=strict,
        switchable=switchable,
        kind=kind,
        needs=tuple(f"DPI-{need}" for need in needs),
        application=application_error(application),
    )
