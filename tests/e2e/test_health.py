"""``health``: a proof by real exchanges, which leaves nothing behind and tells which protocol no longer answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulators.assembly import readiness
from simulators.cli.main import main
from simulators.clients.control import Control, Refusal
from simulators.core.errors import EnvironmentProblem
from simulators.sandbox import Sandbox


@pytest.fixture
def file(sandbox: Sandbox) -> str:
    return str(sandbox.folder / "endpoints.json")


def test_each_service_is_proved_and_nothing_is_left(
    sandbox: Sandbox, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sandbox.worlds.names(hidden=True)
    assert main(["health", "--endpoints", file]) == 0
    told = capsys.readouterr().out
    assert all(service.name in told for service in sandbox.services)
    assert sandbox.worlds.names(hidden=True) == before


def test_a_listener_that_is_open_and_says_nothing_is_not_healthy(
    sandbox: Sandbox, control: Control, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a health check that only opens sockets would miss."""
    silent = {"name": "silent", "match": {"on": "dmp"}, "params": {"seconds": 1}}
    number = control.call("POST", "/worlds/-/faults", silent)["id"]
    try:
        assert main(["health", "--endpoints", file]) == 1
    finally:
        control.call("DELETE", f"/worlds/-/faults/{number}")
    assert "not ready" in capsys.readouterr().err
    assert main(["health", "--endpoints", file]) == 0


def test_a_sandbox_that_stops_is_not_proved(
    sandbox: Sandbox, control: Control, file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sandbox, "ready", False)
    monkeypatch.setattr(readiness, "prove", lambda sandbox: pytest.fail("asked although it is not ready"))
    assert main(["health", "--endpoints", file]) == 1
    assert "not ready" in capsys.readouterr().err


def test_the_reason_is_told_over_http(sandbox: Sandbox, control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    def mute(sandbox: Sandbox) -> None:
        raise EnvironmentProblem("not ready: the DMP answered nothing")

    monkeypatch.setattr(readiness, "prove", mute)
    with pytest.raises(Refusal, match="the DMP answered nothing") as caught:
        control.call("POST", "/proof")
    assert caught.value.status == 503


def test_without_a_sandbox_the_environment_is_wrong(tmp_path: Path) -> None:
    assert main(["health", "--endpoints", str(tmp_path / "none.json")]) == 3
