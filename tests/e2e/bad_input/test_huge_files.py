"""Files as large as the limit allows, and beyond: refused, within a ceiling of memory, nothing imported."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from simulators.core.store import Store
from simulators.population.exchange_formats.reading import LARGEST_FILE, MOST_ROWS
from tests.unit.population.exchange_formats.importing import Bench
from tests.unit.population.exchange_formats.test_adt import message

MOST_OCTETS = 200_000_000
HEADER = b"ins;nom_naissance;prenoms;sexe;date_naissance\n"
CSV: dict[str, Callable[[], bytes]] = {
    "100 MB line": lambda: HEADER + b"x" * 100_000_000,
    "one line under the limit": lambda: HEADER + b"x;" * (LARGEST_FILE // 2 - 100),
    "a million rows": lambda: HEADER + b"1;;;;\n" * 1_000_000,
    "quoted line ends": lambda: HEADER + b'"\n";' * 1_000_000,
    "line ends only": lambda: b"\n" * (LARGEST_FILE - 1),
    "quotes only": lambda: b'"' * (LARGEST_FILE - 1),
}
ADT: dict[str, Callable[[], str]] = {
    "segments": lambda: message() + "ZFA|\r" * 300_000,
    "messages": lambda: "MSH|^~\\&|||||||ADT^A28\r" * 400_000,
    "repetitions": lambda: message(identifiers="~" * 60_000),
    "components": lambda: message(names="^" * 60_000),
    "sub-components": lambda: message(names="&" * 60_000),
    "escapes": lambda: message(names="\\.sp99999999999\\" * 10 + "\\X" + "41" * 10_000 + "\\^A^A^^^^L"),
    "frames": lambda: "\x0b\x1c\r" * 1_000_000,
}


@pytest.fixture
def bench(memory_store: Store) -> Bench:
    return Bench(memory_store)


@pytest.mark.parametrize("kind", CSV)
def test_csv(bench: Bench, kind: str) -> None:
    data = CSV[kind]()
    tracemalloc.start()
    report = bench.take("p.csv", data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.refused and bench.empty()
    assert len(report.rows) <= MOST_ROWS + 1
    assert peak < MOST_OCTETS, f"{peak} octets"


@pytest.mark.parametrize("kind", ADT)
def test_adt(bench: Bench, kind: str) -> None:
    data = ADT[kind]().encode()
    tracemalloc.start()
    bench.take("p.hl7", data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MOST_OCTETS, f"{peak} octets"
