"""Hostile text is kept, on both databases, in a form that says what it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simulators.core.store import Store, schema
from simulators.core.store.text import KEY_LIMIT, index_key, storable
from simulators.core.world import Worlds

ANY_TEXT = st.text(alphabet=st.characters(), max_size=40)


@given(ANY_TEXT)
def test_storable_text_is_utf8_without_nul(text: str) -> None:
    clean = storable(text)
    assert "\x00" not in clean
    assert clean.encode("utf-8").decode("utf-8") == clean
    assert storable(clean) == clean


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_harmless_text_is_left_alone(text: str) -> None:
    assert storable(text) == text
    if len(text) <= KEY_LIMIT:
        assert index_key(text) == text


def test_long_keys_are_short_and_differ() -> None:
    first, second = "k" * 5000, "k" * 5000 + "!"
    assert len(index_key(first)) == KEY_LIMIT
    assert index_key(first) != index_key(second)
    assert index_key(first) == index_key("k" * 5000)
    assert index_key("k" * KEY_LIMIT) == "k" * KEY_LIMIT


def test_both_databases_take_it(store: Store) -> None:
    Worlds(store).create("a")
    nasty = ["\x00", "\udc80\ud800", "\U0010ffff" * 5000, "é" * 5000, "'; DROP TABLE worlds; --", "%s :x {}"]
    with store.write("a") as tx:
        for text in nasty:
            tx.put(schema.settings, name=index_key(text), value=storable(text))
    with store.read("a") as tx:
        assert {row.name: row.value for row in tx.find(schema.settings)} == {index_key(t): storable(t) for t in nasty}
