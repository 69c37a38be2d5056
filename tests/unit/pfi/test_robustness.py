"""No message makes the checks fail; the older profiles are judged by their name, not by what they did otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.core.hl7 import Unreadable, edit, erl
from simulators.documents.hl7.build import build_transmission
from tests.support.hl7_documents import FROM_MAIL, GOOD, head, message
from tests.support.hl7_mending import joined, judged, lines
from tests.unit.pfi.test_versions import Ledger

_WHOLE = lines(message())
_ORU = lines(message(replace(GOOD, kind="ORU")))
_VALUES = st.sampled_from(
    ["", "^", "~", "^~&", '""', "\\", "\\X41\\", "a~b^c&d", "Y", "ED", "\N{SNOWMAN}", "INS", "9" * 40]
)


@given(st.data())
@settings(max_examples=250, deadline=None)
def test_no_message_makes_the_checks_fail(data: st.DataObject) -> None:
    segments = list(data.draw(st.sampled_from([_WHOLE, _ORU])))
    for _ in range(data.draw(st.integers(1, 4))):
        number = data.draw(st.integers(1, len(segments) - 1))
        change = data.draw(st.sampled_from(["field", "drop", "double", "move"]))
        if change == "field":
            fields = segments[number].split("|")
            fields[data.draw(st.integers(1, len(fields) - 1))] = data.draw(_VALUES)
            segments[number] = "|".join(fields)
        elif change == "double":
            segments.insert(number, segments[number])
        else:
            line = segments.pop(number)
            if change == "move":
                segments.insert(data.draw(st.integers(1, len(segments))), line)
        if len(segments) < 2:
            return
    _judge(joined(segments))


@given(st.integers(0, 300), st.binary(max_size=3), st.integers(0, 30))
@settings(max_examples=150, deadline=None)
def test_no_header_makes_the_checks_fail(at: int, put: bytes, cut: int) -> None:
    whole = message()
    _judge(whole[:at] + put + whole[at + cut :])


@pytest.mark.parametrize("segments", [_WHOLE, _ORU], ids=["MDM", "ORU"])
def test_one_cause_gives_one_finding(segments: list[str]) -> None:
    """Any one segment lost or doubled, any one field emptied (MSH-1 and MSH-9, which decide who reads it, apart)."""
    for number, line in enumerate(segments[1:], start=1):
        assert len(judged(joined(segments[:number] + segments[number + 1 :]))) <= 1, f"without {line[:12]}"
        assert len(judged(joined([*segments[:number], line, *segments[number:]]))) <= 1, f"twice {line[:12]}"
    for number, line in enumerate(segments):
        fields = line.split("|")
        for place in range(1 + (number == 0), len(fields)):
            emptied = "|".join([*fields[:place], "", *fields[place + 1 :]])
            if fields[place] and (number, place) != (0, 8):
                found = judged(joined([*segments[:number], emptied, *segments[number + 1 :]]))
                assert len(found) <= 1, [(f.rule.id, f.where) for f in found]


def _judge(octets: bytes) -> None:
    try:
        findings = judged(octets, Ledger())
    except Unreadable:
        return
    assert all(erl(finding.where) for finding in findings)


def test_a_document_for_a_record_is_told_once() -> None:
    assert [f.rule.id for f in judged(build_transmission(FROM_MAIL, head(FROM_MAIL)), Ledger())] == ["PFI-PROFILE-LPS"]


def test_an_older_profile_is_told_once() -> None:
    old = edit(message(), "MSH-21", "2.0^CISIS_CDA_HL7_V2")
    for where, value in (
        ("ORC", None),
        ("OBR", None),
        ("TXA-17", "LA"),
        ("OBX[2]-5.3", "HL70136"),
        ("PRT[1]-4.3", "HL70912"),
        ("OBX[4]-3.1", "INVISIBLE_REPRESENTANTS_LEGAUX"),
    ):
        old = edit(old, where, value)
    assert [f.rule.id for f in judged(old)] == ["PFI-PROFILE-OLD"]
