"""Every check of the PFI in the one order that docs/pfi-checks.md publishes, and its rules in that order."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Check, Rule
from simulators.pfi.rules import action, document, flags, header, held, identity, participants, routing, structure
from simulators.pfi.rules.subject import Subject

PARTS: Final = (header, structure, identity, action, document, participants, flags, routing, held)
"""The header first: what profile and flow it is decides what the rest is held to."""
CHECKS: Final[tuple[Check[Subject], ...]] = tuple(check for part in PARTS for check in part.CHECKS)
RULES: Final[tuple[Rule, ...]] = tuple(rule for part in PARTS for rule in part.RULES)
