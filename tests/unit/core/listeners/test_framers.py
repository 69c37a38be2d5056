"""The stream framers alone, whatever the cuts between octets."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core.listeners import (
    Command,
    Data,
    Frame,
    Framer,
    ImapFramer,
    Line,
    LiteralOffered,
    MllpFramer,
    SmtpFramer,
    Unit,
    Violation,
)
from simulators.core.listeners.lines import has_bare_end

CUTS = st.lists(st.integers(1, 40), max_size=30)


def pieces(octets: bytes, cuts: list[int]) -> Iterable[bytes]:
    """``octets`` in pieces of the given sizes, then the rest."""
    start = 0
    for size in cuts:
        yield octets[start : start + size]
        start += size
    yield octets[start:]


def units_of(
    framer: Framer, octets: bytes, cuts: list[int], react: Callable[[Framer, Unit], None] = lambda f, u: None
) -> list[Unit]:
    """All units, with the session's part played by ``react``."""
    units = []
    for piece in pieces(octets, cuts):
        framer.feed(piece)
        while (unit := framer.next_unit()) is not None:
            units.append(unit)
            react(framer, unit)
    return units


# -- MLLP ------------------------------------------------------------------------------------------------------------

BLOCK = st.binary(max_size=60).map(lambda block: block.replace(b"\x0b", b"").replace(b"\x1c", b""))


@given(st.lists(BLOCK, max_size=5), CUTS)
def test_mllp_frames_survive_any_cut(blocks: list[bytes], cuts: list[int]) -> None:
    framer = MllpFramer()
    octets = b"".join(b"\x0b" + block + b"\x1c\r" for block in blocks)
    assert units_of(framer, octets, cuts) == [Frame(block) for block in blocks]
    assert framer.begun() == b""


@given(st.binary(max_size=200), CUTS)
def test_mllp_takes_anything(octets: bytes, cuts: list[int]) -> None:
    whole = [unit for unit in units_of(MllpFramer(), octets, []) if isinstance(unit, Frame)]
    cut = [unit for unit in units_of(MllpFramer(), octets, cuts) if isinstance(unit, Frame)]
    assert whole == cut


@pytest.mark.parametrize(
    ("octets", "causes"),
    [
        (b"\r\n\x0bA\x1c\r", ["mllp_junk", b"A"]),
        (b"\x0bA\x0bB\x1c\r", ["mllp_frame_without_end", b"B"]),
        (b"\x0bA\x1cX\x0bB\x1c\r", ["mllp_bad_end", "mllp_junk", b"B"]),
        (b"\x0bA\x1c\x0bB\x1c\r", ["mllp_bad_end", b"B"]),
        (b"\x0b" + b"z" * 101, ["mllp_too_large"]),
        (b"\x0b" + b"z" * 100 + b"\x1c\r", [b"z" * 100]),
    ],
)
def test_mllp_violations(octets: bytes, causes: list[object]) -> None:
    units = units_of(MllpFramer(max_frame_bytes=100), octets, [])
    assert [unit.reason.cause if isinstance(unit, Violation) else unit.payload for unit in units] == causes  # type: ignore[union-attr]


# -- SMTP ------------------------------------------------------------------------------------------------------------

TEXT = st.binary(max_size=30).map(lambda text: text.replace(b"\r", b"").replace(b"\n", b""))


def _data_after_data(framer: Framer, unit: Unit) -> None:
    if unit == Line(b"DATA"):
        framer.expect("data")


def _stuffed(lines: list[bytes]) -> bytes:
    return b"".join((b"." + line if line.startswith(b".") else line) + b"\r\n" for line in lines) + b".\r\n"


@given(st.lists(st.lists(TEXT | TEXT.map(lambda text: b"." + text), max_size=5), max_size=3), CUTS)
def test_smtp_messages_survive_any_cut(messages: list[list[bytes]], cuts: list[int]) -> None:
    octets = b"".join(b"MAIL\r\nDATA\r\n" + _stuffed(lines) for lines in messages) + b"QUIT\r\n"
    expected: list[Unit] = []
    for lines in messages:
        expected += [Line(b"MAIL"), Line(b"DATA"), Data(b"".join(line + b"\r\n" for line in lines))]
    assert units_of(SmtpFramer(), octets, cuts, _data_after_data) == [*expected, Line(b"QUIT")]


@given(st.sampled_from([b"\n", b"\r", b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\r\n"]), TEXT, TEXT, CUTS)
def test_smtp_bare_line_ends_are_fatal_everywhere(bare: bytes, before: bytes, after: bytes, cuts: list[int]) -> None:
    smuggled = before + bare + after + b"x\r\n.\r\n"
    for octets in (b"DATA\r\n" + smuggled, before + bare + after + b"x\r\n"):
        units = units_of(SmtpFramer(), octets, cuts, _data_after_data)
        violation = next(unit for unit in units if isinstance(unit, Violation))
        assert (violation.reason.cause, violation.fatal) == ("bare_line_end", True)
        assert not any(isinstance(unit, Data) for unit in units)


@given(CUTS)
def test_smtp_excess_is_read_to_its_end_and_told(cuts: list[int]) -> None:
    framer = SmtpFramer(max_line_bytes=20, max_data_bytes=50)
    octets = b"N" * 21 + b"\r\nDATA\r\n" + b"y" * 200 + b"\r\n.\r\n" + b"N" * 20 + b"\r\n"
    units = units_of(framer, octets, cuts, _data_after_data)
    causes = [unit.reason.cause if isinstance(unit, Violation) else unit for unit in units]
    assert causes == ["line_too_long", Line(b"DATA"), "data_too_large", Line(b"N" * 20)]
    assert not any(unit.fatal for unit in units if isinstance(unit, Violation))


def test_smtp_excess_costs_no_memory() -> None:
    framer = SmtpFramer(max_line_bytes=20, max_data_bytes=1_000)
    for start in (b"", b"\r\nDATA\r\n"):
        units_of(framer, start, [], _data_after_data)
        for _ in range(100):
            framer.feed(b"z" * 1_000)
            assert framer.next_unit() is None
            assert framer.buffered < 2_100
        assert framer.begun()


def test_smtp_knows_only_data() -> None:
    with pytest.raises(ValueError, match="literal"):
        SmtpFramer().expect("literal")


# -- IMAP ------------------------------------------------------------------------------------------------------------


def _accept(framer: Framer, unit: Unit) -> None:
    if isinstance(unit, LiteralOffered):
        framer.expect("literal")


@given(st.lists(st.tuples(TEXT, st.booleans(), st.binary(max_size=40)), max_size=4), TEXT, CUTS)
def test_imap_literals_survive_any_cut(literals: list[tuple[bytes, bool, bytes]], last: bytes, cuts: list[int]) -> None:
    raw, parts = b"", []
    for text, waits, literal in literals:
        parts += [text + b"{%d%b}" % (len(literal), b"" if waits else b"+"), literal]
        raw += parts[-2] + b"\r\n" + literal
    # A text that ends like a literal announcement would be one.
    last += b"."
    raw += last + b"\r\n"
    units = units_of(ImapFramer(), raw + b"z NOOP\r\n", cuts, _accept)
    assert units[-1] == Command((b"z NOOP",), b"z NOOP\r\n")
    assert units[-2] == Command((*parts, last), raw)
    assert len(units) == 2 + sum(waits for _, waits, _ in literals)


def test_imap_offer_tells_the_size_and_may_be_refused() -> None:
    framer = ImapFramer()
    framer.feed(b"a LOGIN {3}\r\n")
    assert framer.next_unit() == LiteralOffered(b"a LOGIN {3}", 3)
    framer.expect("no_literal")
    framer.feed(b"b NOOP\r\nc LOGIN {3}\r\n")
    assert framer.next_unit() == Command((b"b NOOP",), b"b NOOP\r\n")
    assert isinstance(framer.next_unit(), LiteralOffered)
    framer.feed(b"d NOOP\r\n")
    assert framer.next_unit() == Command((b"d NOOP",), b"d NOOP\r\n")
    with pytest.raises(ValueError, match="now"):
        framer.expect("literal")


@pytest.mark.parametrize(
    ("octets", "cause", "fatal"),
    [
        (b"a APPEND {101}\r\n", "literal_too_large", False),
        (b"a APPEND {101+}\r\n", "literal_too_large", True),
        (b"a APPEND {60+}\r\n" + b"x" * 60 + b" {60+}\r\n", "literal_too_large", True),
        (b"a NOOP\n", "bare_line_end", True),
        (b"a " + b"x" * 30 + b"\r\n", "line_too_long", False),
    ],
)
def test_imap_violations(octets: bytes, cause: str, fatal: bool) -> None:
    units = units_of(ImapFramer(max_line_bytes=20, max_literal_bytes=100), octets, [])
    assert isinstance(units[-1], Violation)
    assert (units[-1].reason.cause, units[-1].fatal) == (cause, fatal)


def test_discard_gives_back_what_was_injected() -> None:
    for framer in (MllpFramer(), SmtpFramer(), ImapFramer()):
        framer.feed(b"STARTTLS\r\nNOOP\r\n")
        assert framer.discard() == b"STARTTLS\r\nNOOP\r\n"
        assert framer.buffered == 0
        assert framer.next_unit() is None


@pytest.mark.parametrize("sign", [b"", b"+"])
def test_imap_literals_without_end(sign: bytes) -> None:
    """Neither their number nor the text between them is without bound; what waits for leave may be answered."""
    framer = ImapFramer()
    framer.feed(b"x SEARCH" + b" {0%b}\r\n" % sign)
    unit, rounds = framer.next_unit(), 0
    while not isinstance(unit, Violation) and rounds < 200:
        if isinstance(unit, LiteralOffered):
            framer.expect("literal")
        framer.feed(b" {0%b}\r\n" % sign)
        unit, rounds = framer.next_unit(), rounds + 1
    assert isinstance(unit, Violation)
    assert (unit.reason.cause, unit.fatal) == ("literal_too_large", bool(sign))
    assert framer.buffered == 0


def test_imap_text_between_literals_is_bounded() -> None:
    framer = ImapFramer(max_line_bytes=50)
    framer.feed(b"x " + b"a" * 30 + b" {1+}\r\nb " + b"c" * 40 + b"\r\nz NOOP\r\n")
    unit = framer.next_unit()
    assert isinstance(unit, Violation)
    assert (unit.reason.cause, unit.fatal) == ("line_too_long", False)
    assert framer.next_unit() == Command((b"z NOOP",), b"z NOOP\r\n")


def test_imap_strangers_send_small_literals_only() -> None:
    large = b"x APPEND INBOX {9000+}\r\n" + b"y" * 9000 + b"\r\n"
    framer = ImapFramer()
    framer.feed(large)
    unit = framer.next_unit()
    assert isinstance(unit, Violation)
    assert unit.fatal
    framer = ImapFramer()
    framer.expect("messages")
    framer.feed(large)
    assert isinstance(framer.next_unit(), Command)


@given(
    st.lists(st.sampled_from([b"\r\n", b"\r", b"\n", b"a", b"."]), max_size=12), st.integers(0, 12), st.integers(0, 12)
)
def test_bare_ends_are_those_that_a_reader_of_lines_sees(pieces: list[bytes], start: int, length: int) -> None:
    data = b"".join(pieces)
    start, stop = min(start, len(data)), min(start + length, len(data))
    bare = [
        at
        for at in range(max(0, start - 1), stop)
        if (data[at : at + 1] == b"\n" and data[at - 1 : at] != b"\r")
        or (data[at : at + 1] == b"\r" and data[at + 1 : at + 2] != b"\n" and at + 1 < stop)
    ]
    assert has_bare_end(data, start, stop) == bool(bare)
