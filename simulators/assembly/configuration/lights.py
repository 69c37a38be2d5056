"""A light a line: what the newest exchange that proves a setting said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from simulators.assembly.configuration.model import Light, Line, Section
from simulators.core import journal
from simulators.core.rules import Text
from simulators.core.store.api import Store

LOOKED_AT: Final = 500
"""Newest rows of the journal that are looked at."""


def lights(store: Store, world: str, sections: Sequence[Section]) -> dict[str, Light]:
    """The light of every line that an exchange can prove, by key. Raises ``WorldGone``."""
    rows = list(reversed(journal.last(store, world, LOOKED_AT)))
    proved = (line for section in sections for line in section.lines if line.operations)
    return {line.key: _light(line, rows) for line in proved}


def _light(line: Line, rows: Sequence[journal.Exchange]) -> Light:
    newest = next((row for row in rows if row.operation.startswith(line.operations)), None)
    if newest is None:
        return Light("grey")
    if newest.outcome == "accepted":
        return Light("green", newest.number)
    return Light("red", newest.number, _reason(newest.verdict))


def _reason(verdict: Mapping[str, object]) -> Text:
    findings = verdict.get("findings")
    refusing = [f for f in findings if f["level"] == "refuse"] if isinstance(findings, list) else []
    if not refusing:
        return Text("panne demandée, ou coupure", "a fault asked for, or a cut")
    sentence, where = refusing[0]["sentence"], refusing[0]["where"]
    return Text(f"{sentence['fr']} ({where})", f"{sentence['en']} ({where})")
