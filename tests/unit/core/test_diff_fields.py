"""Forms, queries and JSON are compared by field."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from simulators.core.diff import Difference, diff_heads, diff_messages
from simulators.core.diff_fields import fields_of, values_of

FORM = b"grant_type=authorization_code&code=a&redirect_uri=https%3A%2F%2Fx.test%2Fb&scope=openid"


def test_a_form_is_compared_by_field() -> None:
    new = FORM.replace(b"%2Fb", b"%2Fc").replace(b"code=a", b"code=z") + b"&scope=openid&extra="
    assert diff_messages(FORM, new) == [
        Difference("field redirect_uri", "https://x.test/b", "https://x.test/c"),
        Difference("field scope[2]", None, "openid"),
        Difference("field extra", None, ""),
        Difference("field code", "a", "z", True),
    ]
    assert diff_messages(FORM, FORM.replace(b"%2F", b"%2f")) == []


def test_a_query_is_compared_by_field_and_the_rest_of_the_line_apart() -> None:
    old, new = "GET /auth?scope=a&state=1\nHost: h", "GET /other?scope=b&state=2\nHost: h"
    assert diff_heads(old, new) == [
        Difference("request line", "GET /auth", "GET /other"),
        Difference("query scope", "a", "b"),
        Difference("query state", "1", "2", True),
    ]
    (found,) = diff_heads("GET /auth?scope=a", "GET /auth")
    assert (found.where, found.new) == ("query scope", None)
    assert diff_heads("GET /a?x", "GET /a?y")[0].where == "request line"


def test_json_is_compared_by_leaf() -> None:
    old = {"a": [1, {"b~/c": "x"}], "exp": 1, "gone": None}
    new = {"exp": 2, "a": [1, {"b~/c": "y"}, 3]}
    found = diff_messages(json.dumps(old).encode(), json.dumps(new, indent=2).encode())
    assert [(d.where, d.old, d.new, d.volatile) for d in found] == [
        ("json /a/1/b~0~1c", '"x"', '"y"', False),
        ("json /a/2", None, "3", False),
        ("json /gone", "null", None, False),
        ("json /exp", "1", "2", True),
    ]


def test_what_is_drawn_for_each_message_is_marked() -> None:
    old, new = "1c6ac1f6-3f5b-4d5c-8b0e-2b1b7a2f0a01", "2c6ac1f6-3f5b-4d5c-8b0e-2b1b7a2f0a02"
    (found,) = diff_messages(f'<a id="{old}"/>'.encode(), f'<a id="{new}"/>'.encode())
    assert found.volatile
    (kept,) = diff_messages(f'<a id="{old}"/>'.encode(), b'<a id="x"/>')
    assert not kept.volatile
    heads = ('Content-Type: a/b; boundary="x"; start=c', 'Content-Type: a/b; boundary="y"; start=c')
    assert [d.volatile for d in diff_heads(*heads)] == [True]
    assert [d.volatile for d in diff_heads(heads[0], heads[1].replace("start=c", "start=d"))] == [False]


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_two_texts_are_compared(old: str, new: str) -> None:
    diff_messages(old.encode("utf-8", "surrogatepass"), new.encode("utf-8", "surrogatepass"))
    diff_heads(old, new)


@given(st.text(max_size=100))
def test_any_text_is_read_or_not(text: str) -> None:
    fields_of(text)
    values_of(text)
    assert values_of("[" * 100_000) is None
