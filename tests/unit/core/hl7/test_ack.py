"""Acknowledgements: mirrored, one ERR a finding, readable whatever the request."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from simulators.core.hl7 import Err, acknowledge, code_of, errors_of, read_message, rules
from simulators.core.rules import Level, Verdict

AT = datetime(2026, 11, 21, 9, 15, 30, tzinfo=UTC)
REQUEST = read_message(
    b"MSH|^~\\&|DPI|HOP|PFI|HOP2|202611||MDM^T10^MDM_T02|42|D|2.6|||||FRA|8859/15|||2.1^CISIS_CDA_HL7_V2\r"
)


def test_mirrored() -> None:
    answer = read_message(acknowledge(REQUEST, "AA", "7", AT))
    said = "MSH|^~\\&|PFI|HOP2|DPI|HOP|20261121101530||ACK^T10^ACK|7|D|2.6|||||FRA|8859/15"
    assert answer.raw.decode().split("\r")[:2] == [said, "MSA|AA|42"]


def test_one_err_per_finding_the_refusing_first() -> None:
    found = rules.KIND.finding("MSH-9", found="SIU^S12", expected="MDM^T02")
    warned = rules.LINE_ENDS.finding("MSH", found="LF", expected="CR")
    verdict = Verdict((replace(warned, level=Level.WARN), replace(found, level=Level.REFUSE)))
    answer = read_message(acknowledge(REQUEST, code_of(verdict), "7", AT, errors_of(verdict, "http://x/1")))
    first, second = answer.all("ERR")
    assert answer.value("MSA-1") == "AE"
    assert [first.get(2, n) for n in range(1, 5)] == ["MSH", "1", "9", "1"]
    assert [first.get(3, n) for n in (1, 2, 3)] == ["200", "Unsupported message type", "messageErrorCondition"]
    assert (first.get(4), second.get(4)) == ("E", "W")
    assert "SIU^S12" in first.get(8)
    assert first.get(7) == "HL7-KIND MSH-9 http://x/1"


def test_application_error_in_err_5() -> None:
    error = Err("PID-3", "207", application=("902", "Identifiant patient inconnu", "applicationErrorCondition"))
    answer = read_message(acknowledge(REQUEST, "AE", "7", AT, [error]))
    assert answer.first("ERR").raw(5) == "902^Identifiant patient inconnu^applicationErrorCondition"  # type: ignore[union-attr]


def test_ar_only_when_every_finding_asks_for_it() -> None:
    late = replace(rules.KIND, form="AR").finding("MSH-9")
    both = [replace(late, level=Level.REFUSE), replace(rules.HEADER.finding("MSH"), level=Level.REFUSE)]
    assert code_of(Verdict((both[0],))) == "AR"
    assert code_of(Verdict(tuple(both))) == "AE"
    assert code_of(Verdict()) == "AA"


def test_nobody_is_answered_by_name_without_a_request() -> None:
    answer = read_message(acknowledge(None, "AE", "7", AT))
    assert (answer.kind, answer.version, answer.value("MSA-1"), answer.value("MSA-2")) == ("ACK", "2.5", "AE", "")


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40))
def test_any_header_is_mirrored_readably(text: str) -> None:
    written = text.replace("|", "").replace("\\", "")
    octets = f"MSH|^~\\&|{written}|{written}|PFI|H|2026||{written}|{written}|{written}|{written}\r".encode()
    answer = read_message(acknowledge(read_message(octets), "AE", "7", AT, [Err(written, "101", written)]))
    assert answer.header.get(5) == read_message(octets).header.get(3)
