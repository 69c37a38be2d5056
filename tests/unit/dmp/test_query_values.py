"""The grammar of stored-query values: what is written is read back, what is wrong is refused, never a crash."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.dmp.query_values import BadValue, read_value, write_list


@given(st.lists(st.text(max_size=20), max_size=6))
def test_a_list_is_read_as_it_was_written(values: list[str]) -> None:
    found = read_value(write_list(tuple(values)))
    assert found.listed
    assert [item.text for item in found.items] == values
    assert all(item.quoted for item in found.items)


@given(st.text(max_size=60))
def test_any_text_is_a_value_or_is_refused(text: str) -> None:
    try:
        read_value(text)
    except BadValue as bad:
        assert bad.expected


@pytest.mark.parametrize(
    ("text", "items", "listed"),
    [
        ("'a'", ["a"], False),
        ("20260101", ["20260101"], False),
        ("('a','b')", ["a", "b"], True),
        (" ( 'a' , 'b' ) ", ["a", "b"], True),
        ("('a,b')", ["a,b"], True),
        ("('l''acte')", ["l'acte"], True),
        ("()", [], True),
        ("(1,2)", ["1", "2"], True),
        ("urn:uuid:1", ["urn:uuid:1"], False),
        ("'185010099900171^^^&1.2.250.1.213.1.4.10&ISO^NH'", ["185010099900171^^^&1.2.250.1.213.1.4.10&ISO^NH"], False),
        ("(')')", [")"], True),
    ],
)
def test_forms(text: str, items: list[str], listed: bool) -> None:
    found = read_value(text)
    assert [item.text for item in found.items] == items
    assert found.listed == listed


@pytest.mark.parametrize("text", ["", "(", "('a'", "('a',)", "('a' 'b')", "'a", "'a' 'b'", "('a'))", "a'b", "(a(b))"])
def test_what_is_no_value_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        read_value(text)
