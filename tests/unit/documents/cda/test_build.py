from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from simulators.documents.cda.build import TEMPLATES, CdaPlan, build_cda
from simulators.documents.cda.kinds import DocumentKind, practice_of, specialty_of
from simulators.documents.cda.model import Ii
from simulators.documents.cda.read import read_cda
from simulators.documents.errors import CannotBuild
from simulators.population.model import Activity, Address, Coded

Plans = Callable[..., CdaPlan]


@pytest.mark.parametrize("kind", list(DocumentKind))
def test_each_kind_reads_back_as_it_was_planned(kind: DocumentKind, make_plan: Plans) -> None:
    plan = make_plan(kind=kind)
    document = read_cda(build_cda(plan))
    assert document.unique_id == plan.document_id
    assert [template.root for template in document.template_ids] == list(TEMPLATES)
    assert document.code is not None
    assert (document.code.code, document.code.system) == (kind.value, "2.16.840.1.113883.6.1")
    assert document.title is not None
    assert document.title.text == kind.type_code.display
    assert document.effective_time is not None
    assert document.effective_time.value == "20260105093000+0100"
    assert document.patient is not None
    assert [(found.root, found.extension) for found in document.patient.ids] == [
        (plan.patient.ins.oid, plan.patient.ins.matricule),
        ("1.2.250.1.999.9.1.9", "IPP0001"),
    ]
    assert document.patient.birth_family is not None
    assert document.patient.birth_family.text == plan.patient.birth_name
    assert document.authors[0].ids[0].extension == plan.author.ps_idnat.value
    assert document.authors[0].organization is not None
    assert document.authors[0].organization.ids[0].extension == plan.structure.struct_idnat.value
    assert document.legal_authenticator is not None
    assert document.main_event is not None
    assert document.main_event.high is not None
    assert document.main_event.high.value == "20260105090000+0100"
    assert document.facility is not None
    assert document.facility.code == plan.structure.sector
    assert document.body.content() == plan.content
    assert not document.presentation.stylesheets


def test_a_built_document_has_every_header_item_of_the_published_ones(make_plan: Plans) -> None:
    document = read_cda(build_cda(make_plan(replaces="1.2.250.1.999.9.1.2.0")))
    names = "id typeCode setId patientId authorPerson authorInstitution custodian legalAuthenticator"
    for name in f"{names} serviceStartTime facility practice relatedDocument body".split():
        assert document.where(name).count("/") > 1, name


def test_the_optional_parts(make_plan: Plans) -> None:
    other = replace(make_plan().author, family="AUTRE-FICTIF")
    plan = make_plan(
        title="Titre",
        replaces="1.2.250.1.999.9.1.2.0",
        set_id="1.2.250.1.999.9.1.2",
        version=2,
        service_stop=None,
        local_id=None,
        orders=(Ii("1.2.3", "984"),),
        legal_authenticator=other,
        patient=replace(make_plan().patient, used_name="USAGE-FICTIF", address=None, phone=None, email=None),
    )
    document = read_cda(build_cda(plan))
    assert document.title is not None
    assert document.title.text == "Titre"
    assert [found.root for found in document.replaces] == ["1.2.250.1.999.9.1.2.0"]
    assert document.set_id is not None
    assert document.version is not None
    assert (document.set_id.root, document.version.text) == ("1.2.250.1.999.9.1.2", "2")
    assert document.main_event is not None
    assert document.main_event.high is None
    assert document.orders == (Ii("1.2.3", "984"),)
    assert document.legal_authenticator is not None
    assert document.legal_authenticator.family == "AUTRE-FICTIF"
    assert document.patient is not None
    assert document.patient.used_family is not None
    assert (document.patient.used_family.text, len(document.patient.ids)) == ("USAGE-FICTIF", 1)


def test_an_address_is_made_of_parts(make_plan: Plans) -> None:
    address = Address(("1 RUE FICTIVE", "BATIMENT B"), "00100", "VILLE-FICTIVE", "FRANCE")
    data = build_cda(make_plan(patient=replace(make_plan().patient, address=address)))
    assert b"<addr><streetName>1 RUE FICTIVE</streetName><additionalLocator>BATIMENT B</additionalLocator>" in data
    assert b"streetAddressLine" not in data


def test_the_same_plan_gives_the_same_bytes(make_plan: Plans) -> None:
    assert build_cda(make_plan()) == build_cda(make_plan())
    assert build_cda(make_plan()).startswith(b'<?xml version="1.0" encoding="UTF-8"?><ClinicalDocument')


@pytest.mark.parametrize(
    "changes",
    [
        {"document_id": "90E1C8EC-F951"},
        {"replaces": "not an oid"},
        {"content": b""},
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(changes: dict[str, object], make_plan: Plans) -> None:
    with pytest.raises(CannotBuild):
        make_plan(**changes)


def test_an_act_cannot_end_before_it_starts(make_plan: Plans) -> None:
    with pytest.raises(CannotBuild):
        make_plan(service_stop=make_plan().service_start - timedelta(seconds=1))


def test_an_author_needs_an_activity_and_an_instant_its_zone(make_plan: Plans) -> None:
    with pytest.raises(CannotBuild):
        make_plan(author=replace(make_plan().author, activities=()))
    with pytest.raises(ValueError, match="time zone"):
        build_cda(make_plan(created=make_plan().created.replace(tzinfo=None)))


def test_the_codes_of_people_and_places(make_plan: Plans) -> None:
    structure = make_plan().author.activities[0].structure
    doctor = Activity(Coded("10", "1.2.250.1.71.1.2.7"), Coded("SM26", "1.2.250.1.71.4.2.5"), structure, "SA01")
    assert specialty_of(doctor).code == "G15_10/SM26"
    assert specialty_of(doctor).display
    secretary = Activity(Coded("SECRETARIAT_MEDICAL", "1.2.250.1.213.1.1.4.6"), None, structure, "SA01")
    assert specialty_of(secretary).code == "SECRETARIAT_MEDICAL"
    unknown = Activity(Coded("999", "1.2.250.1.71.1.2.7"), None, structure, "SA01")
    assert (specialty_of(unknown).code, specialty_of(unknown).display) == ("G15_999", "")
    assert practice_of(make_plan().structure).code == "ETABLISSEMENT"
    assert practice_of(replace(make_plan().structure, kind="practice")).code == "AMBULATOIRE"
    with pytest.raises(CannotBuild):
        build_cda(make_plan(structure=replace(make_plan().structure, sector="SA999")))
