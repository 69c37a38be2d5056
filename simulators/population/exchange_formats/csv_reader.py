"""CSV files: ``;`` or ``,`` between cells, one header row, one family a file."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from simulators.population.exchange_formats import remarks
from simulators.population.exchange_formats.cells import ABSENT, CellRefused, unguarded
from simulators.population.exchange_formats.family import Column, Family, comparable, put
from simulators.population.exchange_formats.reading import LONGEST_LINE, MOST_ROWS, FileRefused, FileRow
from simulators.population.exchange_formats.remarks import Notes

_DELIMITERS: Final = ";,"
_MOST_LINES: Final = 50


def read_csv(text: str, families: Sequence[Family], wanted: Family | None = None) -> Iterator[FileRow]:
    """The rows of a file, row by row; several rows of one member are joined into the first. Raises ``FileRefused``."""
    records = _records(text)
    header = next(records, None)
    if header is None:
        raise FileRefused(remarks.EMPTY, 1)
    number, names = header
    family = wanted or _family_of(names, families, number)
    columns = _columns(family, names, number)
    count = 0
    for number, cells in records:
        count += 1
        if count > MOST_ROWS:
            raise FileRefused(remarks.TOO_MANY_ROWS, number, expected=f"<= {MOST_ROWS}")
        yield _row(family, columns, number, cells)
    if not count:
        raise FileRefused(remarks.EMPTY, number)


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line where it begins, cells) of each record that is not blank."""
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=_delimiter(text), strict=True)
    while True:
        lines.record_begins()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            kind = remarks.TOO_LARGE if "limit" in str(problem) else remarks.QUOTE
            raise FileRefused(kind, lines.first, found=problem) from None
        if not cells:
            continue
        if lines.first == 1 and len(cells) <= 2 and re.fullmatch(r"sep=.?", cells[0]):
            continue  # what spreadsheets put there for themselves
        if any(cell.strip() for cell in cells):
            yield lines.first, cells


class _Lines:
    """Lines one by one, short enough, and not too many in one record: a quotation mark left open is told at once."""

    def __init__(self, text: str) -> None:
        self._lines = iter(io.StringIO(text, newline=""))
        self.number = 0
        self.first = 1

    def record_begins(self) -> None:
        self.first = self.number + 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        if len(line) > LONGEST_LINE:
            raise FileRefused(remarks.TOO_LARGE, self.number, found=len(line), expected=f"<= {LONGEST_LINE}")
        if self.number > MOST_ROWS * _MOST_LINES:
            raise FileRefused(remarks.TOO_MANY_ROWS, self.number, expected=f"<= {MOST_ROWS}")
        if self.number - self.first >= _MOST_LINES:
            raise FileRefused(remarks.QUOTE, self.first, expected=f"<= {_MOST_LINES} lines / lignes")
        return line


def _delimiter(text: str) -> str:
    start = text[:LONGEST_LINE]
    said = re.match(r"sep=([;,])", start)
    if said:
        return said[1]
    header = start.lstrip().split("\n", 1)[0]
    return max(_DELIMITERS, key=header.count)


def _family_of(names: Sequence[str], families: Sequence[Family], number: int) -> Family:
    """The one family whose required identifying columns are there and that knows the most names."""
    score = {family.name: sum(family.column(name) is not None for name in names) for family in families}
    fitting = [f for f in families if all(_has(names, column) for column in f.columns if column.required)]
    ranked = sorted(fitting or families, key=lambda family: -score[family.name])
    if not ranked or not score[ranked[0].name] or (len(ranked) > 1 and score[ranked[1].name] == score[ranked[0].name]):
        known = " / ".join(
            f"{family.name}: {', '.join(column.name for column in family.columns if column.required)}"
            for family in families
        )
        raise FileRefused(remarks.FAMILY, number, found=", ".join(names[:20]), expected=known)
    return ranked[0]


def _has(names: Iterable[str], column: Column) -> bool:
    return any(comparable(name) in column.names for name in names)


def _columns(family: Family, names: Sequence[str], number: int) -> list[Column | None]:
    """The column of each cell; ``None`` for a nameless last one. Raises ``FileRefused``."""
    columns: list[Column | None] = []
    for rank, name in enumerate(names, 1):
        column = family.column(name) if name.strip() else None
        if column is None and name.strip():
            close = difflib.get_close_matches(comparable(name), [c.name for c in family.columns], 1)
            known = close or [c.name for c in family.columns]
            raise FileRefused(remarks.UNKNOWN_COLUMN, number, name[:60], found=name, expected=", ".join(known))
        if column is not None and column in columns:
            raise FileRefused(remarks.COLUMN_TWICE, number, column.name, found=f"{name} ({rank})")
        columns.append(column)
    for column in family.columns:
        if column.required and column not in columns:
            raise FileRefused(remarks.COLUMN_MISSING, number, column.name, expected=column.name)
    return columns


def _row(family: Family, columns: Sequence[Column | None], number: int, cells: Sequence[str]) -> FileRow:
    row = FileRow(number, family, notes=Notes(family.place))
    more = [cell for cell in cells[len(columns) :] if cell.strip()]
    if len(cells) < len(columns) or more:
        row.notes.at(remarks.CELLS, found=len(cells), expected=len(columns))
        return row
    for column, cell in zip(columns, cells, strict=False):
        _take(row, column, cell)
    family.settle(row.given, row.notes)
    row.fresh = family.new(row.given)
    return row


def _take(row: FileRow, column: Column | None, cell: str) -> None:
    cell = unguarded(cell)
    if column is None:
        if cell:
            row.notes.at(remarks.UNKNOWN_COLUMN, found=cell, expected="a name in the header / un nom de colonne")
    elif not cell:
        if column.required:
            row.notes.at(remarks.REQUIRED, column.name, expected=column.example)
        elif column.kind.blank is not ABSENT:
            put(row.given, column.field, column.kind.blank)
    else:
        try:
            put(row.given, column.field, column.kind.read(cell))
        except CellRefused as refused:
            row.notes.at(remarks.VALUE, column.name, found=cell, expected=refused)
