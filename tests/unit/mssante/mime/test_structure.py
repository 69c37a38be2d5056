"""Mails as ranges of octets; the comparison with Dovecot (tests/interop) proves what IMAP says of them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.mssante.mime import texts
from simulators.mssante.mime.addresses import GROUP_END, Mailbox, addresses
from simulators.mssante.mime.bodystructure import bodystructure
from simulators.mssante.mime.envelope import envelope
from simulators.mssante.mime.sections import Section, located, section_bytes
from simulators.mssante.mime.structure import DEEPEST, MOST_PARTS, Part, read_structure
from simulators.mssante.mime.words import decoded
from tests.support.awkward_mails import mails
from tests.support.imap_raw import parse

MAILS = mails()


@pytest.mark.parametrize("name", MAILS)
def test_ranges_lie_inside_one_another(name: str) -> None:
    data = MAILS[name]
    root = read_structure(data)
    assert (root.header.start, root.body.stop) == (0, len(data))
    for part in root.walk():
        assert part.header.start <= part.header.stop == part.body.start <= part.body.stop
        assert part.lines == part.body.of(data).count(b"\n")
        at = part.body.start
        for child in part.children:
            assert at <= child.header.start and child.body.stop <= part.body.stop
            at = child.body.stop


def described(data: bytes) -> Part:
    root = read_structure(data)
    for extended in (False, True):
        parse(bodystructure(data, root, extended=extended))
    parse(envelope(data, root.fields))
    return root


PIECES = st.sampled_from(
    [
        *(
            b"Content-Type: multipart/mixed; boundary=",
            b"Content-Type: message/rfc822",
            b"Content-Disposition: ",
            b"\r\n",
        ),
        *(
            b"\r\n\r\n",
            b"\n",
            b"--B",
            b"--",
            b"B",
            b'"',
            b"\\",
            b"(",
            b")",
            b"<",
            b">",
            b"@",
            b",",
            b";",
            b":",
            b" ",
            b"\t",
        ),
        *(
            b"From: ",
            b"To: ",
            b"Subject: ",
            b"filename*0*=",
            b"=?utf-8?Q?=C3?=",
            b"\xe9",
            b"\x00",
            b"a",
            b"[",
            b"]",
            b"=",
        ),
    ]
)


@given(st.lists(PIECES, max_size=60).map(b"".join) | st.binary(max_size=200))
def test_any_octets_are_described(data: bytes) -> None:
    root = described(data)
    for path in ((1,), (2, 1), (1, 1, 1)):
        part = located(root, path)
        assert section_bytes(data, root, Section(path)) == (part.body.of(data) if part else b"")
    texts.whole_text(data, root)
    texts.sent_on(data, root)


def nested(depth: int) -> bytes:
    head = b"".join(b"Content-Type: multipart/mixed; boundary=b%05d\r\n\r\n--b%05d\r\n" % (n, n) for n in range(depth))
    return head + b"\r\nfond\r\n" + b"".join(b"--b%05d--\r\n" % n for n in reversed(range(depth)))


@pytest.mark.parametrize("depth", [DEEPEST - 1, DEEPEST, 1_000, 20_000])
def test_depth_is_bounded(depth: int) -> None:
    root = described(nested(depth))
    assert len(list(root.walk())) == min(depth, DEEPEST) + 1


def test_messages_inside_messages_are_bounded_too() -> None:
    root = described(b"Content-Type: message/rfc822\r\n\r\n" * 5_000)
    assert len(list(root.walk())) == DEEPEST + 1


HOSTILE = {
    "lines like delimiters": b"Content-Type: multipart/mixed; boundary=B\r\n\r\n" + b"--A\r\n" * 1_000_000,
    "parts": b"Content-Type: multipart/mixed; boundary=B\r\n\r\n" + b"--B\r\n\r\n" * 300_000,
    "unclosed boundaries": b"Content-Type: multipart/mixed; boundary=B\r\n"
    + b"".join(b"--B\r\nContent-Type: multipart/mixed; boundary=x%d\r\n\r\n" % n for n in range(60_000)),
    "fields": b"a: b\r\n" * 300_000,
    "one field": b"To: " + b"a@b.test, " * 100_000,
    "comments": b"To: " + b"(" * 1_000_000,
    "quotes": b"To: " + b'"\\"' * 300_000,
    "parameters": b"Content-Type: text/plain" + b"; a*1=b" * 100_000,
    "groups": b"To: " + b"g:" * 300_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_work_grows_with_the_size_only(name: str) -> None:
    begun = time.process_time()
    root = described(HOSTILE[name])
    assert time.process_time() - begun < 12, "some megabytes: far below, on any machine"
    assert len(list(root.walk())) <= MOST_PARTS + 1


# --- sections


def test_sections_of_a_forward() -> None:
    data = MAILS["forward"]
    root = read_structure(data)
    inner = section_bytes(data, root, Section((2,)))
    assert inner.startswith(b"Date: ") and b"IHE_XDM.ZIP" in inner
    assert (
        section_bytes(data, root, Section((2,), "HEADER")) + section_bytes(data, root, Section((2,), "TEXT")) == inner
    )
    assert section_bytes(data, root, Section((2, 1), "MIME")) == b"Content-Type: text/plain\r\n\r\n"
    assert section_bytes(data, root, Section((2, 1))) == b"voir ci-joint\r\n"
    fields = Section((2,), "HEADER.FIELDS", frozenset([b"message-id"]))
    assert section_bytes(data, root, fields) == b"Message-ID: <in@ch-a.mssante.test>\r\n\r\n"
    for path in ((3,), (2, 3), (1, 1, 1), (0,)):
        assert section_bytes(data, root, Section(path)) == b""
    assert section_bytes(data, root, Section((1,), "HEADER")) == b"", "only a message has one"


# --- addresses and words


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'"DUPONT, Jean" <a@b.test>', [Mailbox(b"DUPONT, Jean", None, b"a", b"b.test")]),
        (b"G: a@b.test;", [Mailbox(mailbox=b"G"), Mailbox(None, None, b"a", b"b.test"), GROUP_END]),
        (b"<@r.test:a@b.test>", [Mailbox(None, b"@r.test", b"a", b"b.test")]),
        (b"a@b.test (Docteur)", [Mailbox(b"Docteur", None, b"a", b"b.test")]),
        (b"", []),
    ],
)
def test_addresses(body: bytes, expected: list[Mailbox]) -> None:
    assert addresses(body) == expected


@given(st.binary(max_size=120))
def test_any_octets_are_addresses(body: bytes) -> None:
    addresses(body)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=?utf-8?Q?R=C3=A9sultat_d'acte?=", "Résultat d'acte"),
        ("=?utf-8?B?w6k=?= =?utf-8?B?w6k=?= et", "éé et"),
        ("=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "é"),
        ("=?iso-8859-1?q?=E9?=", "é"),
        ("=?x-unknown?q?a?=", "a"),
        ("=?utf-8?B?!!!?=", ""),
        ("=?utf-8*fr?Q?=C3=A9?=", "é"),
        ("rien", "rien"),
    ],
)
def test_encoded_words(text: str, expected: str) -> None:
    assert decoded(text) == expected


@given(st.text(max_size=80))
def test_any_text_is_decoded(text: str) -> None:
    decoded(text)


def test_texts_are_searched_decoded() -> None:
    data = (
        b"Subject: =?utf-8?Q?R=C3=A9sultat?=\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n"
        b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        b"h=E9pat=\r\nique\r\n--B\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        b"R0xZQ8OJTUlF\r\n--B--\r\n"
    )
    root = read_structure(data)
    whole, body = texts.whole_text(data, root), texts.body_text(data, root)
    assert "résultat" in whole and "résultat" not in body
    assert "hépatique" in body and "glycémie" in body
    assert texts.sent_on(data, root) is None
