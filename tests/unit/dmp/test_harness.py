"""The mending harness itself: a finding that points beside the defect must not pass."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lxml import etree

from simulators.core.rules import Example
from simulators.dmp.rules import transport
from simulators.dmp.rules.making import INFERRED, rule
from tests.support.mending import Told, assert_mends, change, insert, remove, rename

GOOD = b"<a><b n='1'>x</b><b n='2'>y</b><c/></a>"


def pointing(where: str, wrong: Callable[[etree._Element], bool]) -> tuple[object, Callable[[bytes], Told]]:
    """A rule whose finding always points at ``where``, and an exchange that finds it when ``wrong``."""
    made = rule("X", "x", "x", "x", "x", "x", source="x", grade=INFERRED, example=Example(where))
    finding = {"rule": made.id, "where": where, "found": "", "expected": "", "level": "refuse"}

    def exchange(message: bytes) -> Told:
        bad = wrong(etree.fromstring(message))
        return Told((finding,) if bad else (), b"", bad)

    return made, exchange


RIGHT = [
    (change("/a/b[1]", "z"), "/a/b[1]", lambda root: root[0].text == "z"),
    (change("/a/b[2]/@n", "3"), "/a/b[2]/@n", lambda root: root[1].get("n") == "3"),
    (remove("/a/b[1]/@n"), "/a/b[1]/@n", lambda root: root[0].get("n") is None),
    (remove("/a/c"), "/a/c", lambda root: root.find("c") is None),
    (rename("/a/c", "d"), "/a/d", lambda root: root.find("d") is not None),
    (insert("/a", -1, "<e/>"), "/a/e", lambda root: root.find("e") is not None),
]
WRONG = [
    (change("/a/b[1]", "z"), "/a", lambda root: root[0].text == "z"),
    (change("/a/b[1]", "z"), "/a/b[2]", lambda root: root[0].text == "z"),
    (change("/a/b[2]/@n", "3"), "/a/b[2]/@m", lambda root: root[1].get("n") == "3"),
    (remove("/a/c"), "/a", lambda root: root.find("c") is None),
    (insert("/a", -1, "<e/>"), "/a/c", lambda root: root.find("e") is not None),
]


@pytest.mark.parametrize(("breaker", "where", "wrong"), RIGHT)
def test_the_right_place_passes(breaker: object, where: str, wrong: Callable[[etree._Element], bool]) -> None:
    made, exchange = pointing(where, wrong)
    assert assert_mends(GOOD, breaker, made, exchange).refused  # type: ignore[arg-type]


@pytest.mark.parametrize(("breaker", "where", "wrong"), WRONG)
def test_another_place_fails(breaker: object, where: str, wrong: Callable[[etree._Element], bool]) -> None:
    made, exchange = pointing(where, wrong)
    with pytest.raises((AssertionError, KeyError)):
        assert_mends(GOOD, breaker, made, exchange)  # type: ignore[arg-type]


def test_an_example_that_lies_fails() -> None:
    finding = {"rule": transport.ACTION.id, "where": "/a/c", "found": "", "expected": "", "level": "warn"}
    told = iter([Told((finding,), b"", False), Told((), b"", False)])
    with pytest.raises(AssertionError):
        assert_mends(GOOD, remove("/a/c"), transport.ACTION, lambda message: next(told))
