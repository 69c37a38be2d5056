"""Ports are bound first and reported after; one that cannot be had is said in plain words."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from simulators.assembly.names import Names
from simulators.assembly.ports import Ports
from simulators.assembly.settings import Settings
from simulators.assembly.trusted import Trusted
from simulators.core.errors import EnvironmentProblem
from simulators.core.faults.effects import Disconnect, Planned, Silence
from simulators.core.listeners import Limits
from simulators.core.pki import KeyPool, Pki
from tests.unit.assembly.conftest import NOW


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield int(listening.getsockname()[1])


def refused(**settings: Any) -> str:
    ports = Ports(Settings(environment={}, **settings))
    try:
        with pytest.raises(EnvironmentProblem) as problem:
            ports.reserve_trust(ports.settings)
    finally:
        ports.close()
    return str(problem.value)


def test_a_busy_port_is_said(taken: int) -> None:
    told = refused(base_port=taken - 1)
    assert f"port {taken} of 127.0.0.1: it is in use" in told
    assert "--random-ports" in told


def test_an_address_that_is_not_ours_is_said() -> None:
    assert "--bind" in refused(random_ports=True, bind="203.0.113.7")


class Faults:
    """Answers what a fault orders."""

    def __init__(self) -> None:
        self.orders: list[Planned] = []

    def accept_plan(self, listener: str) -> list[Planned]:
        return self.orders


@pytest.fixture
def sandbox(tmp_path: Path, keys: KeyPool) -> Iterator[Any]:
    """Console and trust ports, without any service or store."""
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    limits = Limits(workers_least=1, workers_most=2)
    settings = Settings(environment=environment, random_ports=True, public_host="localhost", limits=limits)
    one = SimpleNamespace(settings=settings, services=(), token="t", now=lambda: NOW, on_incident=lambda _: None)
    one.ports, one.faults = Ports(settings), Faults()
    one.pki = Pki.open(tmp_path / "pki", keys, NOW, settings.names, url_base=one.ports.reserve_trust(settings))
    one.trusted = Trusted(one.pki, tmp_path / "pki")
    one.ports.open(one)
    yield one
    one.ports.close()


def test_the_table_names_bound_ports(sandbox: Any) -> None:
    table = sandbox.ports.table()
    assert set(table) == {"trust", "console"}
    for url in table.values():
        parts = urlsplit(url)
        socket.create_connection(("127.0.0.1", parts.port or 0), 5).close()
    with pytest.raises(KeyError):
        sandbox.ports.url("nothing")


def test_an_ipv6_host_stands_in_brackets(sandbox: Any) -> None:
    sandbox.ports.settings = Settings(environment={}, public_host="fd00::1")
    assert urlsplit(sandbox.ports.url("console")).hostname == "fd00::1"


def test_the_tls_context_is_remade_with_the_trust(sandbox: Any) -> None:
    tls, plain = sandbox.ports._tls
    assert (tls.current().verify_mode, plain.current().verify_mode) == (ssl.CERT_OPTIONAL, ssl.CERT_NONE)
    first = tls.current()
    assert isinstance(first, ssl.SSLContext)
    assert tls.current() is first
    sandbox.now = lambda: NOW + timedelta(days=2)
    second = tls.current()
    assert second is not first
    assert tls.current() is second
    sandbox.trusted.forget()
    third = tls.current()
    assert third is not second
    sandbox.ports.refresh_trust()
    assert tls.current() is not third


PORTS = {"console": 18000, "dmp": 18010, "wallet": 18020, "psc": 18021, "https": 443}
PSC = {"wallet": ("wallet.bas.psc.esante.gouv.fr", "w2.gouv.fr"), "psc": ("auth.bas.psc.esante.gouv.fr", "a2.gouv.fr")}


@pytest.fixture
def networked() -> Iterator[Ports]:
    """Five ports as if they were open."""
    ports = Ports(Settings(environment={}, issuer="from-host", public_host="sandbox.test", https_port=443))
    ports._listeners = {
        name: cast(Any, SimpleNamespace(port=port, stop=lambda _: None)) for name, port in PORTS.items()
    }
    ports._schemes = {name: "http" if name == "console" else "https" for name in PORTS}
    own = {name: f"{name}.sandbox.test" for name in ("dmp", "wallet", "psc")}
    ports.names = Names(own, ({"dmp": ("lps2.dmp.gouv.fr",)}, PSC))
    yield ports
    ports.close()


@pytest.mark.parametrize(
    ("name", "host", "base"),
    [
        ("psc", "", "https://sandbox.test:18021"),
        ("psc", "10.1.2.3:18021", "https://10.1.2.3:18021"),
        ("wallet", "10.1.2.3:18021", "https://10.1.2.3:18020"),
        ("wallet", "host.docker.internal:18021", "https://host.docker.internal:18020"),
        ("wallet", "[FD00::1]:18021", "https://[fd00::1]:18020"),
        ("console", "sandbox:18021", "http://sandbox:18000"),
        # Published under another number, or behind a reverse proxy: the Host's own port, or none.
        ("psc", "sandbox:28021", "https://sandbox:28021"),
        # The shared port: the other service's name there, the port as the client wrote it.
        ("wallet", "psc.sandbox.test", "https://wallet.sandbox.test"),
        ("wallet", "PSC.sandbox.test:443", "https://wallet.sandbox.test:443"),
        ("wallet", "psc.sandbox.test:8443", "https://wallet.sandbox.test:8443"),
        ("console", "psc.sandbox.test", "http://sandbox.test:18000"),
        ("wallet", "a2.gouv.fr", "https://w2.gouv.fr"),
        ("wallet", "auth.bas.psc.esante.gouv.fr", "https://wallet.bas.psc.esante.gouv.fr"),
        ("dmp", "auth.bas.psc.esante.gouv.fr", "https://dmp.sandbox.test"),
        # One of our names, but by the service's own port.
        ("wallet", "psc.sandbox.test:18021", "https://psc.sandbox.test:18020"),
    ],
)
def test_the_base_url_as_the_client_can_reach_it(networked: Ports, name: str, host: str, base: str) -> None:
    assert networked.base_url(name, host) == base
    networked.settings = replace(networked.settings, issuer="fixed")
    assert networked.base_url(name, host) == networked.url(name)


@pytest.mark.parametrize(
    "host",
    ["a b", "a@b", "x/y", "a:0", "a:65536", "a:b", "[::1", "1.2.3", "*.test", "é.test", "a\r\nb", "::1", "[127.0.0.1]"],
)
def test_a_host_that_is_none_is_not_repeated(networked: Ports, host: str) -> None:
    assert networked.base_url("psc", host) == "https://sandbox.test:18021"


def test_the_table_shows_the_names_of_the_shared_port(networked: Ports) -> None:
    table = networked.table()
    assert table["https.dmp"] == "https://dmp.sandbox.test"
    assert "https" not in table
    assert networked.national_urls()["lps2.dmp.gouv.fr"] == "https://lps2.dmp.gouv.fr"
    networked._listeners["https"] = cast(Any, SimpleNamespace(port=8443, stop=lambda _: None))
    assert networked.shared()["dmp"] == "https://dmp.sandbox.test:8443"


def test_what_a_fault_orders_for_a_connection(sandbox: Any) -> None:
    assert sandbox.ports._accept("dmp") is None
    for effect, order in ((Silence(1.0), 1.0), (Disconnect("close"), "close"), (Disconnect("reset"), "reset")):
        sandbox.faults.orders = [Planned("f", "on_accept", effect)]
        assert sandbox.ports._accept("dmp") == order
        assert sandbox.ports._accept("console") is None
