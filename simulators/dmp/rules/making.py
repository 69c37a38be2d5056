"""How the rules of the DMP are written down: one call, texts in pairs, the most common values by default."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Grade, Level, Rule, Text

SOURCED: Final = Grade.SOURCED
STANDARD: Final = Grade.STANDARD
INFERRED: Final = Grade.INFERRED

TOKEN_FAILED: Final = "Vérification du jeton VIHF en échec"
"""What the national service is known to say when the token check fails (seen on the Web-PS AIR access)."""

DENIED: Final = "soap:DMPAccessDeniedByRightsService"
BAD_CERTIFICATE: Final = "soap:DMPInvalidCertificate"
BAD_TOKEN: Final = "wsse:InvalidSecurityToken"

VIHF_MAPPING: Final = "ANS, transmission d'un document CDA en HL7v2, correspondances VIHF"
SAMPLES: Final = "GIE SESAM-Vitale, messages d'exemple DMP v1.0.1"
WSS: Final = "OASIS WSS SOAP Message Security 1.1"
OURS: Final = "this project"

ASSERTION: Final = "/soap:Envelope/soap:Header/wsse:Security/saml2:Assertion"
STATEMENT: Final = f"{ASSERTION}/saml2:AttributeStatement"
BODY: Final = "/soap:Envelope/soap:Body"


def rule(
    id: str,
    looks_at: str,
    fr: str,
    en: str,
    mend_fr: str,
    mend_en: str,
    *,
    source: str,
    grade: Grade,
    code: str = "",
    level: Level = Level.REFUSE,
    strict: Level | None = None,
    national: str | None = None,
    form: str = "fault",
    kind: str = "message",
    needs: tuple[str, ...] = (),
    switchable: bool = True,
    example: Example | None = None,
) -> Rule:
    """A rule of this room; see :class:`~simulators.core.rules.Rule` for each value."""
    return Rule(
        id=f"DMP-{id}",
        level=level,
        looks_at=looks_at,
        source=source,
        grade=grade,
        sentence=Text(fr, en),
        mend=Text(mend_fr, mend_en),
        code=code,
        national=national,
        strict=strict,
        switchable=switchable,
        needs=tuple(f"DMP-{need}" for need in needs),
        kind=kind,
        form=form,
        example=example,
    )


def simple(name: str) -> str:
    """XPath of the value of a simple SAML attribute, for examples."""
    return f"{STATEMENT}/saml2:Attribute[@Name='{name}']/saml2:AttributeValue"
