"""What RPPS, FINESS, SIREN, SIRET, PS_IdNat, Struct_IdNat and OID share: one string, checked when built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from simulators.population.validity import Validity


@dataclass(frozen=True, slots=True)
class Identifier:
    """One string whose shape and key are right; the constructor raises ``InvalidIdentifier`` otherwise."""

    value: str

    def __post_init__(self) -> None:
        self.validity.raise_if_invalid()

    @property
    def validity(self) -> Validity:
        """Verdict on this value; false only for one made by ``as_received``."""
        raise NotImplementedError

    @classmethod
    def as_received(cls, value: str) -> Self:
        """Keep an adopted value as the wire gave it, unchecked; ``validity`` still tells what is wrong with it."""
        received = object.__new__(cls)
        object.__setattr__(received, "value", value)
        return received

    def __str__(self) -> str:
        return self.value
