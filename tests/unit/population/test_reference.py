from __future__ import annotations

from datetime import date

import pytest

from scripts.generate_population import reference
from simulators.core.shipped import shipped
from simulators.population.codes import code_list
from simulators.population.guard import real_identifiers
from simulators.population.identifiers import is_fictitious
from simulators.population.model import Activity, Population
from simulators.population.reference import reference_population

POPULATION = reference_population()
FILE = shipped("seed_data", "population", "reference.json").read_bytes()


def test_the_shipped_file_is_what_the_script_writes_and_follows_the_schema() -> None:
    assert reference().dumps() == FILE
    assert Population.loads(FILE) == POPULATION
    assert reference_population() is POPULATION


def test_everything_belongs_to_nobody_and_every_reference_resolves() -> None:
    assert all(is_fictitious(patient.ins) for patient in POPULATION.patients)
    assert all(is_fictitious(professional.ps_idnat) for professional in POPULATION.professionals)
    assert all(is_fictitious(structure.struct_idnat) for structure in POPULATION.structures)
    assert list(POPULATION.dangling()) == []
    assert real_identifiers(FILE.decode()) == []


def test_ins_agree_with_sex_and_birth_date() -> None:
    for patient in POPULATION.patients:
        assert patient.ins.matricule[1:5] == f"{patient.birth_date:%y%m}"
        assert patient.ins.matricule[5:7] == "00"
        assert (patient.ins.matricule[0] in "137") == (patient.sex == "M")


def test_the_cases_of_patients() -> None:
    patient = POPULATION.patient
    adult, minor = patient("adult"), patient("minor")
    assert adult.ins.cx() == "185010099900171^^^&1.2.250.1.213.1.4.10&ISO^NH"
    assert patient("adult-woman").ins.matricule == "290050099900233"
    assert minor.guardians == (adult.ins, patient("adult-woman").ins)
    assert minor.birth_date > date(2010, 1, 1)
    assert patient("newborn").birth_date > date(2026, 9, 1)
    assert patient("no-dmp").dmp_state == "none"
    assert (patient("closed-dmp").dmp_state, patient("closed-dmp").dmp_closed_on) == ("closed", date(2025, 6, 30))
    assert patient("blocking").blocked_professionals == (POPULATION.professional("general-practitioner").ps_idnat,)
    assert patient("opposed").oppositions.consultation
    assert patient("opposed").oppositions.alimentation
    assert patient("emergency-opposed").oppositions.bris_de_glace
    assert patient("emergency-opposed").oppositions.acces_urgence
    several = patient("several-names")
    assert len(several.given_names) == 3
    assert several.used_name not in (None, several.birth_name)
    assert patient("ins-nia").ins.is_nia


@pytest.mark.parametrize("professional", POPULATION.professionals, ids=lambda professional: professional.slug)
def test_each_activity_uses_published_codes_and_the_sector_of_its_structure(professional: object) -> None:
    activities: tuple[Activity, ...] = professional.activities  # type: ignore[attr-defined]
    assert activities
    roles = code_list("JDV_J65_SubjectRole_DMP")
    for activity in activities:
        profession, specialty = activity.profession, activity.specialty
        assert roles.contains(profession.code, profession.system)
        assert (specialty is not None) == (profession.code in {"10", "21"})
        if specialty:
            assert roles.contains(specialty.code, specialty.system)
            assert code_list("JDV_J01_XdsAuthorSpecialty_CISIS").contains(f"G15_{profession.code}/{specialty.code}")
        structure = POPULATION.find_structure(activity.structure)
        assert structure is not None
        assert structure.sector == activity.sector


def test_the_professions_and_activities() -> None:
    codes = {
        slug: POPULATION.professional(slug).activities[0].profession.code
        for slug in ("general-practitioner", "pharmacist", "dentist", "midwife", "nurse", "physiotherapist")
    }
    assert list(codes.values()) == ["10", "21", "40", "50", "60", "70"]
    assert POPULATION.professional("medical-secretary").activities[0].profession.code == "SECRETARIAT_MEDICAL"
    assert POPULATION.professional("medical-secretary").rpps is None
    assert len(POPULATION.professional("several-activities").activities) == 2
    values = [POPULATION.professional(slug).ps_idnat.value for slug in ("general-practitioner", "treating-physician")]
    assert values == ["899700000013", "899700000021"]


def test_the_structures() -> None:
    hospital = POPULATION.structure("hospital")
    assert hospital.struct_idnat.value == "10B0999009"
    assert hospital.legal_entity == POPULATION.structure("hospital-legal-entity").struct_idnat
    assert hospital.services
    kinds = {structure.kind for structure in POPULATION.structures}
    assert {"legal-entity", "hospital", "practice", "laboratory", "imaging-centre", "pharmacy"} <= kinds
    for structure in POPULATION.structures:
        assert code_list("TRE_R02_SecteurActivite").contains(structure.sector)
        assert code_list("JDV_J61_HealthcareFacilityTypeCode_DMP").contains(structure.sector)
        assert structure.finess == structure.struct_idnat.finess
        assert structure.siret == structure.struct_idnat.siret
