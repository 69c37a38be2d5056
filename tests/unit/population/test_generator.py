from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.population.codes import code_list
from simulators.population.fictitious import FictitiousIdentifiers, IdentifiersExhausted, _Range
from simulators.population.generator import NAME_MARK, civil_status, generate
from simulators.population.guard import real_identifiers
from simulators.population.identifiers import Ins, PsIdNat, StructIdNat, is_fictitious
from simulators.population.model import Population
from simulators.population.reference import reference_population

GENERATED = generate(7, 300, 60, 14)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    assert generate(7, 300, 60, 14).dumps() == GENERATED.dumps()
    assert generate(8, 300, 60, 14).dumps() != GENERATED.dumps()


@settings(max_examples=15, deadline=None)
@given(st.integers(-(2**70), 2**70), st.integers(0, 12), st.integers(0, 6), st.integers(1, 9))
def test_sizes_are_kept_and_everything_is_valid(seed: int, patients: int, professionals: int, structures: int) -> None:
    population = generate(seed, patients, professionals, structures)
    assert len(population.patients) == patients
    assert len(population.professionals) == professionals
    assert len(population.structures) == structures
    assert Population.loads(population.dumps()) == population


def test_all_is_fictitious_unique_and_resolved() -> None:
    identifiers: list[Ins | PsIdNat | StructIdNat] = [
        *(patient.ins for patient in GENERATED.patients),
        *(professional.ps_idnat for professional in GENERATED.professionals),
        *(structure.struct_idnat for structure in GENERATED.structures),
    ]
    assert all(is_fictitious(identifier) and identifier.validity for identifier in identifiers)
    assert len(set(identifiers)) == len(identifiers) == 374
    assert list(GENERATED.dangling()) == []
    assert real_identifiers(GENERATED.dumps().decode()) == []


def test_patients_are_coherent() -> None:
    for patient in GENERATED.patients:
        assert patient.ins.matricule[1:5] == f"{patient.birth_date:%y%m}"
        assert patient.birth_name.endswith(NAME_MARK)
        for guardian in patient.guardians:
            found = GENERATED.find_patient(guardian)
            assert found is not None
            assert patient.birth_date.year - found.birth_date.year > 20
    states = {patient.dmp_state for patient in GENERATED.patients}
    assert states == {"active", "closed", "none"}


def test_activities_use_published_codes_in_suitable_structures() -> None:
    roles = code_list("JDV_J65_SubjectRole_DMP")
    for professional in GENERATED.professionals:
        for activity in professional.activities:
            assert roles.contains(activity.profession.code, activity.profession.system)
            if activity.specialty:
                assert roles.contains(activity.specialty.code, activity.specialty.system)
    assert {structure.kind for structure in GENERATED.structures} >= {"hospital", "laboratory", "pharmacy"}
    assert any(structure.legal_entity for structure in GENERATED.structures)


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        generate(1, -1, 0, 0)
    with pytest.raises(ValueError, match="structure"):
        generate(1, 0, 1, 0)


def test_names_are_written_as_civil_status_does() -> None:
    assert civil_status("Élise-Anne d’Œuvre 3") == "ELISE-ANNE DOEUVRE"
    assert civil_status("L'Haÿ") == "L'HAY"


def draw(identifiers: FictitiousIdentifiers, count: int) -> set[object]:
    drawn: set[object] = set()
    for _ in range(count):
        drawn |= {identifiers.rpps(), identifiers.finess(), identifiers.siret()}
        drawn |= {identifiers.ins("F", date(1990, 5, 1)), identifiers.ins("F", date(1990, 5, 1), nia=True)}
    return drawn


def test_near_seeds_share_no_identifier_with_each_other_nor_with_the_reference() -> None:
    reference = reference_population()
    taken: set[object] = {patient.ins for patient in reference.patients}
    taken |= {professional.rpps for professional in reference.professionals}
    taken |= {structure.finess for structure in reference.structures}
    taken |= {structure.siret for structure in reference.structures}
    for seed in range(30):
        fresh = draw(FictitiousIdentifiers(seed), 40)
        assert len(fresh) == 200
        assert not fresh & taken
        taken |= fresh


def test_waiting_numbers_and_ready_made_forms() -> None:
    identifiers = FictitiousIdentifiers(1)
    assert identifiers.ins("M", date(2000, 1, 1), nia=True).matricule.startswith("70001")
    assert identifiers.ins("F", date(2000, 1, 1), nia=True).is_nia
    assert identifiers.ps_idnat().value.startswith("8997")
    assert identifiers.struct_idnat().value.startswith("10B")


def test_an_exhausted_range_is_said() -> None:
    small = _Range(5, 3)
    assert sorted(small.nth(9, rank) for rank in range(3)) == [5, 6, 7]
    with pytest.raises(IdentifiersExhausted):
        small.nth(9, 3)


def test_faker_is_not_imported_before_it_is_needed() -> None:
    code = (
        "import sys; import simulators.population.generator, simulators.population.reference as r;"
        "r.reference_population(); sys.exit('faker' in sys.modules or 'jsonschema' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
