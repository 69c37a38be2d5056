"""Slow and silent peers of mail against short limits, on every port: each is told or cut, and leaves its row."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.assembly.endpoints import endpoints
from simulators.assembly.settings import Settings
from simulators.clients.control import Control
from simulators.core.listeners import Limits
from simulators.sandbox import Sandbox
from tests.e2e.bad_input.bench import PSEUDO
from tests.e2e.bad_input.mail_bench import IMAP_PORTS, SMTP_PORTS, MailBench, rest_of

PORTS = (*SMTP_PORTS, *IMAP_PORTS)
AT_ONCE = ("submissions", "imaps")
LATER = tuple(port for port in PORTS if port not in AT_ONCE)
SHORT = Limits(first_byte_seconds=1, handshake_seconds=1, keep_alive_seconds=3, request_seconds=1, answer_seconds=1)
HALF_A_HELLO = bytes.fromhex("16030100c8010000c40303")
SILENT = 40


@pytest.fixture(scope="module")
def hurried(cache: Path) -> Iterator[MailBench]:
    """A sandbox of its own whose mail ports wait for a second."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    with Sandbox(Settings(random_ports=True, publish=False, environment=environment, limits=SHORT)) as sandbox:
        sandbox.create_world("hurried")
        yield MailBench(sandbox, Control(endpoints(sandbox)), "hurried")


def told(bench: MailBench, sock: socket.socket, cause: str, farewell: bytes) -> None:
    """The peer waits; the server says ``farewell`` (nothing, when it is empty) and closes."""

    def act() -> None:
        last = rest_of(sock)
        assert last == b"" if not farewell else farewell in last, last

    row = bench.denied(act, "CORE-TIMEOUT", world=PSEUDO, outcome="incident")
    assert row["status"] == cause


def farewell(listener: str) -> bytes:
    return b"* BYE" if listener in IMAP_PORTS else b"421 "


def plain(bench: MailBench, listener: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", bench.port(listener)), 20)


def greeted(bench: MailBench, listener: str) -> socket.socket:
    sock = bench.open(listener)
    assert sock.recv(4096).startswith((b"220 ", b"* OK"))
    return sock


@pytest.mark.parametrize("listener", PORTS)
def test_says_nothing_after_the_greeting(hurried: MailBench, listener: str) -> None:
    with greeted(hurried, listener) as sock:
        told(hurried, sock, "idle", farewell(listener))


@pytest.mark.parametrize("listener", AT_ONCE)
@pytest.mark.parametrize(("octets", "cause"), [(b"", "first_byte"), (HALF_A_HELLO, "handshake")])
def test_says_nothing_where_tls_begins(hurried: MailBench, listener: str, octets: bytes, cause: str) -> None:
    with plain(hurried, listener) as sock:
        sock.sendall(octets)
        told(hurried, sock, cause, b"")


@pytest.mark.parametrize("octets", [b"", HALF_A_HELLO])
@pytest.mark.parametrize("listener", LATER)
def test_says_nothing_after_starttls(hurried: MailBench, listener: str, octets: bytes) -> None:
    with greeted(hurried, listener) as sock:
        sock.sendall(b"a STARTTLS\r\n" if listener in IMAP_PORTS else b"STARTTLS\r\n")
        assert sock.recv(4096).startswith((b"220 ", b"a OK"))
        sock.sendall(octets)
        told(hurried, sock, "handshake", b"")


@pytest.mark.parametrize("listener", PORTS)
def test_a_line_one_octet_at_a_time(hurried: MailBench, listener: str) -> None:
    """The limit runs from the first octet of the line and never restarts."""
    with greeted(hurried, listener) as sock:
        drip(sock)
        told(hurried, sock, "unit", farewell(listener))


def test_a_message_one_octet_at_a_time(hurried: MailBench) -> None:
    client = hurried.started()
    assert client.sock is not None
    client.send(b"Subject: slow\r\n\r\n")
    drip(client.sock)
    told(hurried, client.sock, "unit", b"421 ")
    client.close()


def test_a_literal_that_stops(hurried: MailBench) -> None:
    client = hurried.imap()
    client.send(b"x APPEND INBOX {1000}\r\n")
    assert client.response().startswith(b"+")
    client.send(b"Subject: slow\r\n")
    told(hurried, client.socket, "unit", b"* BYE")
    client.close()


def drip(sock: socket.socket) -> None:
    """Five octets a second, until the server has had enough."""

    def run() -> None:
        with contextlib.suppress(OSError):
            for _ in range(50):
                sock.sendall(b"A")
                time.sleep(0.2)

    threading.Thread(target=run, daemon=True).start()


def test_an_answer_that_is_not_read(hurried: MailBench) -> None:
    loader = hurried.imap()
    assert loader.append(b"Drafts", hurried.letter_to_self("z" * 8_000_000)).ok
    loader.close()
    client = hurried.imap(selected=False)
    assert client.command(b"SELECT Drafts").ok
    since = hurried.cursor(PSEUDO)
    client.send(b"x FETCH 1 (" + b"BODY.PEEK[] " * 9 + b"BODY.PEEK[])\r\n")
    row = hurried.awaited(PSEUDO, since, "CORE-TIMEOUT")
    assert row["status"] == "answer"
    assert len(rest_of(client.socket)) < 80_000_000
    client.close()
    hurried.still_serves()


def test_a_crowd_of_silent_ones(hurried: MailBench) -> None:
    bench, since, before = hurried, hurried.cursor(PSEUDO), hurried.state()
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(plain(bench, PORTS[number % len(PORTS)])) for number in range(SILENT)]
        bench.still_serves()
        for sock in socks:
            rest_of(sock)
    bench.awaited(PSEUDO, since + SILENT - 1, "CORE-TIMEOUT")
    rows = bench.rows(PSEUDO, since)
    assert {row["status"] for row in rows} == {"first_byte", "idle"}
    assert len(rows) == SILENT
    assert before.keys() == bench.state().keys()
    bench.still_serves()
