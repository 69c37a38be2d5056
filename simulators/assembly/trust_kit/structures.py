"""``structures.csv``: which structure a certificate of the vendor's own authority belongs to.

A header line ``subject;structure`` (or with commas), then one row per subject. ``subject`` is a distinguished name, in
RFC 4514 or slash form, whole or in part (``CN=POSTE-12``): every attribute written must be in the certificate.
``structure`` is a Struct_IdNat, such as ``1`` + FINESS, or ``SIM-ANY``: whichever the message declares. Lines that are
empty or begin with ``#`` are skipped.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from simulators.core.pki import ANY_STRUCTURE, DnError, Subject
from simulators.population.identifiers import is_valid_struct_idnat

COLUMNS = ("subject", "structure")
MOST_ROWS = 10_000


def read_structures(data: bytes) -> tuple[Subject, ...]:
    """Every row, or none: raises ``ValueError`` that names the line and the reason. UTF-8, with or without BOM."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data[: problem.start].count(b"\n") + 1
        raise ValueError(f"line {line}: not UTF-8 text") from problem
    rows = _rows(text)
    number, header = next(rows, (1, []))
    if tuple(cell.strip().lower() for cell in header) != COLUMNS:
        raise ValueError(f"line {number}: expected the header subject;structure")
    found: dict[frozenset[tuple[str, str]], Subject] = {}
    for number, cells in rows:
        subject = _subject(number, cells)
        if found.setdefault(subject.attributes, subject) != subject:
            raise ValueError(f"line {number}: this subject was given to another structure above")
        if len(found) > MOST_ROWS:
            raise ValueError(f"line {number}: more than {MOST_ROWS} rows")
    return tuple(found.values())


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each line that says something."""
    first = next((line for line in text.splitlines() if _says(line)), "")
    reader = csv.reader(io.StringIO(text), delimiter=";" if ";" in first else ",", strict=True)
    try:
        for cells in reader:
            if _says("".join(cells)):
                yield reader.line_num, cells
    except csv.Error as problem:
        raise ValueError(f"line {reader.line_num}: {problem}") from problem


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _subject(number: int, cells: list[str]) -> Subject:
    if len(cells) != len(COLUMNS):
        raise ValueError(
            f"line {number}: {len(cells)} columns, expected 2: a subject that holds the separator wants double quotes"
        )
    written, structure = (cell.strip() for cell in cells)
    valid = is_valid_struct_idnat(structure)
    if structure != ANY_STRUCTURE and not valid and not valid.only_key_wrong:
        raise ValueError(f"line {number}: {structure!r} is no structure identifier, expected {valid.expected}")
    try:
        return Subject.of(written, structure)
    except DnError as problem:
        raise ValueError(f"line {number}: {written!r} is no distinguished name: {problem}") from problem
