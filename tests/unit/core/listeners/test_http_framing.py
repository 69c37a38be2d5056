"""HTTP requests and answers without a socket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core.listeners.http_answer import Answer
from simulators.core.listeners.http_head import BadRequest
from simulators.core.listeners.http_reader import RequestReader, Stage
from simulators.core.listeners.limits import Limits
from tests.unit.core.listeners.test_framers import CUTS, pieces

LIMITS = Limits(head_bytes=2_000, body_bytes=5_000, body_in_memory_bytes=100)


def _read(octets: bytes, cuts: list[int]) -> list[tuple[bytes, bytes]]:
    """(target, body) of each request, pipelined ones included."""
    requests, reader = [], RequestReader(LIMITS)
    for piece in pieces(octets, cuts):
        reader.feed(piece)
        while reader.stage is Stage.COMPLETE and reader.head:
            requests.append((reader.head.target, reader.sink.finish().read()))
            reader.sink.close()
            leftover, reader = reader.leftover, RequestReader(LIMITS)
            reader.feed(leftover)
    assert reader.stage is Stage.EMPTY
    return requests


def _encode(number: int, body: bytes, sizes: list[int] | None) -> bytes:
    head = b"POST /%d HTTP/1.1\r\nHost: h\r\n" % number
    if sizes is None:
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    chunks = [chunk for chunk in pieces(body, sizes) if chunk]
    coded = b"".join(b"%X;q=1\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + coded + b"0\r\nTrailer: t\r\n\r\n"


@given(st.lists(st.tuples(st.binary(max_size=300), st.none() | CUTS), max_size=4), CUTS)
def test_requests_survive_any_cut(bodies: list[tuple[bytes, list[int] | None]], cuts: list[int]) -> None:
    octets = b"\r\n".join(_encode(number, body, sizes) for number, (body, sizes) in enumerate(bodies))
    assert _read(octets, cuts) == [(b"/%d" % number, body) for number, (body, _) in enumerate(bodies)]


@given(st.binary(max_size=300), CUTS)
def test_any_octets_are_taken_or_refused(octets: bytes, cuts: list[int]) -> None:
    reader = RequestReader(LIMITS)
    try:
        for piece in pieces(octets, cuts):
            reader.feed(piece)
    except BadRequest as bad:
        assert bad.status[:3].isdigit() and bad.reason.fr and bad.reason.en


@given(st.text(max_size=20), st.text(max_size=20))
def test_an_answer_has_as_many_lines_as_headers(name: str, value: str) -> None:
    try:
        head = Answer(b"GET", (1, 1), True, None).head("200 OK", [(name, value)], 0)
    except ValueError:
        return
    assert len(head.split(b"\r\n")) <= 5


@pytest.mark.parametrize(
    ("method", "version", "status", "headers", "known", "expected"),
    [
        (b"GET", (1, 1), "200 OK", [], None, b"Transfer-Encoding: chunked"),
        (b"GET", (1, 0), "200 OK", [], None, b"Connection: close"),
        (b"GET", (1, 0), "200 OK", [], 2, b"Connection: keep-alive"),
        (b"GET", (1, 1), "200 OK", [], 2, b"Content-Length: 2"),
        (b"GET", (1, 1), "200 OK", [("Connection", "close")], 2, b"Connection: close"),
        (b"GET", (1, 1), "204 No Content", [], None, b"HTTP/1.1 204 No Content\r\n\r\n"),
        (b"HEAD", (1, 1), "200 OK", [("Content-Length", "9")], None, b"Content-Length: 9"),
    ],
)
def test_answer_heads(
    method: bytes,
    version: tuple[int, int],
    status: str,
    headers: list[tuple[str, str]],
    known: int | None,
    expected: bytes,
) -> None:
    answer = Answer(method, version, True, None)
    assert expected in answer.head(status, headers, known)
    if method == b"HEAD" or status.startswith("204"):
        assert answer.chunk(b"body") + answer.end() == b""
