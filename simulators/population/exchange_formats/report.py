"""What an import answers: one line per row, one account per file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

from simulators.population.exchange_formats.remarks import Remark

Outcome = Literal["imported", "replaced", "unchanged", "ignored", "refused", "withheld"]
"""``imported``: new; ``ignored``: rightly read as nothing; ``withheld``: right, but another row of its file is not."""


@dataclass(frozen=True)
class RowReport:
    """One row. ``id`` is the member's identifier (masked when it looks real), ``family`` empty for the file itself."""

    row: int
    family: str
    id: str
    outcome: Outcome
    remarks: tuple[Remark, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "row": self.row,
            "family": self.family,
            "id": self.id,
            "outcome": self.outcome,
            "remarks": [remark.as_json() for remark in self.remarks],
        }


@dataclass(frozen=True)
class FileReport:
    """One file. ``format`` is ``csv``, ``json`` or ``adt``."""

    name: str
    format: str
    encoding: str
    rows: tuple[RowReport, ...]

    @property
    def refused(self) -> bool:
        """Whether a row was refused; unless the rest was asked for, nothing of the file was imported."""
        return any(row.outcome == "refused" for row in self.rows)

    def as_json(self) -> dict[str, Any]:
        return {
            "file": self.name,
            "format": self.format,
            "encoding": self.encoding,
            "outcome": "refused" if self.refused else "accepted",
            "counts": dict(Counter(row.outcome for row in self.rows)),
            "rows": [row.as_json() for row in self.rows],
        }
