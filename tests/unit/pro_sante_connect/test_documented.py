"""What docs/pro-sante-connect.md names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulators.pro_sante_connect import service
from simulators.pro_sante_connect.settings import SETTINGS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "pro-sante-connect.md"


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text("utf-8")


def test_every_rule_it_names(page: str) -> None:
    named = set(re.findall(r"`(PSC-[A-Z0-9-]+)`", page))
    assert named and named <= {rule.id for rule in service.RULES}


def test_every_setting_with_its_default(page: str) -> None:
    rows = re.findall(r"^\| `(psc\.[a-z-]+)` \| (\S+) \|", page, re.M)
    assert rows == [(one.name, f"`{one.default}`" if one.default else "none") for one in SETTINGS]
