"""What ``up`` was asked for, as one value."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulators.assembly.services import ROOMS, load_services, nobody
from simulators.assembly.settings import ENDPOINTS_VARIABLE, Settings, endpoints_file
from tests.unit.assembly.conftest import NOW


def test_the_lookup_order_of_the_endpoints_file(tmp_path: Path) -> None:
    given, named = tmp_path / "given.json", tmp_path / "named.json"
    environment = {ENDPOINTS_VARIABLE: str(named), "XDG_CACHE_HOME": str(tmp_path)}
    assert endpoints_file(given, environment) == given
    assert endpoints_file(None, environment) == named
    assert endpoints_file(None, {"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "segur-sandbox/run/endpoints.json"
    assert endpoints_file(None, {**environment, ENDPOINTS_VARIABLE: ""}).parent.name == "run"


def test_ports_are_the_table_or_the_systems_choice() -> None:
    assert [Settings(environment={}).port(offset) for offset in (0, 1, 10)] == [18000, 18001, 18010]
    assert Settings(base_port=20000, environment={}).port(10) == 20010
    assert Settings(random_ports=True, environment={}).port(10) == 0


@pytest.mark.parametrize("base", [65535, 70000, -1, -2])
def test_a_port_that_does_not_exist_is_said(base: int) -> None:
    with pytest.raises(ValueError, match="there is no port"):
        Settings(base_port=base, environment={}).port(1)
    assert Settings(base_port=base, random_ports=True, environment={}).port(1) == 0


@pytest.mark.parametrize(("bind", "named"), [("0.0.0.0", False), ("::", False), ("10.1.2.3", True)])
def test_certificates_name_what_can_be_called(bind: str, named: bool) -> None:
    names = Settings(bind=bind, public_host="sandbox.test", environment={}).names
    assert {"localhost", "127.0.0.1", "::1", "sandbox.test"} <= set(names)
    assert (bind in names) is named
    assert len(set(names)) == len(names)


def test_the_pki_lives_in_the_cache_unless_shared(tmp_path: Path) -> None:
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    assert Settings(environment=environment).pki_folder == tmp_path / "segur-sandbox" / "pki"
    assert Settings(pki=tmp_path / "p", environment=environment).pki_folder == tmp_path / "p"


def test_services_are_loaded_by_name_once() -> None:
    assert [service.name for service in load_services()] == list(ROOMS)
    assert [service.name for service in load_services(("dmp", "dmp"))] == ["dmp"]
    with pytest.raises(ValueError, match="'nothing': there are dmp"):
        load_services(("nothing",))
    assert nobody(NOW).roots == ()
