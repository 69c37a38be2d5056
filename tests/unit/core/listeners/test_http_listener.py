from __future__ import annotations

import errno
import json
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from simulators.core.listeners import Deferred, HttpListener, Kind, Limits, WorkerPool
from tests.unit.core.listeners.support import (
    PATIENCE,
    Incidents,
    Issuer,
    client_context,
    connect,
    connect_tls,
    get,
    read_answer,
    read_to_end,
    server_context,
    serving,
)

LIMITS = Limits(body_bytes=1_000_000, body_in_memory_bytes=1_000, head_bytes=4_000, linger_seconds=0.3)
POST = b"POST / HTTP/1.1\r\nHost: h\r\n"
SHOWN = ("segur.listener", "segur.tls_version", "segur.cipher", "segur.ignored_headers", "segur.peer")


def mirror(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Tells what it received, as JSON."""
    body = environ["wsgi.input"].read()
    certificate = environ["segur.client_cert_der"]
    told: dict[str, object] = {key: value for key, value in environ.items() if isinstance(value, str)}
    told |= {key: environ[key] for key in SHOWN}
    told |= {"length": len(body), "start": body[:20].decode("latin-1"), "certificate": certificate and len(certificate)}
    told["received"] = environ["segur.received"].decode("latin-1")
    answer = json.dumps(told).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]


def _told(sock: socket.socket) -> dict[str, Any]:
    head, body = read_answer(sock)
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    return dict(json.loads(body))


# -- framing ---------------------------------------------------------------------------------------------------------


def test_environ_of_a_plain_request() -> None:
    with serving(mirror, LIMITS) as (listener, _), connect(listener.port) as sock:
        sock.sendall(get("/w/a%20b%2Fc?x=%20y", "X-Two: 1", "X-Two: 2", "Cookie: a=1", "Cookie: b=2"))
        told = _told(sock)
        assert (told["PATH_INFO"], told["QUERY_STRING"]) == ("/w/a b/c", "x=%20y")
        assert told["REQUEST_URI"] == "/w/a%20b%2Fc?x=%20y"
        assert (told["HTTP_X_TWO"], told["HTTP_COOKIE"]) == ("1, 2", "a=1; b=2")
        assert (told["SERVER_PORT"], told["wsgi.url_scheme"]) == (str(listener.port), "http")
        assert (told["certificate"], told["segur.tls_version"], told["segur.cipher"]) == (None, None, None)
        assert told["segur.peer"] == ["127.0.0.1", sock.getsockname()[1]]
        assert told["received"].startswith("GET /w/a%20b%2Fc?x=%20y HTTP/1.1\r\n")
        assert "CONTENT_LENGTH" not in told


def test_keep_alive_pipelining_and_chunks() -> None:
    chunked = b"POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunked += b"4;x=y\r\nWiki\r\n3\r\n...\r\n0\r\nT: z\r\n\r\n"
    fixed = b"POST /f HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
    with serving(mirror, LIMITS) as (listener, incidents), connect(listener.port) as sock:
        sock.sendall(chunked)
        told = _told(sock)
        assert (told["start"], told["CONTENT_LENGTH"]) == ("Wiki...", "7")
        sock.sendall(fixed)
        assert _told(sock)["start"] == "abc"
        sock.sendall(get("/1") + get("/2") + fixed[:-1])
        answers = b""
        while answers.count(b"HTTP/1.1 200 OK") < 2 or not answers.endswith(b"}"):
            answers += sock.recv(65_536)
        assert answers.index(b'"/1"') < answers.index(b'"/2"')
        sock.sendall(fixed[-1:])
        assert _told(sock)["start"] == "abc"
        assert incidents.queue.empty()
        assert listener.open_connections == 1


def test_connection_close_and_http_1_0() -> None:
    with serving(mirror, LIMITS) as (listener, _):
        for request in (get("/", "Connection: close"), b"GET / HTTP/1.0\r\n\r\n"):
            with connect(listener.port) as sock:
                sock.sendall(request)
                assert b"\r\nConnection: close\r\n" in read_to_end(sock)


def test_expect_100_continue() -> None:
    request = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    with serving(mirror, LIMITS) as (listener, _), connect(listener.port) as sock:
        sock.sendall(request)
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"ok")
        assert _told(sock)["start"] == "ok"
        sock.sendall(request + b"no")
        assert _told(sock)["start"] == "no"


def test_large_body_goes_to_disk_and_back() -> None:
    body = bytes(range(256)) * 2_000
    with serving(mirror, LIMITS) as (listener, _), connect(listener.port) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert _told(sock)["length"] == len(body)


def test_one_gigabyte_announced_is_refused_at_once() -> None:
    with serving(mirror, Limits()) as (listener, incidents), connect(listener.port) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1073741824\r\n\r\n")
        answer = read_to_end(sock)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"exceeds the allowed size" in answer
        assert incidents.wait(Kind.OVERSIZED).cause == "body_too_large"


@pytest.mark.parametrize("framing", ["chunked", "head"])
def test_other_excesses_are_refused(framing: str) -> None:
    with serving(mirror, LIMITS) as (listener, incidents), connect(listener.port) as sock:
        if framing == "chunked":
            sock.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(101):
                sock.sendall(b"2710\r\n" + b"z" * 10_000 + b"\r\n")
        else:
            sock.sendall(get("/", "X-Big: " + "a" * 5_000))
        assert read_to_end(sock).startswith(b"HTTP/1.1 413 " if framing == "chunked" else b"HTTP/1.1 431 ")
        incidents.wait(Kind.OVERSIZED)


@pytest.mark.parametrize(
    ("raw", "status", "cause"),
    [
        (b"EHLO me.test\r\n", 400, "request_line"),
        (b"\x0bMSH|^~\\&|", 400, "request_line"),
        (b"GET / HTTP/1.1\n", 400, "bare_line_feed"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "host"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "host"),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, "header"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400, "header"),
        (b"GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request_target"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http_version"),
        (POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "ambiguous_length"),
        (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "content_length"),
        (POST + b"Content-Length: -1\r\n\r\n", 400, "content_length"),
        (POST + b"Transfer-Encoding: gzip\r\n\r\n", 501, "transfer_encoding"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "chunk"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 417, "expect"),
    ],
)
def test_unacceptable_requests_are_answered_and_told(raw: bytes, status: int, cause: str) -> None:
    with serving(mirror, LIMITS) as (listener, incidents), connect(listener.port) as sock:
        sock.sendall(raw)
        assert read_to_end(sock).startswith(f"HTTP/1.1 {status} ".encode())
        told = incidents.wait(Kind.MALFORMED)
        assert told.cause == cause
        assert told.raw and raw.startswith(told.raw)
        assert told.reason_fr and told.reason_en


def test_hanging_up_inside_a_request_is_told() -> None:
    with serving(mirror, LIMITS) as (listener, incidents):
        with connect(listener.port) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf")
        assert incidents.wait(Kind.HUNG_UP).cause == "cut_short"


# -- TLS -------------------------------------------------------------------------------------------------------------


def test_tls_facts_and_client_certificate(issuer: Issuer, server_tls: ssl.SSLContext) -> None:
    pem = issuer.issue("client")
    with serving(mirror, LIMITS, lambda: server_tls) as (listener, _):
        with connect_tls(listener.port, client_context(issuer, pem)) as sock:
            sock.sendall(get())
            told = _told(sock)
            der = ssl.PEM_cert_to_DER_cert(pem.read_text().partition("-----BEGIN PRIVATE")[0])
            assert told["certificate"] == len(der)
            assert (told["segur.tls_version"], told["segur.cipher"]) == (sock.version(), sock.cipher()[0])  # type: ignore[index]
            assert told["wsgi.url_scheme"] == "https"


SPOOFED = [
    "SSL_CLIENT_CERT: x",
    "SSL-Client-Cert: x",
    "X-SSL-Client-Cert: x",
    "X-SSL-Client-Verify: SUCCESS",
    "X-SSL-Cert: x",
    "X-Client-Cert: x",
    "X-Forwarded-Client-Cert: x",
    "X-Forwarded-Tls-Client-Cert: x",
    "X-ARR-ClientCert: x",
    "Client-Cert: :x:",
    "segur.client_cert_der: x",
    "segur_client_cert_der: x",
    "REMOTE_USER: x",
    "Content_Length: 5",
    "Proxy: http://evil.test",
]


@pytest.mark.parametrize("header", SPOOFED)
def test_no_header_becomes_an_identity(header: str, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    with serving(mirror, LIMITS, lambda: server_tls) as (listener, _):
        with connect_tls(listener.port, client_tls) as sock:
            sock.sendall(get("/", header))
            told = _told(sock)
            assert told["certificate"] is None
            assert header in told["received"]
            names = {name for name in told if name != "received"}
            assert not [name for name in names if name.startswith("SSL_") or name in ("REMOTE_USER", "CONTENT_LENGTH")]
            passed_on = {name for name in names if name.startswith("HTTP_")} - {"HTTP_HOST"}
            assert passed_on <= {"HTTP_SEGUR.CLIENT_CERT_DER"}


def _handshake_cause(listener: HttpListener, incidents: Incidents, context: ssl.SSLContext) -> str:
    try:
        with connect_tls(listener.port, context) as sock:
            sock.sendall(get())
            sock.recv(1)
    except (ssl.SSLError, ConnectionError):
        pass
    told = incidents.wait(Kind.HANDSHAKE_FAILED)
    assert told.raw[:2] == b"\x16\x03"
    return told.cause


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_failed_handshakes_say_why(
    version: ssl.TLSVersion, issuer: Issuer, foreign_issuer: Issuer, server_pem: Path
) -> None:
    revoked = issuer.issue("revoked")
    contexts = {
        "certificate_expired": client_context(issuer, issuer.issue("expired", (-3, -1))),
        "certificate_not_yet_valid": client_context(issuer, issuer.issue("future", (1, 3))),
        "certificate_revoked": client_context(issuer, revoked),
        "certificate_unknown_ca": client_context(issuer, foreign_issuer.issue("stranger")),
        "client_rejected_unknown_ca": client_context(foreign_issuer),
    }
    tls = server_context(issuer, server_pem, issuer.revoke(revoked))
    with serving(mirror, LIMITS, lambda: tls) as (listener, incidents):
        for cause, context in contexts.items():
            context.maximum_version = context.minimum_version = version
            assert _handshake_cause(listener, incidents, context) == cause


def test_refused_client_hears_the_alert_though_it_has_sent_its_request(
    issuer: Issuer, foreign_issuer: Issuer, server_tls: ssl.SSLContext
) -> None:
    with serving(mirror, LIMITS, lambda: server_tls) as (listener, _):
        with connect_tls(listener.port, client_context(issuer, foreign_issuer.issue("eager"))) as sock:
            sock.sendall(get() * 50)
            with pytest.raises(ssl.SSLError, match=r"(?i)unknown.ca"):
                sock.recv(1)


def test_no_common_cipher_and_no_common_version(issuer: Issuer, server_tls: ssl.SSLContext) -> None:
    rsa_only, old = client_context(issuer), client_context(issuer)
    rsa_only.maximum_version = ssl.TLSVersion.TLSv1_2
    rsa_only.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    strict = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    strict.load_cert_chain(issuer.issue("strict"))
    strict.minimum_version = ssl.TLSVersion.TLSv1_3
    contexts = iter([server_tls, strict])
    with serving(mirror, LIMITS, lambda: next(contexts)) as (listener, incidents):
        assert _handshake_cause(listener, incidents, rsa_only) == "no_shared_cipher"
        assert _handshake_cause(listener, incidents, old) == "protocol_version"


def test_context_is_asked_at_each_connection(issuer: Issuer, server_pem: Path) -> None:
    pem = issuer.issue("soon-revoked")
    source = [server_context(issuer, server_pem)]
    with serving(mirror, LIMITS, lambda: source[-1]) as (listener, incidents):
        with connect_tls(listener.port, client_context(issuer, pem)) as sock:
            sock.sendall(get())
            assert _told(sock)["certificate"]
        source.append(server_context(issuer, server_pem, issuer.revoke(pem)))
        assert _handshake_cause(listener, incidents, client_context(issuer, pem)) == "certificate_revoked"


def test_plain_http_on_the_tls_port(server_tls: ssl.SSLContext) -> None:
    with serving(mirror, LIMITS, lambda: server_tls) as (listener, incidents), connect(listener.port) as sock:
        sock.sendall(get())
        answer = read_to_end(sock)
        assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"text/plain" in answer and b"This port speaks TLS" in answer
        told = incidents.wait(Kind.PLAIN_ON_TLS_PORT)
        assert (told.cause, told.raw) == ("plain_http", get())


@pytest.mark.parametrize(
    ("raw", "cause"), [(b"EHLO me\r\n", "plain_smtp"), (b"\x0bMSH|", "plain_mllp"), (b"\0\1", "plain_unknown")]
)
def test_garbage_on_the_tls_port(server_tls: ssl.SSLContext, raw: bytes, cause: str) -> None:
    with serving(mirror, LIMITS, lambda: server_tls) as (listener, incidents), connect(listener.port) as sock:
        sock.sendall(raw)
        assert read_to_end(sock) == b""
        assert incidents.wait(Kind.PLAIN_ON_TLS_PORT).cause == cause


def test_tls_on_the_plain_port(client_tls: ssl.SSLContext) -> None:
    with serving(mirror, LIMITS) as (listener, incidents):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            connect_tls(listener.port, client_tls)
        assert incidents.wait(Kind.TLS_ON_PLAIN_PORT).raw.startswith(b"\x16\x03")


def test_hanging_up_right_after_the_handshake_is_told(
    issuer: Issuer, server_pem: Path, client_tls: ssl.SSLContext
) -> None:
    # In TLS 1.3 a client may be gone before the server has finished: that is a failed handshake, and another incident.
    own = server_context(issuer, server_pem)
    own.maximum_version = ssl.TLSVersion.TLSv1_2
    with serving(mirror, LIMITS, lambda: own) as (listener, incidents):
        connect_tls(listener.port, client_tls).close()
        assert incidents.wait(Kind.HUNG_UP).cause == "gone_after_handshake"


# -- faults and bugs -------------------------------------------------------------------------------------------------


def _with_lever(pull: Callable[[dict[str, Any]], object]) -> Callable[..., Iterable[bytes]]:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        pull(environ)
        start_response("200 OK", [("Content-Length", "10")])
        return [b"0123", b"456789"]

    return app


def _end_of(raw: socket.socket) -> str:
    """How the TCP connection ends (ssl hides a reset behind an end of stream)."""
    try:
        while raw.recv(65_536):
            pass
    except ConnectionResetError:
        return "reset"
    return "close"


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("mode", ["reset", "close"])
def test_reset_and_close_levers(tls: bool, mode: str, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    app = _with_lever(lambda environ: environ["segur.disconnect"](mode))
    with serving(app, LIMITS, (lambda: server_tls) if tls else None) as (listener, incidents):
        sock = connect(listener.port)
        with sock.dup() as raw:
            raw.settimeout(PATIENCE)
            if tls:
                sock = client_tls.wrap_socket(sock, server_hostname="localhost")
            with sock:
                sock.sendall(get())
                assert _end_of(raw) == mode
        assert incidents.queue.empty()


@pytest.mark.parametrize(("octets", "body"), [(0, b""), (6, b"012345"), (10, b"0123456789"), (99, b"0123456789")])
def test_truncated_answer(octets: int, body: bytes) -> None:
    app = _with_lever(lambda environ: environ["segur.truncate_after"](octets))
    with serving(app, LIMITS) as (listener, _), connect(listener.port) as sock:
        sock.sendall(get("/", "Connection: close"))
        head, _, received = read_to_end(sock).partition(b"\r\n\r\n")
        assert b"Content-Length: 10" in head
        assert received == body


def test_deferred_answers_hold_no_worker() -> None:
    def late(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return mirror(environ, start_response)

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        delay = {"/never": 3_600.0, "/late": 0.05}.get(environ["PATH_INFO"])
        return Deferred(delay, late) if delay else mirror(environ, start_response)

    with serving(app, LIMITS, maximum=1) as (listener, incidents):
        held = [connect(listener.port) for _ in range(5)]
        for sock in held:
            sock.sendall(get("/never"))
        with connect(listener.port) as sock:
            for path in ("/now", "/late", "/now"):
                sock.sendall(get(path))
                assert _told(sock)["PATH_INFO"] == path
        assert incidents.queue.empty()
        for sock in held:
            sock.close()


def test_long_polls_have_their_own_pool() -> None:
    release, waiting = threading.Event(), threading.Semaphore(0)

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/poll"):
            waiting.release()
            assert release.wait(PATIENCE)
        return mirror(environ, start_response)

    slow = WorkerPool("slow", 1, 3)
    polls_only = lambda path: path.startswith("/poll")  # noqa: E731
    with serving(app, LIMITS, maximum=1, slow_pool=slow, slow_paths=polls_only) as (listener, _):
        polls = [connect(listener.port) for _ in range(3)]
        for sock in polls:
            sock.sendall(get("/poll"))
            assert waiting.acquire(timeout=PATIENCE)
        with connect(listener.port) as sock:
            sock.sendall(get("/now"))
            assert _told(sock)["PATH_INFO"] == "/now"
        release.set()
        for sock in polls:
            assert _told(sock)["PATH_INFO"] == "/poll"
            sock.close()
    assert slow.stop(PATIENCE)


def test_streamed_chunks_arrive_one_by_one() -> None:
    go_on = threading.Event()

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/event-stream")])

        def events() -> Iterable[bytes]:
            yield b"data: 1\n\n"
            assert go_on.wait(PATIENCE)
            yield b"data: 2\n\n"

        return events()

    with serving(app, LIMITS) as (listener, _), connect(listener.port) as sock:
        sock.sendall(get())
        received = b""
        while not received.endswith(b"9\r\ndata: 1\n\n\r\n"):
            received += sock.recv(1_000)
        go_on.set()
        while not received.endswith(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n"):
            received += sock.recv(1_000)


def _raises(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    raise OSError("not of the wire")


def _splits(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("X-A", "b\r\nX-Evil: c")])
    return [b"x"]


def _mute(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    return [b"no start_response"]


def _exits(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    raise SystemExit(2)


@pytest.mark.parametrize("app", [_raises, _splits, _mute, _exits])
def test_bugs_before_the_head_give_500_and_are_told(app: Callable[..., Iterable[bytes]]) -> None:
    with serving(app, LIMITS) as (listener, incidents), connect(listener.port) as sock:
        sock.sendall(get())
        answer = read_to_end(sock)
        assert answer.startswith(b"HTTP/1.1 500 ") and b"Evil" not in answer
        told = incidents.wait(Kind.BUG)
        assert b"Traceback" in told.raw


@pytest.mark.parametrize("extra", [b"toolong", b""])
def test_bug_after_the_head_cuts_the_connection(extra: bytes) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "5")])
        yield b"1234"
        yield extra

    with serving(app, LIMITS) as (listener, incidents), connect(listener.port) as sock:
        sock.sendall(get())
        assert len(read_to_end(sock).partition(b"\r\n\r\n")[2]) < 5
        incidents.wait(Kind.BUG)


def test_outage_at_accept() -> None:
    orders = iter(["close", "reset", None, "silent"])
    with serving(mirror, LIMITS, on_accept=lambda peer: next(orders)) as (listener, _):
        with connect(listener.port) as sock:
            assert sock.recv(1) == b""
        # The reset may come before connect() is back.
        with pytest.raises(ConnectionResetError), connect(listener.port) as sock:
            sock.recv(1)
        with connect(listener.port) as sock:
            sock.sendall(get())
            assert _told(sock)["PATH_INFO"] == "/"
        with connect(listener.port) as sock:
            sock.sendall(get())
            assert not select.select([sock], [], [], 0.1)[0]


def test_date_comes_from_the_caller() -> None:
    with serving(mirror, LIMITS, http_date=lambda: "Thu, 01 Jan 1970 00:00:00 GMT") as (listener, _):
        with connect(listener.port) as sock:
            sock.sendall(get())
            assert b"\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n" in read_answer(sock)[0] + b"\r\n"


# -- life ------------------------------------------------------------------------------------------------------------


def test_port_zero_is_bound_before_it_is_told_and_taken_ports_fail() -> None:
    pool = WorkerPool("life")
    first = HttpListener("a", "127.0.0.1", 0, mirror, pool, LIMITS, None, Incidents())
    first.bind()
    assert first.port
    second = HttpListener("b", "127.0.0.1", first.port, mirror, pool, LIMITS, None, Incidents())
    first.start()
    with pytest.raises(OSError):
        second.start()
    second.stop(0)
    first.stop(0)
    with pytest.raises(ConnectionRefusedError):
        connect(first.port)


def test_stop_drains_then_leaves_no_thread_and_no_connection() -> None:
    before = set(threading.enumerate())
    entered, release = threading.Event(), threading.Event()

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        entered.set()
        assert release.wait(PATIENCE)
        return mirror(environ, start_response)

    pool = WorkerPool("drain")
    listener = HttpListener("d", "127.0.0.1", 0, app, pool, LIMITS, None, Incidents())
    listener.start()
    with connect(listener.port) as busy, connect(listener.port) as idle:
        busy.sendall(get())
        assert entered.wait(PATIENCE)
        stopping = threading.Thread(target=listener.stop, args=(PATIENCE,))
        stopping.start()
        assert idle.recv(1) == b""
        release.set()
        assert b"Connection: close" in read_answer(busy)[0]
        busy.close()
        stopping.join(PATIENCE)
        assert not stopping.is_alive()
    assert pool.stop(PATIENCE)
    assert set(threading.enumerate()) == before
    assert listener.open_connections == 0


def test_stop_cuts_what_does_not_end() -> None:
    entered, release = threading.Event(), threading.Event()

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        entered.set()
        release.wait(PATIENCE)
        return mirror(environ, start_response)

    pool = WorkerPool("cut")
    listener = HttpListener("c", "127.0.0.1", 0, app, pool, LIMITS, None, Incidents())
    listener.start()
    with connect(listener.port) as busy:
        busy.sendall(get())
        assert entered.wait(PATIENCE)
        listener.stop(0.05)
        assert busy.recv(1) == b""
        release.set()
    assert pool.stop(PATIENCE)
    assert listener.open_connections == 0


class _OutOfDescriptors:
    """A listening socket whose first accept finds the process short of descriptors."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self.accepts = sock, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def accept(self) -> tuple[socket.socket, Any]:
        self.accepts += 1
        if self.accepts == 1:
            raise OSError(errno.EMFILE, "too many open files")
        return self._sock.accept()


def test_a_lack_of_descriptors_is_told_and_does_not_spin() -> None:
    pool, incidents = WorkerPool("few"), Incidents()
    listener = HttpListener("few", "127.0.0.1", 0, mirror, pool, LIMITS, None, incidents)
    listener.bind()
    short = _OutOfDescriptors(listener._listening)
    listener._socket = short  # type: ignore[assignment]
    listener.start()
    with connect(listener.port) as sock:
        sock.sendall(get())
        assert _told(sock)["PATH_INFO"] == "/"
    assert incidents.wait(Kind.TOO_MANY_CONNECTIONS).cause == "no_descriptor"
    assert short.accepts <= 3
    listener.stop(1)
    assert pool.stop(PATIENCE)
