"""The WSGI adapter: what an arrival is made of, what goes out, what a fault does to it."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any, cast

import pytest

from simulators.core.exchange import Answer, Arrival, ProtocolFlow, Runtime
from simulators.core.http import Get, arrival_of, http_app, plain_page
from simulators.core.listeners.deferred import Deferred


class Flow:
    name = "echo"


RUNTIME = cast("Runtime", None)
FLOW = cast("ProtocolFlow", Flow())


def environ(method: str = "POST", path: str = "/service", body: bytes = b"x", **more: Any) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "CONTENT_TYPE": "text/xml",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_X_SANDBOX_USER_ACT": "1",
        "HTTP_HOST": "localhost:18010",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(body),
        **more,
    }


class Client:
    """One request to an application; ``arrivals`` is what its handler was given."""

    def __init__(self, answer: Answer, page: Any = None) -> None:
        self.arrivals: list[Arrival] = []
        self.status = ""
        self.headers: dict[str, str] = {}

        def handle(runtime: Runtime, flow: ProtocolFlow, arrival: Arrival) -> Answer:
            self.arrivals.append(arrival)
            return answer

        self.app = http_app(RUNTIME, FLOW, "dmp", page=page or (lambda get: None), handle=handle)

    def call(self, env: dict[str, Any]) -> Iterable[bytes]:
        return self.app(env, self._start)

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
        self.status, self.headers = status, dict(headers)
        return lambda data: None


OK = Answer(200, b"hello", {"Content-Type": "text/plain"})


def test_arrival() -> None:
    found = arrival_of(
        environ(path="/w/essai/service", **{"segur.client_cert_der": b"DER", "segur.peer": ("192.0.2.1", 5)}),
        *("echo", "dmp"),
    )
    assert (found.path, found.address_world, found.body, found.certificate) == ("/service", "essai", b"x", b"DER")
    assert found.headers["Content-Type"] == "text/xml"
    assert found.headers["X-Sandbox-User-Act"] == "1"
    assert found.peer == "192.0.2.1:5"


def test_a_listener_may_be_bound_to_a_world_but_the_prefix_wins() -> None:
    assert arrival_of(environ(), "echo", "dmp", "bound").address_world == "bound"
    assert arrival_of(environ(path="/w/essai/"), "echo", "dmp", "bound").address_world == "essai"
    assert arrival_of(environ(), "echo", "dmp").address_world is None


def test_no_header_is_an_identity() -> None:
    forged = environ(HTTP_SSL_CLIENT_CERT="PEM", SSL_CLIENT_CERT="PEM")
    assert arrival_of(forged, "echo", "dmp").certificate is None


def test_answer() -> None:
    client = Client(OK)
    assert b"".join(client.call(environ())) == b"hello"
    assert (client.status, client.headers["Content-Length"]) == ("200 OK", "5")


def test_paths_are_utf8() -> None:
    raw = "/été".encode().decode("latin-1")
    assert arrival_of(environ(path=raw), "echo", "dmp").path == "/été"
    assert "�" in arrival_of(environ(path="/\xff"), "echo", "dmp").path


def test_pages_and_methods() -> None:
    seen: list[Get] = []

    def page(get: Get) -> Answer | None:
        seen.append(get)
        return plain_page("page\n") if get.path == "/service" else None

    client = Client(OK, page)
    assert b"".join(client.call(environ("GET", "/w/essai/service", QUERY_STRING="wsdl"))) == b"page\n"
    assert seen[0] == Get("https://localhost:18010/w/essai/service", "/service", "wsdl", "essai")
    assert b"".join(client.call(environ("HEAD"))) == b""
    assert client.status == "200 OK"
    client.call(environ("GET", "/rien"))
    assert client.status == "404 Not Found"
    client.call(environ("DELETE"))
    assert (client.status, client.headers["Allow"]) == ("405 Method Not Allowed", "GET, HEAD, POST")
    assert client.arrivals == []


def test_delay_holds_no_worker() -> None:
    client = Client(Answer(200, b"late", delay=2.5))
    env = environ()
    deferred = client.call(env)
    assert isinstance(deferred, Deferred)
    assert deferred.delay_seconds == 2.5
    assert b"".join(cast("Iterable[bytes]", deferred.then(env, client._start))) == b"late"
    assert len(client.arrivals) == 1


def test_disconnect_and_truncate_use_the_levers_of_the_listener() -> None:
    pulled: list[Any] = []
    levers = {"segur.disconnect": pulled.append, "segur.truncate_after": pulled.append}
    Client(Answer(200, b"never", disconnect="reset")).call(environ(**levers))
    Client(Answer(200, b"cut", truncate=1)).call(environ(**levers))
    assert pulled == ["reset", 1]


def test_a_server_without_levers_says_503() -> None:
    client = Client(Answer(200, b"never", disconnect="close"))
    assert b"".join(client.call(environ())) == b""
    assert client.status == "503 Service Unavailable"


@pytest.mark.parametrize(("extra", "expected"), [({}, b"xyz"), ({"CONTENT_LENGTH": "2"}, b"xy")])
def test_body_is_bounded_by_its_length(extra: dict[str, str], expected: bytes) -> None:
    assert arrival_of(environ(body=b"xyz", **extra), "echo", "dmp").body == expected


def test_a_chunked_body_is_read_to_its_end() -> None:
    env = environ(body=b"xyz", **{"wsgi.input_terminated": True})
    del env["CONTENT_LENGTH"]
    assert arrival_of(env, "echo", "dmp").body == b"xyz"
