"""The rules of PAM France, in the one order in which they are checked and published.

``judge(policy, PAM_CHECKS, message)``: an event PAM France does not know, and A08, have a warning and no other finding,
since a receiver ignores them with AA (PAM §5.3.2).
"""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Rule
from simulators.population.pam.rules import consent, header, identity, movement
from simulators.population.pam.rules.writing import PamCheck

PAM_RULES: Final[tuple[Rule, ...]] = (*header.RULES, *identity.RULES, *movement.RULES, *consent.RULES)
PAM_CHECKS: Final[tuple[PamCheck, ...]] = (*header.CHECKS, *identity.CHECKS, *movement.CHECKS, *consent.CHECKS)
