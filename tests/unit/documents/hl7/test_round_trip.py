"""What is built is read back whole; nothing makes the reading fail."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.core.hl7 import Unreadable, edit, read_message
from simulators.documents.errors import CannotBuild
from simulators.documents.hl7.base64 import State, decoded, encoded
from simulators.documents.hl7.build import build_transmission
from simulators.documents.hl7.model import (
    Action,
    Flags,
    Issuer,
    Mail,
    Participant,
    PatientTraits,
    Transmission,
    Visit,
    Zam,
)
from simulators.documents.hl7.names import CDA_PROFILE, LPS_PROFILE
from simulators.documents.hl7.read import read_transmission
from simulators.documents.hl7.zam import PARIS, build_zam, read_zam
from tests.support.hl7_documents import DELETION, FROM_MAIL, GOOD, REPLACEMENT, head, message

_WORD = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=12)
_FREE = st.one_of(st.just(""), _WORD)
_NAME = st.lists(_WORD, min_size=1, max_size=3).map(" ".join)
_OID = st.lists(st.integers(0, 99_999), min_size=3, max_size=6).map(lambda n: ".".join(map(str, [1, 2, *n])))
_TYPES = st.sampled_from(["RPPS", "IDNPS", "ADELI", "EI"])
_STRUCTURES = st.sampled_from(["FINEG", "FINEJ", "IDNST"])
_ADDRESS = _WORD.map(lambda name: f"{name}@medecin.mssante.test")


def _person(role: str) -> st.SearchStrategy[Participant]:
    return st.builds(
        Participant,
        st.just(role),
        person_id=_WORD,
        family=_FREE,
        given=_FREE,
        person_type=_TYPES,
        org_name=_FREE,
        org_id=_WORD,
        org_type=_STRUCTURES,
        device_id=_FREE,
        address=st.one_of(st.just(""), _ADDRESS),
    )


_UNIT = st.builds(
    Participant,
    st.just("RCT"),
    org_name=_NAME,
    org_id=_WORD,
    org_type=st.sampled_from(["UF", "SRV", "SVR"]),
    org_parent=_WORD,
    address=_ADDRESS,
)
_PEOPLE = st.tuples(_person("SB"), st.one_of(_person("RCT"), _UNIT))
_PATIENTS = st.builds(
    PatientTraits,
    ins=_WORD,
    oid=_OID,
    ipp=_WORD,
    family=_WORD,
    given=_FREE,
    given_list=_NAME,
    birth_date=st.dates().map(lambda day: day.strftime("%Y%m%d")),
    sex=st.sampled_from(["", "F", "M"]),
    birth_place=st.sampled_from(["", "99350"]),
    status=st.sampled_from(["", "VALI", "PROV"]),
    used_name=_FREE,
    account=_FREE,
    issuer=st.builds(Issuer, _FREE, _WORD, st.sampled_from(["L", "M", "N"])),
)
_VISITS = st.builds(Visit, _FREE, _FREE, _FREE, _FREE, _FREE)
_TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)
_PLANS = st.builds(
    Transmission,
    kind=st.sampled_from(["MDM", "ORU"]),
    profile=st.just(CDA_PROFILE),
    control_id=_WORD,
    sending_app=_WORD,
    sending_facility=_WORD,
    action=st.sampled_from(Action),
    patient=_PATIENTS,
    visit=_VISITS,
    type_code=_WORD.map(lambda word: f"x{word}"),
    type_label=_NAME,
    type_system=_WORD,
    document_id=st.one_of(_OID, st.builds("{}^{}".format, _OID, _OID)),
    replaces=st.one_of(st.just(""), _OID),
    cda=st.binary(max_size=60),
    flags=st.builds(Flags, *[st.booleans()] * 10),
    participants=_PEOPLE,
    mail_bodies=st.fixed_dictionaries({}, optional={"ps": _TEXTS, "patient": _TEXTS}),
    fin=st.booleans(),
)
_MAILS = st.builds(Mail, _WORD.map(lambda word: f"{word.strip('<>')}@a"), _NAME, _TEXTS)


@pytest.mark.parametrize("plan", [GOOD, REPLACEMENT, DELETION, FROM_MAIL, replace(GOOD, kind="ORU")])
def test_a_plan_comes_back(plan: Transmission) -> None:
    assert read_transmission(read_message(message(plan))) == plan


@given(_PLANS)
@settings(max_examples=60, deadline=None)
def test_any_request_comes_back(plan: Transmission) -> None:
    if plan.kind == "ORU":  # the CDA alone names the document
        plan = replace(plan, document_id="", replaces="")
    assert read_transmission(read_message(message(plan))) == plan


@given(_PLANS, _MAILS)
@settings(max_examples=30, deadline=None)
def test_any_document_of_a_mail_comes_back(plan: Transmission, mail: Mail) -> None:
    flags = Flags(*(False,) * 3, modif_conf_code=plan.flags.modif_conf_code)
    plan = replace(plan, kind="MDM", profile=LPS_PROFILE, mail=mail, flags=flags, mail_bodies={}, fin=False)
    assert read_transmission(read_message(message(plan))) == plan


_SOME = message(GOOD)


@given(st.integers(0, len(_SOME) - 1), st.binary(min_size=0, max_size=4), st.integers(0, 40))
@settings(max_examples=300, deadline=None)
def test_nothing_makes_the_reading_fail(at: int, put: bytes, cut: int) -> None:
    _read(_SOME[:at] + put + _SOME[at + cut :])


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_nothing_outside_the_document_makes_the_reading_fail(data: st.DataObject) -> None:
    lines = _SOME.split(b"\r")
    number = data.draw(st.integers(0, len(lines) - 1))
    fields = lines[number].split(b"|")
    field = data.draw(st.integers(0, len(fields) - 1))
    fields[field] = data.draw(st.sampled_from([b"", b"^", b"~", b"&&&", b'""', b"\\", b"\\X41\\", b"a~b^c&d", b"Y"]))
    lines[number] = b"|".join(fields)
    _read(b"\r".join(lines))
    _read(b"\r".join([*lines[:number], *lines[number + 1 :]]))


def _read(octets: bytes) -> None:
    try:
        read = read_message(octets)
    except Unreadable:
        return
    read_transmission(read)
    read_zam(read)


def test_a_mail_is_needed_by_what_came_by_mail() -> None:
    for plan in (replace(FROM_MAIL, mail=None), replace(FROM_MAIL, kind="ORU")):
        with pytest.raises(CannotBuild):
            build_transmission(plan, head(plan))


def test_old_names_of_flags_are_known() -> None:
    plan = replace(GOOD, flags=Flags(invisible_rep_legaux=True, modif_conf_code=True, ack_lecture_mss=True))
    old = message(plan)
    for place, name in (
        ("OBX[4]-3.1", "INVISIBLE_REPRESENTANTS_LEGAUX"),
        ("OBX[6]-3.1", "MODIF_CONFIDENTIALITYCODE"),
        ("OBX[11]-3.1", "ACK_LECTURE"),
    ):
        old = edit(old, place, name)
    assert read_transmission(read_message(old)).flags == plan.flags


def test_the_root_of_a_document_may_stand_apart() -> None:
    split = edit(message(), "TXA-12", "58132^^1.2.250.2345.3245.13^ISO")
    assert read_transmission(read_message(split)).document_id == "1.2.250.2345.3245.13^58132"
    named = edit(message(), "TXA-12.2", "Organisation-Y")
    assert read_transmission(read_message(named)).document_id == GOOD.document_id


def test_the_document_of_an_oru_is_named_by_its_cda() -> None:
    read = read_transmission(read_message(message(replace(REPLACEMENT, kind="ORU"))))
    assert (read.document_id, read.replaces) == (REPLACEMENT.document_id, REPLACEMENT.replaces)


def test_who_is_written_to() -> None:
    assert GOOD.addresses == ("dominique.simule@medecin.mssante.test", "185010099900171@patient.mssante.test")
    only_patient = replace(GOOD, flags=Flags(destmssantepat=True))
    assert only_patient.addresses == ("185010099900171@patient.mssante.test",)


@given(
    st.builds(
        Zam,
        st.sampled_from(["Z01", "Z02", "Z03"]),
        _WORD,
        st.booleans(),
        at=st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)).map(
            lambda moment: moment.replace(microsecond=0, hour=12, tzinfo=PARIS)
        ),
        error=st.tuples(_WORD, _WORD),
    ),
    _ADDRESS,
    _WORD,
)
def test_a_receipt_comes_back(zam: Zam, address: str, reader: str) -> None:
    zam = replace(zam, error=None if zam.accepted else zam.error)
    if zam.kind != "Z01":
        zam = replace(zam, address=address, reader_id=reader)
    assert read_zam(read_message(build_zam(zam, head()))) == zam


@given(st.binary(max_size=50))
def test_base64_without_its_padding(octets: bytes) -> None:
    text = encoded(octets)
    assert decoded(text) == (octets, State.OK)
    bare = text.rstrip("=")
    assert decoded(bare) == (octets, State.OK if bare == text else State.PADDING_REPAIRED)
    if text:
        assert decoded(f"{text[:2]} \n{text[2:]}") == (octets, State.BLANKS_DROPPED)


def test_base64_that_cannot_be_mended() -> None:
    assert decoded("QUJDR") == (b"ABC", State.BROKEN)
    assert decoded("QUé=") == (b"", State.BROKEN)
