"""The page of checks says what runs, in the order in which it runs."""

from __future__ import annotations

import re

from scripts.pfi_checks import PAGE, checks_page
from simulators.pfi.rules.catalogue import CHECKS, PARTS, RULES
from tests.support.hl7_documents import message
from tests.support.hl7_mending import judged
from tests.unit.pfi.mending_cases import CASES


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == checks_page(), "run python -m scripts.pfi_checks"


def test_the_page_lists_every_rule_in_order() -> None:
    assert re.findall(r"^\| \[(PFI-[A-Z0-9-]+)\]", checks_page(), re.MULTILINE) == [rule.id for rule in RULES]


def test_every_check_of_every_part_runs() -> None:
    assert list(CHECKS) == [check for part in PARTS for check in part.CHECKS]


def test_findings_come_part_by_part() -> None:
    """Two breaks of two parts are told in the order of the page."""
    part_of = {rule.id: number for number, part in enumerate(PARTS) for rule in part.RULES}
    by_part = {part_of[case.rule.id]: case for case in CASES if case.plan == CASES[0].plan and not case.name}
    header, last = by_part[0], by_part[max(by_part)]
    found = [part_of[f.rule.id] for f in judged(last.breaker(header.breaker(message())))]
    assert found == sorted(found) and len(set(found)) == 2
