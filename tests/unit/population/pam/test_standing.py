"""What a receiver remembers after each event: identity, stay, consents."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from simulators.population.pam import Consent, Identifier, PatientStanding, apply, names
from simulators.population.pam.standing import absorbed
from tests.unit.population.pam.cases import GONE, INS, IPP, OTHER, event, identity, moved, visit


def after(*events: object) -> PatientStanding:
    standing: PatientStanding | None = None
    for one in events:
        standing = apply(standing, one)  # type: ignore[arg-type]
    assert standing is not None
    return standing


@pytest.mark.parametrize(
    ("feed", "consult", "may_feed", "may_consult"),
    [
        ("NA", "NA", True, False),
        ("INO", "NA", True, False),
        ("INO", "IC", True, True),
        ("INO", "INC", True, False),
        ("IO", "IC", False, True),
        ("IO", "INC", False, False),
    ],
)
def test_feeding_is_allowed_by_default_and_consulting_is_not(
    feed: str, consult: str, may_feed: bool, may_consult: bool
) -> None:
    found = after(event("A01", consent=Consent(feed=feed, consult=consult)))
    assert (found.may_feed, found.may_consult) == (may_feed, may_consult)


def test_no_zfa_is_no_answer() -> None:
    found = after(event("A01", consent=None))
    assert (found.feed, found.consult, found.may_feed, found.may_consult) == ("NA", "NA", True, False)


def test_obsolete_fields_are_no_answers() -> None:
    found = after(event("A01", consent=Consent(obsolete=((4, "N"), (6, "Y"), (7, "Y")))))
    assert (found.may_feed, found.may_consult) == (True, False)


def test_the_patient_changes_his_mind_in_the_middle_of_the_stay() -> None:
    opposed = after(event("A01"), event("A31", consent=Consent(feed="IO", consult="INC")))
    assert (opposed.may_feed, opposed.may_consult) == (False, False)
    assert opposed.stay is not None
    assert apply(opposed, event("Z99", consent=Consent(feed="INO"))).may_feed


def test_a_new_episode_asks_again() -> None:
    before = replace(after(event("A01", consent=Consent(feed="IO", consult="IC"))), secret=True)
    again = apply(before, event("A01", visit=visit(number=Identifier("V2", "VN")), consent=None))
    assert (again.feed, again.consult, again.secret) == ("NA", "NA", False)


def test_an_update_of_the_same_episode_keeps_the_answers() -> None:
    opposed = after(event("A01", consent=Consent(feed="IO")), event("A02"), event("A03"))
    assert opposed.feed == "IO"


def test_an_ins_needs_a_validated_identity() -> None:
    provisional = after(event("A28", identity=identity(status="PROV")))
    assert (provisional.ins, provisional.qualified) == ("", False)
    assert after(event("A28")).qualified
    assert "INS:185010099900171" in after(event("A28")).references


def test_qualification_then_demotion() -> None:
    plain = identity(IPP, status="PROV")
    demoted = event("A47", identity=identity(IPP, GONE, status="PROV"), merged=(INS,))
    found = after(event("A28", identity=plain), event("A31"), demoted)
    assert (found.status, found.ins, found.references) == ("PROV", "", ("PI:0B0999009|SIM000001",))


def test_an_ins_goes_with_the_validation_of_its_identity() -> None:
    assert after(event("A28"), event("A31", identity=identity(IPP, status="DOUT"))).ins == ""


def test_an_update_without_ins_keeps_the_one_there_is() -> None:
    assert after(event("A28"), event("A31", identity=identity(IPP))).ins == "185010099900171"


def test_nia_to_nir() -> None:
    nia = Identifier("785010099900179", "INS", "ASIP-SANTE-INS-NIA", "1.2.250.1.213.1.4.9", "ISO")
    found = after(event("A28", identity=identity(IPP, nia)), event("A31"))
    assert (found.ins, found.ins_oid) == ("185010099900171", "1.2.250.1.213.1.4.10")
    assert f"INS:{nia.value}" not in found.references


def test_a_change_of_identifier() -> None:
    found = after(event("A28"), event("A47", identity=identity(OTHER, INS), merged=(IPP,)))
    assert found.references == ("PI:0B0999009|SIM000002", "INS:185010099900171")


def test_a_merge_leads_from_one_to_the_other() -> None:
    merge = event("A40")
    gone = absorbed(after(event("A28", identity=identity(OTHER, INS))), merge)
    assert (gone.merged_into, gone.ins) == ("PI:0B0999009|SIM000001", "")
    assert absorbed(None, merge).references == ("PI:0B0999009|SIM000002",)
    assert after(event("A28"), merge).merged_into == ""


@pytest.mark.parametrize(
    ("events", "state", "unit"),
    [
        (["A05"], "preadmitted", "1001"),
        (["A04"], "registered", "1001"),
        (["A01"], "admitted", "1001"),
        (["A05", "A01"], "admitted", "1001"),
        (["A01", "A11"], "cancelled", "1001"),
        (["A01", "A03"], "discharged", "1001"),
        (["A01", "A03", "A13"], "admitted", "1001"),
        (["A05", "A38"], "cancelled", "1001"),
        (["A04", "A06"], "admitted", "1001"),
        (["A01", "A21"], "absent", "1001"),
        (["A01", "A21", "A22"], "admitted", "1001"),
    ],
)
def test_the_stay_follows_its_movements(events: list[str], state: str, unit: str) -> None:
    stay = after(*(event(name) for name in events)).stay
    assert stay is not None
    assert (stay.state, stay.unit) == (state, unit)
    assert bool(stay.discharged) == (events[-1] == "A03")


def test_a_transfer_and_its_cancellation() -> None:
    transfer = event("A02", visit=visit("2002"), movement=moved(id="2", unit="2002"))
    moved_on = after(event("A01"), transfer)
    assert moved_on.stay is not None
    assert moved_on.stay.unit == "2002"
    back = apply(
        moved_on,
        event("A12", visit=visit(""), movement=replace(moved("CANCEL", "A02", "2"), care=None, responsible=None)),
    )
    assert back.stay is not None
    assert back.stay.unit == "1001"


def test_a_movement_told_again_stands_once() -> None:
    """Its acknowledgement was lost: it is sent again, and again."""
    told = [event("A01"), event("A02", movement=moved(id="2", unit="2002"), visit=visit("2002")), event("A01")]
    found = after(*told, *[event("A01")] * 5)
    assert found.stay is not None
    assert [id for id, _ in found.stay.moves] == ["1", "2"]


def test_an_update_changes_the_current_movement_alone() -> None:
    stood = after(event("A01"), event("A02", visit=visit("2002"), movement=moved(id="2", unit="2002")))
    older = apply(stood, event("Z99", visit=visit("3003"), movement=moved("UPDATE", "A01", "1", "3003")))
    newer = apply(stood, event("Z99", visit=visit("3003"), movement=moved("UPDATE", "A02", "2", "3003")))
    assert older.stay is not None
    assert newer.stay is not None
    assert (older.stay.unit, newer.stay.unit) == ("2002", "3003")


@pytest.mark.parametrize("name", ["A08", "A60"])
def test_an_event_to_ignore_changes_nothing(name: str) -> None:
    stood = after(event("A01"))
    assert apply(stood, replace(event("A01", consent=Consent(feed="IO")), event=name)) == stood


def test_a_cancellation_of_a_stay_never_heard_of() -> None:
    assert after(event("A11")).stay is None


@pytest.mark.parametrize("name", sorted(names.PAM_EVENTS))
def test_json(name: str) -> None:
    found = after(event(name))
    assert PatientStanding.from_json(json.loads(json.dumps(found.to_json()))) == found
