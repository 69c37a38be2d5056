"""IHE PAM France: the identity and movement messages of a hospital, as values, as octets, and judged.

Source: facts pfi §5 (national extension 2.11.2; the version carried is always 2.11), §1.5 (PID), §9.
"""

from __future__ import annotations

from simulators.population.pam.build import build_pam
from simulators.population.pam.model import (
    Consent,
    Details,
    Identifier,
    Identity,
    Movement,
    Name,
    PamEvent,
    Place,
    Unit,
    Visit,
)
from simulators.population.pam.names import PAM_EVENTS
from simulators.population.pam.read import read_pam
from simulators.population.pam.rules import PAM_CHECKS, PAM_RULES
from simulators.population.pam.standing import PatientStanding, Stay, apply

__all__ = [
    "PAM_CHECKS",
    "PAM_EVENTS",
    "PAM_RULES",
    "Consent",
    "Details",
    "Identifier",
    "Identity",
    "Movement",
    "Name",
    "PamEvent",
    "PatientStanding",
    "Place",
    "Stay",
    "Unit",
    "Visit",
    "apply",
    "build_pam",
    "read_pam",
]
