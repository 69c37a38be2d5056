"""A file of any known format as rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from simulators.population.exchange_formats import remarks
from simulators.population.exchange_formats.adt_reader import read_adt
from simulators.population.exchange_formats.csv_reader import read_csv
from simulators.population.exchange_formats.family import Family
from simulators.population.exchange_formats.json_reader import read_json
from simulators.population.exchange_formats.reading import LARGEST_FILE, FileRead, FileRefused, FileRow, decoded

ENCODINGS: Final = {"": "", "utf-8": "utf-8", "utf8": "utf-8", "windows-1252": "cp1252", "cp1252": "cp1252"}
_BY_NAME: Final = {"csv": "csv", "txt": "csv", "json": "json", "hl7": "adt", "er7": "adt", "adt": "adt"}


@dataclass(frozen=True)
class Given:
    """A file as it was given. ``family`` and ``encoding`` are what its sender announced, empty = find out."""

    name: str
    data: bytes
    family: str = ""
    encoding: str = ""


def read_file(given: Given, families: Sequence[Family]) -> FileRead:
    """Every row of the file, with its remarks; what stops the reading is the last row.

    Raises ``ValueError`` for an encoding or a family nobody knows: the fault of the caller, not of the file.
    """
    if given.encoding.lower() not in ENCODINGS:
        raise ValueError(f"encoding {given.encoding!r}: expected utf-8 or windows-1252")
    if given.family and given.family not in {family.name for family in families}:
        raise ValueError(f"there is no family {given.family!r}: {', '.join(family.name for family in families)}")
    kind, encoding = format_of(given), ENCODINGS[given.encoding.lower()]
    rows: list[FileRow] = []
    try:
        if len(given.data) > LARGEST_FILE:
            raise FileRefused(remarks.TOO_LARGE, 1, found=len(given.data), expected=f"<= {LARGEST_FILE}")
        if given.data.startswith(b"PK\x03\x04"):
            raise FileRefused(remarks.FORMAT, 1, found="ZIP, XLSX, ODS", expected="CSV, JSON, HL7 v2 ADT")
        reading, encoding = _READERS[kind](given, families, encoding)
        for row in reading:  # those before the one that stops the reading are kept
            rows.append(row)
    except FileRefused as refused:
        rows.append(refused.row)
    return FileRead(given.name, kind, encoding, tuple(rows))


def format_of(given: Given) -> str:
    """``csv``, ``json`` or ``adt``: by the name's ending when it is told, else by the first characters."""
    ending = given.name.lower().rpartition(".")[2]
    start = given.data[:64].removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if re.match(rb"\x0b|MSH|[FB]HS", start):
        return "adt"
    return _BY_NAME.get(ending, "json" if start[:1] in {b"{", b"["} else "csv")


_Reading = tuple[Iterator[FileRow], str]


def _csv(given: Given, families: Sequence[Family], encoding: str) -> _Reading:
    text, encoding = decoded(given.data, encoding)
    wanted = next((family for family in families if family.name == given.family), None)
    return read_csv(text, families, wanted), encoding


def _json(given: Given, families: Sequence[Family], encoding: str) -> _Reading:
    text, encoding = decoded(given.data, encoding)
    return read_json(text, families), encoding


def _adt(given: Given, families: Sequence[Family], encoding: str) -> _Reading:
    return read_adt(given.data, families), "MSH-18"


_READERS: Final[dict[str, Callable[[Given, Sequence[Family], str], _Reading]]] = {
    "csv": _csv,
    "json": _json,
    "adt": _adt,
}
