"""A sentence for users, in French and in English."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """The same sentence in both languages."""

    fr: str
    en: str

    def say(self, language: str) -> str:
        """Return the French sentence for ``fr`` (any region), the English one for anything else."""
        return self.fr if language.lower().startswith("fr") else self.en
