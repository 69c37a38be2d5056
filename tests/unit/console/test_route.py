"""The values of one request: unknown, missing and ill-typed fields are refused in plain words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulators.console.api.route import Route, Values
from simulators.console.problems import Problem

BODY = {
    "text": {"type": "string"},
    "count": {"type": "integer"},
    "seconds": {"type": "number"},
    "flag": {"type": "boolean"},
    "object": {"type": "object"},
}
QUERY = {"since": {"type": "integer"}, "flag": {"type": "boolean"}}


def handler(*_: object) -> None:
    """Stands in a route."""


ROUTE = Route("POST", "/x", "X", handler, BODY, QUERY, ("text",))
Read = Callable[[Values], Any]


def values(body: dict[str, Any], **query: str) -> Values:
    found = Values({"text": "t", **body}, query)
    found.check(ROUTE)
    return found


def refused(read: Read, body: dict[str, Any], **query: str) -> str:
    with pytest.raises(Problem) as problem:
        read(values(body, **query))
    assert problem.value.status == 400
    return problem.value.detail


def nothing(_: Values) -> None:
    """Only the check."""


@pytest.mark.parametrize(
    ("body", "query", "said"),
    [
        ({"txt": "x"}, {}, "unknown field 'txt'"),
        ({}, {"sinc": "1"}, "unknown field 'sinc'"),
        ({}, {"text": "x"}, "unknown field 'text'"),
        ({"text": ""}, {}, "'text' is required"),
        ({"text": None}, {}, "'text' is required"),
        ({"text": 1}, {}, "text: expected string"),
        ({"count": "1"}, {}, "count: expected integer"),
        ({"count": True}, {}, "count: expected integer"),
        ({"count": 1.5}, {}, "count: expected integer"),
        ({"seconds": False}, {}, "seconds: expected number"),
        ({"flag": "yes"}, {}, "flag: expected boolean"),
        ({"flag": 1}, {}, "flag: expected boolean"),
        ({"object": []}, {}, "object: expected object"),
    ],
)
def test_what_the_schema_does_not_say_is_refused(body: dict[str, Any], query: dict[str, str], said: str) -> None:
    assert said in refused(nothing, body, **query)


def test_nulls_are_absent() -> None:
    found = values({name: None for name in BODY if name != "text"})
    assert (found.number("count", 4), found.seconds("seconds", 1.5, high=9)) == (4, 1.5)
    assert (found.flag("flag"), found.mapping("object"), found.has("count")) == (False, {}, False)


def test_values_of_body_and_query() -> None:
    found = values({"count": 3, "seconds": 2, "object": {"a": 1}}, since="7", flag="true")
    assert (found.number("count", 0), found.number("since", 0), found.text("text")) == (3, 7, "t")
    assert (found.seconds("seconds", 0, high=9), found.flag("flag"), found.mapping("object")) == (2.0, True, {"a": 1})
    assert values({"flag": True}).flag("flag")
    assert not values({}, flag="0").flag("flag")


@pytest.mark.parametrize("since", ["", "x", "-1", "1.5", "1e3", "9999999999999", "nan"])
def test_a_number_out_of_bounds_is_refused(since: str) -> None:
    assert "since" in refused(lambda v: v.number("since", 0), {}, since=since)


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0, 60.1])
def test_a_wait_without_end_is_refused(seconds: float) -> None:
    assert "0 to 60 seconds" in refused(lambda v: v.seconds("seconds", 1, high=60), {"seconds": seconds})


@pytest.mark.parametrize("flag", ["yes", "", "True"])
def test_a_flag_that_is_none_is_refused(flag: str) -> None:
    assert "flag" in refused(lambda v: v.flag("flag"), {}, flag=flag)
