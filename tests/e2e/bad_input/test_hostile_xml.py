"""Entities, bombs, floods and broken bytes: refused before they cost anything."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.bad_input.bench import Bench, fault
from tests.support.raw_http import Letter

EXTERNAL = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
PARAMETER = b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://localhost:1/p.dtd"> %p;]>'
REMOTE = b'<!DOCTYPE a SYSTEM "http://localhost:1/a.dtd">'
LAUGHS = b"<!DOCTYPE a [" + b"".join(
    [b'<!ENTITY l0 "lol">', *(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10)), b"]>"]
)
QUADRATIC = b'<!DOCTYPE a [<!ENTITY q "' + b"q" * 50_000 + b'">]>'


def before_root(declaration: bytes) -> Callable[[Letter], Letter]:
    """Puts a DOCTYPE where one may stand; the entity is used inside."""

    def change(letter: Letter) -> Letter:
        at = letter.body.index(b"<soap:Envelope")
        return letter.but(body=letter.body[:at] + declaration + letter.body[at:])

    return change


def body_as(make: Callable[[bytes], bytes]) -> Callable[[Letter], Letter]:
    return lambda letter: letter.but(body=make(letter.body))


def nested(data: bytes) -> bytes:
    return data.replace(b"</soap:Body>", b"<a>" * 300 + b"</a>" * 300 + b"</soap:Body>")


def many(tag: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(b"</soap:Body>", b"<a>" + tag * 200_001 + b"</a></soap:Body>")


def attributes(data: bytes) -> bytes:
    element = b"<a " + b" ".join(b"a%d='1'" % n for n in range(1_000)) + b"/>"
    return data.replace(b"</soap:Body>", b"<b>" + element * 501 + b"</b></soap:Body>")


HOSTILE = {
    "external entity": before_root(EXTERNAL),
    "parameter entity": before_root(PARAMETER),
    "remote DTD": before_root(REMOTE),
    "billion laughs": before_root(LAUGHS),
    "quadratic blow-up": before_root(QUADRATIC),
    "DOCTYPE in UTF-16": body_as(lambda data: (EXTERNAL + data.partition(b"?>")[2]).decode().encode("utf-16")),
    "DOCTYPE after a comment": before_root(b"<!-- x --><?pi x?>\n" + EXTERNAL),
    "nested too deep": body_as(nested),
    "too many elements": body_as(many(b"<e/>")),
    "too many comments": body_as(many(b"<!---->")),
    "too many attributes": body_as(attributes),
    "one text too long": body_as(lambda data: data.replace(b"</soap:Body>", b"<a>" + b"t" * 10_000_001 + b"</a>", 1)),
    "empty": body_as(lambda data: b""),
    "cut": body_as(lambda data: data[: len(data) // 2]),
    "not XML": body_as(lambda data: b'{"resourceType": "Bundle"}'),
    "not the encoding announced": body_as(lambda data: data.replace(b"</soap:Body>", b"<!-- \xe9 --></soap:Body>")),
    "NUL": body_as(lambda data: data.replace(b"</soap:Body>", b"\x00</soap:Body>")),
    "undeclared entity": body_as(lambda data: data.replace(b"</soap:Body>", b"&eacute;</soap:Body>")),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_message_is_refused_before_it_is_read(bench: Bench, name: str) -> None:
    letter = HOSTILE[name](bench.letter("TD0.2"))
    row = bench.refused(lambda: bench.post(letter), fault("", "DMP-XML"), "DMP-XML")
    assert row["request"]["size"] == len(letter.body)


@pytest.mark.parametrize("operation", ["TD0.3", "TD2.1", "TD3.1", "TD3.2"])
@pytest.mark.parametrize("name", ["external entity", "billion laughs"])
def test_every_operation_refuses_them(bench: Bench, operation: str, name: str) -> None:
    letter = HOSTILE[name](bench.letter(operation))
    bench.refused(lambda: bench.post(letter), fault("", "DMP-XML"), "DMP-XML")


def test_nothing_of_this_machine_comes_back(bench: Bench) -> None:
    letter = before_root(b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>')(bench.letter("TD0.2"))
    answer = bench.post(letter.swap(b"</soap:Body>", b"&x;</soap:Body>"))
    assert b"root:" not in answer.body


def test_two_envelopes_in_one_message(bench: Bench) -> None:
    letter = bench.letter("TD0.2")
    doubled = letter.but(body=letter.body + letter.body.partition(b"?>")[2])
    bench.refused(lambda: bench.post(doubled), fault("", "DMP-XML"), "DMP-XML")


def test_two_operations_in_one_body(bench: Bench) -> None:
    letter = bench.letter("TD0.2")
    start, end = letter.body.index(b"<soap:Body>") + len(b"<soap:Body>"), letter.body.index(b"</soap:Body>")
    twice = letter.but(body=letter.body[:end] + letter.body[start:end] + letter.body[end:])
    bench.refused(lambda: bench.post(twice), fault("", "DMP-SOAP-ENVELOPE"), "DMP-SOAP-ENVELOPE")


def test_an_envelope_of_another_version(bench: Bench) -> None:
    letter = bench.letter("TD0.2")
    other = letter.but(body=letter.body.replace(b"http://www.w3.org/2003/05/soap-envelope", b"urn:autre"))
    expected = fault("", "DMP-SOAP-VERSION", value="VersionMismatch")
    bench.refused(lambda: bench.post(other), expected, "DMP-SOAP-VERSION")


def test_a_mandatory_header_nobody_knows(bench: Bench) -> None:
    header = b'<x:Inconnu xmlns:x="urn:autre" soap:mustUnderstand="true"/></soap:Header>'
    letter = bench.letter("TD0.2").swap(b"</soap:Header>", header)
    expected = fault("", "DMP-SOAP-MUST-UNDERSTAND", value="MustUnderstand")
    bench.refused(lambda: bench.post(letter), expected, "DMP-SOAP-MUST-UNDERSTAND")


def test_an_operation_that_is_not_offered(bench: Bench) -> None:
    letter = bench.letter("TD0.2")
    other = letter.but(body=letter.body.replace(b"PRPA_IN201307UV02", b"PRPA_IN201311UV02"))
    bench.refused(lambda: bench.post(other), fault("", "DMP-SOAP-OPERATION"), "DMP-SOAP-OPERATION")
