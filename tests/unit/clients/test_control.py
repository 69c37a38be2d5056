"""The client of the control API: who is found, who is not, and what it says then."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from simulators.clients.control import Control, Refusal, world_path
from simulators.core.errors import EnvironmentProblem


class Handler(BaseHTTPRequestHandler):
    """Answers by path; ``/elsewhere`` counts who followed a redirection."""

    followed = 0

    def do_GET(self) -> None:
        cases = {
            "/_sandbox/worlds": (200, b'{"worlds": []}'),
            "/_sandbox/refused": (409, b'{"detail": "no"}'),
            "/_sandbox/odd": (500, b"<html>"),
            "/_sandbox/list": (500, b"[]"),
            "/_sandbox/empty": (200, b""),
            "/_sandbox/html": (200, b"<html>"),
        }
        if self.path == "/_sandbox/moved":
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            return
        if self.path == "/elsewhere":
            Handler.followed += 1
        status, body = cases.get(self.path, (401, b'{"detail": "token"}'))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def document(url: str) -> dict[str, object]:
    return {"control": {"url": url, "token": "t"}}


@pytest.fixture
def control(url: str) -> Control:
    return Control(document(f"{url}/_sandbox"))


def test_answers_and_refusals(control: Control) -> None:
    assert control.call("GET", "/worlds") == {"worlds": []}
    assert control.call("GET", "/empty") is None
    with pytest.raises(Refusal, match=r"^no$") as refused:
        control.call("GET", "/refused")
    assert refused.value.status == 409
    for path in ("/odd", "/list"):
        with pytest.raises(Refusal, match="HTTP 500"):
            control.call("GET", path)


def test_the_token_never_follows_a_redirection(control: Control) -> None:
    with pytest.raises(Refusal, match="HTTP 302"):
        control.call("GET", "/moved")
    assert Handler.followed == 0


def test_what_is_no_sandbox_is_an_environment_problem(control: Control) -> None:
    with pytest.raises(EnvironmentProblem, match="JSON"):
        control.call("GET", "/html")
    with pytest.raises(EnvironmentProblem, match="does not answer"):
        control.call("GET", "/a path with spaces")


def test_a_file_of_a_running_sandbox(url: str, tmp_path: Path) -> None:
    path = tmp_path / "endpoints.json"
    path.write_text(json.dumps(document(f"{url}/_sandbox")), "utf-8")
    assert Control.of_file(path).call("GET", "/worlds") == {"worlds": []}


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="segur-sandbox up"):
        Control.of_file(tmp_path / "none.json")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"control": 1}', b'{"control": {"url": "x"}}', b"\xff"])
def test_another_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "endpoints.json"
    path.write_bytes(content)
    with pytest.raises(EnvironmentProblem, match="no endpoints file"):
        Control.of_file(path)


@pytest.mark.parametrize("where", ["http://127.0.0.1:1/_sandbox", "URL/of-another-token", "nonsense"])
def test_a_stale_file(url: str, tmp_path: Path, where: str) -> None:
    path = tmp_path / "endpoints.json"
    path.write_text(json.dumps(document(where.replace("URL", url))), "utf-8")
    with pytest.raises(EnvironmentProblem, match="does not run any more"):
        Control.of_file(path)


def test_a_world_of_any_name_stays_one_segment() -> None:
    assert world_path("../x y?z") == "/worlds/..%2Fx%20y%3Fz"
