"""A finding in words, for lines of the console and for reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def explained(finding: Mapping[str, Any], lang: str) -> list[str]:
    """A finding on a few lines: what is said, rule, place, found, expected, how to mend it."""
    said = finding["national"] or finding["sentence"][lang]
    cause = "" if said == finding["sentence"][lang] else f" : {finding['sentence'][lang]}"
    labels = ("où", "trouvé", "attendu", "réparer") if lang == "fr" else ("where", "found", "expected", "mend")
    values = (finding["where"], finding["found"], finding["expected"], finding["mend"][lang])
    lines = [f"        « {said} »{cause}  [{finding['rule']}]"]
    return lines + [f"          {label:9} {value}" for label, value in zip(labels, values, strict=True) if value]
