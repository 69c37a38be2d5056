"""The channel: one request, sent once; an idle connection that ended is opened anew."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from simulators.clients import transport
from simulators.clients.transport import Channel, WireProblem
from simulators.core.errors import WireInsideTransaction
from simulators.core.store import Store
from simulators.core.store.schema import PSEUDO_WORLD

ANSWER = b"HTTP/1.1 200 OK\r\nX-Name: v\r\nContent-Length: 2\r\n\r\nok"
Script = Callable[[socket.socket], None]


class Peer:
    """Serves one scripted connection after the other; ``requests`` holds what came."""

    def __init__(self, *scripts: Callable[[Peer, socket.socket], None]) -> None:
        self.requests: list[bytes] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self._listening.getsockname()[1]}/w/a"
        self.closed = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(scripts,), daemon=True)
        self._thread.start()

    def _serve(self, scripts: tuple[Callable[[Peer, socket.socket], None], ...]) -> None:
        for script in scripts:
            connection, _ = self._listening.accept()
            with connection:
                script(self, connection)
            self.closed.set()

    def read(self, connection: socket.socket) -> None:
        data = b""
        while not data.endswith(b"BODY"):
            more = connection.recv(4096)
            if not more:
                return
            data += more
        self.requests.append(data)

    def stop(self) -> None:
        self._listening.close()
        self._thread.join(5)


@pytest.fixture
def peer() -> Iterator[Callable[..., Peer]]:
    made: list[Peer] = []

    def make(*scripts: Callable[[Peer, socket.socket], None]) -> Peer:
        made.append(Peer(*scripts))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def answers(times: int) -> Callable[[Peer, socket.socket], None]:
    def script(peer: Peer, connection: socket.socket) -> None:
        for _ in range(times):
            peer.read(connection)
            connection.sendall(ANSWER)

    return script


def hangs_up(peer: Peer, connection: socket.socket) -> None:
    peer.read(connection)


def says(data: bytes) -> Callable[[Peer, socket.socket], None]:
    def script(peer: Peer, connection: socket.socket) -> None:
        peer.read(connection)
        connection.sendall(data)

    return script


def test_two_requests_share_a_connection(peer: Callable[..., Peer]) -> None:
    served = peer(answers(2))
    channel = Channel(served.base, None)
    for _ in range(2):
        answer = channel.post("/x", b"BODY", {"Content-Type": "t/t"})
        assert (answer.status, answer.headers["x-name"], answer.body) == (200, "v", b"ok")
    channel.close()
    assert [request.split(b"\r\n")[0] for request in served.requests] == [b"POST /w/a/x HTTP/1.1"] * 2


def test_a_connection_closed_while_idle_is_opened_anew(peer: Callable[..., Peer]) -> None:
    served = peer(answers(1), answers(1))
    channel = Channel(served.base, None)
    channel.post("/x", b"BODY", {})
    assert served.closed.wait(5)
    assert channel.post("/x", b"BODY", {}).status == 200
    channel.close()


def test_a_request_is_never_sent_twice(peer: Callable[..., Peer]) -> None:
    served = peer(hangs_up, answers(1))
    channel = Channel(served.base, None)
    with pytest.raises(WireProblem, match="RemoteDisconnected"):
        channel.post("/x", b"BODY", {})
    assert len(served.requests) == 1
    assert channel.post("/x", b"BODY", {}).status == 200


@pytest.mark.parametrize("said", [b"SMTP ready\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", b"\x15\x03"])
def test_what_is_no_http_is_a_wire_problem(peer: Callable[..., Peer], said: bytes) -> None:
    with pytest.raises(WireProblem):
        Channel(peer(says(said)).base, None).post("/x", b"BODY", {})


def test_an_endless_answer_is_a_wire_problem(peer: Callable[..., Peer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LARGEST", 10)
    with pytest.raises(WireProblem, match="larger"):
        Channel(peer(says(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 50)).base, None).post("/x", b"BODY", {})


def test_a_redirection_is_an_answer_and_is_not_followed(peer: Callable[..., Peer]) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.test/\r\nContent-Length: 0\r\n\r\n"
    assert Channel(peer(says(moved)).base, None).post("/x", b"BODY", {}).status == 302


def test_nobody_speaks_inside_a_transaction(memory_store: Store) -> None:
    channel = Channel("http://127.0.0.1:9", None)
    with memory_store.write(PSEUDO_WORLD), pytest.raises(WireInsideTransaction):
        channel.post("/x", b"", {})
