"""The operations of this room: what it takes, and what it sends by itself."""

from __future__ import annotations

from typing import Final

from simulators.pfi.names import NAME
from simulators.population.pam.names import PAM_EVENTS

TAKEN: Final = ("MDM^T02", "MDM^T04", "MDM^T10", "ORU^R01")
OPERATIONS: Final = (
    *(f"{NAME}.{kind}" for kind in TAKEN),
    *(f"{NAME}.ADT^{event}" for event in sorted(PAM_EVENTS)),
)
"""Faults are set on these; what it sends (``pfi.out...``) is journalled under its own names."""
