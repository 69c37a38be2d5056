"""RPPS, FINESS, SIREN, SIRET: the bare national numbers, all under Luhn (facts dmp-messages §13.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from simulators.population.keys import luhn_digit
from simulators.population.single_value import Identifier
from simulators.population.validity import Validity

_FINESS = re.compile(r"[0-9][0-9AB][0-9]{7}")


def is_valid_rpps(value: str) -> Validity:
    """11 digits, Luhn over all of them; without the leading 8 of a PS_IdNat."""
    return _digits_under_luhn("rpps", value, 11)


def is_valid_siren(value: str) -> Validity:
    """9 digits, Luhn."""
    return _digits_under_luhn("siren", value, 9)


def is_valid_siret(value: str) -> Validity:
    """14 digits, Luhn over the SIRET and over the SIREN it begins with."""
    validity = _digits_under_luhn("siret", value, 14)
    if not validity:
        return validity
    return is_valid_siren(value[:9]).under("siret", value, prefix="SIREN: ")


def is_valid_finess(value: str) -> Validity:
    """9 characters, Luhn; second character A (counted 1, Corsica 2A) or B (counted 2) possible.

    The value of B is inferred from test numbers; those beginning ``1B`` follow no known rule and are refused.
    """
    if len(value) != 9:
        return Validity("finess", value, "length", "9 characters")
    if not _FINESS.fullmatch(value):
        return Validity("finess", value, "characters", "digits, A or B possible as second character")
    return _luhn("finess", value)


def _digits_under_luhn(kind: str, value: str, length: int) -> Validity:
    if len(value) != length:
        return Validity(kind, value, "length", f"{length} digits")
    if not re.fullmatch(r"[0-9]+", value):
        return Validity(kind, value, "characters", f"{length} digits")
    return _luhn(kind, value)


def _luhn(kind: str, value: str) -> Validity:
    expected = luhn_digit(value[:-1])
    return Validity(kind, value) if value[-1] == expected else Validity(kind, value, "key", expected)


@dataclass(frozen=True, slots=True)
class _LuhnNumber(Identifier):
    @classmethod
    def of_payload(cls, payload: str) -> Self:
        """The number whose all characters but the check digit are given.

        Raises ``ValueError`` on a character Luhn does not know, ``InvalidIdentifier`` on another shape.
        """
        return cls(payload + luhn_digit(payload))


@dataclass(frozen=True, slots=True)
class Rpps(_LuhnNumber):
    """RPPS of a professional, 11 digits."""

    @property
    def validity(self) -> Validity:
        return is_valid_rpps(self.value)


@dataclass(frozen=True, slots=True)
class Finess(_LuhnNumber):
    """FINESS of a legal entity or of a site, 9 characters."""

    @property
    def validity(self) -> Validity:
        return is_valid_finess(self.value)


@dataclass(frozen=True, slots=True)
class Siren(_LuhnNumber):
    """SIREN, 9 digits."""

    @property
    def validity(self) -> Validity:
        return is_valid_siren(self.value)


@dataclass(frozen=True, slots=True)
class Siret(_LuhnNumber):
    """SIRET, 14 digits."""

    @property
    def validity(self) -> Validity:
        return is_valid_siret(self.value)
