"""Host names: what a Host header may say, and which listener a name leads to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.assembly.names import Asked, Names, asked_host, names_of
from simulators.assembly.services import load_services


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        ("localhost", Asked("localhost", None)),
        (" LocalHost:18021 ", Asked("localhost", 18021)),
        ("127.0.0.1:1", Asked("127.0.0.1", 1)),
        ("[::1]:65535", Asked("::1", 65535)),
        ("host.docker.internal", Asked("host.docker.internal", None)),
        ("segur_sandbox:18021", Asked("segur_sandbox", 18021)),
    ],
)
def test_what_a_host_header_says(header: str, asked: Asked) -> None:
    assert asked_host(header) == asked
    assert asked_host(asked.authority) == asked


@given(st.text(max_size=40) | st.from_regex(r"[a-z0-9.:\[\]*@/_-]{0,30}"))
def test_any_text_is_a_plain_host_or_nothing(header: str) -> None:
    asked = asked_host(header)
    if asked is not None:
        assert set(asked.authority) <= set("abcdefghijklmnopqrstuvwxyz0123456789.:[]_-")
        assert asked_host(asked.authority) == asked


def test_each_https_listener_has_its_own_name_and_the_console_none() -> None:
    services = load_services()
    names = names_of(services, "sandbox.test", national=False)
    assert names.own["dmp"] == "dmp.sandbox.test"
    assert names.listener("DMP.sandbox.test.") == "dmp"
    assert names.listener("console.sandbox.test") is None
    assert names.national_names() == ()
    assert not any("_" in name for name in names.own.values())


@pytest.mark.parametrize("public_host", ["10.1.2.3", "fd00::1"])
def test_an_address_has_no_names_below_it(public_host: str) -> None:
    assert names_of(load_services(), public_host, national=False).own["dmp"] == "dmp.segur.localhost"


def test_production_names_lead_to_the_same_listeners() -> None:
    names = names_of(load_services(), "localhost", national=True)
    assert names.listener("lps2.dmp.gouv.fr") == "dmp"
    assert set(names.table()) == {*names.own.values(), *names.national_names()}
    assert set(names.table().values()) == set(names.own)


def test_names_of_one_service_go_together_by_their_place() -> None:
    names = Names({"a": "a.test", "b": "b.test"}, ({"a": ("a1.fr", "a2.fr"), "b": ("b1.fr",)},))
    assert names.counterpart("a1.fr", "b") == "b1.fr"
    assert names.counterpart("a2.fr", "b") == "b.test"
    assert names.counterpart("b1.fr", "a") == "a1.fr"
    assert names.counterpart("a.test", "b") == "b.test"
    assert names.counterpart("a.test", "console") is None
    assert names.counterpart("other.fr", "a") is None


@pytest.mark.parametrize(("host", "domain"), [("sandbox", "segur.localhost"), ("localhost", "localhost")])
def test_a_bare_service_name_has_nothing_below_it(host: str, domain: str) -> None:
    own = names_of(load_services(), host, national=False).own
    assert own and all(name.endswith(f".{domain}") for name in own.values())
