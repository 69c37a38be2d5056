"""Writing: what is written is read back, whatever it holds."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from simulators.core.hl7 import Head, Raw, Reps, compose, edit, erl, read_message, seg, stamp

AT = datetime(2026, 11, 21, 9, 15, 30, tzinfo=UTC)
HEAD = Head("DPI", "H", "PFI", "H", AT, "MDM^T02^MDM_T02", "1", profile="2.1^CISIS_CDA_HL7_V2")
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=30)


def test_head() -> None:
    said = "MSH|^~\\&|DPI|H|PFI|H|20261121101530||MDM^T02^MDM_T02|1|T|2.6|||||FRA|UNICODE UTF-8|||2.1^CISIS_CDA_HL7_V2"
    assert HEAD.segment() == said


def test_segments_by_number() -> None:
    written = seg("PRT", {2: "UC", 4: ["SB", "", "participation"], 8: {1: "H", 6: ["A", "1.2", "ISO"], 10: "9"}})
    assert written == "PRT||UC||SB^^participation||||H^^^^^A&1.2&ISO^^^^9"
    assert seg("PID", {3: Reps([["1", "", Raw('""')], "2"])}) == 'PID|||1^^""~2'
    assert seg("NTE", {}) == "NTE"


def test_summer_and_winter() -> None:
    assert stamp(datetime(2026, 7, 1, 22, 30, tzinfo=UTC)) == "20260702003000"


def test_charset() -> None:
    octets = compose(HEAD.segment(), "NTE|1||é€Ω", charset="8859/15")
    assert octets.endswith(b"NTE|1||\xe9\xa4?\r")


@given(TEXT, TEXT, TEXT)
def test_any_text_comes_back(first: str, second: str, third: str) -> None:
    octets = compose(HEAD.segment(), seg("PID", {5: Reps([[first, [second, third]], "x"]), 6: "y"}))
    message = read_message(octets)
    found = [message.value(where) for where in ("PID-5", "PID-5.2.1", "PID-5.2.2", "PID-5[2]", "PID-6")]
    assert found == [first, second, third, "x", "y"]


@given(
    st.sampled_from(["PID-5.1", "PID-9.2.3", "PID-3[2].4.2", "MSH-4.2", "PRT[2]-8.10", "MSH-18"]),
    st.from_regex(r"[A-Za-z0-9]{1,8}", fullmatch=True),
)
def test_an_edit_puts_the_value_where_it_is_read(where: str, value: str) -> None:
    octets = compose(HEAD.segment(), seg("PID", {5: "x"}), "PRT|1", "PRT|2")
    edited = edit(octets, where, value)
    if where == "MSH-18":
        assert f"|{value}|".encode() in edited
    else:
        assert read_message(edited).value(where) == value


def test_a_segment_is_replaced_or_removed() -> None:
    octets = compose(HEAD.segment(), "PRT|1", "PRT|2")
    assert [s.get(1) for s in read_message(edit(octets, "PRT[1]", None)).all("PRT")] == ["2"]
    assert read_message(edit(octets, "PRT[2]", "NTE|7")).value("NTE-1") == "7"


def test_erl() -> None:
    assert erl("PRT[2]-8.10") == "PRT^2^8^1^10"
    assert erl("MSH") == "MSH^1"
    assert erl("PID-3[2].4.2") == "PID^1^3^2^4^2"
    assert erl("OBX[1]-5.5 /hl7:ClinicalDocument/hl7:id") == "OBX^1^5^1^5"
    assert erl("somewhere else") == ""
