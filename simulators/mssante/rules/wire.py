"""How the rules of access, submission and delivery are written down: the SMTP reply code, and both languages.

``code`` is ``<reply> <enhanced status>`` (RFC 5321 §4.2, RFC 3463); the English sentence goes on the wire, in ASCII.
"""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Grade, Level, Rule, Text

SOURCED, STANDARD, INFERRED = Grade.SOURCED, Grade.STANDARD, Grade.INFERRED
SESSION: Final = "the session"


def rule(
    name: str,
    looks_at: str,
    fr: str,
    en: str,
    mend_fr: str,
    mend_en: str,
    *,
    code: str,
    source: str,
    grade: Grade = INFERRED,
    level: Level = Level.REFUSE,
    strict: Level | None = None,
    switchable: bool = True,
    kind: str = "state",
    needs: tuple[str, ...] = (),
    example: Example,
) -> Rule:
    """A rule of this room; see :class:`~simulators.core.rules.Rule` for each value."""
    return Rule(
        id=f"MSS-{name}",
        level=level,
        strict=strict,
        looks_at=looks_at,
        source=source,
        grade=grade,
        sentence=Text(fr, en),
        mend=Text(mend_fr, mend_en),
        code=code,
        form="smtp",
        switchable=switchable,
        kind=kind,
        needs=tuple(f"MSS-{need}" for need in needs),
        example=example,
    )
