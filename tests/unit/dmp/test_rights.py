"""The two functional matrices as tables, and the columns of callers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from simulators.dmp import rights
from simulators.dmp.rights import Cell, Column, cell, column_of
from simulators.dmp.vihf import Vihf, read_vihf
from tests.support.dmp_messages import AIR, DIRECT, INDIRECT, NURSE, SECRETARY, VihfPlan, assertion

NOBODY = AIR.but(roles=(("331", "1.2.250.1.213.1.6.1.107"),))
OCCUPATIONAL = (("10", "1.2.250.1.71.1.2.7"), ("SM25", "1.2.250.1.71.4.2.5"))


def vihf(plan: VihfPlan) -> Vihf:
    return read_vihf(etree.fromstring(assertion(plan)))


@pytest.mark.parametrize(
    ("plan", "treating", "column"),
    [
        (AIR, False, Column("606", "Med n")),
        (AIR, True, Column("606", "MT n")),
        (AIR.but(purpose="bris_de_glace"), True, Column("606", "MT b")),
        (AIR.but(purpose="centre_15"), True, Column("606", "Med r")),
        (AIR.but(roles=NURSE), False, Column("606", "PS n")),
        (AIR.but(roles=NURSE, purpose="bris_de_glace"), False, Column("606", "PS b")),
        (AIR.but(roles=SECRETARY), False, Column("606", "NP")),
        (AIR.but(professional="30B0999009/SIM001", roles=NURSE), False, Column("606", "NP")),
        (NOBODY, False, Column("606", "NP")),
        (AIR.but(roles=OCCUPATIONAL), False, Column("606", "Med n")),
        (DIRECT, False, Column("526", "Med n")),
        (DIRECT.but(roles=OCCUPATIONAL), False, Column("526", "MTrav")),
        (DIRECT.but(roles=SECRETARY), False, Column("526", "CPE")),
        (INDIRECT, True, Column("526", "ORG n")),
        (INDIRECT.but(purpose="centre_15"), False, Column("526", "ORG r")),
        (INDIRECT.but(purpose="bris_de_glace"), False, Column("526", "ORG b")),
    ],
    ids=str,
)
def test_columns(plan: VihfPlan, treating: bool, column: Column) -> None:
    assert column_of(vihf(plan), treating=treating) == column


@pytest.mark.parametrize(
    ("row", "matrix", "allowed"),
    [
        ("TD2.1", "606", ""),
        ("TD2.1", "526", "PS n,PS r,PS b,Med n,Med r,Med b,MTrav,MT n,MT b,ORG n,ORG r"),
        ("TD3.1", "526", "PS n,PS r,PS b,Med n,Med r,Med b,MTrav,MT n,MT b"),
        ("TD3.1", "606", "PS n,PS r,PS b,Med n,Med r,Med b,MT n,MT b"),
        ("TD3.1b", "526", "PS n,PS r,PS b,Med n,Med r,Med b,MTrav,MT n,MT b,CPE,ORG n,ORG r"),
        ("TD3.2", "526", "PS n,PS r,PS b,Med n,Med r,Med b,MT n,MT b"),
        ("TD0.3 declare", "526", "PS n,Med n,MT n,CPE"),
        ("TD0.3 declare", "606", "PS n,Med n,MT n,NP"),
        ("TD0.3 drop MT", "526", "MT n"),
        ("TD0.3 drop MT", "606", "MT n"),
        ("TD0.5", "606", "PS r,Med r"),
    ],
)
def test_rows(row: str, matrix: str, allowed: str) -> None:
    """Read from the published tables again, independently of the data."""
    columns = rights._COLUMNS_526 if matrix == "526" else rights._COLUMNS_606
    found = [name for name in columns if cell(row, Column(matrix, name)).allowed]
    assert found == (allowed.split(",") if allowed else [])


def test_notes() -> None:
    assert cell("TD3.2 masked", Column("526", "Med n")) == Cell(True, 6)
    assert cell("TD3.2 masked", Column("606", "MT n")) == Cell(True, None)
    assert cell("TD2.1", Column("526", "ORG n")) == Cell(True, 4)
    assert cell("TD3.1b", Column("606", "NP")) == Cell(True, 5)


def test_no_bris_de_glace_for_an_organisation() -> None:
    assert not any(cell(row, Column("526", "ORG b")).allowed for row in rights._ROWS_526)


def test_every_row_is_whole() -> None:
    for rows, columns in ((rights._ROWS_526, rights._COLUMNS_526), (rights._ROWS_606, rights._COLUMNS_606)):
        assert all(len(cells.split()) == len(columns) for cells in rows.values())


@given(st.text(max_size=20), st.text(max_size=6))
def test_unknown_rows_and_columns_refuse(row: str, name: str) -> None:
    if row not in rights._ROWS_526:
        assert not cell(row, Column("526", name)).allowed
