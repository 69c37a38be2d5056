"""Reading: lenient on line ends and a wrong MSH-18, never on ambiguity; no octets hang or break it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core.hl7 import CHARSETS, Unreadable, edit, read_message
from simulators.core.hl7.reading import MOST_DELIMITERS, MOST_SEGMENTS

HEAD = "MSH|^~\\&|DPI|HOPITAL&1.2&ISO|PFI|HOPITAL|20261121101500||MDM^T02^MDM_T02|42|T|2.6|||||FRA|{charset}"
PID = "PID|||279^^^A&1.2.250.1.213.1.4.10&ISO^INS~IPP^^^H&120456789&M^PI||Dûpont\\T\\Fils^Zoé||19790328|F"
GOOD = "\r".join([HEAD.format(charset="UNICODE UTF-8"), PID, "PRT||UC||SB^^p", "PRT||UC||RCT^^p|||x", ""])


def rule_of(octets: bytes) -> tuple[str, str]:
    with pytest.raises(Unreadable) as refused:
        read_message(octets)
    (finding,) = refused.value.verdict.refusing
    return finding.rule.id, finding.where


def test_values_by_location() -> None:
    message = read_message(GOOD.encode())
    assert message.kind == "MDM^T02"
    assert message.structure == "MDM_T02"
    assert message.control_id == "42"
    assert message.value("MSH-1") == "|"
    assert message.value("MSH-2") == "^~\\&"
    assert message.value("MSH-4.1.2") == "1.2"
    assert message.value("PID-3") == "279"
    assert message.value("PID-3[2]") == "IPP"
    assert message.value("PID-3[2].4.2") == "120456789"
    assert message.value("PID-5") == "Dûpont&Fils"
    assert message.value("PRT[2]-4") == "RCT"
    assert message.value("PRT[3]-4") == "" == message.value("OBX-5.5") == message.value("PID-99")
    assert not message.remarks


def test_a_segment_knows_where_it_stands() -> None:
    message = read_message(GOOD.encode())
    first, second = message.all("PRT")
    assert (first.where(4), second.where(8, 10)) == ("PRT[1]-4", "PRT[2]-8.10")
    pid = message.first("PID")
    assert pid is not None
    assert pid.where(3, 4, 2, repetition=2) == "PID-3[2].4.2"
    assert (pid.count(3), pid.count(4), pid.count(5)) == (2, 0, 1)
    assert (pid.filled(3), pid.filled(4)) == (True, False)
    assert pid.raw(5) == "Dûpont\\T\\Fils^Zoé"
    assert pid.width() == 8


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_other_line_ends_are_read_and_said(end: str) -> None:
    message = read_message(GOOD.replace("\r", end).encode())
    assert message.value("PID-5.2") == "Zoé"
    assert [finding.rule.id for finding in message.remarks] == ["HL7-LINE-ENDS"]


def test_a_byte_order_mark_is_left_out() -> None:
    assert read_message(b"\xef\xbb\xbf" + GOOD.encode()).control_id == "42"


@pytest.mark.parametrize("charset", [name for name in CHARSETS if name.startswith("8859")])
def test_the_declared_set_decodes(charset: str) -> None:
    octets = GOOD.replace("UNICODE UTF-8", charset).encode(CHARSETS[charset])
    message = read_message(octets)
    assert (message.value("PID-5.2"), message.remarks) == ("Zoé", ())


def test_utf8_under_another_name_is_read_and_said() -> None:
    message = read_message(GOOD.replace("UNICODE UTF-8", "8859/15").encode())
    assert message.value("PID-5.2") == "Zoé"
    assert [finding.rule.id for finding in message.remarks] == ["HL7-CHARSET-LIE"]


def test_wrong_octets_are_refused_at_their_segment() -> None:
    octets = GOOD.encode("iso8859-15")
    assert rule_of(octets) == ("HL7-CHARSET-BYTES", "PID")
    assert read_message(edit(octets, "MSH-18", "8859/15")).value("PID-5.2") == "Zoé"


@pytest.mark.parametrize(
    ("octets", "rule", "where"),
    [
        (b"", "HL7-MSH", "MSH"),
        (b"PID|||1\rMSH|^~\\&|", "HL7-MSH", "MSH"),
        (b"\rMSH|^~\\&|A", "HL7-MSH", "MSH"),
        (b"MSH|", "HL7-DELIMITERS", "MSH-2"),
        (b"MSH||||", "HL7-DELIMITERS", "MSH-2"),
        (b"MSH|^^\\&|A", "HL7-DELIMITERS", "MSH-2"),
        (b"MSHAAAA", "HL7-DELIMITERS", "MSH-2"),
        (GOOD.replace("Zoé", "Zo\0").encode(), "HL7-CONTROL", "PID"),
        (GOOD.replace("UNICODE UTF-8", "EBCDIC").encode(), "HL7-CHARSET", "MSH-18"),
        (GOOD.replace("|RCT", "|RCT\nPGNs").encode(), "HL7-SEGMENT", "PRT[2]"),
        (GOOD.encode() + b"NTE|1\r" * MOST_SEGMENTS, "HL7-TOO-MANY", "MSH"),
        (GOOD.encode() + b"NTE" + b"|" * MOST_DELIMITERS, "HL7-TOO-MANY", "MSH"),
    ],
)
def test_what_cannot_be_read(octets: bytes, rule: str, where: str) -> None:
    assert rule_of(octets) == (rule, where)


def test_escapes() -> None:
    said = GOOD.replace("Zoé", "a\\F\\b\\S\\c\\R\\d\\E\\e\\X41C3A9\\f\\.br\\g\\Zxx\\h")
    assert read_message(said.encode()).value("PID-5.2") == "a|b^c~d\\eAéf\ngh"


def test_other_delimiters() -> None:
    said = "MSH!*+?/!DPI!H!PFI!H!2026!!MDM*T02*MDM_T02!7!T!2.6\rPID!!!1*2/3+4\r"
    message = read_message(said.encode())
    assert (message.kind, message.value("PID-3.2.2"), message.value("PID-3[2]")) == ("MDM^T02", "3", "4")


@given(st.binary(max_size=400))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    for sent in (octets, b"MSH|^~\\&|" + octets, GOOD.encode() + octets):
        try:
            message = read_message(sent)
        except Unreadable as refused:
            assert len(refused.verdict.refusing) == 1
        else:
            assert message.header.name == "MSH"
            for segment in message.segments:
                assert [segment.get(number) for number in range(segment.width() + 2)]
