"""CSV files as spreadsheets of this country open them: ``;``, UTF-8 with BOM, CRLF, no computed cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from simulators.population.exchange_formats.cells import guarded
from simulators.population.exchange_formats.family import Family, Row


def write_csv(family: Family, members: Iterable[Any]) -> bytes:
    """One file of one family, header first; it reads back to equal members."""
    rows = (row for member in members for row in family.rows(family, family.dump(member)))
    return _file(family, rows)


def template(family: Family) -> bytes:
    """The header and one example row."""
    return _file(family, [{column.name: column.example for column in family.columns}])


def _file(family: Family, rows: Iterable[Row]) -> bytes:
    names = [column.name for column in family.columns]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([guarded(row[name]) for name in names])
    return b"\xef\xbb\xbf" + text.getvalue().encode()
