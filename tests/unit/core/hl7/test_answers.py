"""What an acknowledgement says to the sender: a code with its errors, or why it answers nothing."""

from __future__ import annotations

import pytest

from simulators.core.hl7 import Acknowledged, Segment, acknowledged

HEAD = "MSH|^~\\&|PFI|H|DPI|H|2026||ACK^T02^ACK|9|T|2.6\r"


def words(err: Segment) -> str:
    return err.get(8)


def said(rest: str) -> Acknowledged:
    return acknowledged((HEAD + rest).encode(), "42", words)


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("MSA|AA|42\r", Acknowledged("AA")),
        ("MSA|CE|42|no\r", Acknowledged("AE", ("no",))),
        ("MSA|AR|42|no\rERR||||||||why\rERR||||||||and\r", Acknowledged("AR", ("why", "and"))),
    ],
)
def test_a_code_and_its_errors(rest: str, expected: Acknowledged) -> None:
    assert said(rest) == expected


@pytest.mark.parametrize("rest", ["MSA|XX|42\r", "MSA|AA|41\r", "", "MSA|AA|42\r\0"])
def test_what_answers_nothing_has_a_problem_and_no_code(rest: str) -> None:
    found = said(rest)
    assert (found.code, found.errors) == ("", ()) and found.problem
