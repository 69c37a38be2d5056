"""What a reader gives: the rows of one file, each with what it says and what is wrong with it; and the limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from simulators.population.exchange_formats import remarks
from simulators.population.exchange_formats.family import Family
from simulators.population.exchange_formats.remarks import Kind, Notes
from simulators.population.json_form import Json

LARGEST_FILE: Final = 10 * 1024 * 1024
MOST_ROWS: Final = 10_000
LONGEST_LINE: Final = 64 * 1024


@dataclass
class FileRow:
    """One row: ``number`` is the line in a CSV file, the rank in a JSON list, the rank of a message in an HL7 file.

    ``given`` is what the file says of a member, in JSON form; ``fresh`` what a member takes that neither the file nor
    the world tells. ``family`` is ``None`` for a remark on the file itself. ``ignored``: read, rightly, as nothing.
    """

    number: int
    family: Family | None = None
    given: Json = field(default_factory=dict)
    fresh: Json = field(default_factory=dict)
    notes: Notes = field(default_factory=Notes)
    ignored: bool = False


@dataclass(frozen=True)
class FileRead:
    """One file as read. ``format`` is ``csv``, ``json`` or ``adt``, empty when it was not recognised."""

    name: str
    format: str = ""
    encoding: str = ""
    rows: tuple[FileRow, ...] = ()


class FileRefused(ValueError):
    """The file cannot be read any further: one remark on one row."""

    def __init__(self, kind: Kind, number: int, column: str = "", *, found: object = "", expected: object = "") -> None:
        self.row = FileRow(number)
        self.row.notes.at(kind, column, found=found, expected=expected)
        super().__init__(kind.sentence.en)


def decoded(data: bytes, encoding: str) -> tuple[str, str]:
    """Text and encoding of a file: UTF-8 with or without BOM, else the encoding announced. Raises ``FileRefused``."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise FileRefused(remarks.ENCODING, 1, found="UTF-16", expected="UTF-8, windows-1252")
    chosen = encoding or "utf-8"
    if data.startswith(b"\xef\xbb\xbf"):
        data, chosen = data[3:], "utf-8"
    at = data.find(b"\0")
    if at >= 0:
        raise FileRefused(remarks.NUL, line_of(data, at), found="\\x00", expected="text / texte")
    try:
        return data.decode(chosen), chosen
    except UnicodeDecodeError as problem:
        found = f"\\x{data[problem.start]:02x}"
        raise FileRefused(remarks.ENCODING, line_of(data, problem.start), found=found, expected=chosen) from None


def line_of(data: bytes, at: int) -> int:
    """The number of the line an octet stands in."""
    return data.count(b"\n", 0, at) + 1
