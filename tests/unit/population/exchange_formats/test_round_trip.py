"""What is exported imports back to equal members."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.population.exchange_formats import cells
from simulators.population.exchange_formats.adt_writer import write_adt
from simulators.population.exchange_formats.csv_writer import template, write_csv
from simulators.population.exchange_formats.family import Family, overlay
from simulators.population.exchange_formats.members import OWN_FAMILIES
from simulators.population.exchange_formats.patients import PATIENTS
from simulators.population.exchange_formats.planning import candidates
from simulators.population.exchange_formats.professionals import PROFESSIONALS
from simulators.population.exchange_formats.read import Given, read_file
from simulators.population.exchange_formats.structures import STRUCTURES
from simulators.population.model import Address, Oppositions, Patient, Professional, Structure
from simulators.population.reference import reference_population
from tests.unit.population import strategies

PEOPLE = reference_population()
MEMBERS = {"patients": PEOPLE.patients, "professionals": PEOPLE.professionals, "structures": PEOPLE.structures}
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
several = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def back(name: str, data: bytes, known: dict[str, Any] | None = None) -> list[Any]:
    """The members of a file, over what a world already knows of each."""
    file = read_file(Given(name, data), OWN_FAMILIES)
    assert not [remark for row in file.rows for remark in row.notes.remarks]
    made = []
    for candidate in candidates(file):
        row, family = candidate.rows[0], candidate.family
        before = (known or {}).get(candidate.key, {})
        made.append(family.load(overlay(overlay(row.fresh, before), row.given)))
    return made


@several
@given(strategies.patients())
def test_a_patient_in_csv(patient: Patient) -> None:
    assert back("p.csv", write_csv(PATIENTS, [patient])) == [patient]


@several
@given(strategies.professionals(), st.booleans())
def test_a_professional_in_csv(person: Professional, as_received: bool) -> None:
    person = replace(person, as_received=as_received)
    assert back("p.csv", write_csv(PROFESSIONALS, [person])) == [person]


@several
@given(strategies.structures())
def test_a_structure_in_csv(place: Structure) -> None:
    assert back("s.csv", write_csv(STRUCTURES, [place])) == [place]


@several
@given(strategies.patients(), strategies.professionals(), strategies.structures())
def test_all_in_json(patient: Patient, person: Professional, place: Structure) -> None:
    document = {"patients": [patient], "professionals": [person], "structures": [place]}
    data = json.dumps({name: [m.to_json() for m in members] for name, members in document.items()}).encode()
    assert back("all.json", data) == [patient, person, place]


@pytest.mark.parametrize("family", OWN_FAMILIES, ids=lambda family: family.name)
def test_the_reference_population(family: Family) -> None:
    members = list(MEMBERS[family.name])
    assert back("a.csv", write_csv(family, members)) == members


@pytest.mark.parametrize("family", OWN_FAMILIES, ids=lambda family: family.name)
def test_the_template_imports_and_replaces_nobody(family: Family) -> None:
    (example,) = back("t.csv", template(family))
    known = {family.key(family.dump(member)) for member in MEMBERS[family.name]}
    assert family.key(family.dump(example)) not in known


# -- cells ------------------------------------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12) | st.text("'=+-@\\|: a", max_size=8)


@given(texts)
def test_a_text_comes_back(value: str) -> None:
    written = cells.guarded(cells.typed(value))
    assert written[:1] not in set("=+-@＝＋－＠\t\r")
    read = cells.unguarded(written)
    assert (cells.TEXT.read(read) if read else "") == value


@given(st.lists(texts, max_size=4))
def test_a_list_comes_back(values: list[str]) -> None:
    for kind in (cells.LIST, cells.NAMES):
        if kind is cells.NAMES and "" in values:
            continue
        read = cells.unguarded(cells.guarded(kind.write(values)))
        assert (kind.read(read) if read else kind.blank) == values


@given(st.lists(st.fixed_dictionaries({"code": texts, "name": texts}), max_size=3))
def test_pairs_come_back(values: list[dict[str, str]]) -> None:
    kind = cells.pairs("code", "name")
    read = cells.unguarded(cells.guarded(kind.write(values)))
    assert (kind.read(read) if read else kind.blank) == values


def test_an_optional_text_may_be_empty_on_purpose() -> None:
    assert [cells.OPTIONAL.write(value) for value in (None, "", "\\")] == ["", "\\", "\\\\"]
    assert [cells.OPTIONAL.read(cell) for cell in ("\\", "\\\\")] == ["", "\\"]


def test_no_exported_cell_is_a_formula() -> None:
    evil = replace(
        PEOPLE.patient("adult"), birth_name='=HYPERLINK("http://x")', phone="+33600000000", used_name="@SUM(1)"
    )
    told = write_csv(PATIENTS, [evil]).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(told), delimiter=";"):
        assert not [cell for cell in row if cell[:1] in set("=+-@")]
    assert back("p.csv", told.encode()) == [evil]


# -- ADT --------------------------------------------------------------------------------------------------------------


@st.composite
def told_in_adt(draw: st.DrawFn) -> Patient:
    """A patient of which a message can say all but what the world keeps: names in one word, lines not empty."""
    word = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z", "Cf", "Co", "Cn")), min_size=1, max_size=10)
    word = word.filter(lambda text: text.strip() == text and text != '""')
    drawn = draw(strategies.patients().filter(lambda patient: not patient.adopted))
    return replace(
        drawn,
        slug=draw(word),
        given_names=tuple(draw(st.lists(word, min_size=1, max_size=3))),
        birth_name=draw(word),
        used_name=draw(st.none() | word),
        birth_place=draw(word),
        address=draw(st.none() | st.builds(Address, st.lists(word, max_size=3).map(tuple), word, word, word)),
        phone=draw(st.none() | word),
        email=draw(st.none() | word),
    )


@several
@given(told_in_adt())
def test_a_known_patient_is_unchanged_by_its_own_message(patient: Patient) -> None:
    known = {patient.ins.matricule: patient.to_json()}
    assert back("p.hl7", write_adt([patient], AT), known) == [patient]


@several
@given(told_in_adt())
def test_a_patient_in_adt(patient: Patient) -> None:
    (made,) = back("p.hl7", write_adt([patient], AT))
    carried = replace(
        patient,
        guardians=(),
        blocked_professionals=(),
        dmp_closing_motive=None,
        dmp_closing_reason=None,
        oppositions=Oppositions(
            alimentation=patient.oppositions.alimentation, consultation=patient.oppositions.consultation
        ),
        internet_account=made.internet_account,
        attached_to_mes=made.attached_to_mes,
    )
    assert made == carried


def test_the_reference_patients_in_one_file() -> None:
    known = {patient.ins.matricule: patient.to_json() for patient in PEOPLE.patients}
    assert back("all.hl7", write_adt(PEOPLE.patients, AT), known) == list(PEOPLE.patients)
