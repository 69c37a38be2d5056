"""What the wire says of a refusal: Keycloak's words, the OAuth error, the address of the whole verdict."""

from __future__ import annotations

from typing import Final

from simulators.core.own_rules import OWN_RULES
from simulators.core.rules import Finding

OWN: Final = frozenset(rule.id for rule in OWN_RULES)


def description(finding: Finding) -> str:
    """Keycloak's words (``{found}`` in them is what was found), else our English sentence; ASCII without quote or
    backslash (RFC 6749 §5.2)."""
    said = (finding.rule.national or finding.rule.sentence.en).replace("{found}", finding.found)
    return "".join(c if " " <= c <= "~" and c not in '"\\' else "?" for c in said)


def parameters(finding: Finding, href: str) -> dict[str, str]:
    """``error``, ``error_description`` and ``error_uri``."""
    code = "server_error" if finding.rule.id in OWN else finding.rule.code
    return {"error": code, "error_description": description(finding), "error_uri": href}
