from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core.pki import names

PERMITTED = names.constraints(["sandbox.chu.example", "203.0.113.5", "2001:db8::/32"])


@pytest.mark.parametrize(
    "name",
    [
        "localhost",
        "dmp.localhost",
        "DMP.Test.",
        "*.test",
        "a.b.internal",
        "poste.local",
        "sandbox.chu.example",
        "dmp.sandbox.chu.example",
        "127.0.0.1",
        "10.1.2.3",
        "172.31.0.1",
        "192.168.1.0/24",
        "::1",
        "fd00::1",
        "203.0.113.5",
        "2001:db8::7",
    ],
)
def test_names_of_a_test_network_are_covered(name: str) -> None:
    assert names.covers(PERMITTED, name)


@pytest.mark.parametrize(
    "name",
    [
        "chu.example",
        "evil-test",
        "notlocalhost",
        "dmp.example.invalid",
        "8.8.8.8",
        "203.0.113.6",
        "172.32.0.1",
        "0.0.0.0/0",
        "2001:db9::1",
    ],
)
def test_other_names_are_not(name: str) -> None:
    assert not names.covers(PERMITTED, name)


@pytest.mark.parametrize("name", ["fr", "com", "FR.", "*.chu.example", "a b", "-x.test", "x..test", "", "10.0.0.1/8"])
def test_a_name_that_would_open_too_much_is_refused(name: str) -> None:
    with pytest.raises(names.NameRefused):
        names.constraints([name])


BARE = names.constraints(["sandbox", "Chu-Nord"])


@pytest.mark.parametrize("name", ["sandbox", "SANDBOX.", "chu-nord", "localhost", "a.test"])
def test_a_single_label_is_covered_itself(name: str) -> None:
    assert names.covers(BARE, name)


@pytest.mark.parametrize("name", ["a.sandbox", "a.b.sandbox", "*.sandbox", "xsandbox", "nord", "sandbox.fr"])
def test_nothing_below_a_single_label_is(name: str) -> None:
    assert not names.covers(BARE, name)


def test_a_single_label_and_a_name_below_it_do_not_go_together() -> None:
    with pytest.raises(names.NameRefused, match=r"sandbox\.internal"):
        names.constraints(["sandbox", "dmp.sandbox"])
    assert names.covers(names.constraints(["test", "a.test"]), "b.test")


def test_a_marked_name_begins_with_simulation_and_fits() -> None:
    assert names.marked("  CENTRE \n FICTIF ") == "SIMULATION CENTRE FICTIF"
    assert names.marked("Simulation Nord") == "Simulation Nord"
    assert len(names.marked("x" * 300)) == 64


@pytest.mark.parametrize("name", ["", "   ", "a\x00b"])
def test_an_unprintable_name_is_refused(name: str) -> None:
    with pytest.raises(names.NameRefused):
        names.marked(name)


@given(st.text(max_size=80))
def test_any_text_is_covered_or_not_or_refused(text: str) -> None:
    with contextlib.suppress(names.NameRefused):
        names.covers(PERMITTED, text)


def test_only_a_dotted_common_name_reads_as_a_host() -> None:
    assert names.looks_like_host("serveur.chu.example")
    assert not names.looks_like_host("INSI-AUTO")
    assert not names.looks_like_host("SIMULATION C.H.U.")
