"""How this room declares a rule: Keycloak's words as the national text, our explanation beside them."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Grade, Level, Rule, Text

SOURCED, STANDARD, INFERRED = Grade.SOURCED, Grade.STANDARD, Grade.INFERRED
KEYCLOAK: Final = "Keycloak's answer, general knowledge"
CIBA_CODE: Final = "Keycloak CIBA grant and endpoint, public source"
PUBLIC_CODE: Final = "public code of national projects (facts psc §1.4, §1.5)"


def rule(
    name: str,
    looks_at: str,
    fr: str,
    en: str,
    mend_fr: str,
    mend_en: str,
    *,
    code: str,
    said: str = "",
    form: str = "json",
    source: str = KEYCLOAK,
    grade: Grade = STANDARD,
    level: Level = Level.REFUSE,
    strict: Level | None = None,
    switchable: bool = True,
    kind: str = "message",
    needs: tuple[str, ...] = (),
    example: Example | None = None,
) -> Rule:
    """``said`` is ``error_description`` or the line of the error page, in ASCII; ``form`` see ``errors.py``."""
    return Rule(
        id=f"PSC-{name}",
        level=level,
        strict=strict,
        looks_at=looks_at,
        source=source,
        grade=grade,
        sentence=Text(fr, en),
        mend=Text(mend_fr, mend_en),
        code=code,
        national=said or None,
        form=form,
        switchable=switchable,
        kind=kind,
        needs=tuple(f"PSC-{need}" for need in needs),
        example=example,
    )
