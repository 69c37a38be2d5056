"""A world without anybody, and files into it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from simulators.core.store import Store
from simulators.core.world import Worlds
from simulators.population.exchange_formats.landing import land
from simulators.population.exchange_formats.members import OWN_FAMILIES
from simulators.population.exchange_formats.read import Given, read_file
from simulators.population.exchange_formats.report import FileReport

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Bench:
    """One world of one store; each file is imported as the routes do."""

    def __init__(self, store: Store, name: str = "w") -> None:
        self.store, self.name = store, name
        self.worlds = Worlds(store, lambda: NOW)
        self.worlds.ensure(name)

    def take(self, name: str, data: bytes | str, *, encoding: str = "", family: str = "", **how: bool) -> FileReport:
        raw = data.encode() if isinstance(data, str) else data
        return land(self.store, self.name, read_file(Given(name, raw, family, encoding), OWN_FAMILIES), **how)

    def everyone(self) -> dict[str, list[Any]]:
        with self.store.read(self.name) as tx:
            return {family.name: list(family.every(tx)) for family in OWN_FAMILIES}

    def empty(self) -> bool:
        return not any(self.everyone().values())


def outcomes(report: FileReport) -> list[str]:
    return [row.outcome for row in report.rows]


def said(report: FileReport) -> list[tuple[int, str, str]]:
    """(row, column, code without its prefix) of each remark."""
    return [
        (row.row, remark.column, remark.kind.code.removeprefix("SIM-IMPORT-"))
        for row in report.rows
        for remark in row.remarks
    ]


def csv_of(header: str, *rows: str, end: str = "\r\n") -> str:
    return end.join([header, *rows, ""])
