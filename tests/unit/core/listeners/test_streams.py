"""Stream rooms on real sockets; the rooms are echoes, which exist in tests only."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from simulators.core.listeners import (
    Action,
    Close,
    Command,
    Data,
    Expect,
    Frame,
    Framer,
    ImapFramer,
    Kind,
    Later,
    Line,
    Link,
    LiteralOffered,
    MllpFramer,
    Send,
    SmtpFramer,
    StartTls,
    StreamHost,
    StreamLimits,
    StreamRoom,
    TlsFacts,
    Unit,
    Violation,
    WorkerPool,
)
from tests.unit.core.listeners.support import PATIENCE, Incidents, Issuer, client_context, connect, get, read_to_end


@dataclass
class Echo:
    """Says back what it gets; a few words make it do something else."""

    link: Link
    over: threading.Event = field(default_factory=threading.Event)

    def opened(self) -> Sequence[Action]:
        return [Send(b"hello %b\r\n" % (self.link.tls.version.encode() if self.link.tls else b"plain"))]

    def receive_unit(self, unit: Unit) -> Sequence[Action]:
        assert threading.current_thread().name.startswith("test-"), "sessions run in workers"
        if isinstance(unit, Frame):
            return [Send(b"\x0b" + unit.payload + b"\x1c\r")]
        if isinstance(unit, Line):
            return self._line(unit.octets)
        if isinstance(unit, Data):
            return [Send(b"data %d\r\n" % len(unit.octets))]
        if isinstance(unit, LiteralOffered):
            if unit.size >= 100:
                return [Send(b"no\r\n"), Expect("no_literal")]
            return [Send(b"+ go\r\n"), Expect("literal")]
        if isinstance(unit, Command):
            return self._line(unit.parts[0]) if len(unit.parts) == 1 else [Send(b"|".join(unit.parts) + b"\r\n")]
        assert isinstance(unit, Violation)
        return [Send(b"violation " + unit.reason.cause.encode() + b"\r\n")]

    def _line(self, line: bytes) -> Sequence[Action]:
        special: dict[bytes, Callable[[], Sequence[Action]]] = {
            b"DATA": lambda: [Send(b"354\r\n"), Expect("data")],
            b"STARTTLS": lambda: [Send(b"220\r\n"), StartTls()],
            b"QUIT": lambda: [Send(b"221\r\n"), Close()],
            b"RESET": lambda: [Close(reset=True)],
            b"LATER": lambda: [Later(0.01, lambda: [Send(b"late\r\n")]), Send(b"after\r\n")],
            b"NEVER": lambda: [Later(3_600, list)],
            b"WAKE": self._wake,
            b"FLOOD": lambda: [Send(b"f" * 8_000_000)],
        }
        return special.get(line, lambda: [Send(b"echo " + line + b"\r\n")])()

    def _wake(self) -> Sequence[Action]:
        threading.Thread(target=self.link.wake).start()
        return []

    def secured(self, tls: TlsFacts) -> Sequence[Action]:
        assert self.link.tls == tls
        return [Send(b"secured %d\r\n" % len(tls.client_cert_der or b""))]

    def woken(self) -> Sequence[Action]:
        return [Send(b"woken\r\n")]

    def closed(self) -> None:
        self.over.set()


class Silent(Echo):
    """Does not greet (MLLP)."""

    def opened(self) -> Sequence[Action]:
        return []


@dataclass
class Stage:
    """What a test needs."""

    port: int
    incidents: Incidents
    sessions: list[Echo]
    host: StreamHost


@contextmanager
def playing(
    framer: Callable[[], Framer],
    kind: type[Echo] = Echo,
    limits: StreamLimits | None = None,
    tls: Callable[[], ssl.SSLContext] | None = None,
    at_once: bool = False,
    **options: object,
) -> Iterator[Stage]:
    incidents, sessions = Incidents(), []
    pool = WorkerPool("test", 1, 2)
    host = StreamHost(pool, incidents)

    def open_session(link: Link) -> Echo:
        sessions.append(kind(link))
        return sessions[-1]

    room = StreamRoom(
        "room",
        "127.0.0.1",
        0,
        "ECHO",
        framer,
        open_session,
        tls,
        at_once,
        limits or StreamLimits(),
        **options,  # type: ignore[arg-type]
    )
    port = host.bind(room)
    host.start()
    try:
        yield Stage(port, incidents, sessions, host)
    finally:
        host.stop(0.3)
        assert pool.stop(PATIENCE)
        assert host.open_connections == 0
        assert all(session.over.wait(PATIENCE) for session in sessions)


def read_until(sock: socket.socket, end: bytes) -> bytes:
    received = b""
    while not received.endswith(end):
        data = sock.recv(65_536)
        assert data, f"closed after {received!r}"
        received += data
    return received


def send_in_pieces(sock: socket.socket, octets: bytes, size: int = 3) -> None:
    for start in range(0, len(octets), size):
        sock.sendall(octets[start : start + size])


# -- MLLP ------------------------------------------------------------------------------------------------------------


def test_mllp_persistent_split_pipelined_and_junk() -> None:
    with playing(MllpFramer, Silent) as stage, connect(stage.port) as sock:
        send_in_pieces(sock, b"\x0bMSH|one\r\x1c\r")
        assert read_until(sock, b"\x1c\r") == b"\x0bMSH|one\r\x1c\r"
        sock.sendall(b"\x0bMSH|two\x1c\r\x0bMSH|three\x1c\r")
        assert read_until(sock, b"three\x1c\r") == b"\x0bMSH|two\x1c\r\x0bMSH|three\x1c\r"
        sock.sendall(b"junk\x0bMSH|four\x1c\r")
        assert read_until(sock, b"four\x1c\r") == b"violation mllp_junk\r\n\x0bMSH|four\x1c\r"
        told = stage.incidents.wait(Kind.FRAMING)
        assert (told.cause, told.raw, told.listener) == ("mllp_junk", b"junk", "room")


def test_mllp_one_shot_with_half_close_gets_its_answer() -> None:
    block = b"\x0b" + b"M" * 3_000_000 + b"\x1c\r"
    with playing(MllpFramer, Silent) as stage, connect(stage.port) as sock:

        def send() -> None:
            sock.sendall(block)
            sock.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        assert read_to_end(sock) == block
        sender.join(PATIENCE)
        assert stage.incidents.queue.empty()


def test_mllp_over_tls_with_split_records(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    with playing(MllpFramer, Silent, tls=lambda: server_tls, at_once=True) as stage:
        with client_tls.wrap_socket(connect(stage.port), server_hostname="localhost") as sock:
            send_in_pieces(sock, b"\x0bMSH|secret\x1c\r")
            assert read_until(sock, b"\x1c\r") == b"\x0bMSH|secret\x1c\r"
            assert stage.sessions[0].link.tls is not None


def test_unfinished_frame_is_told() -> None:
    with playing(MllpFramer, Silent) as stage:
        with connect(stage.port) as sock:
            sock.sendall(b"\x0bMSH|half")
        told = stage.incidents.wait(Kind.HUNG_UP)
        assert (told.cause, told.raw) == ("cut_short", b"\x0bMSH|half")


# -- SMTP and IMAP ---------------------------------------------------------------------------------------------------


def test_smtp_lines_data_and_pipelining() -> None:
    with playing(SmtpFramer) as stage, connect(stage.port) as sock:
        assert read_until(sock, b"\r\n") == b"hello plain\r\n"
        send_in_pieces(sock, b"MAIL\r\nDATA\r\nline\r\n..dot\r\n.\r\nRSET\r\n")
        assert read_until(sock, b"RSET\r\n") == b"echo MAIL\r\n354\r\ndata 12\r\necho RSET\r\n"
        sock.sendall(b"QUIT\r\n")
        assert read_to_end(sock) == b"221\r\n"


def test_smtp_smuggling_is_refused_and_ends_the_connection() -> None:
    with playing(SmtpFramer) as stage, connect(stage.port) as sock:
        sock.sendall(b"DATA\r\nbody\n.\r\nMAIL FROM:<evil>\r\n")
        assert read_to_end(sock).endswith(b"354\r\nviolation bare_line_end\r\n")
        assert stage.incidents.wait(Kind.FRAMING).cause == "bare_line_end"


def test_imap_literals() -> None:
    with playing(ImapFramer) as stage, connect(stage.port) as sock:
        read_until(sock, b"\r\n")
        sock.sendall(b"a LOGIN {2}\r\n")
        assert read_until(sock, b"\r\n") == b"+ go\r\n"
        sock.sendall(b"me {3+}\r\npwd\r\n")
        assert read_until(sock, b"\r\n") == b"a LOGIN {2}|me| {3+}|pwd|\r\n"
        sock.sendall(b"b APPEND {100}\r\n")
        assert read_until(sock, b"\r\n") == b"no\r\n"
        sock.sendall(b"c NOOP\r\n")
        assert read_until(sock, b"\r\n") == b"echo c NOOP\r\n"


@pytest.mark.parametrize("framer", [SmtpFramer, ImapFramer])
def test_starttls_drops_what_was_injected(
    framer: Callable[[], Framer], issuer: Issuer, server_tls: ssl.SSLContext
) -> None:
    with playing(framer, tls=lambda: server_tls) as stage, connect(stage.port) as sock:
        read_until(sock, b"plain\r\n")
        sock.sendall(b"STARTTLS\r\nINJECTED\r\n")
        assert read_until(sock, b"\r\n") == b"220\r\n"
        context = client_context(issuer, issuer.issue("mailer"))
        with context.wrap_socket(sock, server_hostname="localhost") as secure:
            assert int(read_until(secure, b"\r\n").split()[1]) > 100
            send_in_pieces(secure, b"after\r\n")
            assert read_until(secure, b"\r\n") == b"echo after\r\n"
            secure.sendall(b"QUIT\r\n")
            assert read_to_end(secure) == b"221\r\n"
        assert stage.incidents.wait(Kind.STARTTLS_INJECTION).raw == b"INJECTED\r\n"


def test_tls_from_the_start_greets_after_the_handshake(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    with playing(ImapFramer, tls=lambda: server_tls, at_once=True) as stage:
        with client_tls.wrap_socket(connect(stage.port), server_hostname="localhost") as sock:
            assert read_until(sock, b"\r\n").startswith(b"hello TLSv1.")


def test_wake_later_and_reset() -> None:
    with playing(SmtpFramer) as stage, connect(stage.port) as sock:
        read_until(sock, b"\r\n")
        sock.sendall(b"WAKE\r\n")
        assert read_until(sock, b"\r\n") == b"woken\r\n"
        sock.sendall(b"LATER\r\nNEXT\r\n")
        assert read_until(sock, b"NEXT\r\n") == b"late\r\nafter\r\necho NEXT\r\n"
        sock.sendall(b"RESET\r\n")
        with pytest.raises(ConnectionResetError):
            sock.recv(1)


def test_latency_holds_no_worker() -> None:
    with playing(SmtpFramer) as stage:
        held = [connect(stage.port) for _ in range(5)]
        for sock in held:
            sock.sendall(b"NEVER\r\n")
        with connect(stage.port) as sock:
            sock.sendall(b"QUIT\r\n")
            assert read_to_end(sock) == b"hello plain\r\n221\r\n"
        for sock in held:
            sock.close()


# -- what goes wrong -------------------------------------------------------------------------------------------------

QUICK = StreamLimits(
    first_byte_seconds=0.2, handshake_seconds=0.2, idle_seconds=0.3, unit_seconds=0.2, write_seconds=0.2
)


@pytest.mark.parametrize(("sent", "cause"), [(b"", "idle"), (b"half a line", "unit")])
def test_slow_units_are_ended_by_the_session(sent: bytes, cause: str) -> None:
    with playing(SmtpFramer, limits=QUICK) as stage, connect(stage.port) as sock:
        sock.sendall(sent)
        assert read_to_end(sock) == b"hello plain\r\nviolation " + cause.encode() + b"\r\n"
        told = stage.incidents.wait(Kind.TIMEOUT)
        assert (told.cause, told.raw) == (cause, sent)


@pytest.mark.parametrize(("sent", "cause"), [(b"", "first_byte"), (b"\x16\x03\x01", "handshake")])
def test_slow_handshakes(sent: bytes, cause: str, server_tls: ssl.SSLContext) -> None:
    with playing(SmtpFramer, limits=QUICK, tls=lambda: server_tls, at_once=True) as stage:
        with connect(stage.port) as sock:
            sock.sendall(sent)
            assert read_to_end(sock) == b""
        assert stage.incidents.wait(Kind.TIMEOUT).cause == cause


def test_peer_that_never_reads() -> None:
    with playing(SmtpFramer, limits=QUICK) as stage, connect(stage.port) as sock:
        sock.sendall(b"FLOOD\r\n")
        assert stage.incidents.wait(Kind.TIMEOUT).cause == "answer"
        assert len(read_to_end(sock)) < 8_000_000


def test_wrong_ports_and_failed_handshakes(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext, foreign_issuer: Issuer
) -> None:
    with playing(SmtpFramer) as stage:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            client_tls.wrap_socket(connect(stage.port), server_hostname="localhost")
        assert stage.incidents.wait(Kind.TLS_ON_PLAIN_PORT).reason_en.startswith("This port speaks plain ECHO")
        with connect(stage.port) as sock:
            sock.sendall(get())
            read_to_end(sock)
        assert stage.incidents.wait(Kind.WRONG_PROTOCOL).cause == "looks_like_http"
    with playing(SmtpFramer, tls=lambda: server_tls, at_once=True) as stage:
        with connect(stage.port) as sock:
            sock.sendall(b"EHLO me\r\n")
            assert read_to_end(sock) == b""
        assert stage.incidents.wait(Kind.PLAIN_ON_TLS_PORT).cause == "plain_smtp"
        with pytest.raises(ssl.SSLError):
            client_context(foreign_issuer).wrap_socket(connect(stage.port), server_hostname="localhost")
        assert stage.incidents.wait(Kind.HANDSHAKE_FAILED).cause == "client_rejected_unknown_ca"


def test_refused_client_certificate_hears_the_alert(
    issuer: Issuer, foreign_issuer: Issuer, server_tls: ssl.SSLContext
) -> None:
    context = client_context(issuer, foreign_issuer.issue("stranger"))
    with playing(MllpFramer, Silent, tls=lambda: server_tls, at_once=True) as stage:
        with context.wrap_socket(connect(stage.port), server_hostname="localhost") as sock:
            sock.sendall(b"\x0bMSH|eager\x1c\r")
            with pytest.raises(ssl.SSLError, match=r"(?i)unknown.ca"):
                sock.recv(1)
        assert stage.incidents.wait(Kind.HANDSHAKE_FAILED).cause == "certificate_unknown_ca"


def test_bug_in_a_session_ends_its_connection_only() -> None:
    class Buggy(Echo):
        def receive_unit(self, unit: Unit) -> Sequence[Action]:
            raise KeyError("unforeseen")

    with playing(SmtpFramer, Buggy) as stage:
        with connect(stage.port) as sock, connect(stage.port) as other:
            sock.sendall(b"x\r\n")
            assert read_to_end(sock) == b"hello plain\r\n"
            assert b"KeyError" in stage.incidents.wait(Kind.BUG).raw
            assert read_until(other, b"\r\n") == b"hello plain\r\n"


def test_starttls_without_context_is_a_bug_of_ours() -> None:
    with playing(SmtpFramer) as stage, connect(stage.port) as sock:
        sock.sendall(b"STARTTLS\r\n")
        read_to_end(sock)
        stage.incidents.wait(Kind.BUG)


def test_outage_and_too_many() -> None:
    orders = iter(["close", "reset", None])
    with playing(SmtpFramer, limits=StreamLimits(open_connections=1), on_accept=lambda peer: next(orders)) as stage:
        for _ in range(2):
            # The reset may come before connect() is back.
            with contextlib.suppress(ConnectionResetError), connect(stage.port) as sock:
                assert read_to_end(sock) == b""
        with connect(stage.port) as sock:
            assert read_until(sock, b"\r\n") == b"hello plain\r\n"
            with connect(stage.port) as other:
                assert read_to_end(other) == b""
            assert stage.incidents.wait(Kind.TOO_MANY_CONNECTIONS).cause == "open_connections"


def test_stop_leaves_no_thread_even_with_a_unit_put_off() -> None:
    before = set(threading.enumerate())
    with playing(SmtpFramer) as stage:
        idle, held = connect(stage.port), connect(stage.port)
        read_until(idle, b"\r\n")
        held.sendall(b"NEVER\r\n")
        read_until(held, b"\r\n")
    with idle, held:
        assert read_to_end(idle) == b""
        assert read_to_end(held) == b""
    assert set(threading.enumerate()) == before
