"""The MLLP client against scripted peers: every way in which no acknowledgement comes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from simulators.clients.mllp import MllpLine, MllpProblem, MllpServer, send_once
from simulators.clients.outbound import OutboundDenied
from simulators.core.listeners.mllp import frame

Script = Callable[[socket.socket], None]


@contextmanager
def peer(*scripts: Script) -> Iterator[str]:
    """Each connection is handled by the next script, then closed."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def serve() -> None:
            for script in scripts:
                taken, _ = listening.accept()
                with taken:
                    script(taken)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"mllp://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(5)


def _read(taken: socket.socket) -> bytes:
    got = b""
    while not got.endswith(b"\x1c\r"):
        got += taken.recv(4096)
    return got


def answering(*pieces: bytes) -> Script:
    def script(taken: socket.socket) -> None:
        _read(taken)
        for piece in pieces:
            taken.sendall(piece)

    return script


def waiting(taken: socket.socket) -> None:
    _read(taken)
    taken.recv(1)


def test_one_exchange_in_pieces() -> None:
    with peer(answering(b"\x0bMSH|", b"x\x1c", b"\r")) as url:
        assert send_once(MllpServer(url), b"MSH|y") == b"MSH|x"


def test_a_persistent_line() -> None:
    def twice(taken: socket.socket) -> None:
        for _ in range(2):
            taken.sendall(frame(_read(taken)[1:-2].upper()))

    with peer(twice) as url, MllpLine(MllpServer(url)) as line:
        assert [line.exchange(b"a"), line.exchange(b"b")] == [b"A", b"B"]


@pytest.mark.parametrize(
    ("script", "cause", "got"),
    [
        (answering(), "closed", b""),
        (answering(b"\x0bMSH|half"), "cut", b"\x0bMSH|half"),
        (answering(b"MSH|no frame"), "framing", b"MSH|no frame"),
        (waiting, "timeout", b""),
    ],
)
def test_no_acknowledgement(script: Script, cause: str, got: bytes) -> None:
    with peer(script) as url, pytest.raises(MllpProblem) as problem:
        send_once(MllpServer(url, timeout=0.2), b"MSH|y")
    assert (problem.value.cause, problem.value.sent, problem.value.got) == (cause, True, got)


def test_nobody_listens() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(MllpProblem) as problem:
        send_once(MllpServer(f"mllp://127.0.0.1:{port}"), b"x")
    assert (problem.value.cause, problem.value.sent) == ("refused", False)


def test_only_named_hosts() -> None:
    with pytest.raises(OutboundDenied):
        send_once(MllpServer("mllp://192.0.2.1:2575"), b"x")
    with pytest.raises(ValueError, match="mllp://host:port"):
        send_once(MllpServer("http://127.0.0.1:1"), b"x")
