from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.documents.errors import BadValue
from simulators.documents.xds.values import (
    Cx,
    Hl7Value,
    Xcn,
    Xon,
    escape,
    pad_dtm,
    read_dtm,
    ts_to_dtm,
    unescape,
    write_dtm,
    write_ts,
)

INSTANTS = st.datetimes(datetime(1900, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))


def test_the_components_of_the_three_types() -> None:
    person = Xcn("899700000013^FICTIF^CAMILLE^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS")
    assert (person.identifier, person.family, person.given) == ("899700000013", "FICTIF", "CAMILLE")
    assert (person.authority, person.authority_type) == ("1.2.250.1.71.4.2.1", "ISO")
    assert (person.name_type, person.id_type) == ("D", "IDNPS")
    structure = Xon("CENTRE FICTIF^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^10B0999009")
    assert (structure.name, structure.identifier) == ("CENTRE FICTIF", "10B0999009")
    assert (structure.authority, structure.id_type) == ("1.2.250.1.71.4.2.2", "IDNST")
    ins = Cx("185010099900171^^^&1.2.250.1.213.1.4.10&ISO^NH")
    assert (ins.identifier, ins.authority, ins.id_type) == ("185010099900171", "1.2.250.1.213.1.4.10", "NH")


def test_builders_write_what_the_national_samples_write() -> None:
    assert str(Xcn.of("899700000013", "FICTIF", "CAMILLE", "1.2.250.1.71.4.2.1")) == (
        "899700000013^FICTIF^CAMILLE^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"
    )
    assert str(Xon.of("A & B", "10B0999009", "1.2.250.1.71.4.2.2")) == (
        "A \\T\\ B^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^10B0999009"
    )
    assert str(Cx.of("IPP0001", "1.2.250.1.999.9.1.9", "PI")) == "IPP0001^^^&1.2.250.1.999.9.1.9&ISO^PI"


def test_an_identity_ignores_the_date_component() -> None:
    ins = Cx("185010099900171^^^&1.2.250.1.213.1.4.10&ISO^NH")
    assert ins.same_identity(Cx(f"{ins}^20260101"))
    assert not ins.same_identity(Cx("185010099900171^^^&1.2.250.1.213.1.4.8&ISO^NH"))


@given(st.text(), st.integers(1, 20), st.integers(1, 5))
def test_any_text_can_be_asked_any_component(text: str, number: int, sub: int) -> None:
    assert isinstance(Hl7Value(text).part(number, sub), str)


@given(st.text(), st.text(), st.text(alphabet="0123456789."))
def test_a_built_person_gives_its_parts_back(family: str, given_name: str, authority: str) -> None:
    person = Xcn.of("899700000013", family, given_name, authority)
    assert (person.family, person.given, person.authority) == (family, given_name, authority)


@given(st.text())
def test_escapes_are_reversible(text: str) -> None:
    assert unescape(escape(text)) == text
    assert not set(escape(text)) & set("^&|~")


def test_a_dtm_is_padded_with_the_lowest_instant() -> None:
    assert pad_dtm("2026") == "20260101000000"
    assert pad_dtm("202602") == "20260201000000"
    assert pad_dtm("2026010509") == "20260105090000"
    assert read_dtm("20260105") == datetime(2026, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "26", "20261", "20261301", "20260230", "20260105093000+0100", "2026-01-05", "x"])
def test_what_is_no_dtm_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        pad_dtm(text)


@given(INSTANTS)
def test_an_instant_survives_its_dtm(instant: datetime) -> None:
    assert read_dtm(write_dtm(instant)) == instant.replace(microsecond=0)


@given(INSTANTS, st.integers(-14 * 60, 14 * 60))
def test_a_ts_becomes_the_dtm_of_the_same_instant(instant: datetime, minutes: int) -> None:
    local = instant.astimezone(timezone(timedelta(minutes=minutes)))
    assert ts_to_dtm(write_ts(local)) == write_dtm(instant)


def test_a_ts_keeps_its_precision() -> None:
    assert ts_to_dtm("202101040735+0100") == "202101040635"
    assert ts_to_dtm("19790328") == "19790328"
    assert ts_to_dtm("20260105093000.123+0100") == "20260105083000"
    assert ts_to_dtm("20260105093000", zone=timezone(timedelta(hours=2))) == "20260105073000"


@pytest.mark.parametrize(
    "text", ["", "now", "20260105093000+9900", "20260105093000Z", "20260105+01", "00010101000000+0100"]
)
def test_what_is_no_ts_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        ts_to_dtm(text)


@given(st.text(max_size=25))
def test_no_text_breaks_the_readers(text: str) -> None:
    for read in (pad_dtm, ts_to_dtm):
        try:
            assert read(text).isdigit()
        except BadValue as error:
            assert error.reason
