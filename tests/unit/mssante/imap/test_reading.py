"""Commands, sequence sets, folder names, dates and items as text."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.mssante.imap import dates, names
from simulators.mssante.imap.errors import Bad, No
from simulators.mssante.imap.items import fetch_items
from simulators.mssante.imap.reader import Reader
from simulators.mssante.imap.sequence import SequenceSet, compact
from simulators.mssante.mime.sections import Section


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_modified_utf7_comes_back(name: str) -> None:
    wire = names.encoded(name)
    assert wire.isascii() and all(32 <= octet < 127 for octet in wire)
    assert names.decoded(wire) == name


@pytest.mark.parametrize(
    ("wire", "name"),
    [(b"R&AOk-sultats", "Résultats"), (b"&-", "&"), (b"&U,BTFw-", "台北"), ("Été".encode(), "Été"), (b"a&b", "a&b")],
)
def test_names_of_the_standard(wire: bytes, name: str) -> None:
    assert names.decoded(wire) == name


def test_a_name_that_is_nothing_is_refused() -> None:
    with pytest.raises(No):
        names.decoded(b"\xff\xfe")
    with pytest.raises(No):
        names.decoded(b"&AA-")


@given(st.text("a/*%", max_size=8), st.text("ab/", max_size=8))
def test_patterns_are_those_of_a_regular_expression(pattern: str, name: str) -> None:
    expression = "".join({"*": ".*", "%": "[^/]*"}.get(sign, re.escape(sign)) for sign in pattern)
    assert names.Pattern("", pattern).matches(name) == bool(re.fullmatch(expression, name))


def test_a_pattern_of_many_stars_is_quick_and_inbox_has_no_case() -> None:
    assert not names.Pattern("", "*a" * 400).matches("a" * 255 + "b")
    assert names.Pattern("", "inbox").matches("INBOX")
    assert names.Pattern("", "inBox/%").matches("INBOX/Un")
    with pytest.raises(No):
        names.Pattern("", "*" * 2_000)


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=6), st.sets(st.integers(1, 40)))
def test_sequence_sets(ranges: list[tuple[int, int]], numbers: set[int]) -> None:
    text = ",".join(f"{low}:{high}" for low, high in ranges).encode()
    wanted = {n for low, high in ranges for n in range(min(low, high), max(low, high) + 1)}
    read = SequenceSet.read(text)
    assert read.among(sorted(numbers)) == sorted(numbers & wanted)
    assert read.within(40) == sorted(wanted)
    assert all(read.holds(n, 40) == (n in wanted) for n in range(1, 41))
    again = SequenceSet.read(compact(sorted(wanted)).encode())
    assert again.within(40) == sorted(wanted)


def test_the_star_is_the_last() -> None:
    assert SequenceSet.read(b"*").among([3, 9]) == [9]
    assert SequenceSet.read(b"20:*").among([3, 9]) == [9]
    assert SequenceSet.read(b"2:*").within(3) == [2, 3]
    with pytest.raises(Bad):
        SequenceSet.read(b"1:4").within(3)
    assert SequenceSet.read(b"1:4294967295").among([7]) == [7]


@pytest.mark.parametrize("text", [b"0", b"", b"1,,2", b"1:", b":1", b"1:2:3", b"4294967296", b"-1", b"1," * 30_000])
def test_broken_sets_are_bad(text: bytes) -> None:
    with pytest.raises(Bad):
        SequenceSet.read(text)


def test_strings_in_their_three_forms() -> None:
    reader = Reader((rb't X atom "quo\"ted\\" {3}', b"a\r\n", b" {0}", b"", b""))
    reader.tag()
    reader.space()
    assert reader.word() == "X"
    found = []
    while reader.take(b" "):
        found.append(reader.astring())
    reader.end()
    assert found == [b"atom", b'quo"ted\\', b"a\r\n", b""]


@given(st.binary(max_size=80))
def test_any_octets_are_read_or_bad(octets: bytes) -> None:
    for read in (fetch_items, Reader.astring, Reader.flags, Reader.sequence_set, Reader.pattern, Reader.number):
        try:
            read(Reader((octets,)))  # type: ignore[operator]
        except Bad as bad:
            assert bad.text.isascii()


def test_fetch_items() -> None:
    (item,) = fetch_items(Reader((b'BODY.PEEK[2.1.HEADER.FIELDS ("X-MSS-INS" to)]<5.10>',)))
    assert item.section == Section((2, 1), "HEADER.FIELDS", frozenset([b"x-mss-ins", b"to"]))
    assert (item.name, item.offset, item.count, item.peek) == (
        b"BODY[2.1.HEADER.FIELDS (X-MSS-INS TO)]<5>",
        5,
        10,
        True,
    )
    assert [item.name for item in fetch_items(Reader((b"(FLAGS body[] rfc822.size)",)))] == [
        b"FLAGS",
        b"BODY[]",
        b"RFC822.SIZE",
    ]
    assert len(fetch_items(Reader((b"FULL",)))) == 5


@pytest.mark.parametrize(
    "text",
    [
        *(
            b"()",
            b"BODY[",
            b"BODY[0]",
            b"BODY[MIME]",
            b"BODY[1.]",
            b"BODY[1.x]",
            b"BODY[HEADER.FIELDS ()]",
            b"BODY[]<0>",
        ),
        *(b"BODY[]<0.0>", b"NOTHING", b"(ALL FLAGS)", b"(FLAGS", b"BODY[%b]" % b".".join([b"1"] * 101)),
        b"(%b)" % b" ".join([b"UID"] * 201),
    ],
)
def test_broken_items_are_bad(text: bytes) -> None:
    with pytest.raises(Bad):
        fetch_items(Reader((text,)))


def test_dates() -> None:
    assert dates.date_time(b"17-Jul-1996 02:44:25 -0700") == datetime(1996, 7, 17, 9, 44, 25, tzinfo=UTC)
    assert dates.date_time(b" 7-jul-1996 02:44:25 +0000").day == 7
    assert dates.internal_date(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == b'"02-Jan-2026 03:04:05 +0000"'
    for text in (b"31-Feb-2026 00:00:00 +0000", b"1-Juil-2026 00:00:00 +0000", b"", b"01-Jan-0001 00:00:00 +2359"):
        with pytest.raises(Bad):
            dates.date_time(text)
    with pytest.raises(Bad):
        dates.day(b"30-Feb-2026")
