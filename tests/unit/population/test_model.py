from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from simulators.population.identifiers import INS_TEST_OID, Finess, Ins, InvalidIdentifier, PsIdNat, StructIdNat
from simulators.population.model import (
    DuplicateInPopulation,
    Patient,
    Population,
    PopulationRefused,
    Professional,
    Structure,
    UnknownReferenceName,
)
from simulators.population.reference import reference_population
from tests.unit.population.strategies import patients, populations, professionals, structures

few = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
ADULT = reference_population().patient("adult")


def through_text(data: dict[str, Any]) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(json.dumps(data))
    return loaded


@few
@given(patients())
def test_a_patient_survives_json(patient: Patient) -> None:
    assert Patient.from_json(through_text(patient.to_json())) == patient


@few
@given(professionals())
def test_a_professional_survives_json(professional: Professional) -> None:
    assert Professional.from_json(through_text(professional.to_json())) == professional


@few
@given(structures())
def test_a_structure_survives_json(structure: Structure) -> None:
    assert Structure.from_json(through_text(structure.to_json())) == structure


@few
@given(populations)
def test_what_is_exported_can_be_imported(population: Population) -> None:
    assert Population.loads(population.dumps()) == population


def test_a_short_patient_takes_the_defaults() -> None:
    data = {
        "slug": "short",
        "ins": {"matricule": "185010099900171", "oid": INS_TEST_OID},
        "given_names": ["ALIX"],
        "birth_name": "SIMULE",
        "sex": "M",
        "birth_date": "1985-01-15",
        "birth_place": "75056",
    }
    patient = Population.loads(json.dumps({"patients": [data]}).encode()).patient("short")
    assert (patient.dmp_state, patient.guardians, patient.adopted, patient.name) == ("none", (), False, "SIMULE")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sex": "X"}, "M or F"),
        ({"given_names": ()}, "given name"),
        ({"dmp_state": "closed"}, "closing date"),
        ({"dmp_closed_on": date(2025, 1, 1)}, "closing date"),
        ({"dmp_closing_motive": "FERMETURE_DEMANDE_PATIENT"}, "closed DMP only"),
    ],
)
def test_a_patient_that_contradicts_itself_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(ADULT, **change)


def test_only_the_adopted_may_have_a_wrong_key() -> None:
    wrong = Ins.as_received("221042545611404", INS_TEST_OID)
    adopted = replace(ADULT, ins=wrong, adopted=True)
    assert Patient.from_json(adopted.to_json()) == adopted
    for change in ({"ins": wrong}, {"guardians": (wrong,)}, {"blocked_professionals": (PsIdNat.as_received("8"),)}):
        with pytest.raises(InvalidIdentifier):
            replace(ADULT, **change)
    with pytest.raises(InvalidIdentifier):
        Patient.from_json({**adopted.to_json(), "adopted": False})
    professional = reference_population().professional("nurse")
    with pytest.raises(InvalidIdentifier):
        replace(professional, ps_idnat=PsIdNat.as_received("801234534765"))
    structure = reference_population().structure("hospital")
    with pytest.raises(InvalidIdentifier):
        replace(structure, finess=Finess.as_received("120456789"))
    with pytest.raises(InvalidIdentifier):
        replace(structure, legal_entity=StructIdNat.as_received("1120456789"))


def test_lookups_by_reference_name_and_by_identifier() -> None:
    population = reference_population()
    assert population.find_patient(ADULT.ins) is ADULT
    assert population.find_patient(Ins(ADULT.ins.matricule, "1.2.250.1.213.1.4.8")) is None
    nurse, hospital = population.professional("nurse"), population.structure("hospital")
    assert population.find_professional(nurse.ps_idnat) is nurse
    assert population.find_structure(hospital.struct_idnat) is hospital
    for look_up in (population.patient, population.professional, population.structure):
        with pytest.raises(UnknownReferenceName, match="nobody"):
            look_up("nobody")


def test_duplicates_are_refused_and_dangling_references_are_told() -> None:
    with pytest.raises(DuplicateInPopulation, match="reference name given twice: adult"):
        Population((ADULT, ADULT))
    with pytest.raises(DuplicateInPopulation, match="INS given twice"):
        Population((ADULT, replace(ADULT, slug="other")))
    population = reference_population()
    alone = Population((population.patient("minor"),), (population.professional("nurse"),), population.structures[1:2])
    assert list(alone.dangling()) == [
        ("minor", population.patient("adult").ins.cx()),
        ("minor", population.patient("adult-woman").ins.cx()),
        ("minor", "899700000021"),
        ("hospital", "10B0999017"),
    ]


@pytest.mark.parametrize(
    ("content", "pointer", "said"),
    [
        (b"{", "", "not JSON"),
        (b"\xff\xfe{", "", "not JSON"),
        (b"[" * 100_000, "", "not JSON"),
        (b'{"patients": [{"slug": "\\ud800"}]}', "", "not JSON"),
        (b"[]", "", "not of type 'object'"),
        (b'{"people": []}', "", "people"),
        (b'{"structures": [{"slug": "a", "struct_idnat": 3}]}', "/structures/0/struct_idnat", "not of type 'string'"),
    ],
)
def test_what_is_no_population_is_refused_with_its_place(content: bytes, pointer: str, said: str) -> None:
    with pytest.raises(PopulationRefused) as refused:
        Population.loads(content)
    assert any(where == pointer and said in message for where, message in refused.value.problems)


@pytest.mark.parametrize(
    ("member", "value"),
    [("birth_date", "1985-13-01"), ("birth_date", "19850115"), ("sex", "1"), ("slug", "a\nb"), ("dmp_state", "closed")],
)
def test_the_schema_sees_wrong_values(member: str, value: str) -> None:
    data = {"patients": [{**ADULT.to_json(), member: value}]}
    with pytest.raises(PopulationRefused):
        Population.loads(json.dumps(data).encode())


def test_a_flood_of_problems_is_cut() -> None:
    with pytest.raises(PopulationRefused) as refused:
        Population.loads(json.dumps({"patients": [{}] * 1000}).encode())
    assert len(refused.value.problems) == 50
