"""Identifiers nobody has seen before, with keys computed here: structure, professional, patient, OIDs.

Rules of the keys (facts, dmp-messages 13.1): RPPS and FINESS = Luhn, the letter B of a test FINESS counting as 2;
INS = 97 - (the 13 first digits mod 97). Everything comes from one seed, so a failing run can be played again.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from tests.interop.python.names import OID_INS_TEST, OID_PROFESSIONAL, OID_STRUCTURE

SURNAMES = ("VERDIEU", "MAROLLEAU", "TISSERON", "QUENTREC", "BELLANGE", "ORVILLIER", "PASTOREL", "GUIMONT")
GIVEN = ("ALIX", "MORGAN", "NOA", "CLAUDE", "SACHA", "EDEN", "LOU", "CAMILLE")


def luhn_key(digits: str) -> str:
    """Digit to append to ``digits`` (0-9, and B for a letter-B FINESS) for the Luhn sum to be a multiple of 10."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = 2 if char == "B" else int(char)
        doubled = value * 2 if place % 2 == 0 else value
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def ins_key(thirteen: str) -> str:
    """Two-digit key of the 13 first characters of an INS matricule (2A = 19, 2B = 18)."""
    number = int(thirteen.replace("2A", "19").replace("2B", "18"))
    return f"{97 - number % 97:02d}"


@dataclass(frozen=True)
class Patient:
    """A patient as a product knows it: INS of the test authority, traits, local number."""

    ins: str
    name: str
    given: str
    gender: str
    birth: str
    ipp: str
    ipp_root: str

    @property
    def cx(self) -> str:
        """HL7 CX of the INS, as in the VIHF and in XDS patientId."""
        return f"{self.ins}^^^&{OID_INS_TEST}&ISO^NH"


@dataclass(frozen=True)
class Professional:
    """A physician: national identifier (8 + RPPS), name, speciality."""

    national_id: str
    name: str
    given: str
    speciality: str = "SM26"
    speciality_label: str = "Qualifié en Médecine Générale (SM)"

    @property
    def xcn(self) -> str:
        """HL7 XCN of authorPerson and legalAuthenticator."""
        return f"{self.national_id}^{self.name}^{self.given}^^^^^^&{OID_PROFESSIONAL}&ISO^D^^^IDNPS"

    @property
    def specialty_ce(self) -> str:
        """Coded authorSpecialty."""
        return f"G15_10/{self.speciality}^Médecin - {self.speciality_label}^1.2.250.1.213.1.1.4.5"


@dataclass(frozen=True)
class Structure:
    """A structure: national identifier (1 + FINESS) and name."""

    national_id: str
    name: str
    sector: str = "SA01"

    @property
    def xon(self) -> str:
        """HL7 XON of authorInstitution."""
        return f"{self.name}^^^^^&{OID_STRUCTURE}&ISO^IDNST^^^{self.national_id}"


@dataclass(frozen=True)
class Identity:
    """Who speaks, where, about whom; ``root`` is the OID under which this product numbers what it makes."""

    structure: Structure
    professional: Professional
    patient: Patient
    root: str

    def about(self, patient: Patient) -> Identity:
        """The same product about another patient."""
        return replace(self, patient=patient)


def new_structure(rng: random.Random) -> Structure:
    """A structure with a letter-B FINESS (``0B`` + six digits + key)."""
    body = f"0B{rng.randrange(10**6):06d}"
    return Structure("1" + body + luhn_key(body), f"CENTRE {rng.choice(SURNAMES)}")


def new_professional(rng: random.Random) -> Professional:
    """A physician in the test range of RPPS numbers (997...)."""
    body = f"997{rng.randrange(10**7):07d}"
    return Professional("8" + body + luhn_key(body), rng.choice(SURNAMES), rng.choice(GIVEN))


def new_patient(rng: random.Random, root: str) -> Patient:
    """A patient born in department 00, which exists nowhere."""
    sex, year, month, day = rng.choice("12"), rng.randrange(31, 99), rng.randrange(1, 13), rng.randrange(1, 29)
    body = f"{sex}{year:02d}{month:02d}00{rng.randrange(1, 991):03d}{rng.randrange(1, 1000):03d}"
    return Patient(
        ins=body + ins_key(body),
        name=rng.choice(SURNAMES),
        given=rng.choice(GIVEN),
        gender="M" if sex == "1" else "F",
        birth=f"19{year:02d}{month:02d}{day:02d}",
        ipp=f"P{rng.randrange(10**8):08d}",
        ipp_root=f"{root}.9",
    )


def new_identity(rng: random.Random) -> Identity:
    """A whole identity; the root is a UUID-derived OID (ITU-T X.667), unique without any registry."""
    root = f"2.25.{rng.getrandbits(96)}"
    return Identity(new_structure(rng), new_professional(rng), new_patient(rng, root), root)
