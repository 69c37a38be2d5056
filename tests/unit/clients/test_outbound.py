"""What our clients may speak to."""

from __future__ import annotations

import pytest

from simulators.clients.outbound import OutboundDenied, check_host
from simulators.clients.transport import Channel


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
