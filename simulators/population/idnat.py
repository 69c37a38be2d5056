"""PS_IdNat and Struct_IdNat: a one-digit type prefix before a national number (facts dmp §2.5, psc §3.3 and §3.4).

Prefix 0 (ADELI) carries no key that we know; a rank or internal number has none either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from simulators.population.national import Finess, Rpps, Siren, Siret
from simulators.population.single_value import Identifier
from simulators.population.validity import Validity

PS_IDNAT_OID: Final = "1.2.250.1.71.4.2.1"
STRUCT_IDNAT_OID: Final = "1.2.250.1.71.4.2.2"

_ADELI = r"[0-9][0-9AB][0-9]{7}"
_INTERNAL = r"/[^\s/^&~|]{1,64}"
_PS_SHAPES: Final[dict[str, tuple[str, str]]] = {
    "0": (_ADELI, "0 + ADELI (9 characters)"),
    "1": (rf"[0-9AB]{{9,14}}{_INTERNAL}", "1 + ADELI practice + / + internal id"),
    "3": (rf"[0-9AB]{{9}}{_INTERNAL}", "3 + FINESS + / + internal id"),
    "4": (rf"[0-9]{{9}}{_INTERNAL}", "4 + SIREN + / + internal id"),
    "5": (rf"[0-9]{{14}}{_INTERNAL}", "5 + SIRET + / + internal id"),
    "6": (rf"[0-9]{{11}}(?:[0-9]{{3}})?{_INTERNAL}", "6 + RPPS practice + / + internal id"),
    "8": (r"[0-9]{11}", "8 + RPPS (11 digits)"),
}
_STRUCT_SHAPES: Final[dict[str, tuple[str, str]]] = {
    "0": (rf"{_ADELI}[0-9]{{0,3}}", "0 + ADELI (9 characters) + rank"),
    "1": (r"[0-9AB]{9}", "1 + FINESS (9 characters)"),
    "2": (r"[0-9]{9}", "2 + SIREN (9 digits)"),
    "3": (r"[0-9]{14}", "3 + SIRET (14 digits)"),
    "4": (r"[0-9]{14}", "4 + RPPS (11 digits) + rank (3 digits)"),
    "R": (r"[0-9]{1,12}", "R + technical number"),
    "F": (r"[0-9AB]{9}", "F + FINESS (9 characters)"),
}
Number = Rpps | Finess | Siren | Siret
_Inside = dict[str, tuple[type[Rpps] | type[Finess] | type[Siren] | type[Siret], int]]
_PS_INSIDE: Final[_Inside] = {"3": (Finess, 9), "4": (Siren, 9), "5": (Siret, 14), "6": (Rpps, 11), "8": (Rpps, 11)}
_STRUCT_INSIDE: Final[_Inside] = {
    "1": (Finess, 9),
    "2": (Siren, 9),
    "3": (Siret, 14),
    "4": (Rpps, 11),
    "F": (Finess, 9),
}


def is_valid_ps_idnat(value: str) -> Validity:
    """Prefix, shape, then key of the number inside (Luhn never includes the prefix)."""
    return _prefixed("ps_idnat", value, _PS_SHAPES, _PS_INSIDE)


def is_valid_struct_idnat(value: str) -> Validity:
    """As ``is_valid_ps_idnat``, for the prefixes of structures; ``R``/``F`` technical numbers included."""
    return _prefixed("struct_idnat", value, _STRUCT_SHAPES, _STRUCT_INSIDE)


def _prefixed(kind: str, value: str, shapes: dict[str, tuple[str, str]], inside: _Inside) -> Validity:
    prefix = value[:1]
    if prefix not in shapes:
        return Validity(kind, value, "prefix", f"a first character among {' '.join(shapes)}")
    shape, in_words = shapes[prefix]
    if not re.fullmatch(shape, value[1:]):
        return Validity(kind, value, "shape", in_words)
    number = _number_inside(value, inside)
    return number.validity.under(kind, value, prefix=f"{prefix} + ") if number else Validity(kind, value)


def _number_inside(value: str, inside: _Inside) -> Number | None:
    if value[:1] not in inside:
        return None
    kind, length = inside[value[:1]]
    return kind.as_received(value[1 : 1 + length])


@dataclass(frozen=True, slots=True)
class PsIdNat(Identifier):
    """National identifier of a professional, e.g. ``8`` + RPPS."""

    @property
    def validity(self) -> Validity:
        return is_valid_ps_idnat(self.value)

    @classmethod
    def of_rpps(cls, rpps: Rpps) -> Self:
        """``8`` + RPPS."""
        return cls(f"8{rpps.value}")

    @property
    def number(self) -> Number | None:
        """The number after the prefix, internal id left out, unchecked if this value is; None under 0 and 1 (ADELI)."""
        return _number_inside(self.value, _PS_INSIDE)

    @property
    def rpps(self) -> Rpps | None:
        """The professional's own RPPS (prefix 8), else None: under prefix 6 it is that of a practice."""
        number = self.number
        return number if isinstance(number, Rpps) and self.value[:1] == "8" else None


@dataclass(frozen=True, slots=True)
class StructIdNat(Identifier):
    """National identifier of a structure, e.g. ``1`` + FINESS."""

    @property
    def validity(self) -> Validity:
        return is_valid_struct_idnat(self.value)

    @classmethod
    def of_finess(cls, finess: Finess) -> Self:
        """``1`` + FINESS."""
        return cls(f"1{finess.value}")

    @classmethod
    def of_siren(cls, siren: Siren) -> Self:
        """``2`` + SIREN."""
        return cls(f"2{siren.value}")

    @classmethod
    def of_siret(cls, siret: Siret) -> Self:
        """``3`` + SIRET."""
        return cls(f"3{siret.value}")

    @classmethod
    def of_practice(cls, rpps: Rpps, rank: int) -> Self:
        """``4`` + RPPS + rank of the practice on three digits."""
        return cls(f"4{rpps.value}{rank:03d}")

    @property
    def number(self) -> Number | None:
        """The number after the prefix, rank left out, unchecked if this value is; None under 0 (ADELI) and R."""
        return _number_inside(self.value, _STRUCT_INSIDE)

    @property
    def finess(self) -> Finess | None:
        """The FINESS of a value with prefix 1 or F, else None."""
        number = self.number
        return number if isinstance(number, Finess) else None

    @property
    def siret(self) -> Siret | None:
        """The SIRET of a value with prefix 3, else None."""
        number = self.number
        return number if isinstance(number, Siret) else None
