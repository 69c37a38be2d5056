"""JSON files: the population's own schema, one list for each family."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from simulators.population.exchange_formats import remarks
from simulators.population.exchange_formats.family import Family
from simulators.population.exchange_formats.reading import MOST_ROWS, FileRefused, FileRow
from simulators.population.exchange_formats.remarks import Notes


def read_json(text: str, families: Sequence[Family]) -> Iterator[FileRow]:
    """The members of a file, family by family, in the order the world wants them. Raises ``FileRefused``."""
    document = _loaded(text)
    known = {family.name: family for family in families}
    for name, members in document.items():
        if name not in known:
            raise FileRefused(remarks.FAMILY, 1, f"/{name[:60]}", found=name, expected=", ".join(known))
        if not isinstance(members, list):
            raise FileRefused(remarks.JSON, 1, f"/{name}", found=type(members).__name__, expected="array / liste")
    if sum(map(len, document.values())) > MOST_ROWS:
        raise FileRefused(remarks.TOO_MANY_ROWS, MOST_ROWS + 1, expected=f"<= {MOST_ROWS}")
    if not any(document.values()):
        raise FileRefused(remarks.EMPTY, 1)
    for family in families:
        for rank, member in enumerate(document.get(family.name, ()), 1):
            yield _row(family, rank, member)


def _loaded(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
        # A lone surrogate passes as a JSON escape but can never be written back.
        json.dumps(document, ensure_ascii=False).encode()
    except json.JSONDecodeError as problem:
        raise FileRefused(remarks.JSON, problem.lineno, found=problem.msg) from None
    except (ValueError, RecursionError) as problem:
        raise FileRefused(remarks.JSON, 1, found=problem) from None
    if not isinstance(document, dict):
        raise FileRefused(remarks.JSON, 1, found=type(document).__name__, expected="object / objet")
    return document


def _row(family: Family, rank: int, member: Any) -> FileRow:
    row = FileRow(rank, family, notes=Notes(partial(_pointer, f"/{family.name}/{rank - 1}")))
    if isinstance(member, dict):
        row.given = member
    else:
        row.notes.add(remarks.VALUE, "", found=type(member).__name__, expected="object / objet")
    return row


def _pointer(base: str, field: str) -> str:
    return f"{base}/{field}" if field else base
