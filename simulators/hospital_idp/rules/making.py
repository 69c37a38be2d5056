"""How this room declares a rule: texts in pairs, the OAuth error as its code."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Grade, Level, Rule, Text

OAUTH: Final = "RFC 6749"
OIDC: Final = "OpenID Connect Core 1.0"
OURS: Final = "this project"
INVALID_REQUEST: Final = "invalid_request"
INVALID_CLIENT: Final = "invalid_client"
INVALID_GRANT: Final = "invalid_grant"


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
    example: Example,
    form: str = "json",
    grade: Grade = Grade.STANDARD,
    level: Level = Level.REFUSE,
    strict: Level | None = None,
    switchable: bool = True,
    kind: str = "message",
) -> Rule:
    """``form`` see ``errors.py``; ``kind`` see :class:`~simulators.core.rules.Rule`."""
    return Rule(
        id=f"IDP-{name}",
        level=level,
        strict=strict,
        looks_at=looks_at,
        source=source,
        grade=grade,
        sentence=Text(fr, en),
        mend=Text(mend_fr, mend_en),
        code=code,
        form=form,
        switchable=switchable,
        kind=kind,
        example=example,
    )
