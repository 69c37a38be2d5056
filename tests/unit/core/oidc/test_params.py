"""Parameters: bounded, at most once, never a surprise."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core.oidc import redirects
from simulators.core.oidc.params import FORM, Params, ParamsRefused, read_form, read_query

TEXT = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
NAMES = st.text(TEXT, min_size=1, max_size=8)
VALUES = st.text(TEXT, max_size=12)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=20))
def test_what_is_encoded_is_read_back(pairs: list[tuple[str, str]]) -> None:
    assert read_query(urlencode(pairs)).pairs == tuple(pairs)
    assert read_form({"Content-Type": f"{FORM}; charset=UTF-8"}, urlencode(pairs).encode()).pairs == tuple(pairs)


def test_empty_counts_as_absent_and_repeats_are_seen() -> None:
    params = read_query("a=&b=1&b=2&c=x+y%20z")
    assert params.get("a", "-") == "-" and not params.has("a")
    assert list(params.repeated()) == ["b"] and params.words("c") == ["x", "y", "z"]
    assert (params + Params((("d", "4"),))).get("d") == "4"


@pytest.mark.parametrize(
    "query", ["a=%ff", "a=%00", "%00=a", "&".join(f"p{n}=1" for n in range(101)), "a=" + "b" * 70_000]
)
def test_what_cannot_be_read_is_refused(query: str) -> None:
    with pytest.raises(ParamsRefused):
        read_query(query)


@pytest.mark.parametrize(("kind", "body"), [("application/json", b"{}"), ("", b"a=b"), (FORM, "a=é".encode())])
def test_only_a_form_is_a_form(kind: str, body: bytes) -> None:
    with pytest.raises(ParamsRefused):
        read_form({"Content-Type": kind}, body)
    assert read_form({"Content-Type": kind}, b"") == Params()


@given(st.text(max_size=60))
def test_any_text_is_judged_as_a_redirect(text: str) -> None:
    assert isinstance(redirects.problem(text), str)
    redirects.matches(text, ["http://127.0.0.1/cb"], loopback_port=True) if not redirects.problem(text) else None


@pytest.mark.parametrize(
    "uri",
    [
        *("javascript:alert(1)", "data:text/html,x", "//produit.test/x", "/x", "", "https://", "https:///x"),
        *("https://a@b.test/", "https://p.test/#f", "https://p.test/\r\nX: y", "https://p.test\\@evil.test/"),
        *("FILE:///etc/passwd", "https://p.test:99999/", "view-source:https://p.test/", " https://p.test/"),
    ],
)
def test_what_can_never_be_a_redirect(uri: str) -> None:
    assert redirects.problem(uri)


@pytest.mark.parametrize("uri", ["https://p.test/cb?a=b", "http://127.0.0.1:8083/x", "com.vendeur.dpi:/retour"])
def test_what_may_be_one(uri: str) -> None:
    assert not redirects.problem(uri)


def test_comparison_is_exact_but_for_a_loopback_port() -> None:
    known = ["https://p.test/cb", "http://127.0.0.1/cb"]
    assert redirects.matches("https://p.test/cb", known)
    for near in ("https://p.test/cb/", "https://P.test/cb", "http://p.test/cb", "https://p.test:443/cb"):
        assert not redirects.matches(near, known, loopback_port=True)
    assert redirects.matches("http://127.0.0.1:50123/cb", known, loopback_port=True)
    assert not redirects.matches("http://127.0.0.1:50123/cb", known)
