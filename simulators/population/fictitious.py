"""Fresh identifiers with valid keys in shapes that belong to nobody, by arithmetic on a seed.

INS: department 00 under the test OID; RPPS: 997…; FINESS: 0B…; SIREN and SIRET: 000… (that last one our own
convention). Two sequences with near seeds stay far apart, so worlds with seeds 0, 1, 2... do not share identifiers.
The reference population and the national test numbers lie outside the ranges drawn from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from simulators.population.idnat import PsIdNat, StructIdNat
from simulators.population.ins import INS_TEST_OID, Ins
from simulators.population.national import Finess, Rpps, Siren, Siret

# Fractional part of the golden ratio, in 64 bits: multiples of it spread over a range with the widest gaps.
_GOLDEN = 0x9E3779B97F4A7C15


class IdentifiersExhausted(RuntimeError):
    """The sequence has given every identifier of its range."""


@dataclass
class _Range:
    first: int
    size: int

    def nth(self, seed: int, rank: int) -> int:
        if rank >= self.size:
            raise IdentifiersExhausted(f"all {self.size} identifiers of this range were given")
        start = (seed * _GOLDEN % 2**64) * self.size // 2**64
        return self.first + (start + rank) % self.size


# 998 communes x 999 orders: commune 999 is that of the reference population.
_INS_SERIALS = _Range(0, 998 * 999)
_RPPS_SERIALS = _Range(1_000_000, 9_000_000)
_FINESS_SERIALS = _Range(200_000, 700_000)
_SIREN_SERIALS = _Range(10_000, 90_000)


@dataclass
class FictitiousIdentifiers:
    """A sequence of fresh identifiers: the same seed and calls give the same identifiers, none twice.

    Each method raises ``IdentifiersExhausted`` at the end of its range (from 90,000 SIRET to 9,000,000 RPPS).
    """

    seed: int
    _given: dict[str, int] = field(default_factory=dict, repr=False)

    def ins(self, sex: Literal["M", "F"], birth_date: date, *, nia: bool = False) -> Ins:
        """INS that agrees with sex, year and month of birth; ``nia`` gives the first digit of a waiting number."""
        commune, order = divmod(self._next("ins", _INS_SERIALS), 999)
        digits = {"M": "17", "F": "28"}[sex]
        return Ins.of_payload(
            f"{digits[nia]}{birth_date.year % 100:02d}{birth_date.month:02d}00{commune + 1:03d}{order + 1:03d}",
            INS_TEST_OID,
        )

    def rpps(self) -> Rpps:
        """RPPS 997 + 7 digits + key."""
        return Rpps.of_payload(f"997{self._next('rpps', _RPPS_SERIALS):07d}")

    def ps_idnat(self) -> PsIdNat:
        """PS_IdNat of a fresh RPPS."""
        return PsIdNat.of_rpps(self.rpps())

    def finess(self) -> Finess:
        """FINESS 0B + 6 digits + key."""
        return Finess.of_payload(f"0B{self._next('finess', _FINESS_SERIALS):06d}")

    def siret(self) -> Siret:
        """SIRET of the first establishment of a SIREN 000 + 5 digits + key."""
        siren = Siren.of_payload(f"000{self._next('siren', _SIREN_SERIALS):05d}")
        return Siret.of_payload(f"{siren.value}0001")

    def struct_idnat(self) -> StructIdNat:
        """Struct_IdNat of a fresh FINESS."""
        return StructIdNat.of_finess(self.finess())

    def _next(self, kind: str, serials: _Range) -> int:
        rank = self._given.get(kind, 0)
        serial = serials.nth(self.seed, rank)
        self._given[kind] = rank + 1
        return serial
