"""Conditions on the exchanges of the journal, down to fields of the raw message."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest

from simulators.scenario.conditions import plain
from simulators.scenario.journal import MOST_RAW, hl7_value, journal_flaws, journal_misses, xml_value
from simulators.scenario.stage import Stage
from tests.unit.scenario.fakes import FakeControl, row

HL7 = b"MSH|^~\\&|DPI|A|PFI|B|20260101||MDM^T02^MDM_T02|1|T|2.6\rPRT||UC||SB\rPRT||UC||RCT||||x^^^^^^^^^0B0999009\r"
XML = (
    b'<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope">'
    b'<soap:Body id="b"> text </soap:Body></soap:Envelope>'
)


class Journal(FakeControl):
    """Answers a page of rows after a number, and one raw body for every row."""

    raw_body: bytes = HL7
    asked: int = 0

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        if "since=" in path:
            since = int(unquote(path).partition("since=")[2].partition("&")[0])
            rows = [one for one in self.rows if one["number"] > since]
            return {"exchanges": rows, "cursor": rows[-1]["number"] if rows else since}
        return super().call(method, path, body)

    def raw(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        self.asked += 1
        return self.raw_body


def stage(*rows: dict[str, Any], since: int = 0) -> Stage:
    return Stage(Journal(rows=list(rows)), {"name": "w"}, {}, lambda: None, lambda: None, since=since)  # type: ignore[arg-type,return-value]


ROWS = (
    row(1, "pfi.MDM^T02", who={"sender": "DPI"}),
    row(2, "dmp.TD2.1", "refused", "DMP-X", who={"sender": "PFI"}),
    row(3, "pfi.MDM^T02", "refused", "PFI-Y", who={"sender": "DPI"}),
)


@pytest.mark.parametrize(
    ("wanted", "held"),
    [
        ({"operation": "pfi.MDM^T02"}, True),
        ({"operation": "pfi.MDM^T02", "times": 2}, True),
        ({"operation": "pfi.MDM^T02", "times": 1}, False),
        ({"operation": "pfi.MDM^T04", "times": 0}, True),
        ({"operation": "dmp.TD2.1", "times": 0}, False),
        ({"rule": "PFI-Y", "who.sender": "DPI"}, True),
        ({"rule": "PFI-Y", "who.sender": "PFI"}, False),
        ({"outcome": "refused", "times": {"more": 1}}, True),
        ({"operation": {"matches": r"pfi\..*"}, "hl7": {"PRT[2]-9.10": "0B0999009"}}, False),
        ({"operation": "pfi.MDM^T02", "hl7": {"PRT[2]-8.10": "0B0999009", "MSH-3": "DPI"}}, True),
        ({"operation": "pfi.MDM^T02", "answer": {"hl7": {"MSH-5": {"not": "PFI"}}}}, False),
        ([{"operation": "dmp.TD2.1"}, {"operation": "pfi.MDM^T02"}], True),
        ([{"operation": "dmp.TD2.1"}, {"operation": "nothing"}], False),
    ],
)
def test_exchanges_are_held_against_conditions(wanted: Any, held: bool) -> None:
    assert not list(journal_flaws(wanted))
    assert (not journal_misses(stage(*ROWS), wanted, plain)) is held


def test_a_miss_names_the_closest_exchanges() -> None:
    (missed,) = journal_misses(stage(*ROWS), {"operation": "pfi.MDM^T02", "rule": "PFI-Z"}, plain).values()
    assert "0 exchange(s)" in missed[1]
    assert "exchange 3 pfi.MDM^T02: rule is ['PFI-Y']" in missed[1]


def test_since_the_step_or_since_the_start() -> None:
    place = stage(*ROWS, since=2)
    assert journal_misses(place, {"operation": "dmp.TD2.1"}, plain)
    assert not journal_misses(place, {"operation": "dmp.TD2.1", "since": "start"}, plain)


def test_raw_messages_are_fetched_for_a_bounded_number_of_rows() -> None:
    place = stage(*(row(number) for number in range(1, 200)))
    journal_misses(place, {"hl7": {"MSH-3": "nobody"}}, plain)
    assert isinstance(place.control, Journal)
    assert place.control.asked == MOST_RAW


def test_values_of_raw_messages() -> None:
    assert hl7_value(HL7, "MSH-9.3") == "MDM_T02"
    assert hl7_value(b"nothing", "MSH-9") == ""
    assert xml_value(XML, "/soap:Envelope/soap:Body") == "text"
    assert xml_value(XML, "/soap:Envelope/soap:Body/@id") == "b"
    assert xml_value(XML, "/soap:Envelope/soap:Header") == ""
    assert xml_value(b"<", "/a") == ""
    head = 'POST / HTTP/1.1\r\nContent-Type: multipart/related; boundary="x"; type="application/xop+xml"\r\n'
    body = b"--x\r\nContent-Type: application/xop+xml\r\n\r\n" + XML + b"\r\n--x--\r\n"
    assert xml_value(body, "/soap:Envelope/soap:Body", head) == "text"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({}, "expected conditions"),
        ("dmp.TD2.1", "expected conditions"),
        ({"since": "yesterday"}, "since is step or start"),
        ({"hl7": {"MSH 3": "x"}}, "names no field"),
        ({"xpath": {"//a[position() < document('x')]": "x"}}, "not a path"),
        ({"xpath": {"/nobody:a": "x"}}, "cannot"),
        ({"answer": {"operation": "x"}}, "hl7 and xpath"),
        ({"times": {"matches": "("}}, "matches"),
        ({"a b": 1}, "is no path"),
    ],
)
def test_conditions_that_cannot_mean_anything(wanted: Any, said: str) -> None:
    assert any(said in flaw for flaw in journal_flaws(wanted)), list(journal_flaws(wanted))
