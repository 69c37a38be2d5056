from __future__ import annotations

import os
from pathlib import Path

import pytest

from simulators.core.shipped import shipped
from simulators.population.codes import CodeList, UnknownCodeList, code_list, code_list_names

COLLECTED = Path(__file__).resolve().parents[4] / "shared" / "codes"


@pytest.fixture
def collected() -> Path:
    if not COLLECTED.is_dir():
        if os.environ.get("SEGUR_REQUIRE_SHARED") == "1":
            pytest.fail("the folder shared/codes is required beside the checkout")
        pytest.skip("no folder shared/codes beside the checkout to compare with")
    return COLLECTED


def test_the_shipped_lists_are_the_collected_ones_byte_for_byte(collected: Path) -> None:
    ours = {path.name: path.read_bytes() for path in shipped("seed_data", "codes").iterdir()}
    theirs = {path.name: path.read_bytes() for path in collected.iterdir()}
    assert sorted(ours) == sorted(theirs)
    assert [name for name in ours if ours[name] != theirs[name]] == []


@pytest.mark.parametrize("name", code_list_names())
def test_each_list_has_rows_version_and_source(name: str) -> None:
    codes = code_list(name)
    lines = shipped("seed_data", "codes", f"{name}.tsv").read_bytes().count(b"\n")
    assert len(codes) == len(codes.rows) == lines - 1
    assert list(codes) == list(codes.rows)
    assert codes.version
    assert codes.source
    assert codes.state.startswith("complete")
    assert (codes.oid is None) == (name == "ASS_A12_MediaType_FormatCode")
    for row in codes:
        assert codes.contains(row.code)
        assert row in codes.all(row.code, row.system)


def test_every_file_is_in_the_catalogue() -> None:
    files = {path.stem for path in shipped("seed_data", "codes").glob("*.tsv")}
    assert files == set(code_list_names())


def test_a_code_is_found_with_its_further_columns() -> None:
    types = code_list("JDV_J66_TypeCode_DMP")
    row = types.get("11502-2")
    assert row is not None
    assert (row.system, row.display) == ("2.16.840.1.113883.6.1", "CR d'examens biologiques")
    assert row.extra["class_code"] == "10"
    assert types.get("11502-2", "1.2.3") is None
    assert not types.contains("11502-2 ")
    assert (types.oid, types.version) == ("1.2.250.1.213.1.1.5.7", "2024-09-27")
    assert "ansforge/IG-terminologie-de-sante" in types.source


def test_one_code_may_stand_in_several_systems_or_rows() -> None:
    roles = code_list("JDV_J65_SubjectRole_DMP")
    assert {row.system for row in roles.all("10")} == {"1.2.250.1.71.1.2.7", "1.2.250.1.71.1.2.8"}
    found = roles.get("10", "1.2.250.1.71.1.2.8")
    assert found is not None
    assert found.system == "1.2.250.1.71.1.2.8"
    assert len(code_list("ASS_A11_ModeleCDA_FormatCode").all("1.3.6.1.4.1.19376.1.2.20")) == 5


def test_rows_cannot_be_changed_and_lists_are_read_once() -> None:
    types: CodeList = code_list("JDV_J66_TypeCode_DMP")
    assert code_list("JDV_J66_TypeCode_DMP") is types
    with pytest.raises(TypeError):
        types.rows[0].extra["class_code"] = "99"  # type: ignore[index]
    assert {types.rows[0]: 1}


@pytest.mark.parametrize("name", ["JDV_J99", "", "../population/reference", "README", "JDV_J66_TypeCode_DMP.tsv"])
def test_an_unknown_list_is_refused(name: str) -> None:
    with pytest.raises(UnknownCodeList):
        code_list(name)
