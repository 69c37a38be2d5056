"""Who plays what, and how our peers then reach the product."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.scenario.roles import WrongRole, played, read, settings, wired
from tests.unit.scenario.fakes import FakeControl

SERVICES = {"dpi": {"mllp": "mllp://localhost:18042"}, "pfi": {"mllp": "mllp://localhost:18040"}}


def test_the_command_line_names_roles() -> None:
    assert read(["dpi=mllp://localhost:6661", "identity"]) == {"dpi": "mllp://localhost:6661", "identity": ""}


@pytest.mark.parametrize(
    "given", ["dmp=x", "", "dpi=http://h:1", "dpi=mllp://h", "dpi=mllp://:1", "dpi=mllp://h:99999", "dpi=mllp://h:1/x"]
)
def test_what_names_none_is_refused(given: str) -> None:
    with pytest.raises(WrongRole):
        read([given])


def test_the_command_line_goes_before_the_file() -> None:
    assert played({"pfi": "sut"}, {"dpi": ""}) == {"dpi": "sut", "pfi": "sut", "identity": "peer"}


def test_our_peers_are_led_to_the_product() -> None:
    assert settings({}, SERVICES) == settings({"identity": ""}, SERVICES) == {}
    assert settings({"dpi": "mllp://h:1"}, SERVICES) == {
        "pfi.dpi": "mllp://h:1",
        "identity.subscribers": "mllp://h:1,PFI-SEGUR-SANDBOX=mllp://localhost:18040",
    }
    assert settings({"pfi": "mllps://h:2"}, SERVICES) == {
        "dpi.pfi": "mllps://h:2",
        "identity.subscribers": "DPI-SEGUR-SANDBOX=mllp://localhost:18042,mllps://h:2",
    }


def test_what_was_set_is_put_back() -> None:
    held: dict[str, Any] = {"outbound.hosts": "other", "mssante.recipients": "5"}

    def policy(body: Any) -> Any:
        held.update(body.get("settings", {}))
        return {"settings": dict(held)}

    control = FakeControl(on={"/policy": policy})
    with wired(control, "w", {"dpi": "mllp://product.test:1"}, SERVICES):
        assert held["pfi.dpi"] == "mllp://product.test:1"
        assert held["outbound.hosts"] == "other product.test"
    assert held["pfi.dpi"] is None
    assert held["outbound.hosts"] == "other"
    assert held["mssante.recipients"] == "5"


def test_nothing_is_asked_when_there_is_nothing_to_set() -> None:
    control = FakeControl()
    with wired(control, "w", {}, SERVICES):
        pass
    assert control.calls == []
