"""Multipart messages with a part missing or lying, and bodies that announce more than they may."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.e2e.bad_input.bench import PSEUDO, Bench, fault, http_status, nothing, registry_error
from tests.support.raw_http import Letter, converse

GIGABYTE = 1 << 30
MIB = 1 << 20


def boundary(letter: Letter) -> bytes:
    found = re.search(r'boundary="([^"]*)"', letter.content_type)
    assert found
    return b"--" + found[1].encode()


def parts(letter: Letter) -> list[bytes]:
    """The text between delimiters, preamble and epilogue included."""
    return (b"\r\n" + letter.body).split(b"\r\n" + boundary(letter))


def joined(letter: Letter, pieces: list[bytes]) -> Letter:
    return letter.but(body=(b"\r\n" + boundary(letter)).join(pieces).removeprefix(b"\r\n"))


def without_part(letter: Letter, content_id: bytes) -> Letter:
    pieces = parts(letter)
    kept = [piece for piece in pieces if b"Content-ID: <" + content_id not in piece]
    assert len(kept) == len(pieces) - 1
    return joined(letter, kept)


def twice(letter: Letter, content_id: bytes) -> Letter:
    pieces = parts(letter)
    (double,) = [piece for piece in pieces if b"Content-ID: <" + content_id in piece]
    return joined(letter, [*pieces[:-1], double, pieces[-1]])


Change = Callable[[Letter], Letter]
UNREADABLE: dict[str, Change] = {
    "no boundary": lambda letter: letter.typed('multipart/related; type="application/xop+xml"'),
    "another boundary": lambda letter: letter.typed(letter.content_type.replace("uuid-", "duiu-")),
    "no root": lambda letter: without_part(letter, b"root@"),
    "start names nothing": lambda letter: letter.typed(re.sub(r'start="[^"]*"', 'start="<x@y>"', letter.content_type)),
    "a Content-ID twice": lambda letter: twice(letter, b"Document01@"),
    "never closed": lambda letter: joined(letter, parts(letter)[:-1]),
    "cut in a document": lambda letter: letter.but(body=letter.body[: len(letter.body) * 2 // 3]),
    "headers without end": lambda letter: letter.but(
        body=letter.body.replace(b"Content-ID: <Document01@", b"X: " + b"x" * 9_000 + b"\r\nContent-ID: <Document01@")
    ),
    "an encoding of its own": lambda letter: letter.but(
        body=letter.body.replace(b"Encoding: binary", b"Encoding: x-zip", 2)
    ),
    "base64 that is none": lambda letter: letter.but(
        body=letter.body.replace(b"Encoding: binary", b"Encoding: base64")
    ),
    "too many parts": lambda letter: joined(
        letter, [*parts(letter)[:-1], *[b"\r\nContent-ID: <x%d@y>\r\n\r\nx" % n for n in range(300)], parts(letter)[-1]]
    ),
    "empty": lambda letter: letter.but(body=b""),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_package_that_cannot_be_taken_apart(bench: Bench, name: str) -> None:
    letter = UNREADABLE[name](bench.letter("TD2.1"))
    bench.refused(lambda: bench.post(letter), fault("", "DMP-MTOM"), "DMP-MTOM")


MISSING = registry_error("XDSMissingDocument", "DMP-LOT-PART")


@pytest.mark.parametrize("content_id", ["Document01", "Signature01"])
def test_a_part_is_missing(bench: Bench, content_id: str) -> None:
    """The envelope names a part that did not come."""
    letter = without_part(bench.letter("TD2.1"), f"{content_id}@".encode())
    row = bench.refused(lambda: bench.post(letter), MISSING, "DMP-LOT-PART")
    (finding,) = row["verdict"]["findings"]
    assert content_id in finding["found"]


@pytest.mark.parametrize("target", ["file:///etc/hostname", "http://localhost:1/x", "cid:root@segur-sandbox.test"])
def test_a_reference_out_of_the_message(bench: Bench, target: str) -> None:
    letter = bench.letter("TD2.1").swap(b"cid:Document01@segur-sandbox.test", target.encode())
    bench.refused(lambda: bench.post(letter), MISSING, "DMP-LOT-PART")


def test_a_plain_envelope_whose_parts_never_came(bench: Bench) -> None:
    letter = bench.letter("TD2.1")
    envelope = letter.body[letter.body.index(b"<soap:Envelope") : letter.body.index(b"</soap:Envelope>")]
    plain = letter.but(body=envelope + b"</soap:Envelope>").typed("application/soap+xml")
    bench.refused(lambda: bench.post(plain), MISSING, "DMP-LOT-PART")


@pytest.mark.parametrize("operation", ["TD0.2", "TD2.1"])
def test_a_gigabyte_announced(bench: Bench, operation: str) -> None:
    """Refused at its announcement, before one byte of it was read."""
    letter = bench.letter(operation)
    head = letter.raw(bench.host, length=GIGABYTE).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    row = bench.refused(
        lambda: converse(bench.place, [head]), http_status(413), "CORE-OVERSIZED", world=PSEUDO, outcome="incident"
    )
    assert row["status"] == "body_too_large"


def test_a_gigabyte_announced_to_a_client_that_asks_first(bench: Bench) -> None:
    letter = bench.letter("TD2.1")
    asked = letter.but(headers=(*letter.headers, ("Expect", "100-continue")), body=b"")
    bench.refused(
        lambda: converse(bench.place, [asked.raw(bench.host, length=GIGABYTE)]),
        http_status(413),
        "CORE-OVERSIZED",
        world=PSEUDO,
        outcome="incident",
    )


def test_an_endless_chunked_body(bench: Bench) -> None:
    """No length is announced: the limit counts what came."""
    letter = bench.letter("TD2.1")
    lines = [f"POST {letter.path} HTTP/1.1", f"Host: {bench.host}", "Transfer-Encoding: chunked"]
    head = "\r\n".join([*lines, f"Content-Type: {letter.content_type}", "", ""]).encode()
    chunk = b"100000\r\n" + bytes(MIB) + b"\r\n"
    bench.refused(
        lambda: converse(bench.place, [head, *[chunk] * 101]),
        http_status(413),
        "CORE-OVERSIZED",
        world=PSEUDO,
        outcome="incident",
    )


def test_a_body_shorter_than_announced(bench: Bench) -> None:
    letter = bench.letter("TD2.1")
    row = bench.refused(
        lambda: converse(bench.place, [letter.raw(bench.host, length=len(letter.body) + 1)], finish=True),
        nothing,
        "CORE-HUNG-UP",
        world=PSEUDO,
        outcome="incident",
    )
    assert row["status"] == "cut_short"
