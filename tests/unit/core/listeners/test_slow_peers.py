"""The four slow peers of the house plan, each while another client is served. Events only, no durations."""

from __future__ import annotations

import selectors
import socket
import ssl
import threading
from collections.abc import Iterable
from typing import Any

import pytest

from simulators.core.listeners import Kind, Limits
from tests.unit.core.listeners.support import (
    PATIENCE,
    connect,
    connect_tls,
    get,
    read_answer,
    read_to_end,
    serving,
)

BIG = b"x" * (8 * 1024 * 1024)
QUICK = Limits(
    first_byte_seconds=0.15,
    handshake_seconds=0.15,
    headers_seconds=0.15,
    request_seconds=0.15,
    answer_seconds=0.15,
    linger_seconds=0.1,
)
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\n"


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    body = BIG if environ["PATH_INFO"] == "/big" else b"hello"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def _served(port: int, client_tls: ssl.SSLContext) -> None:
    with connect_tls(port, client_tls) as sock:
        sock.sendall(get())
        assert read_answer(sock)[1] == b"hello"


def _client_hello(client_tls: ssl.SSLContext) -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_tls.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def _trickle(sock: socket.socket, octet: bytes) -> None:
    """Send one octet at a time, slowly, until the listener has had enough."""
    pause = threading.Event()
    try:
        while not pause.wait(0.02):
            sock.sendall(octet)
    except OSError:
        return


SLOW_TLS_PEERS = {
    "headers": (b"GET / HTTP/1.1\r\nX-Slow: ", b"a"),
    "body": (POST + b"Content-Length: 100000\r\n\r\n", b"b"),
    "chunks": (POST + b"Transfer-Encoding: chunked\r\n\r\nfff\r\n", b"c"),
    "answer": (get("/big"), b""),
}


def _slow_peer(name: str, port: int, client_tls: ssl.SSLContext) -> socket.socket:
    if name == "silent":
        return connect(port)
    if name == "half_hello":
        sock = connect(port)
        hello = _client_hello(client_tls)
        sock.sendall(hello[: len(hello) // 2])
        return sock
    tls = connect_tls(port, client_tls)
    tls.sendall(SLOW_TLS_PEERS[name][0])
    return tls


@pytest.mark.parametrize("name", ["silent", "half_hello", *SLOW_TLS_PEERS])
def test_slow_peers_hold_neither_the_port_nor_its_only_worker(
    name: str, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    """The limits are far beyond the patience of the other client: were anything held, it would not be served."""
    with serving(app, Limits(), lambda: server_tls, maximum=1) as (listener, incidents):
        slow = [_slow_peer(name, listener.port, client_tls) for _ in range(3)]
        for _ in range(2):
            _served(listener.port, client_tls)
        assert incidents.queue.empty()
        assert listener.open_connections >= len(slow)
        for sock in slow:
            sock.close()


def test_silent_peer_is_closed_and_told(server_tls: ssl.SSLContext) -> None:
    with serving(app, QUICK, lambda: server_tls) as (listener, incidents):
        with connect(listener.port) as slow:
            assert slow.recv(1) == b""
        told = incidents.wait(Kind.TIMEOUT)
        assert (told.cause, told.listener, told.raw) == ("first_byte", "test", b"")
        assert told.peer[0] == "127.0.0.1"


def test_half_a_client_hello_is_closed_and_told(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    hello = _client_hello(client_tls)
    with serving(app, QUICK, lambda: server_tls) as (listener, incidents):
        with connect(listener.port) as slow:
            slow.sendall(hello[:100])
            assert slow.recv(1) == b""
        told = incidents.wait(Kind.TIMEOUT)
        assert (told.cause, told.raw) == ("handshake", hello[:100])


@pytest.mark.parametrize(("name", "cause"), [("headers", "headers"), ("body", "request"), ("chunks", "request")])
def test_a_trickle_does_not_restart_the_delay(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext, name: str, cause: str
) -> None:
    with serving(app, QUICK, lambda: server_tls) as (listener, incidents):
        with _slow_peer(name, listener.port, client_tls) as slow:
            trickle = threading.Thread(target=_trickle, args=(slow, SLOW_TLS_PEERS[name][1]))
            trickle.start()
            assert incidents.wait(Kind.TIMEOUT).cause == cause
            trickle.join(PATIENCE)
            assert not trickle.is_alive()


def test_slow_headers_get_an_answer(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    with serving(app, QUICK, lambda: server_tls) as (listener, _):
        with connect_tls(listener.port, client_tls) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\n")
            assert read_to_end(slow).startswith(b"HTTP/1.1 408 ")


def test_peer_that_never_reads_the_answer_is_cut(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    with serving(app, QUICK, lambda: server_tls) as (listener, incidents):
        with _slow_peer("answer", listener.port, client_tls) as slow:
            assert incidents.wait(Kind.TIMEOUT).cause == "answer"
            assert len(read_to_end(slow)) < len(BIG)


def test_streamed_answer_never_read_ends_too() -> None:
    closed = threading.Event()

    class Endless:
        def __iter__(self) -> Any:
            while True:
                yield BIG[:65_536]

        def close(self) -> None:
            closed.set()

    def endless(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return Endless()

    limits = Limits(answer_seconds=0.3, answer_buffer_bytes=1024 * 1024)
    with serving(endless, limits) as (listener, incidents), connect(listener.port) as slow:
        slow.sendall(get())
        assert incidents.wait(Kind.TIMEOUT).cause == "answer"
        assert closed.wait(PATIENCE)


def _many() -> int:
    """A thousand, or what the descriptor limit of this machine allows (two descriptors per connection here)."""
    resource = pytest.importorskip("resource")
    wanted, (soft, hard) = 1_000, resource.getrlimit(resource.RLIMIT_NOFILE)
    target = min(hard, 2 * wanted + 200) if hard != resource.RLIM_INFINITY else 2 * wanted + 200
    if soft != resource.RLIM_INFINITY and soft < target:
        resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
        soft = target
    return wanted if soft == resource.RLIM_INFINITY else min(wanted, (soft - 200) // 2)


def test_a_thousand_silent_connections(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext, record_property: Any
) -> None:
    if isinstance(selectors.DefaultSelector(), selectors.SelectSelector):
        pytest.skip("select() holds 512 sockets on this platform")
    many = _many()
    record_property("silent_connections", many)
    with serving(app, Limits(), lambda: server_tls, maximum=2) as (listener, incidents):
        silent = [connect(listener.port) for _ in range(many)]
        try:
            _served(listener.port, client_tls)
            _served(listener.port, client_tls)
            assert listener.open_connections >= many
            assert incidents.queue.empty()
        finally:
            for sock in silent:
                sock.close()


def test_too_many_connections_are_refused_and_told_once() -> None:
    with serving(app, Limits(open_connections=2)) as (listener, incidents):
        first, second = connect(listener.port), connect(listener.port)
        with first, second:
            with connect(listener.port) as third, connect(listener.port) as fourth:
                assert read_to_end(third) == b""
                assert read_to_end(fourth) == b""
            assert incidents.wait(Kind.TOO_MANY_CONNECTIONS).peer[0] == "127.0.0.1"
            assert incidents.queue.empty()
            first.sendall(get())
            assert read_answer(first)[1] == b"hello"
