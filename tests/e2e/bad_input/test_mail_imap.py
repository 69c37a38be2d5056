"""Hostile IMAP: literals that lie about their size, lists without end or bottom, octets that are no command."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from simulators.clients.control import Control
from simulators.sandbox import Sandbox
from tests.e2e.bad_input.bench import PSEUDO
from tests.e2e.bad_input.mail_bench import IMAP_PORTS, MailBench, asked, rest_of
from tests.support.imap_raw import RawImap

MEGABYTE = 1024 * 1024
SYNTAX = "MSS-IMAP-SYNTAX"


@pytest.fixture(scope="module")
def bench(sandbox: Sandbox, control: Control) -> MailBench:
    sandbox.create_world("imap")
    made = MailBench(sandbox, control, "imap")
    made.still_serves()
    return made


# -- literals -------------------------------------------------------------------------------------------------------

NO_LITERALS = {
    "negative": b"x APPEND INBOX {-1}",
    "negative, at once": b"x APPEND INBOX {-1+}",
    "11 digits": b"x APPEND INBOX {99999999999}",
    "no number": b"x APPEND INBOX {}",
    "a sign": b"x APPEND INBOX {+5}",
    "hexadecimal": b"x APPEND INBOX {0x10}",
    "not at the end": b"x APPEND INBOX {5} abcde",
    "open": b"x APPEND INBOX {5",
}


@pytest.mark.parametrize("name", NO_LITERALS)
def test_a_literal_that_is_none(bench: MailBench, name: str) -> None:
    client = bench.imap()

    def act() -> None:
        assert asked(client, NO_LITERALS[name]).status.startswith(b"BAD")

    bench.denied(act, SYNTAX)
    assert client.command(b"NOOP").ok
    client.close()


HUGE = {
    "over the whole": (b"x APPEND INBOX {4294967295}", b"BAD"),
    "over a message": (b"x APPEND INBOX {50000000}", b"NO [TOOBIG]"),
    "elsewhere": (b"x SEARCH SUBJECT {9000}", b"BAD"),
    "no folder": (b"x APPEND Nowhere {9000}", b"NO [TRYCREATE]"),
    "nothing": (b"x APPEND INBOX {0}", b"NO"),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_large_literal_is_refused_before_it_travels(bench: MailBench, name: str) -> None:
    octets, status = HUGE[name]
    client = bench.imap()
    before, since, elsewhere = bench.state(), bench.cursor(bench.world), bench.cursor(PSEUDO)
    client.send(octets + b"\r\n")
    line = client.response()
    if name == "nothing":
        assert line.startswith(b"+")
        client.send(b"\r\n")
        line = client.response()
    assert line.startswith(b"x " + status), line
    assert client.command(b"NOOP").ok
    assert len(bench.rows(bench.world, since)) + len(bench.rows(PSEUDO, elsewhere)) == 1, "journalled"
    assert bench.state() == before
    client.close()
    bench.still_serves()


def test_a_huge_literal_that_does_not_wait(bench: MailBench) -> None:
    """Its octets are on their way: the only answer is the end (RFC 7888 §4)."""
    client = bench.imap()

    def act() -> None:
        client.send(b"x APPEND INBOX {4294967295+}\r\n" + b"y" * 1000)
        assert client.response().startswith(b"* BYE")
        assert client.line() == b""

    row = bench.denied(act, "CORE-FRAMING", world=PSEUDO, outcome="incident")
    assert row["status"] == "literal_too_large"


@pytest.mark.parametrize("listener", IMAP_PORTS)
def test_a_large_literal_of_a_stranger(bench: MailBench, listener: str) -> None:
    """Nobody who has not authenticated makes the server hold megabytes."""
    with bench.open(listener) as sock:
        assert sock.recv(4096).startswith(b"* OK")

        def act() -> None:
            sock.sendall(b"x LOGIN {30000000+}\r\n")
            assert b"BYE" in rest_of(sock)

        row = bench.denied(act, "CORE-FRAMING", world=PSEUDO, outcome="incident")
        assert row["status"] == "literal_too_large"


@pytest.mark.parametrize("sign", [b"", b"+"])
def test_literals_without_end(bench: MailBench, sign: bytes) -> None:
    """A command of 20,000 empty literals costs neither memory nor the others' time."""
    client = bench.imap()

    def act() -> None:
        if sign:
            client.send(b"x SEARCH" + b" {0+}\r\n" * 20_000 + b"\r\n")
            line = client.response()
        else:
            client.send(b"x SEARCH {0}\r\n")
            line = client.response()
            for _ in range(20_000):
                if not line.startswith(b"+"):
                    break
                client.send(b" {0}\r\n")
                line = client.response()
        assert line.startswith((b"* BYE", b"x BAD")), line

    start = time.monotonic()
    row = bench.denied(act, "CORE-FRAMING", world=PSEUDO, outcome="incident")
    assert row["status"] == "literal_too_large"
    assert time.monotonic() - start < 20
    client.close()


def test_a_literal_that_never_ends_costs_nobody_else(bench: MailBench) -> None:
    clients = [bench.imap() for _ in range(10)]
    for client in clients:
        client.send(b"x APPEND INBOX {1000000}\r\n")
        assert client.response().startswith(b"+")
        client.send(b"y" * 500_000)
    since, before = bench.cursor(PSEUDO), bench.state()
    bench.still_serves()
    bench.hang_up(clients)
    bench.awaited(PSEUDO, since + len(clients) - 1, "CORE-HUNG-UP")
    assert [row["status"] for row in bench.rows(PSEUDO, since)] == ["cut_short"] * len(clients)
    assert before.keys() == bench.state().keys()


# -- lists ----------------------------------------------------------------------------------------------------------

LISTS = {
    "search without bottom": b"x SEARCH " + b"(" * 20_000 + b"ALL" + b")" * 20_000,
    "search, open": b"x SEARCH " + b"(" * 60_000,
    "NOT NOT": b"x SEARCH " + b"NOT " * 15_000 + b"ALL",
    "OR OR": b"x SEARCH " + b"OR " * 15_000 + b"ALL",
    "search without end": b"x SEARCH " + b"ALL " * 15_000 + b"ALL",
    "fetch without end": b"x FETCH 1 (" + b"FLAGS " * 10_000 + b"FLAGS)",
    "fetch without bottom": b"x FETCH 1 " + b"(" * 60_000,
    "sections without bottom": b"x FETCH 1 BODY[" + b"1." * 30_000 + b"MIME]",
    "header fields": b"x FETCH 1 BODY[HEADER.FIELDS (" + b"a " * 30_000 + b"a)]",
    "flags": b"x STORE 1 FLAGS (" + b"a " * 30_000 + b"a)",
    "ID": b"x ID (" + b'"a" "b" ' * 5_000 + b'"a" "b")',
    "a number": b"x FETCH " + b"9" * 60_000 + b" FLAGS",
    "a large number": b"x FETCH 99999999999999999999 FLAGS",
    "zero": b"x FETCH 0 FLAGS",
    "numbers without end": b"x FETCH " + b",".join([b"1"] * 30_000) + b" FLAGS",
    "numbers of nobody": b"x FETCH 1:4294967295 FLAGS",
    "partial": b"x FETCH 1 BODY[]<99999999999999999999.1>",
    "list": b'x LIST "" (' + b"* " * 20_000 + b"*)",
    "status": b"x STATUS INBOX (" + b"MESSAGES " * 7_000 + b"MESSAGES)",
    "a quoted string": b'x SELECT "' + b"a" * 60_000,
    "a date": b"x SEARCH SINCE 99-Foo-99999",
    "a date-time": b'x APPEND INBOX "99-Jan-2020 99:99:99 +9999" {3+}\r\nabc',
    "modseq": b"x STORE 1 (UNCHANGEDSINCE 99999999999999999999999) FLAGS ()",
    "8-bit": b"x FETCH 1 \xff\xfe",
    "NUL": b"x SELECT \x00",
    "a tag alone": b"x",
    "a name": b"x CREATE " + b"a/" * 20_000 + b"a",
    "UTF-7": b"x CREATE &AAA-&",
}


@pytest.mark.parametrize("name", LISTS)
def test_a_command_too_long_or_too_deep(bench: MailBench, name: str) -> None:
    client = bench.imap()
    start = time.monotonic()

    def act() -> None:
        answer = asked(client, LISTS[name])
        assert answer.status.startswith((b"BAD", b"NO")), answer.status
        assert time.monotonic() - start < 10

    rule = {"a name": "MSS-IMAP-DENIED", "UTF-7": "MSS-IMAP-DENIED"}.get(name, SYNTAX)
    bench.denied(act, rule)
    assert client.command(b"NOOP").ok
    client.close()


SETS = {
    "FETCH": b",".join([b"1:*"] * 500),
    "FETCH ": b"*:1",
    "UID FETCH": b"1:4294967295",
    "UID FETCH ": b"4294967295:1",
}


@pytest.mark.parametrize("name", SETS)
def test_a_large_set_of_numbers_is_quick(bench: MailBench, name: str) -> None:
    """Allowed by the grammar; each message is told once."""
    client, start = bench.imap(), time.monotonic()
    answer = asked(client, b"x %b %b FLAGS" % (name.strip().encode(), SETS[name]))
    assert answer.ok, answer.status
    numbers = [line.split()[1] for line in answer.lines if b" FETCH " in line]
    assert len(numbers) == len(set(numbers)) > 0
    assert time.monotonic() - start < 5
    client.close()


# -- lines ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listener", IMAP_PORTS)
def test_a_line_without_end(bench: MailBench, listener: str) -> None:
    with bench.open(listener) as sock:
        assert sock.recv(4096).startswith(b"* OK")

        def act() -> None:
            for _ in range(64):
                sock.sendall(b"x" * 65_536)
            sock.sendall(b"\r\ny NOOP\r\n")
            told = b""
            while b"y OK" not in told:
                told += sock.recv(1000)
            assert b" BAD Line too long" in told

        row = bench.denied(act, "CORE-FRAMING", world=PSEUDO, outcome="incident")
        assert row["status"] == "line_too_long"


@pytest.mark.parametrize("octets", [b"x NOOP\ny NOOP\r\n", b"x NOOP\ry NOOP\r\n", b'x SELECT "IN\nBOX"\r\n'])
def test_a_bare_end_of_line(bench: MailBench, octets: bytes) -> None:
    client = bench.imap()

    def act() -> None:
        client.send(octets)
        assert client.response().startswith(b"* BYE")
        assert client.line() == b""

    row = bench.denied(act, "CORE-FRAMING", world=PSEUDO, outcome="incident")
    assert row["status"] == "bare_line_end"


def test_commands_injected_before_tls(bench: MailBench) -> None:
    client = RawImap(bench.port("imap"))

    def act() -> None:
        client.send(b"a STARTTLS\r\nb LOGIN x y\r\nc NOOP\r\n")
        assert client.response().startswith(b"a OK")
        client.socket = bench.papers.wrap_socket(client.socket, server_hostname="localhost")
        client.send(b"d NOOP\r\n")
        assert client.response().startswith(b"d "), "nothing of what came in clear is answered"

    row = bench.denied(act, "CORE-STARTTLS-INJECTION", world=PSEUDO, outcome="incident")
    assert row["status"] == "starttls_injection"
    client.close()


def test_too_many_mistakes(bench: MailBench) -> None:
    client, since = bench.imap(), bench.cursor(bench.world)
    client.send(b"x WHAT\r\n" * 200)
    lines = list(iter(client.line, b""))
    assert lines[-1].startswith(b"* BYE")
    assert len(lines) < 40
    assert len(bench.rows(bench.world, since)) == len(lines) - 1
    bench.still_serves()


def test_one_who_never_reads(bench: MailBench) -> None:
    """It asks for a gigabyte and reads nothing: the server holds a few pieces of it, and serves the others."""
    loader = bench.imap()
    assert loader.append(b"Drafts", bench.letter_to_self("z" * 20 * MEGABYTE)).ok
    loader.close()
    before = resident()
    clients = [bench.imap(selected=False) for _ in range(3)]
    for client in clients:
        assert client.command(b"SELECT Drafts").ok
        client.send(b"".join(b"x%d FETCH 1 (%b)\r\n" % (n, b"BODY.PEEK[] " * 9 + b"BODY.PEEK[]") for n in range(5)))
    for _ in range(3):
        bench.still_serves()
    assert resident() - before < 250 * MEGABYTE
    bench.hang_up(clients)
    bench.still_serves()


def resident() -> int:
    """Octets of this process, of which the sandbox is a part."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4096


def test_a_crowd_that_searches_at_once(bench: MailBench) -> None:
    """Forty sessions, each with a heavy search: nobody waits for ever, and a sender still gets through."""
    clients = [bench.imap() for _ in range(40)]
    for client in clients:
        client.send(b"s SEARCH " + b"OR TEXT a " * 40 + b"TEXT zzz\r\n")
    served = threading.Thread(target=bench.still_serves)
    served.start()
    assert all(client.finish(b"s").ok for client in clients)
    served.join(20)
    assert not served.is_alive()
    for client in clients:
        client.close()
