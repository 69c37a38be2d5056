"""Named parameters of the simulators: a world sets them in its policy (``settings``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulators.core.rules import Policy

_TRUE: Final = frozenset({"true", "1", "yes", "oui"})


@dataclass(frozen=True, slots=True)
class Setting:
    """One named parameter, with the value used when the world says nothing. Values are texts."""

    name: str
    default: str
    meaning: str

    def text(self, policy: Policy) -> str:
        """The world's value, or the default."""
        return policy.settings.get(self.name, self.default)

    def number(self, policy: Policy) -> int:
        """The same as a number of at most nine digits (30 years in seconds); anything else counts as the default."""
        value = self.text(policy).strip()
        return int(value) if value.isdecimal() and len(value) < 10 else int(self.default)

    def flag(self, policy: Policy) -> bool:
        """The same as a yes or no."""
        return self.text(policy).strip().lower() in _TRUE
