from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.population.identifiers import (
    INS_NIA_OID,
    INS_NIR_OID,
    INS_TEST_OID,
    Finess,
    Identifier,
    Ins,
    InvalidIdentifier,
    Oid,
    PsIdNat,
    Rpps,
    Siren,
    Siret,
    StructIdNat,
    ins_key,
    is_valid_ins,
    is_valid_oid,
    is_valid_ps_idnat,
    is_valid_rpps,
    is_valid_siret,
    is_valid_struct_idnat,
    luhn_digit,
    split_ins_cx,
)

# One example already tries every digit at every place.
thorough = settings(max_examples=30, deadline=None)


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


departments = st.one_of(digits(2), st.sampled_from(["2A", "2B"]))
matricules = st.builds(
    lambda sex, born, department, serial: Ins.of_payload(sex + born + department + serial, INS_TEST_OID).matricule,
    st.sampled_from("123478"),
    digits(4),
    departments,
    digits(6),
)
rpps_values = digits(10).map(lambda payload: Rpps.of_payload(payload).value)
finess_values = st.builds(
    lambda first, second, rest: Finess.of_payload(first + second + rest).value,
    st.sampled_from("0123456789"),
    st.sampled_from("0123456789AB"),
    digits(6),
)
siren_values = digits(8).map(lambda payload: Siren.of_payload(payload).value)
siret_values = st.builds(lambda siren, rank: Siret.of_payload(siren + rank).value, siren_values, digits(4))
ps_values = st.one_of(
    rpps_values.map("8{}".format),
    finess_values.map("3{}/SIM1".format),
    siren_values.map("4{}/SIM1".format),
    siret_values.map("5{}/SIM1".format),
    rpps_values.map("6{}001/SIM1".format),
)
struct_values = st.one_of(
    finess_values.map("1{}".format),
    siren_values.map("2{}".format),
    siret_values.map("3{}".format),
    rpps_values.map("4{}001".format),
    finess_values.map("F{}".format),
)


def changed(value: str, at: int, step: int) -> str:
    """The value with the digit at that place replaced by another digit."""
    return value[:at] + str((int(value[at]) + step) % 10) + value[at + 1 :]


def assert_any_digit_changed_is_refused(build: Callable[[str], object], value: str, first: int, last: int) -> None:
    build(value)
    for at in range(first, last):
        for step in range(1, 10) if value[at].isdigit() else ():
            with pytest.raises(InvalidIdentifier) as refused:
                build(changed(value, at, step))
            assert refused.value.value == changed(value, at, step)


@thorough
@given(matricules)
def test_one_digit_changed_in_an_ins_is_refused(matricule: str) -> None:
    assert_any_digit_changed_is_refused(lambda value: Ins(value, INS_TEST_OID), matricule, 0, 15)


@given(matricules, digits(1))
def test_an_ins_whose_department_letter_changes_is_refused(matricule: str, digit: str) -> None:
    # 2A counts 19 and 2B 18: neither equals any 20 to 29, so the only letters of an INS are protected as well.
    if matricule[6] in "AB":
        other = {"A": "B", "B": "A"}[matricule[6]]
        assert not is_valid_ins(matricule[:6] + other + matricule[7:])
        assert not is_valid_ins(matricule[:6] + digit + matricule[7:])


@thorough
@given(rpps_values)
def test_one_digit_changed_in_an_rpps_is_refused(value: str) -> None:
    assert_any_digit_changed_is_refused(Rpps, value, 0, 11)


@thorough
@given(finess_values)
def test_one_digit_changed_in_a_finess_is_refused(value: str) -> None:
    assert_any_digit_changed_is_refused(Finess, value, 0, 9)


@thorough
@given(siren_values, siret_values)
def test_one_digit_changed_in_a_siren_or_siret_is_refused(siren: str, siret: str) -> None:
    assert_any_digit_changed_is_refused(Siren, siren, 0, 9)
    assert_any_digit_changed_is_refused(Siret, siret, 0, 14)


@thorough
@given(ps_values)
def test_one_digit_changed_in_a_ps_idnat_is_refused(value: str) -> None:
    number = PsIdNat(value).number
    assert number is not None
    # The prefix, a practice rank and an internal id carry no key of their own.
    assert_any_digit_changed_is_refused(PsIdNat, value, 1, 1 + len(number.value))


@thorough
@given(struct_values)
def test_one_digit_changed_in_a_struct_idnat_is_refused(value: str) -> None:
    number = StructIdNat(value).number
    assert number is not None
    assert_any_digit_changed_is_refused(StructIdNat, value, 1, 1 + len(number.value))


def test_the_letter_of_a_finess_is_the_one_place_its_key_does_not_protect() -> None:
    # B counts 2 (inferred), so B and 2 cannot be told apart by the key: a known limit, not a digit changed.
    assert Finess("0B0999009").validity
    assert Finess("020999009").validity


@given(matricules, st.sampled_from([INS_NIR_OID, INS_NIA_OID, INS_TEST_OID]), st.sampled_from(["", "^", "^^20100907"]))
def test_cx_round_trip_whatever_the_sixth_component(matricule: str, oid: str, tail: str) -> None:
    ins = Ins(matricule, oid)
    assert ins.cx() == f"{matricule}^^^&{oid}&ISO^NH"
    assert Ins.parse_cx(ins.cx() + tail) == ins


@pytest.mark.parametrize(
    "text",
    [
        "",
        "185010099900171",
        "185010099900171^^^1.2.250.1.213.1.4.10^NH",
        "185010099900171^^^&1.2.250.1.213.1.4.10&ISO^PI",
        "185010099900171^^^&1.2.250.1.213.1.4.10&DNS^NH",
        "185010099900171^^^&&ISO^NH",
        "185010099900171^^&1.2.250.1.213.1.4.10&ISO^NH",
        "^" * 100_000,
    ],
)
def test_what_is_no_cx_of_an_ins_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifier) as refused:
        split_ins_cx(text)
    assert (refused.value.kind, refused.value.reason) == ("ins", "system")


@given(st.text(max_size=40))
def test_no_text_makes_a_check_fail_otherwise(text: str) -> None:
    for build in (Rpps, Finess, Siren, Siret, PsIdNat, StructIdNat, Oid):
        try:
            assert build(text).value == text
        except InvalidIdentifier as refused:
            assert refused.value == text
            assert refused.expected
    assert is_valid_ins(text, text) or is_valid_ins(text).value == text


@pytest.mark.parametrize(
    ("value", "reason", "expected"),
    [
        ("18501009990017", "length", "15 characters"),
        ("585010099900171", "characters", "1, 2, 3, 4, 7 or 8"),
        ("18501002C900171", "characters", "2A or 2B"),
        ("185010099900172", "key", "71"),
        ("185010099900100", "key", "71"),
        ("１85010099900171", "characters", "15 characters"),
    ],
)
def test_a_refused_ins_says_why(value: str, reason: str, expected: str) -> None:
    with pytest.raises(InvalidIdentifier) as refused:
        Ins(value, INS_TEST_OID)
    assert refused.value.reason == reason
    assert expected in refused.value.expected
    assert is_valid_ins(value).only_key_wrong == (reason == "key")


def test_an_ins_of_another_authority_is_refused() -> None:
    with pytest.raises(InvalidIdentifier) as refused:
        Ins("185010099900171", "1.2.250.1.213.1.4.11")
    assert refused.value.reason == "oid"


@pytest.mark.parametrize(
    ("validity", "reason", "expected"),
    [
        (is_valid_rpps("99700000012"), "key", "3"),
        (is_valid_rpps("9970000001"), "length", "11 digits"),
        (is_valid_rpps("9970000001³"), "characters", "11 digits"),
        (is_valid_ps_idnat("899700000012"), "key", "3"),
        (is_valid_ps_idnat("999700000013"), "prefix", "8"),
        (is_valid_ps_idnat("8997000000131"), "shape", "8 + RPPS"),
        (is_valid_ps_idnat(""), "prefix", "8"),
        (is_valid_ps_idnat("30B0999009"), "shape", "internal id"),
        (is_valid_ps_idnat("31C0999009/A"), "shape", "3 + FINESS"),
        (is_valid_struct_idnat("10B0999008"), "key", "9"),
        (is_valid_struct_idnat("1AB0999009"), "characters", "1 + digits"),
        (is_valid_struct_idnat("499700000021"), "shape", "4 + RPPS"),
        (is_valid_struct_idnat("2801234567897"), "shape", "2 + SIREN"),
        (is_valid_siret("00000999000015"), "key", ""),
        (is_valid_oid("3.1"), "shape", "0, 1 or 2"),
        (is_valid_oid("1.02"), "shape", "leading zero"),
        (is_valid_oid("1." + "1" * 63), "length", "64"),
    ],
)
def test_a_wrong_identifier_says_why(validity: object, reason: str, expected: str) -> None:
    assert not validity
    assert getattr(validity, "reason") == reason  # noqa: B009
    assert expected in getattr(validity, "expected")  # noqa: B009


def test_ones_own_forms() -> None:
    rpps, finess = Rpps("99700000013"), Finess("0B0999009")
    assert PsIdNat.of_rpps(rpps).rpps == rpps
    assert PsIdNat("30B0999009/SIM001").rpps is None
    assert StructIdNat.of_finess(finess) == StructIdNat("10B0999009")
    assert StructIdNat.of_finess(finess).finess == finess
    assert StructIdNat.of_practice(rpps, 1).value == "499700000013001"
    assert StructIdNat.of_siren(Siren("000009993")).number == Siren("000009993")
    assert StructIdNat("R83714").number is None
    assert PsIdNat("00B6087510").number is None
    assert str(rpps) == "99700000013"


def test_waiting_numbers_are_told_by_authority_or_first_digit() -> None:
    assert Ins("888080099901164", INS_TEST_OID).is_nia
    assert Ins("185010099900171", INS_NIA_OID).is_nia
    assert not Ins("185010099900171", INS_TEST_OID).is_nia


@pytest.mark.parametrize("kind", [Rpps, Finess, Siren, Siret, PsIdNat, StructIdNat, Oid])
def test_what_was_adopted_is_kept_as_received_and_still_judged(kind: type[Identifier]) -> None:
    received = kind.as_received("x")
    assert (received.value, bool(received.validity)) == ("x", False)
    assert received != Rpps.as_received("y")


def test_an_adopted_ins_is_kept_as_received() -> None:
    received = Ins.as_received("221042545611404", INS_TEST_OID)
    assert received.validity.only_key_wrong
    assert received.cx().startswith("221042545611404^^^&")


def test_the_error_survives_pickling() -> None:
    with pytest.raises(InvalidIdentifier) as refused:
        Rpps("1")
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)


@given(digits(13))
def test_the_key_of_an_ins_is_two_digits_from_01_to_97(n13: str) -> None:
    assert 1 <= int(ins_key(n13)) <= 97
    assert len(ins_key(n13)) == 2
    assert (int(n13) + int(ins_key(n13))) % 97 == 0


@pytest.mark.parametrize("payload", ["", "12C", "²", " 1"])
def test_luhn_refuses_what_it_cannot_count(payload: str) -> None:
    with pytest.raises(ValueError, match="Luhn"):
        luhn_digit(payload)


def test_corsica_and_reference_keys() -> None:
    assert ins_key("297022A020778") == "78"
    assert ins_key("160012B020777") == "13"
    assert ins_key("1850100999001") == "71"
    with pytest.raises(ValueError, match="13-character"):
        ins_key("185010099900")
