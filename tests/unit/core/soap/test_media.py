from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core.soap import MediaType, parse_media_type

CXF = (
    'multipart/related;boundary="MIMEBoundary_Bound"; type="application/xop+xml"; start="<0.1>"; '
    'start-info="application/soap+xml"; action="urn:ihe:iti:2007:X"'
)


def test_parameters_of_the_field_are_read() -> None:
    media = parse_media_type(CXF)
    assert media.essence == "multipart/related"
    assert media.parameters["boundary"] == "MIMEBoundary_Bound"
    assert media.parameters["start"] == "<0.1>"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", MediaType("")),
        (";", MediaType("")),
        ("Text/XML", MediaType("text/xml")),
        ("a/b ; CharSet = UTF-8 ;;x;=y", MediaType("a/b", {"charset": "UTF-8"})),
        (r'a/b;p="x;\"y\\"', MediaType("a/b", {"p": 'x;"y\\'})),
        ('a/b;p="open', MediaType("a/b", {"p": "open"})),
        ("a/b;p=1;P=1", MediaType("a/b", {"p": "1"})),
    ],
)
def test_odd_forms_are_read(value: str, expected: MediaType) -> None:
    assert parse_media_type(value) == expected


def test_a_parameter_with_two_values_is_refused() -> None:
    with pytest.raises(ValueError, match="boundary"):
        parse_media_type("multipart/related; boundary=a; Boundary=b")


def test_an_empty_charset_is_none() -> None:
    assert parse_media_type('text/xml;charset=""').charset is None
    assert parse_media_type("text/xml;charset=UTF-8").charset == "UTF-8"


@given(st.text(alphabet='ab/;="\\ ', max_size=40))
def test_any_header_is_read_or_refused(value: str) -> None:
    try:
        assert parse_media_type(value).essence == parse_media_type(value).essence.lower()
    except ValueError as error:
        assert "twice" in str(error)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.text(max_size=8), max_size=4))
def test_quoted_values_come_back(parameters: dict[str, str]) -> None:
    quoted = "".join(
        f'; {name}="' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for name, value in parameters.items()
    )
    assert parse_media_type(f"a/b{quoted}").parameters == parameters
