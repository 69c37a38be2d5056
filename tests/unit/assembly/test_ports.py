"""Ports are bound first and reported after; one that cannot be had is said in plain words."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from simulators.assembly.ports import Ports
from simulators.assembly.settings import Settings
from simulators.assembly.trusted import Trusted
from simulators.core.errors import EnvironmentProblem
from simulators.core.faults.effects import Disconnect, Planned, Silence
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
    settings = Settings(environment={"XDG_CACHE_HOME": str(tmp_path)}, random_ports=True, public_host="localhost")
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
    first = sandbox.ports._context()
    assert isinstance(first, ssl.SSLContext)
    assert sandbox.ports._context() is first
    sandbox.now = lambda: NOW + timedelta(days=2)
    second = sandbox.ports._context()
    assert second is not first
    assert sandbox.ports._context() is second
    sandbox.trusted.forget()
    assert sandbox.ports._context() is not second


def test_what_a_fault_orders_for_a_connection(sandbox: Any) -> None:
    assert sandbox.ports._accept("dmp") is None
    for effect, order in ((Silence(1.0), "silent"), (Disconnect("close"), "close"), (Disconnect("reset"), "reset")):
        sandbox.faults.orders = [Planned("f", "on_accept", effect)]
        assert sandbox.ports._accept("dmp") == order
        assert sandbox.ports._accept("console") is None
