"""What is no request at all: plain HTTP on the TLS port, another protocol, unreadable HTTP, silence."""

from __future__ import annotations

import contextlib
import socket

import pytest

from tests.e2e.bad_input.bench import PSEUDO, Bench, Expect, http_status, nothing
from tests.support.raw_http import Place, RawAnswer, converse

THOUSAND = 1_000
CLIENT_HELLO = bytes.fromhex("16030100c8010000c40303")


def text_status(status: int) -> Expect:
    def check(answer: RawAnswer) -> None:
        assert answer.status == status, answer

    return check


def incident(bench: Bench, place: Place, pieces: list[bytes], expected: Expect, rule: str) -> dict[str, object]:
    """``pieces`` to ``place``; a plain connection is then closed on our side, so that nobody waits for the rest."""
    plain = place.context is None
    return bench.refused(
        lambda: converse(place, pieces, finish=plain), expected, rule, world=PSEUDO, outcome="incident"
    )


def test_plain_http_on_the_tls_port(bench: Bench) -> None:
    row = incident(
        bench,
        Place.of(bench.url),
        [bench.letter("TD0.2").raw(bench.host)],
        http_status(400),
        "CORE-PLAIN-ON-TLS-PORT",
    )
    assert row["status"] == "plain_http"


@pytest.mark.parametrize(
    ("octets", "cause"),
    [
        (b"\x0bMSH|^~\\&|DPI|CHU|PFI|CHU|20260105||ADT^A01|1|P|2.5\r\x1c\r", "plain_mllp"),
        (b"EHLO product.test\r\n", "plain_smtp"),
        (b"a1 LOGIN product secret\r\n", "plain_imap"),
        (bytes(range(1, 20)), "plain_unknown"),
    ],
)
def test_another_protocol_on_the_tls_port(bench: Bench, octets: bytes, cause: str) -> None:
    row = incident(bench, Place.of(bench.url), [octets], nothing, "CORE-PLAIN-ON-TLS-PORT")
    assert row["status"] == cause


def test_tls_on_a_plain_port(bench: Bench) -> None:
    place = Place.of(bench.sandbox.console_url)
    row = incident(bench, place, [CLIENT_HELLO], nothing, "CORE-TLS-ON-PLAIN-PORT")
    assert row["protocol"] == "console"


def test_a_handshake_that_stops_half_way(bench: Bench) -> None:
    row = incident(bench, Place.of(bench.url), [CLIENT_HELLO], nothing, "CORE-HANDSHAKE-FAILED")
    assert row["status"] == "hung_up_in_handshake"


UNREADABLE = {
    "no request line": b"hello\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
    "length and chunks": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n",
    "negative length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "space before colon": b"POST / HTTP/1.1\r\nHost : x\r\nContent-Length: 0\r\n\r\n",
    "folded header": b"POST / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n",
    "bad chunk": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_http(bench: Bench, name: str) -> None:
    incident(bench, bench.place, [UNREADABLE[name]], http_status(400), "CORE-MALFORMED")


def test_headers_without_end(bench: Bench) -> None:
    flood = b"POST / HTTP/1.1\r\nHost: x\r\n" + b"X: " + b"x" * 70_000 + b"\r\n\r\n"
    row = incident(bench, bench.place, [flood], http_status(431), "CORE-OVERSIZED")
    assert row["status"] == "head_too_large"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_a_method_that_is_none(bench: Bench, method: str) -> None:
    """Nothing is done, and nothing stored."""
    before = bench.state()
    raw = f"{method} {bench.prefix}/si-dmp-server/v2/services/patients HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    answer = converse(bench.place, [raw.encode()])
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST")
    assert bench.state() == before
    bench.still_serves()


def test_a_world_that_does_not_exist(bench: Bench) -> None:
    letter = bench.letter("TD0.2")
    lost = letter.but(path=letter.path.replace(bench.world, "nowhere", 1))
    row = bench.refused(lambda: bench.post(lost), text_status(500), "SIM-WORLD", world=PSEUDO, outcome="failed")
    assert "nowhere" in row["verdict"]["findings"][0]["where"]


def test_a_thousand_silent_connections(bench: Bench) -> None:
    """They hold no worker: while they are all open, a product is served."""
    before, since = bench.state(), bench.cursor(bench.world)
    with contextlib.ExitStack() as stack:
        for _ in range(THOUSAND):
            stack.enter_context(socket.create_connection(("127.0.0.1", Place.of(bench.url).port), 20))
        bench.still_serves()
        assert bench.sandbox.ports._listeners["dmp"].open_connections >= THOUSAND
        bench.still_serves()
    assert [row["outcome"] for row in bench.rows(bench.world, since)] == ["accepted", "accepted"]
    assert bench.state() == before
    bench.still_serves()


TRUST = {
    "OCSP junk": (b"POST /ocsp", b"junk" * 100, 200),
    "OCSP flood": (b"POST /ocsp", b"0" * 1_000_000, 200),
    "OCSP in the address": (b"GET /ocsp/%%%", b"", 200),
    "out of the folder": (b"GET /crl/../../etc/passwd.crl", b"", 404),
}


@pytest.mark.parametrize("name", TRUST)
def test_hostile_questions_to_the_trust_port(bench: Bench, name: str) -> None:
    """An OCSP request that is none is answered malformedRequest (RFC 6960 §2.3)."""
    line, body, status = TRUST[name]
    raw = line + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    answer = converse(Place.of(bench.sandbox.url("trust")), [raw])
    assert answer.status == status, answer
    assert status == 404 or answer.body == b"0\x03\n\x01\x01"
    bench.still_serves()


CONTROL: dict[str, tuple[bytes, bytes, int]] = {
    "nested": (b"POST /_sandbox/worlds", b"[" * 100_000, 400),
    "a number too large": (b"GET /_sandbox/worlds/main/exchanges/999999999999999999999999", b"", 404),
    "a cursor too large": (b"GET /_sandbox/worlds/main/exchanges?since=99999999999999999999999", b"", 400),
    "a seed too large": (b"POST /_sandbox/worlds", b'{"name": "a", "seed": 1e400}', 400),
    "reset of the pseudo-world": (b"POST /_sandbox/worlds/-/reset", b"{}", 404),
    "a period out of the calendar": (b"POST /_sandbox/worlds/main/clock", b'{"advance": "P9999Y"}', 400),
    "a structure with NUL": (b"POST /_sandbox/worlds/main/certificates", b'{"structure": "10B\\u0000"}', 400),
    "too large": (b"POST /_sandbox/worlds", b"x" * 2_000_000, 413),
}


@pytest.mark.parametrize("name", CONTROL)
def test_hostile_requests_to_the_control_api(bench: Bench, name: str) -> None:
    """A problem document, never an unforeseen error, and nothing changes."""
    line, body, status = CONTROL[name]
    head = b"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
    token = f"Authorization: Bearer {bench.sandbox.token}\r\n\r\n".encode()
    before = bench.state()
    answer = converse(Place.of(bench.sandbox.console_url), [line + b" HTTP/1.1\r\n" + head + token + body])
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json"), answer
    assert bench.state() == before
    bench.still_serves()
