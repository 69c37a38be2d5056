"""Every rule of a lot that looks at the message: broken at one place, found there, mended there, gone."""

from __future__ import annotations

import pytest

from simulators.dmp.rules import lot, signature
from tests.support.dmp_room import Room
from tests.support.lot_mending import Bench, LotCase
from tests.unit.dmp.lot_cases import CASES


@pytest.fixture(scope="module")
def bench(room: Room) -> Bench:
    return Bench(room)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_mends(bench: Bench, case: LotCase) -> None:
    bench.run(case)


def test_no_rule_is_forgotten() -> None:
    covered = {case.rule.id for case in CASES}
    message = {rule.id for rule in (*lot.RULES, *signature.RULES) if rule.kind == "message"}
    assert message - covered == set()
