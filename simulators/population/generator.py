"""A population of any size from a seed: names by Faker (fr_FR), identifiers and choices by arithmetic on the seed.

Same seed and sizes, same installed Faker: same bytes. No wall clock is read: birth dates lie in 1930-2025.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import cycle, islice
from typing import Final

from simulators.population.fictitious import FictitiousIdentifiers
from simulators.population.idnat import PsIdNat, StructIdNat
from simulators.population.ins import Ins
from simulators.population.patient import Address, DmpState, Oppositions, Patient, Sex
from simulators.population.population import Population
from simulators.population.professional import Activity, Coded, Professional
from simulators.population.structure import Service, Structure, StructureKind

__all__ = ["NAME_MARK", "FictitiousIdentifiers", "civil_status", "generate"]

_G15, _R01, _G05 = "1.2.250.1.71.1.2.7", "1.2.250.1.71.4.2.5", "1.2.250.1.71.4.2.6"

# A generated family name says at first sight that nobody bears it.
NAME_MARK: Final = "FICTIF"

# INSEE codes of large communes: a product may look a birth place up, so these exist although department 00 does not.
_BIRTH_PLACES = ("75056", "69123", "13055", "31555", "33063", "59350", "67482", "44109", "35238", "34172", "2A004")

# Number ranges the regulator keeps for works of fiction.
_MOBILE, _LANDLINE = "063998", "019900"

_OLDEST, _YOUNGEST, _BORN_MINOR = date(1930, 1, 1), date(2025, 12, 31), date(2012, 1, 1)
_YOUNGEST_GUARDIAN, _FIRST_CLOSING = date(1990, 1, 1), date(2023, 1, 1)

_CIVIL_STATUS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ '-")

_ACTIVITIES: Final[tuple[tuple[str, Coded | None, tuple[StructureKind, ...]], ...]] = (
    ("10", Coded("SM26", _R01), ("hospital", "practice")),
    ("10", Coded("SM04", _R01), ("hospital", "practice")),
    ("10", Coded("SM03", _R01), ("laboratory", "hospital")),
    ("10", Coded("SM44", _R01), ("imaging-centre", "hospital")),
    ("21", Coded("A", _G05), ("pharmacy",)),
    ("40", None, ("practice",)),
    ("50", None, ("hospital", "practice")),
    ("60", None, ("hospital", "practice")),
    ("70", None, ("practice", "hospital")),
)
# Name and sector (TRE_R02) of each kind, in the order structures are made.
_KINDS: Final[dict[StructureKind, tuple[str, str]]] = {
    "legal-entity": ("ENTITE JURIDIQUE", "SA01"),
    "hospital": ("HOPITAL", "SA01"),
    "practice": ("CABINET", "SA08"),
    "laboratory": ("LABORATOIRE", "SA25"),
    "imaging-centre": ("CENTRE D'IMAGERIE", "SA09"),
    "pharmacy": ("PHARMACIE", "SA33"),
}
_SERVICES = (Service("1001", "Cardiologie"), Service("1002", "Urgences"), Service("1003", "Maternité"))


def generate(seed: int, patients: int, professionals: int, structures: int) -> Population:
    """A population of exactly these sizes, every identifier valid, fictitious and unique, every reference resolved.

    Reference names are ``patient-000001``, ``professional-000001``, ``structure-000001`` and on. Structures cycle
    through the kinds, so six give one of each. Raises ``ValueError`` for a negative size or for professionals without
    a structure to work in, ``IdentifiersExhausted`` beyond what ``FictitiousIdentifiers`` can give.
    """
    if min(patients, professionals, structures) < 0:
        raise ValueError("sizes cannot be negative")
    if professionals and not structures:
        raise ValueError("professionals need at least one structure to work in")
    making = _Making.start(seed)
    made_structures = making.structures(structures)
    made_professionals = making.professionals(professionals, made_structures)
    return Population(making.patients(patients, made_professionals), made_professionals, made_structures)


def civil_status(text: str, keep: str = "") -> str:
    """A name as civil status writes it in an INS: capitals without accents, letters, space, hyphen and apostrophe.

    ``keep``: further characters to let through, e.g. those of an address.
    """
    bare = unicodedata.normalize("NFD", text.upper().replace("Œ", "OE").replace("Æ", "AE"))
    return "".join(sign for sign in bare if sign in _CIVIL_STATUS or sign in keep).strip()


@dataclass
class _Making:
    fresh: FictitiousIdentifiers
    rng: random.Random
    family: Callable[[], str]
    given: dict[Sex, Callable[[], str]]
    street: Callable[[], str]
    city: Callable[[], str]

    @classmethod
    def start(cls, seed: int) -> _Making:
        # Imported here: Faker takes a noticeable part of a second, and only generation needs it.
        from faker import Faker

        fake = Faker("fr_FR")
        fake.seed_instance(seed)
        given: dict[Sex, Callable[[], str]] = {"M": fake.first_name_male, "F": fake.first_name_female}
        rng = random.Random(seed)
        return cls(FictitiousIdentifiers(seed), rng, fake.last_name, given, fake.street_address, fake.city)

    def structures(self, count: int) -> tuple[Structure, ...]:
        made: list[Structure] = []
        legal_entity: StructIdNat | None = None
        for rank, kind in enumerate(islice(cycle(_KINDS), count)):
            structure = self._structure(kind, rank + 1, legal_entity if kind == "hospital" else None)
            legal_entity = structure.struct_idnat if kind == "legal-entity" else legal_entity
            made.append(structure)
        return tuple(made)

    def _structure(self, kind: StructureKind, number: int, legal_entity: StructIdNat | None) -> Structure:
        siret = finess = None
        if kind == "practice":
            siret = self.fresh.siret()
            struct_idnat = StructIdNat.of_siret(siret)
        else:
            finess = self.fresh.finess()
            struct_idnat = StructIdNat.of_finess(finess)
        name, sector = _KINDS[kind]
        return Structure(
            slug=f"structure-{number:06d}",
            struct_idnat=struct_idnat,
            name=f"{name} {NAME_MARK} {number:06d}",
            kind=kind,
            sector=sector,
            finess=finess,
            siret=siret,
            legal_entity=legal_entity,
            services=_SERVICES if kind == "hospital" else (),
        )

    def professionals(self, count: int, structures: Sequence[Structure]) -> tuple[Professional, ...]:
        return tuple(self._professional(rank + 1, structures) for rank in range(count))

    def _professional(self, number: int, structures: Sequence[Structure]) -> Professional:
        sex = self._sex()
        profession, specialty, kinds = self.rng.choice(_ACTIVITIES)
        places = [place for place in structures if place.kind in kinds] or list(structures)
        # One in ten works in two places.
        chosen = self.rng.sample(places, min(len(places), 2 if self.rng.random() < 0.1 else 1))
        return Professional(
            slug=f"professional-{number:06d}",
            ps_idnat=self.fresh.ps_idnat(),
            family=self._family_name(),
            given=civil_status(self.given[sex]()),
            civility="M" if sex == "M" else "MME",
            activities=tuple(
                Activity(Coded(profession, _G15), specialty, place.struct_idnat, place.sector) for place in chosen
            ),
        )

    def patients(self, count: int, professionals: Sequence[Professional]) -> tuple[Patient, ...]:
        physicians = [p.ps_idnat for p in professionals if p.activities[0].profession.code == "10"]
        everyone = [p.ps_idnat for p in professionals]
        made: list[Patient] = []
        guardians: list[Ins] = []
        for rank in range(count):
            patient = self._patient(rank + 1, guardians, physicians, everyone)
            made.append(patient)
            if patient.birth_date < _YOUNGEST_GUARDIAN:
                guardians.append(patient.ins)
        return tuple(made)

    def _patient(
        self, number: int, guardians: Sequence[Ins], physicians: Sequence[PsIdNat], everyone: Sequence[PsIdNat]
    ) -> Patient:
        sex, born = self._sex(), self._date(_OLDEST, _YOUNGEST)
        minor = born >= _BORN_MINOR
        # Most have an active DMP, a few none, a few a closed one.
        state: DmpState = self.rng.choices(("active", "none", "closed"), (90, 6, 4))[0]
        closed = state == "closed"
        given = [civil_status(self.given[sex]()) for _ in range(self.rng.randint(1, 3))]
        return Patient(
            slug=f"patient-{number:06d}",
            ins=self.fresh.ins(sex, born),
            given_names=tuple(dict.fromkeys(given)),
            birth_name=self._family_name(),
            used_name=self._family_name() if not minor and self.rng.random() < 0.3 else None,
            sex=sex,
            birth_date=born,
            birth_place=self.rng.choice(_BIRTH_PLACES),
            address=self._address(),
            phone=(_MOBILE if self.rng.random() < 0.8 else _LANDLINE) + self._digits(4),
            email=f"patient-{number:06d}@example.test",
            guardians=tuple(self.rng.sample(guardians, min(2, len(guardians)))) if minor else (),
            dmp_state=state,
            dmp_closed_on=self._date(max(born, _FIRST_CLOSING), _YOUNGEST) if closed else None,
            dmp_closing_motive="FERMETURE_DEMANDE_PATIENT" if closed else None,
            oppositions=Oppositions(*(self.rng.random() < 0.02 for _ in range(4))),
            blocked_professionals=self._some(everyone, 0.02),
            treating_physicians=self._some(physicians, 0.7),
            internet_account=state == "active" and self.rng.random() < 0.6,
            attached_to_mes=state == "active" and self.rng.random() < 0.8,
        )

    def _address(self) -> Address:
        street = civil_status(self.street(), keep="0123456789,")
        return Address((street,), f"00{self._digits(3)}", civil_status(self.city()))

    def _sex(self) -> Sex:
        return "M" if self.rng.random() < 0.5 else "F"

    def _family_name(self) -> str:
        return f"{civil_status(self.family())}-{NAME_MARK}"

    def _date(self, first: date, last: date) -> date:
        return first + timedelta(days=self.rng.randint(0, (last - first).days))

    def _digits(self, count: int) -> str:
        return f"{self.rng.randrange(10**count):0{count}d}"

    def _some(self, among: Sequence[PsIdNat], share: float) -> tuple[PsIdNat, ...]:
        return (self.rng.choice(among),) if among and self.rng.random() < share else ()
