"""How the rules of the PFI are written down, and the sources they come from."""

from __future__ import annotations

from typing import Final

from simulators.core.hl7 import hl7_rule
from simulators.core.rules import Example, Grade, Level, Rule
from simulators.documents.hl7.names import application_error

REFUSE, WARN = Level.REFUSE, Level.WARN
SOURCED, STANDARD, INFERRED = Grade.SOURCED, Grade.STANDARD, Grade.INFERRED

VOLET: Final = "CI-SIS, transmission de documents CDA en HL7v2 2.1, profils-messages"
MATRIX_SOURCE: Final = "CI-SIS, transmission de documents CDA en HL7v2 2.1, regles-gestion-mssante"
FLAGS_SOURCE: Final = "CI-SIS, transmission de documents CDA en HL7v2 2.1, meta-dmp-mss"
PAM: Final = "IHE PAM France 2.11"
TYPES: Final = "IHE France, contraintes sur les types de données HL7v2 1.8.2"
CROSS: Final = "cross-check of this project, from the two sides of the same fact"
OLD: Final = ("PFI-PROFILE-OLD",)
"""What an older profile did otherwise is said once, by its name."""
LPS: Final = ("PFI-PROFILE-LPS",)
"""A message of flow 6 has other flags and participants: the wrong flow is said once."""
OTHERS: Final = (*OLD, *LPS)


def rule(
    name: str,
    code: str,
    looks_at: str,
    sentence: tuple[str, str],
    mend: tuple[str, str],
    example: tuple[str, str, str],
    *,
    level: Level = REFUSE,
    strict: Level | None = None,
    source: str = VOLET,
    grade: Grade = SOURCED,
    needs: tuple[str, ...] = (),
    kind: str = "message",
    application: str = "",
) -> Rule:
    """A rule ``PFI-<name>``; texts are (French, English), ``example`` is (where, found, expected);
    ``application`` a code of ``APPLICATION_ERRORS``."""
    return hl7_rule(
        f"PFI-{name}",
        looks_at,
        *sentence,
        *mend,
        code=code,
        example=Example(*example),
        source=source,
        grade=grade,
        level=level,
        strict=strict,
        needs=needs,
        kind=kind,
        application=application_error(application),
    )
