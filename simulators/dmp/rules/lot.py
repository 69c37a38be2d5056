"""Every rule and check of a lot, in the order in which they are judged, the signature of the lot apart."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Rule
from simulators.dmp.rules import (
    lot_attributes,
    lot_authors,
    lot_cda,
    lot_codes,
    lot_documents,
    lot_patients,
    lot_registry,
    lot_structure,
)

GUARDS: Final = lot_structure.GUARDS
"""What leaves nothing else to say: judged first, alone."""
CHECKS: Final = (
    *lot_structure.CHECKS,
    *lot_attributes.CHECKS,
    *lot_codes.CHECKS,
    *lot_patients.CHECKS,
    *lot_authors.CHECKS,
    *lot_documents.CHECKS,
    *lot_cda.CHECKS,
    *lot_registry.CHECKS,
)
RULES: Final[tuple[Rule, ...]] = (
    *lot_structure.RULES,
    *lot_attributes.RULES,
    *lot_codes.RULES,
    *lot_patients.RULES,
    *lot_authors.RULES,
    *lot_documents.RULES,
    *lot_cda.RULES,
    *lot_registry.RULES,
)
