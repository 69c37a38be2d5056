"""What our clients may speak to."""

from __future__ import annotations

import pytest

from simulators.clients.outbound import ALLOWED_HOSTS, OutboundDenied, check_call, check_host, named_host
from simulators.clients.transport import Channel
from simulators.core.rules import Policy


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "[::1]", "dmp.localhost", "peer.test", "127.9.9.9"])
def test_this_machine_and_test_names_are_spoken_to(host: str) -> None:
    check_host(host)


@pytest.mark.parametrize("host", ["example.org", "10.0.0.1", "notlocalhost", "localhost.example.org"])
def test_a_host_that_nobody_named_is_denied_and_a_named_one_is_not(host: str) -> None:
    with pytest.raises(OutboundDenied, match="named by nobody"):
        check_host(host)
    check_host(host, [host])


@pytest.mark.parametrize("host", ["lps2.dmp.gouv.fr", "DMP.GOUV.FR.", "gouv.fr", "x.mssante.fr"])
def test_national_domains_are_denied_even_when_named(host: str) -> None:
    with pytest.raises(OutboundDenied, match="national"):
        check_host(host, [host])


def test_a_channel_asks_before_it_opens_anything() -> None:
    with pytest.raises(OutboundDenied):
        Channel("https://lps2.dmp.gouv.fr/si-dmp-server", None, named=["lps2.dmp.gouv.fr"])


def of_world(hosts: str) -> Policy:
    return Policy.from_json({"settings": {ALLOWED_HOSTS.name: hosts}})


def test_a_world_calls_the_hosts_its_policy_names_and_those_of_every_world() -> None:
    check_call("product.example", of_world("other.example, PRODUCT.example"))
    check_call("product.example", Policy(), ["product.example"])
    check_call("localhost", Policy())
    with pytest.raises(OutboundDenied, match=r"up --allow-host product\.example.*outbound\.hosts"):
        check_call("product.example", of_world("other.example"))


def test_no_list_opens_a_national_domain() -> None:
    with pytest.raises(OutboundDenied, match="national") as denied:
        check_call("auth.esw.esante.gouv.fr", of_world("auth.esw.esante.gouv.fr"), ["auth.esw.esante.gouv.fr"])
    assert "--allow-host" not in str(denied.value)
    with pytest.raises(OutboundDenied):
        named_host("auth.esw.esante.gouv.fr")


@pytest.mark.parametrize(
    ("text", "host"), [(" Product.Example. ", "product.example"), ("[fd00::1]", "fd00::1"), ("10.0.0.5", "10.0.0.5")]
)
def test_a_named_host_is_a_name_or_an_address(text: str, host: str) -> None:
    assert named_host(text) == host


@pytest.mark.parametrize("text", ["", "http://a.test", "a.test:8080", "*.a.test", "a b", "a/b"])
def test_anything_else_names_no_host(text: str) -> None:
    with pytest.raises(ValueError, match="no host"):
        named_host(text)
