"""Writes ``seed_data/population/reference.json``, the reference population.

Run in the checkout: ``python -m scripts.generate_population`` (``--check`` writes nothing and fails if it would).
Identifiers are computed from serial numbers in ranges that belong to nobody (department 00, RPPS 997, FINESS 0B,
SIREN 000); no name is that of a person.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

from simulators.population.identifiers import INS_TEST_OID, Finess, Ins, PsIdNat, Rpps, Siren, Siret, StructIdNat
from simulators.population.model import (
    Activity,
    Address,
    Coded,
    Oppositions,
    Patient,
    Population,
    Professional,
    Service,
    Structure,
)

TARGET = Path(__file__).resolve().parents[1] / "seed_data" / "population" / "reference.json"

A00, G15 = "1.2.250.1.213.1.1.4.6", "1.2.250.1.71.1.2.7"
R01, G05 = "1.2.250.1.71.4.2.5", "1.2.250.1.71.4.2.6"


def finess(serial: int) -> Finess:
    return Finess.of_payload(f"0B{serial:06d}")


def rpps(serial: int) -> Rpps:
    return Rpps.of_payload(f"997{serial:07d}")


def ps(serial: int) -> PsIdNat:
    return PsIdNat.of_rpps(rpps(serial))


def ins(sex_digit: int, birth: date, serial: int) -> Ins:
    """Department 00, commune 999, which the generator never draws."""
    return Ins.of_payload(f"{sex_digit}{birth.year % 100:02d}{birth.month:02d}00999{serial:03d}", INS_TEST_OID)


LEGAL_ENTITY, HOSPITAL = StructIdNat.of_finess(finess(99901)), StructIdNat.of_finess(finess(99900))
LABORATORY, IMAGING = StructIdNat.of_finess(finess(99902)), StructIdNat.of_finess(finess(99903))
PHARMACY, TOWN = StructIdNat.of_finess(finess(99904)), StructIdNat.of_practice(rpps(2), 1)
GROUP_SIRET = Siret.of_payload(Siren.of_payload("00000999").value + "0001")
GROUP = StructIdNat.of_siret(GROUP_SIRET)


def structures() -> tuple[Structure, ...]:
    services = (
        Service("1001", "Cardiologie"),
        Service("1002", "Urgences"),
        Service("1003", "Maternité"),
        Service("1004", "Néphrologie"),
        Service("1005", "Secrétariat médical"),
    )
    return (
        place("hospital-legal-entity", LEGAL_ENTITY, "ENTITE JURIDIQUE FICTIVE", "legal-entity", "SA01"),
        place("hospital", HOSPITAL, "CENTRE FICTIF", "hospital", "SA01", legal_entity=LEGAL_ENTITY, services=services),
        place("laboratory", LABORATORY, "LABORATOIRE FICTIF", "laboratory", "SA25"),
        place("imaging-centre", IMAGING, "CENTRE D'IMAGERIE FICTIF", "imaging-centre", "SA09"),
        place("pharmacy", PHARMACY, "PHARMACIE FICTIVE", "pharmacy", "SA33"),
        place("town-practice", TOWN, "CABINET FICTIF", "practice", "SA07"),
        place("group-practice", GROUP, "CABINET DE GROUPE FICTIF", "practice", "SA08", siret=GROUP_SIRET),
    )


def place(slug: str, identifier: StructIdNat, name: str, kind: Any, sector: str, **more: Any) -> Structure:
    return Structure(slug, identifier, name, kind, sector, finess=identifier.finess, **more)


def activity(profession: str, specialty: Coded | None, structure: StructIdNat, sector: str) -> Activity:
    return Activity(Coded(profession, G15), specialty, structure, sector)


def professionals() -> tuple[Professional, ...]:
    general, cardiology = Coded("SM26", R01), Coded("SM04", R01)
    biology, radiology, nephrology = Coded("SM03", R01), Coded("SM44", R01), Coded("SM30", R01)
    secretary = Activity(Coded("SECRETARIAT_MEDICAL", A00), None, HOSPITAL, "SA01")
    two = (activity("10", nephrology, HOSPITAL, "SA01"), activity("10", nephrology, GROUP, "SA08"))
    hospital = (HOSPITAL, "SA01")
    return (
        person("general-practitioner", ps(1), "FICTIF", "CAMILLE", "MME", activity("10", general, *hospital)),
        person("treating-physician", ps(2), "SIMULE", "SACHA", "M", activity("10", general, TOWN, "SA07")),
        person("hospital-specialist", ps(3), "TESTEUR", "CLAUDE", "M", activity("10", cardiology, *hospital)),
        person("biologist", ps(4), "EPROUVETTE-FICTIF", "LOU", "MME", activity("10", biology, LABORATORY, "SA25")),
        person("radiologist", ps(5), "IMAGE-FICTIF", "MAXIME", "M", activity("10", radiology, IMAGING, "SA09")),
        person(
            "pharmacist", ps(6), "OFFICINE-FICTIF", "DANIELLE", "MME", activity("21", Coded("A", G05), PHARMACY, "SA33")
        ),
        person("midwife", ps(7), "MATERNITE-FICTIF", "ANDREA", "MME", activity("50", None, *hospital)),
        person("nurse", ps(8), "SOINS-FICTIF", "YAEL", "M", activity("60", None, *hospital)),
        person("dentist", ps(9), "MOLAIRE-FICTIF", "ELIE", "M", activity("40", None, GROUP, "SA08")),
        person("physiotherapist", ps(10), "MOUVEMENT-FICTIF", "JUNE", "MME", activity("70", None, GROUP, "SA08")),
        person("medical-secretary", PsIdNat("30B0999009/SIM001"), "ACCUEIL-FICTIF", "NOA", "MME", secretary),
        person("several-activities", ps(11), "DOUBLE-FICTIF", "ALEX", "M", *two),
    )


def person(
    slug: str, identifier: PsIdNat, family: str, given: str, civility: str, *activities: Activity
) -> Professional:
    return Professional(slug, identifier, family, given, civility, activities)


# Reference name, sex digit, serial, birth date, given names, birth name.
PATIENTS: tuple[tuple[str, int, int, date, str, str], ...] = (
    ("adult", 1, 1, date(1985, 1, 15), "ALIX", "SIMULE"),
    ("adult-woman", 2, 2, date(1990, 5, 20), "MORGAN", "TESTEUR"),
    ("minor", 2, 3, date(2014, 3, 12), "CHARLIE", "SIMULE"),
    ("newborn", 1, 4, date(2026, 10, 5), "EDEN", "SIMULE"),
    ("no-dmp", 1, 5, date(1972, 11, 2), "SWANN", "SANSDOSSIER-FICTIF"),
    ("closed-dmp", 2, 6, date(1958, 7, 30), "MARIE", "DOSSIERCLOS-FICTIF"),
    ("blocking", 2, 7, date(1979, 9, 9), "GABY", "BLOQUEUR-FICTIF"),
    ("opposed", 1, 8, date(1966, 4, 1), "LOUISON", "OPPOSANT-FICTIF"),
    ("emergency-opposed", 2, 9, date(1948, 12, 24), "CAROLE", "URGENCE-FICTIF"),
    ("several-names", 2, 10, date(1994, 2, 28), "ANNE-SOPHIE ZOE ELODIE", "D'ESSAI-FICTIF"),
    ("ins-nia", 8, 11, date(1988, 8, 18), "SASHA", "ATTENTE-FICTIF"),
)
FATHER, MOTHER = (ins(digit, born, serial) for _, digit, serial, born, _, _ in PATIENTS[:2])
FOLLOWED: dict[str, Any] = {"treating_physicians": (ps(2),)}
PARENTS: dict[str, Any] = {"guardians": (FATHER, MOTHER), "internet_account": False}
CASES: dict[str, dict[str, Any]] = {
    "adult": FOLLOWED,
    "adult-woman": {"used_name": "SIMULE", **FOLLOWED},
    "minor": {**PARENTS, **FOLLOWED},
    "newborn": PARENTS,
    "no-dmp": {"dmp_state": "none", "internet_account": False, "attached_to_mes": False},
    "closed-dmp": {
        "dmp_state": "closed",
        "dmp_closed_on": date(2025, 6, 30),
        "dmp_closing_motive": "FERMETURE_DEMANDE_PATIENT",
        "dmp_closing_reason": "Demande du patient (cas fictif)",
        "internet_account": False,
        "attached_to_mes": False,
    },
    "blocking": {"blocked_professionals": (ps(1),)},
    "opposed": {"oppositions": Oppositions(alimentation=True, consultation=True)},
    "emergency-opposed": {"oppositions": Oppositions(bris_de_glace=True, acces_urgence=True)},
    "several-names": {"used_name": "LE TESTEUR-FICTIF"},
    # A waiting number has no Mon espace sante yet: the DMP exists, unattached.
    "ins-nia": {"internet_account": False, "attached_to_mes": False},
}


def patient(slug: str, sex_digit: int, serial: int, birth: date, given: str, birth_name: str) -> Patient:
    usual = {"dmp_state": "active", "internet_account": True, "attached_to_mes": True}
    return Patient(
        slug=slug,
        ins=ins(sex_digit, birth, serial),
        given_names=tuple(given.split()),
        birth_name=birth_name,
        sex="M" if sex_digit in (1, 7) else "F",
        birth_date=birth,
        # A commune that exists, for products that look it up: department 00 does not.
        birth_place="75056",
        address=Address((f"{serial} RUE DE L'EXEMPLE",), "00000", "VILLE-FICTIVE"),
        phone=f"063998{serial:04d}",
        email=f"{slug}@example.test",
        **{**usual, **CASES[slug]},
    )


def reference() -> Population:
    return Population(tuple(patient(*row) for row in PATIENTS), professionals(), structures())


def main(arguments: list[str]) -> int:
    content = reference().dumps()
    if "--check" in arguments:
        return 0 if TARGET.read_bytes() == content else 1
    TARGET.write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
