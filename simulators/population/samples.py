"""Identifiers that published national material uses as examples, and the test of what belongs to nobody.

Wire rules warn instead of refusing on the wrong key of an INS listed here; the guard on real identifiers lets all of
them through. Sources: facts dmp-messages §13 (XDM = the 110 ANS XDM packages, EX = GIE SESAM-Vitale sample messages),
psc §3.1-3.4 and §6.9 (PSC, INSI = public ANS and qualification material).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from simulators.population.idnat import PsIdNat, StructIdNat
from simulators.population.ins import INS_TEST_OID, Ins
from simulators.population.national import Finess, Rpps, Siren, Siret

SampleKind = Literal["ins", "rpps", "finess", "siren", "siret"]
FictitiousCandidate = Ins | Rpps | Finess | Siren | Siret | PsIdNat | StructIdNat


@dataclass(frozen=True, slots=True)
class KnownSample:
    """A published sample: ``value`` is the bare number (no type prefix), ``key_wrong`` by the rule of its kind."""

    kind: SampleKind
    value: str
    key_wrong: bool
    source: str


def _samples(kind: SampleKind, source: str, right: str = "", wrong: str = "") -> tuple[KnownSample, ...]:
    return tuple(
        KnownSample(kind, value, key_wrong, source)
        for key_wrong, values in ((False, right), (True, wrong))
        for value in values.split()
    )


KNOWN_NATIONAL_SAMPLES: Final[tuple[KnownSample, ...]] = (
    *_samples(
        "ins",
        "XDM, dmp-messages §13.2",
        right="279035121518989 277076322082910",
        wrong="221042545611404 223042545611404 222127505611201 224027511583555",
    ),
    *_samples(
        "ins",
        "EX, dmp-messages §13.2",
        right="207058575627097 153078987658513 157069329642881 255069999999934",
    ),
    *_samples(
        "ins",
        "INSI, psc §6.9",
        right=(
            "297022A02077878 160012B02077713 275126322074974 236066322083656 109076322083489 209076322083439 "
            "209066322012355 109076322088835 180032B02040123 110086322083060 181016322075140"
        ),
        wrong="181036322045660 281036322045610 181016322075142",
    ),
    *_samples(
        "rpps",
        "XDM, dmp-messages §13.2",
        right="01234567897 07655473259 01234560801",
        wrong="01234534765 07505123456 00100200300 01101203565 01234536598 01234545872 01234567123",
    ),
    *_samples("rpps", "EX, dmp-messages §13.2", right="99900063480 99900038839 99700366240"),
    *_samples(
        "finess",
        "XDM, dmp-messages §13.2",
        right="750803447 750512345 750100125 920008059 490000049 060021920",
        wrong="120459876 120456789 120453333 120456791 137051849 490012345 123888725",
    ),
    *_samples(
        "finess",
        "PSC and EX test structures, dmp-messages §13.1",
        right="0B0127189 0B0139374 0B0193488 0B0152872 0B0007712",
        wrong="1B0064166",
    ),
    *_samples("siret", "EX, dmp-messages §13.2", right="39172288100052 18003502400041"),
    *_samples("siren", "XDM, dmp-messages §13.2", wrong="801234567"),
)

_BY_VALUE: Final = {(sample.kind, sample.value): sample for sample in KNOWN_NATIONAL_SAMPLES}


def known_sample(kind: SampleKind, value: str) -> KnownSample | None:
    """The listed national sample with that bare number, else None."""
    return _BY_VALUE.get((kind, value))


def is_fictitious(identifier: FictitiousCandidate) -> bool:
    """True when the identifier belongs to nobody: what the guard on real identifiers lets through.

    Allowed: INS under the test OID, RPPS 997…, FINESS with letter B outside Corsica (2B is a real department), SIREN
    and SIRET beginning 000 (our own convention), the numbers inside a PS_IdNat or Struct_IdNat, and the listed samples.
    """
    match identifier:
        case Ins():
            return identifier.oid == INS_TEST_OID or known_sample("ins", identifier.matricule) is not None
        case Rpps(value):
            return value.startswith("997") or known_sample("rpps", value) is not None
        case Finess(value):
            return (value[1:2] == "B" and value[0] != "2") or known_sample("finess", value) is not None
        case Siren(value):
            return value.startswith("000") or known_sample("siren", value) is not None
        case Siret(value):
            return value.startswith("000") or known_sample("siret", value) is not None
        case PsIdNat() | StructIdNat():
            return identifier.number is not None and is_fictitious(identifier.number)
