"""What ``up`` takes of the network from its command line, and when it says that it takes over."""

from __future__ import annotations

import argparse
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from simulators.assembly.settings import Settings
from simulators.cli.main import parser
from simulators.cli.network import warn_of_takeover
from simulators.cli.up import settings
from simulators.clients.outbound import OutboundDenied


def options(*arguments: str) -> argparse.Namespace:
    return parser("up").parse_args(["up", *arguments])


def test_the_network_arguments_of_up() -> None:
    found = settings(
        options(
            "--allow-host",
            "Product.example",
            "--allow-host",
            "10.0.0.9",
            "--limit",
            "body_bytes=10",
            "--https-port",
            "0",
        )
    )
    assert found.allow_hosts == ("product.example", "10.0.0.9")
    assert found.limits.body_bytes == 10
    assert (found.shared_port, found.production_names, found.issuer) == (0, False, "fixed")


@pytest.mark.parametrize("arguments", [["--allow-host", "http://x"], ["--limit", "x=1"], ["--limit", "body_bytes=0"]])
def test_a_wrong_value_is_said(arguments: list[str]) -> None:
    with pytest.raises(ValueError, match=r"host|limit"):
        settings(options(*arguments))


def test_a_national_host_cannot_be_allowed() -> None:
    with pytest.raises(OutboundDenied):
        settings(options("--allow-host", "wallet.esw.esante.gouv.fr"))


def test_the_shared_port_is_443_for_production_names_and_free_with_random_ports() -> None:
    assert Settings(environment={}).shared_port is None
    assert Settings(environment={}, production_names=True).shared_port == 443
    assert Settings(environment={}, production_names=True, https_port=8443).shared_port == 8443
    assert Settings(environment={}, https_port=443, random_ports=True).shared_port == 0
    with pytest.raises(ValueError, match="no port 65536"):
        _ = Settings(environment={}, https_port=65536).shared_port


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.headers["Authorization"] == "Bearer right" else 401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def living() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()


def published(cache: Path, text: str) -> Settings:
    path = cache / "segur-sandbox" / "run" / "endpoints.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return Settings(environment={"XDG_CACHE_HOME": str(cache)})


def document(port: int, token: str = "right") -> str:
    return json.dumps({"control": {"url": f"http://127.0.0.1:{port}/_sandbox", "token": token}})


def test_a_sandbox_that_lives_is_warned_of(tmp_path: Path, living: int, capsys: pytest.CaptureFixture[str]) -> None:
    warn_of_takeover(published(tmp_path, document(living)))
    told = capsys.readouterr().out
    assert "another sandbox is running" in told
    assert "un autre bac à sable" in told


def test_one_that_is_gone_or_another_is_not(tmp_path: Path, living: int, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = int(free.getsockname()[1])
    for number, text in enumerate([document(closed), document(living, "wrong"), "{}", "no json", ""]):
        warn_of_takeover(published(tmp_path / str(number), text))
    warn_of_takeover(Settings(environment={"XDG_CACHE_HOME": str(tmp_path / "empty")}))
    assert capsys.readouterr().out == ""
