"""Each command: the message it tells, right in the strict profile, and what is refused."""

from __future__ import annotations

import itertools

import pytest

from simulators.core.hl7 import read_message
from simulators.core.rules import Policy, judge
from simulators.identity_repository.asked import TEMPLATES
from simulators.identity_repository.errors import CommandRefused, NotNow, UnknownPatient
from simulators.population.pam import PAM_CHECKS, PatientStanding, apply, names, read_pam
from tests.unit.identity_repository.hospital import Hospital

ADULT = "185010099900171"


def test_the_population_is_there_and_qualified(hospital: Hospital) -> None:
    record = hospital.record()
    assert (record.ins, record.status, record.dmp_status) == (ADULT, "VALI", "ACTIF")
    assert hospital.record(ADULT) == hospital.record(record.ipp) == record


def test_create(hospital: Hospital) -> None:
    told = hospital.event("create", "", family="NOUVEAU", given="LOU", birth_date="20010203", sex="F")
    assert (told.event, told.identity.statuses, told.ins) == ("A28", ("PROV",), None)
    assert hospital.record(told.identity.identifiers[0].value).family == "NOUVEAU"


def test_qualify_a_new_identity(hospital: Hospital) -> None:
    ipp = hospital.event("create", "", family="NOUVEAU", given="LOU").identity.identifiers[0].value
    with pytest.raises(CommandRefused, match="ins is required"):
        hospital.command("qualify", ipp)
    told = hospital.event("qualify", ipp, ins="290050099900233", ins_oid="1.2.250.1.213.1.4.10")
    assert told.ins is not None
    assert (told.event, told.ins.value, told.identity.statuses) == ("A31", "290050099900233", ("VALI",))


def test_update_and_removal_of_the_used_name(hospital: Hospital) -> None:
    told = hospital.event("update", "adult-woman", used_name="")
    assert [(one.family, one.kind) for one in told.identity.names] == [("TESTEUR", "L"), (names.DELETED, "D")]


def test_a_provisional_identity_does_not_send_its_ins(hospital: Hospital) -> None:
    told = hospital.event("update", status="PROV")
    assert told.identity.ins is None
    assert hospital.event("qualify").ins is not None


def test_demote(hospital: Hospital) -> None:
    told = hospital.event("demote")
    assert (told.event, told.ins_deleted, told.identity.statuses) == ("A47", True, ("PROV",))
    assert told.merged_references == (f"INS:{ADULT}",)
    with pytest.raises(NotNow, match="no INS"):
        hospital.command("demote")
    again = hospital.event("qualify", ADULT).ins
    assert again is not None
    assert again.value == ADULT


def test_withdraw_ins(hospital: Hospital) -> None:
    told = hospital.event("withdraw_ins")
    assert (told.event, told.ins_deleted, told.identity.statuses) == ("A47", True, ("VALI",))
    assert hospital.record().ins == ""


def test_change_of_ipp(hospital: Hospital) -> None:
    former = hospital.record().ipp
    hospital.event("update")
    told = hospital.event("change_identifier", ipp="NEW1")
    assert told.merged_references == (f"PI:0B0999009|{former}",)
    assert hospital.record().ipp == "NEW1"
    with pytest.raises(UnknownPatient):
        hospital.record(former)


def test_change_of_ins(hospital: Hospital) -> None:
    told = hospital.event("change_identifier", ins="290050099900233")
    assert told.ins is not None
    assert (told.event, told.ins.value, told.merged_references) == ("A47", "290050099900233", (f"INS:{ADULT}",))


def test_merge(hospital: Hospital) -> None:
    gone = hospital.record("adult-woman")
    told = hospital.event("merge", other="adult-woman")
    assert (told.event, told.merged_references) == ("A40", (f"PI:0B0999009|{gone.ipp}",))
    assert hospital.record(gone.ipp).merged_into == hospital.record().ipp
    with pytest.raises(NotNow, match="merged"):
        hospital.command("update", gone.ipp)
    with pytest.raises(CommandRefused, match="itself"):
        hospital.command("merge", other="adult")


def test_a_stay_from_end_to_end(hospital: Hospital) -> None:
    standing: PatientStanding | None = None
    seen = []
    for name, given in (
        ("preadmit", {}),
        ("admit", {"answers": "consents", "unit": "1001"}),
        ("transfer", {"unit": "1002"}),
        ("cancel_transfer", {}),
        ("transfer", {"unit": "1003"}),
        ("correct", {"unit": "1004"}),
        ("discharge", {}),
        ("cancel_discharge", {}),
    ):
        told = hospital.event(name, **given)
        standing = apply(standing, told)
        assert standing.stay is not None
        seen.append((told.event, standing.stay.state, standing.stay.unit, standing.may_consult))
    assert seen == [
        ("A05", "preadmitted", "1001", False),
        ("A01", "admitted", "1001", True),
        ("A02", "admitted", "1002", True),
        ("A12", "admitted", "1001", True),
        ("A02", "admitted", "1003", True),
        ("Z99", "admitted", "1004", True),
        ("A03", "discharged", "1004", True),
        ("A13", "admitted", "1004", True),
    ]


def test_a_movement_keeps_its_identifier(hospital: Hospital) -> None:
    admitted = hospital.event("admit").movement
    cancelled = hospital.event("cancel_admit").movement
    assert admitted is not None
    assert cancelled is not None
    assert (cancelled.id, cancelled.action, cancelled.original) == (admitted.id, "CANCEL", "A01")
    again = hospital.event("register").movement
    assert again is not None
    assert again.id != admitted.id


@pytest.mark.parametrize(
    ("before", "name"),
    [
        ([], "transfer"),
        ([], "discharge"),
        ([], "cancel_admit"),
        ([], "correct"),
        (["admit"], "admit"),
        (["admit"], "register"),
        (["admit"], "cancel_discharge"),
        (["admit"], "cancel_transfer"),
        (["admit", "discharge"], "cancel_admit"),
        (["preadmit"], "discharge"),
    ],
)
def test_what_the_stay_does_not_allow(hospital: Hospital, before: list[str], name: str) -> None:
    for one in before:
        hospital.command(one)
    stood = hospital.record()
    with pytest.raises(NotNow):
        hospital.command(name, unit="1002")
    assert hospital.record() == stood


@pytest.mark.parametrize(("feed", "consult"), list(itertools.product(names.FEED, names.CONSULT)))
@pytest.mark.parametrize("by", ["A31", "Z99"])
def test_every_combination_of_answers(hospital: Hospital, feed: str, consult: str, by: str) -> None:
    hospital.event("admit")
    told = hospital.event("consent", feed=feed, consult=consult, by=by)
    assert told.consent is not None
    assert (told.event, told.consent.feed, told.consent.consult) == (by, feed, consult)
    assert bool(told.consent.feed_at) == (feed != "NA")


@pytest.mark.parametrize("template", list(TEMPLATES))
def test_the_combinations_of_the_published_samples(hospital: Hospital, template: str) -> None:
    told = hospital.event("admit", answers=template).consent
    assert told is not None
    assert (told.feed, told.consult) == TEMPLATES[template]


def test_a_new_stay_asks_again(hospital: Hospital) -> None:
    hospital.event("admit", answers="refuses-both")
    hospital.event("discharge")
    told = hospital.event("admit").consent
    assert told is not None
    assert (told.feed, told.consult) == ("NA", "NA")


def test_the_state_of_the_dmp(hospital: Hospital) -> None:
    told = hospital.event("update", dmp_status="FERME", dmp_closed="20260301").consent
    assert told is not None
    assert (told.dmp_status, told.dmp_closed) == ("FERME", "20260301")


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("transfers", {}, "no command"),
        ("create", {"family": "X"}, "required"),
        ("consent", {}, "required"),
        ("consent", {"feed": "Y"}, "feed: expected NA"),
        ("update", {"birth_date": "1985-01-15"}, "YYYYMMDD"),
        ("update", {"sex": "X"}, "sex: expected"),
        ("update", {"family": "a\rb"}, "printable"),
        ("create", {"family": "A", "given": "B", "ins": ADULT}, "another identity"),
        ("demote", {"status": "VALI"}, "anything but VALI"),
        ("correct", {"movement": "0"}, "no movement"),
    ],
)
def test_what_makes_no_sense(hospital: Hospital, name: str, given: dict[str, str], message: str) -> None:
    hospital.command("admit")
    with pytest.raises(CommandRefused, match=message):
        hospital.command(name, **given)


def test_an_unknown_patient(hospital: Hospital) -> None:
    for name in ("nobody", "", "a\0b", "\ud800"):
        with pytest.raises(UnknownPatient):
            hospital.command("admit", name)


@pytest.mark.parametrize(
    ("where", "value", "rule"),
    [
        ("ZBE-3", "20260309102840", "PAM-ZBE-3"),
        ("PID-32", "QUAL", "PAM-PID-32"),
        ("ZFA-4", "N", "PAM-ZFA-OBSOLETE"),
        ("PV1-19", "", "PAM-PV1-19"),
        ("ZBE", None, "PAM-ZBE"),
        ("MSH-12", "2.3", "PAM-VERSION"),
    ],
)
def test_a_defect_on_purpose(hospital: Hospital, where: str, value: str | None, rule: str) -> None:
    octets = hospital.octets("admit", breaks={where: value})
    verdict = judge(Policy(), PAM_CHECKS, read_message(octets))
    assert rule in [finding.rule.id for finding in verdict.findings]
    stay = hospital.record().stay
    assert stay is not None
    assert stay.state == "admitted"


def test_a_defect_that_cannot_be_placed_changes_nothing(hospital: Hospital) -> None:
    for breaks in ({"ZZZ-1": "x"}, {"here": "x"}):
        with pytest.raises(CommandRefused, match="break"):
            hospital.octets("admit", breaks=breaks)
    assert hospital.record().stay is None


def test_another_character_set(hospital: Hospital) -> None:
    hospital.policy(charset="8859/15")
    octets = hospital.octets("update", city="ÉVREUX")
    assert "ÉVREUX".encode("iso8859-15") in octets
    assert read_pam(read_message(octets)).identity.places[0].city == "ÉVREUX"


def test_numbers_come_from_the_world(hospital: Hospital) -> None:
    first = hospital.event("admit")
    hospital.worlds.reset("main")
    assert hospital.event("admit").movement == first.movement
